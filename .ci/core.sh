#!/bin/sh
# .ci/core.sh <target>: prints the path of a sysroot with `core` for this target. Builds it from Debian's rustc-web
# and rust-web-src if it is missing. ZMTP_CORE_LEVEL is its opt-level, by default "s". All packages and profiles use
# it: with `-Z build-std` each of them would build `core` again, which takes longer than the rest.
set -eu
target=$1 level=${ZMTP_CORE_LEVEL:-s}
cd "$(dirname "$0")/.."
compiler=$(/usr/bin/rustc -vV | cksum | cut -d ' ' -f 1)
sysroot=$PWD/target/core/$compiler/$level
libraries=$sysroot/lib/rustlib/$target/lib
package=$sysroot/$target
mkdir -p "$package" "${libraries%/lib}"
exec 9>"$package/lock"
flock 9
if [ ! -d "$libraries" ]; then
  cd "$package"
  printf '[package]\nname = "empty"\nedition = "2024"\n[lib]\npath = "lib.rs"\n[workspace]\n' >Cargo.toml
  echo '#![no_std]' >lib.rs
  # Bitcode, because the programs are optimized with their libraries.
  env -u CARGO_ENCODED_RUSTFLAGS RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS="-C embed-bitcode=yes" \
    CARGO_TARGET_DIR="$package/target" CARGO_PROFILE_RELEASE_OPT_LEVEL="$level" CARGO_PROFILE_RELEASE_LTO=false \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort \
    cargo build --quiet --release -Z build-std=core --target "$target" >&2
  rm -rf built
  mkdir built
  cp "target/$target/release/deps/libcore-"*.rlib "target/$target/release/deps/libcompiler_builtins-"*.rlib built
  mv built "$libraries"
  rm -rf target
fi
echo "$sysroot"
