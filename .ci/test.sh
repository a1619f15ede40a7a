#!/bin/sh
# All tests of the workspace, and how many ran; those of zmtp-mio and against libzmq a second time,
# with a background driver behind our sockets, but for tests about one mode, and as many. With
# ZMTP_NO_SKIP=1 a test that would skip fails.
set -eu
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo test --quiet --workspace --exclude zmtp-mio --exclude zmtp-interop --no-fail-fast \
  >"$log" 2>&1 || { cat "$log"; exit 1; }
# The codec's bench checks itself when it runs outside `cargo bench`.
cargo test --quiet --package zmtp-core --bench codec >>"$log" 2>&1 || { cat "$log"; exit 1; }
count() { awk '/^test result: ok/ { passed += $4; ignored += $8 }
  END { print passed " tests passed, " ignored " ignored" }' "$1"; }
count "$log"

# Of programs with several tests: some tests run themselves again in a process of their own, whose
# count of one is not told from that of a program with one test, and may be killed before it is said.
mode() { # <0 or 1>
  ZMTP_TEST_DRIVER=$1 cargo test --quiet --package zmtp-mio --package zmtp-interop --no-fail-fast \
    >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  awk '/^running [0-9]+ tests$/ { n += $2 } END { print n " tests passed" }' "$log"
}
without=$(mode 0)
with=$(mode 1)
echo "sockets without a driver: $without"
echo "sockets with a driver:    $with"
[ "$with" = "$without" ] || { echo "the two modes ran different tests"; exit 1; }
