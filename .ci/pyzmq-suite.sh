#!/bin/sh
# Runs the tests of pyzmq, as Debian has them in python3-zmq, against the C library. Prints how many passed, failed and
# were not run, and fails if this is not as zmtp-mio/libzmq/suite/pyzmq-failing.txt states.
set -eu
cd "$(dirname "$0")/.."
cargo build --quiet --release --package zmtp-libzmq
zmtp-mio/libzmq/suite/pyzmq.py
