#!/bin/sh
# .ci/no-std-cargo.sh <target>[,<target>...] <cargo subcommand> [args...]
#
# Runs cargo for targets without std. `core` is rustup's if the targets are installed
# (`rustup target add <target>`); otherwise .ci/core.sh builds it from Debian's rustc-web and rust-web-src. Downloads
# nothing.
set -eu
targets=$(printf %s "$1" | tr , ' ') command=$2
shift 2
installed=yes
for target in $targets; do
  set -- --target "$target" "$@"
  [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ] || installed=
done
if [ -n "$installed" ]; then
  exec cargo "$command" "$@"
elif [ -x /usr/bin/rustc ] && [ -f /usr/lib/rustlib/src/rust/library/core/src/lib.rs ]; then
  # Debian's compiler brings no linker for these targets.
  tools=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
  [ ! -x "$tools/rust-lld" ] || PATH=$tools:$PATH
  # One CPU builds `core` for a target.
  for target in $targets; do
    "$(dirname "$0")/core.sh" "$target" >/dev/null &
  done
  wait
  for target in $targets; do
    core=$("$(dirname "$0")/core.sh" "$target")
    [ -x "$tools/rust-lld" ] || export "CARGO_TARGET_$(printf %s "$target" | tr a-z- A-Z_)_LINKER=ld.lld"
  done
  # A separate directory: the two compilers would discard each other's output.
  export RUSTC=/usr/bin/rustc RUSTFLAGS="${RUSTFLAGS:+$RUSTFLAGS }--sysroot=$core"
  export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/build-std"
  exec cargo "$command" "$@"
else
  echo "no core for $targets: rustup target add $targets, or rustc-web and rust-web-src" >&2
  exit 2
fi
