#!/bin/sh
# Compiles the packages of zmtp-embedded/boards, all or those that are named, and prints the flash and the RAM of each:
# `.ci/boards.sh nrf52-uart`. `.ci/boards.sh check nrf52-uart` compiles without linking, as .ci/run does for two of
# them. Nothing is run: there is no such board here.
set -eu
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/boards"
command=build
if [ "${1:-}" = check ]; then
  command=check
  shift
fi
[ $# -gt 0 ] || set -- $(cd zmtp-embedded/boards && ls -d */ | tr -d /)
for board in "$@"; do
  case $board in
    esp32c3-*) target=riscv32imc-unknown-none-elf ;;
    nrf52-* | stm32-*) target=thumbv7em-none-eabihf ;;
    pico-*) target=thumbv6m-none-eabi ;;
    *) echo "no target for $board" >&2; exit 2 ;;
  esac
  profile=
  [ "$command" = check ] || profile=--release
  # shellcheck disable=SC2086
  .ci/no-std-cargo.sh "$target" "$command" --quiet --locked $profile \
    --manifest-path "zmtp-embedded/boards/$board/Cargo.toml"
  if [ "$command" = check ]; then
    echo "$board ($target): compiled, not linked, not run on hardware"
  else
    # In one of two directories, depending on the compiler that .ci/no-std-cargo.sh chose.
    image=$(ls -t "$CARGO_TARGET_DIR/$target/release/zmtp-$board" \
      "$CARGO_TARGET_DIR/build-std/$target/release/zmtp-$board" 2>/dev/null | head -n 1)
    echo "$board ($target): $(python3 .ci/sizes.py "$image"); not run on hardware"
  fi
done
