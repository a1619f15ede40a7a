#!/bin/sh
# Shows where the flash of a program of zmtp-embedded/footprint is: the largest functions, and the bytes of each source
# file and of each source function, also of those that are inlined. `.ci/flash.sh [program [target [level]]]`, by
# default `req thumbv6m-none-eabi z`. For targets of Arm; needs binutils-arm-none-eabi. Not part of .ci/run.
set -eu
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
program=${1:-req} target=${2:-thumbv6m-none-eabi}
# Debug information does not change the code.
export CARGO_PROFILE_FIRMWARE_OPT_LEVEL="${3:-z}" CARGO_PROFILE_FIRMWARE_DEBUG=2
.ci/no-std-cargo.sh "$target" build --quiet --profile firmware \
  --manifest-path zmtp-embedded/footprint/Cargo.toml --bin "$program"
# In one of two directories, depending on the compiler that .ci/no-std-cargo.sh chose.
image=$(ls -t "$CARGO_TARGET_DIR/$target/firmware/$program" \
  "$CARGO_TARGET_DIR/build-std/$target/firmware/$program" 2>/dev/null | head -n 1)
python3 .ci/flash.py "$image"
