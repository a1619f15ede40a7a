#!/bin/sh
# Links tests/no-panic for a Cortex-M3: works only if no panic is reachable. Then with the async face,
# but for one panic. Then plants a panic and expects the link to fail. At optimisation "s", that of
# `profile.firmware`, "z" and 3.
set -eu
cd "$(dirname "$0")/.."
target=thumbv7m-none-eabi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

build() { # <cargo features>
  .ci/no-std-cargo.sh "$target" build --quiet --release \
    --manifest-path tests/no-panic/Cargo.toml --features "$1"
}

link() { # [cut]
  # Built in one of two directories, by the compiler that .ci/no-std-cargo.sh chose.
  archive=$(ls -t "$CARGO_TARGET_DIR/$target/release/libno_panic.a" \
    "$CARGO_TARGET_DIR/build-std/$target/release/libno_panic.a" 2>/dev/null | head -n 1)
  folder=${archive%/*}
  if [ "${1:-}" = cut ]; then
    # The compiler puts a panic of its own into each `async fn`, for a future that is polled after it
    # is done, as `await` never does. All call one function: what that calls is not counted.
    arm-none-eabi-objcopy --remove-relocations='.text.*async_fn_resumed*' \
      "$archive" "$folder/no-panic-cut.a"
    archive=$folder/no-panic-cut.a
  fi
  set -- --gc-sections -e probe -u probe "$archive" -o "$folder/no-panic.elf"
  if command -v ld.lld >/dev/null; then
    ld.lld -m armelf "$@" 2>&1
  else
    arm-none-eabi-ld "$@" 2>&1
  fi
}

holds() { # <what> [cut]
  if ! errors=$(link "${2:-}"); then
    printf '%s\n' "$errors" "$1: a panic is reachable" >&2
    exit 1
  fi
  echo "opt-level $level: no panic is reachable, $1"
}

for level in s z 3; do
  export CARGO_PROFILE_RELEASE_OPT_LEVEL=$level
  build ""
  holds "core and the blocking face"
  build asynch
  holds "the async face" cut
  build asynch,planted
  if errors=$(link cut); then
    echo "the planted panic was not found: this check is worth nothing" >&2
    exit 1
  fi
  case $errors in
    *a_panic_is_reachable*) echo "opt-level $level: the planted panic does not link" ;;
    *) printf '%s\n' "$errors" >&2; exit 1 ;;
  esac
done
