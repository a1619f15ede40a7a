#!/bin/sh
# Builds the programs of tests/firmware and runs them under QEMU against libzmq and pyzmq.
#
# Needs QEMU (Debian: qemu-system-arm, qemu-system-misc), python3 with venv, a C++ compiler and make
# for libzmq, and for each target `rustup target add`: thumbv7m-none-eabi, thumbv6m-none-eabi,
# riscv32imc-unknown-none-elf. A test without its tools is skipped with a message, and fails with
# ZMTP_NO_SKIP=1. Arguments are passed to the tests: `.ci/firmware.sh faults`.
set -eu
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

# Overflow checks, so that an arithmetic error fails the test.
checked=""
for package in zmtp-core zmtp-embedded zmtp-firmware; do
  checked="$checked --config profile.firmware.package.$package.overflow-checks=true"
done
for target in thumbv7m-none-eabi thumbv6m-none-eabi riscv32imc-unknown-none-elf; do
  # shellcheck disable=SC2086
  build() { # <arguments>
    .ci/no-std-cargo.sh "$target" build --quiet --profile firmware \
      --manifest-path tests/firmware/Cargo.toml $checked "$@"
  }
  case $target in
    thumbv7m-none-eabi) build --bins --features defmt,curve ;;
    *)
      build --bin req --bin curve --features curve
      # thumbv6m: for the board of thumbv7m, because the micro:bit of QEMU has no network.
      build --bin curve_tcp --features ethernet,curve
      ;;
  esac
done
# In one of two directories, depending on the compiler that .ci/no-std-cargo.sh chose.
newest=$(ls -t "$CARGO_TARGET_DIR/thumbv7m-none-eabi/firmware/req" \
  "$CARGO_TARGET_DIR/build-std/thumbv7m-none-eabi/firmware/req" 2>/dev/null | head -n 1)
export ZMTP_FIRMWARE="${newest%/thumbv7m-none-eabi/*}"

# The adapters, on the host, in debug: with embassy, the README's SUB and the front for tasks.
for adapter in zmtp-embedded/adapters/*/Cargo.toml; do
  case $adapter in
    */embassy/*) features=net ;;
    *) features= ;;
  esac
  CARGO_TARGET_DIR=$CARGO_TARGET_DIR/adapters timeout 600 \
    cargo test --quiet --features "$features" --manifest-path "$adapter"
done

CARGO_TARGET_DIR=$CARGO_TARGET_DIR/defmt-log \
  cargo build --quiet --manifest-path tests/firmware/log/Cargo.toml
export ZMTP_DEFMT="$CARGO_TARGET_DIR/defmt-log/debug/defmt-log"
cargo build --quiet --package zmtp-cli
export ZMTP_TOOL="$CARGO_TARGET_DIR/debug/zmtp"

venv=$CARGO_TARGET_DIR/venv
if [ -x "$venv/bin/python" ] || python3 -m venv "$venv"; then
  "$venv/bin/python" -c 'import zmq' 2>/dev/null || "$venv/bin/pip" install --quiet pyzmq
  export ZMTP_PYTHON="$venv/bin/python"
fi

# The other packages are as in .ci/run and .ci/test.sh, so that libzmq and the crates are not built again.
.ci/unlinked.sh cargo clippy --quiet --workspace --all-features --test firmware -- -D warnings
# One test at a time: emulated boards have deadlines and share the machine with libzmq.
timeout 600 cargo test --quiet --package zmtp-mio --package zmtp-interop --test firmware -- \
  --test-threads=1 --show-output "$@"
