#!/bin/sh
# Compiles zmtp-core and zmtp-embedded for microcontrollers, with each feature on its own, the programs of the
# README, and the adapters without std. Nothing links here: .ci/footprint.sh and .ci/firmware.sh link programs.
set -eu
cd "$(dirname "$0")/.."
for target in thumbv6m-none-eabi thumbv7m-none-eabi riscv32imc-unknown-none-elf; do
  for package in zmtp-core zmtp-embedded; do
    case $package in
      zmtp-core) features="application-metadata curve defmt heartbeat long-routing-ids message-limits" ;;
      *) features="chunks curve defmt fugit heartbeat log long-routing-ids nal" ;;
    esac
    for feature in "" $features; do
      .ci/no-std-cargo.sh "$target" check --quiet --profile firmware --package "$package" \
        --no-default-features --features "$feature"
      echo "$target $package ${feature:-without features}"
    done
  done
  # The programs of the README, blocking and async.
  .ci/no-std-cargo.sh "$target" build --quiet --profile firmware --lib \
    --manifest-path zmtp-embedded/footprint/Cargo.toml
  echo "$target examples of zmtp-embedded"
done
# Without the tests, whose dependencies enable more features.
for adapter in embassy serial smoltcp; do
  .ci/no-std-cargo.sh thumbv7m-none-eabi check --quiet --locked --all-features \
    --manifest-path "zmtp-embedded/adapters/$adapter/Cargo.toml"
  echo "thumbv7m-none-eabi adapters/$adapter with all features"
done
