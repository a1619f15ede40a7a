#!/bin/sh
# Links tests/no-panic for a Cortex-M3: works only if no panic is reachable. Then plants a panic and
# expects the link to fail. At optimisation "s", that of `profile.firmware`, "z" and 3.
set -eu
cd "$(dirname "$0")/.."
target=thumbv7m-none-eabi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

build() { # <cargo features>
  .ci/no-std-cargo.sh "$target" build --quiet --release \
    --manifest-path tests/no-panic/Cargo.toml --features "$1"
}

link() {
  # Built in one of two directories, by the compiler that .ci/no-std-cargo.sh chose.
  archive=$(ls -t "$CARGO_TARGET_DIR/$target/release/libno_panic.a" \
    "$CARGO_TARGET_DIR/build-std/$target/release/libno_panic.a" 2>/dev/null | head -n 1)
  set -- --gc-sections -e probe -u probe "$archive" -o "${archive%/*}/no-panic.elf"
  if command -v ld.lld >/dev/null; then
    ld.lld -m armelf "$@" 2>&1
  else
    arm-none-eabi-ld "$@" 2>&1
  fi
}

for level in s z 3; do
  export CARGO_PROFILE_RELEASE_OPT_LEVEL=$level
  build ""
  if ! errors=$(link); then
    printf '%s\n' "$errors" "a panic is reachable" >&2
    exit 1
  fi
  echo "opt-level $level: no panic is reachable"
  build planted
  if errors=$(link); then
    echo "the planted panic was not found: this check is worth nothing" >&2
    exit 1
  fi
  case $errors in
    *a_panic_is_reachable*) echo "opt-level $level: the planted panic does not link" ;;
    *) printf '%s\n' "$errors" >&2; exit 1 ;;
  esac
done
