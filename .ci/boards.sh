#!/bin/sh
# Compiles the packages of zmtp-embedded/boards, all or those that are named: `.ci/boards.sh nrf52-uart`. Nothing is
# linked or run: there is no such board here.
set -eu
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/boards"
[ $# -gt 0 ] || set -- $(cd zmtp-embedded/boards && ls -d */ | tr -d /)
for board in "$@"; do
  case $board in
    nrf52-*) target=thumbv7em-none-eabihf ;;
    pico-*) target=thumbv6m-none-eabi ;;
    *) echo "no target for $board" >&2; exit 2 ;;
  esac
  .ci/no-std-cargo.sh "$target" check --quiet --locked \
    --manifest-path "zmtp-embedded/boards/$board/Cargo.toml"
  echo "$board ($target): compiled, not linked, not run on hardware"
done
