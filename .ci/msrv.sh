#!/bin/sh
# Compiles the crates with the oldest Rust they promise, if rustup has it.
set -eu
cd "$(dirname "$0")/.."
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if rustup toolchain list 2>/dev/null | grep -q "^$oldest[.-]"; then
  CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/msrv" \
    cargo "+$oldest" check --quiet --workspace --all-features
  echo "compiled with Rust $oldest"
else
  echo "Rust $oldest is not installed and was NOT tried."
  echo "Compiled above: $(rustc --version). Clippy's incompatible_msrv watches the use of std,"
  echo "and cargo's resolver the dependencies."
fi
