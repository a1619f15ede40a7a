#!/bin/sh
# Installs what .ci/run needs on a fresh Debian machine with rustup: Debian packages and cargo-fuzz.
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

wanted=""
want() { wanted="$wanted $*"; }
# To build libzmq for the interop tests.
has g++ || want g++
has make || want make
has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || want python3-venv
# A SOCKS5 proxy.
has microsocks || want microsocks
# The tests of libzmq and of pyzmq, which run against the C library.
has pkg-config || want pkg-config
[ -f /usr/include/sodium.h ] || want libsodium-dev
/usr/bin/python3 -c 'import pytest, pytest_asyncio, pytest_timeout, tornado, zmq' 2>/dev/null ||
  want python3-pytest python3-pytest-asyncio python3-pytest-timeout python3-tornado python3-zmq
# To count instructions.
has valgrind || want valgrind
# To link for microcontrollers, and `core` for these targets if rustup has not installed it.
has ld.lld || want lld
has arm-none-eabi-nm || want binutils-arm-none-eabi
# Emulated boards.
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
  # On a machine that has just started, another package manager may hold the lock: wait for it.
  lock="-o DPkg::Lock::Timeout=300 -o APT::Get::Lock::Timeout=300"
  # shellcheck disable=SC2086
  $root apt-get $lock update -qq
  # shellcheck disable=SC2086
  $root apt-get $lock install -qq -y --no-install-recommends $wanted
else
  echo "no Debian package is missing"
fi

if has cargo-fuzz; then
  echo "cargo-fuzz is installed"
else
  cargo install --quiet --locked cargo-fuzz
  echo "installed cargo-fuzz"
fi
