#!/bin/sh
# Compiles zmtp-core and zmtp-embedded for microcontrollers, with each feature on its own, the programs of the
# README, and the adapters without std. Nothing links here: .ci/footprint.sh and .ci/firmware.sh link programs.
set -eu
cd "$(dirname "$0")/.."
targets=thumbv6m-none-eabi,thumbv7m-none-eabi,riscv32imc-unknown-none-elf

# All targets at once. After an error each of them on its own, so that the output names it.
compile() { # <what> <arguments>
  what=$1
  shift
  if ! .ci/no-std-cargo.sh "$targets" "$@" --quiet --profile firmware 2>/dev/null; then
    for target in $(printf %s "$targets" | tr , ' '); do
      .ci/no-std-cargo.sh "$target" "$@" --quiet --profile firmware || echo "$target $what FAILED" >&2
    done
    echo "$what: the targets do not compile at once" >&2
    exit 1
  fi
  echo "$what: $targets"
}

for package in zmtp-core zmtp-embedded; do
  case $package in
    zmtp-core) features="application-metadata curve defmt heartbeat long-routing-ids message-limits" ;;
    *) features="chunks curve defmt fugit heartbeat log long-routing-ids nal" ;;
  esac
  for feature in "" $features; do
    compile "$package ${feature:-without features}" check --package "$package" \
      --no-default-features --features "$feature"
  done
done
# The programs of the README, blocking and async.
compile "examples of zmtp-embedded" build --lib --manifest-path zmtp-embedded/footprint/Cargo.toml
# Without the tests, whose dependencies enable more features.
for adapter in embassy serial smoltcp; do
  .ci/no-std-cargo.sh thumbv7m-none-eabi check --quiet --locked --all-features \
    --manifest-path "zmtp-embedded/adapters/$adapter/Cargo.toml"
  echo "thumbv7m-none-eabi adapters/$adapter with all features"
done
