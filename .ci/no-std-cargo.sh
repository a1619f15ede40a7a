#!/bin/sh
# .ci/no-std-cargo.sh <target> <cargo subcommand> [args...]
#
# Runs cargo for a target without std. `core` is rustup's if the target is installed
# (`rustup target add <target>`); otherwise it is built from Debian's rustc-web and rust-web-src. Downloads
# nothing.
set -eu
target=$1 command=$2
shift 2
if [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; then
  exec cargo "$command" --target "$target" "$@"
elif [ -x /usr/bin/rustc ] && [ -f /usr/lib/rustlib/src/rust/library/core/src/lib.rs ]; then
  # Debian's compiler brings no linker for these targets.
  tools=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
  if [ -x "$tools/rust-lld" ]; then
    PATH=$tools:$PATH
  else
    export "CARGO_TARGET_$(printf %s "$target" | tr a-z- A-Z_)_LINKER=ld.lld"
  fi
  # A separate directory: the two compilers would discard each other's output.
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
  export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/build-std"
  exec cargo "$command" -Z build-std=core --target "$target" "$@"
else
  echo "no core for $target: rustup target add $target, or rustc-web and rust-web-src" >&2
  exit 2
fi
