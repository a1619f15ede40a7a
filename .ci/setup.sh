#!/bin/sh
# Installs what a fresh Debian machine with rustup lacks for .ci/run: one apt-get run, cargo-fuzz.
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

wanted=""
want() { wanted="$wanted $*"; }
# libzmq's sources, for the interop tests.
has g++ || want g++
has make || want make
has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || want python3-venv
# Linking for a microcontroller; `core` for it where rustup has not installed it.
has ld.lld || want lld
has arm-none-eabi-nm || want binutils-arm-none-eabi
# Boards to run it on.
has qemu-system-arm || want qemu-system-arm
has qemu-system-riscv32 || want qemu-system-misc
sysroot=$(rustc --print sysroot)
for target in thumbv6m-none-eabi thumbv7m-none-eabi riscv32imc-unknown-none-elf; do
  if [ ! -d "$sysroot/lib/rustlib/$target/lib" ]; then
    [ -x /usr/bin/rustc ] && [ -d /usr/lib/rustlib/src/rust/library/core ] || want rustc-web rust-web-src
    break
  fi
done

if [ -n "$wanted" ]; then
  echo "apt-get install:$wanted"
  root=""
  [ "$(id -u)" = 0 ] || root=sudo
  export DEBIAN_FRONTEND=noninteractive
  # Another package manager may be at work on a machine that has just started: wait for its lock.
  lock="-o DPkg::Lock::Timeout=300 -o APT::Get::Lock::Timeout=300"
  # shellcheck disable=SC2086
  $root apt-get $lock update -qq
  # shellcheck disable=SC2086
  $root apt-get $lock install -qq -y --no-install-recommends $wanted
else
  echo "no Debian package is missing"
fi

if has cargo-fuzz; then
  echo "cargo-fuzz is there"
else
  cargo install --quiet --locked cargo-fuzz
  echo "installed cargo-fuzz"
fi
