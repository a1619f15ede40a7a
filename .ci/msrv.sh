#!/bin/sh
# Compiles the crates with the oldest supported Rust (`rust-version`), if it is installed.
set -eu
cd "$(dirname "$0")/.."
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if rustup toolchain list 2>/dev/null | grep -q "^$oldest[.-]"; then
  CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/msrv" \
    .ci/unlinked.sh cargo "+$oldest" check --quiet --workspace --all-features
  echo "compiled with Rust $oldest"
else
  echo "SKIPPED: Rust $oldest is not installed, so the crates are not compiled with it."
  echo "Other steps use $(rustc --version). Clippy's incompatible_msrv checks the use of std,"
  echo "and cargo's resolver checks the dependencies."
fi
