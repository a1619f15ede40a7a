#!/bin/sh
# Links tests/no-panic for a Cortex-M3, which succeeds only if no panic is reachable: first core and the
# blocking API, then PLAIN and CURVE (only at "s" and 3, see tests/no-panic/Cargo.toml), then the async API,
# where one kind of panic is ignored.
# Then adds a deliberate panic and expects the link to fail. Runs at opt-level "s" (as in
# `profile.firmware`), "z" and 3.
set -eu
cd "$(dirname "$0")/.."
target=thumbv7m-none-eabi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

build() { # <cargo features>
  .ci/no-std-cargo.sh "$target" build --quiet --release \
    --manifest-path tests/no-panic/Cargo.toml --features "$1"
}

link() { # [cut]
  # In one of two directories, depending on the compiler that .ci/no-std-cargo.sh chose.
  archive=$(ls -t "$CARGO_TARGET_DIR/$target/release/libno_panic.a" \
    "$CARGO_TARGET_DIR/build-std/$target/release/libno_panic.a" 2>/dev/null | head -n 1)
  folder=${archive%/*}
  if [ "${1:-}" = cut ]; then
    # The compiler adds a panic to each `async fn`, for a future that is polled after completion, which
    # `await` never does. All these panics call one function; its calls are ignored.
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
    printf '%s\n' "$errors" "opt-level $level: a panic is reachable, $1" >&2
    exit 1
  fi
  echo "opt-level $level: no panic is reachable, $1"
}

check() { # in a shell of its own
  export CARGO_PROFILE_RELEASE_OPT_LEVEL=$level ZMTP_CORE_LEVEL=$level
  build ""
  holds "core and the blocking API"
  if [ "$level" != z ]; then
    build curve
    holds "PLAIN and CURVE"
  fi
  build asynch
  holds "the async API" cut
  build asynch,planted
  if errors=$(link cut); then
    echo "opt-level $level: the deliberate panic was not found: this check cannot detect panics" >&2
    exit 1
  fi
  case $errors in
    *a_panic_is_reachable*) echo "opt-level $level: the deliberate panic does not link" ;;
    *) printf '%s\n' "$errors" >&2; exit 1 ;;
  esac
}

# The levels side by side, each in a folder of its own, which cargo locks. They have nothing in common.
folder=$CARGO_TARGET_DIR
checks=
for level in s z 3; do
  export CARGO_TARGET_DIR="$folder/no-panic/$level"
  check &
  checks="$checks $level:$!"
done
failed=0
for each in $checks; do
  wait "${each#*:}" || { echo "opt-level ${each%:*} FAILED" >&2; failed=1; }
done
exit "$failed"
