#!/bin/sh
# Runs all tests of the workspace and prints their number. The tests of zmtp-mio and those against libzmq
# run in two modes at once, without and with a background driver; both modes must have the same number of
# tests. With ZMTP_NO_SKIP=1 a skipped test fails.
set -eu
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log" "$log".*' EXIT
# The packages without a driver. `fugit` is for the example of `from_fugit`; no other test enables the feature.
others() { # <arguments>
  cargo test --quiet --workspace --exclude zmtp-mio --exclude zmtp-interop --features zmtp-embedded/fugit "$@"
}
others --no-fail-fast >"$log" 2>&1 || { cat "$log"; exit 1; }
# Outside `cargo bench`, the codec benchmark runs its own checks. As above, so that nothing is built again.
others --bench codec >>"$log" 2>&1 || { cat "$log"; exit 1; }
# The events of `log`. Those of `defmt`, all levels of them, must not need a logger on a host.
DEFMT_LOG=trace cargo test --quiet --package zmtp-embedded --features defmt,log,nal --test connector --test events \
  >>"$log" 2>&1 || { cat "$log"; exit 1; }
count() { awk '/^test result: ok/ { passed += $4; ignored += $8 }
  END { print passed " tests passed, " ignored " ignored" }' "$1"; }
count "$log"

# Counts programs with several tests only: some tests start themselves again in a separate process, which
# also prints a count of one, unless it is killed before.
mode() { # <0 or 1>
  ZMTP_TEST_DRIVER=$1 cargo test --quiet --package zmtp-mio --package zmtp-interop --no-fail-fast \
    >"$log.$1" 2>&1 || { cat "$log.$1" >&2; return 1; }
  awk '/^running [0-9]+ tests$/ { n += $2 } /^test result: ok/ { ignored += $8 }
    END { print n - ignored " tests passed, " ignored + 0 " ignored" }' "$log.$1"
}
# Both at once: most of these tests wait for the network or a timer.
cargo test --quiet --package zmtp-mio --package zmtp-interop --no-run >"$log" 2>&1 || { cat "$log"; exit 1; }
mode 1 >"$log.with" &
beside=$!
failed=0
without=$(mode 0) || failed=1
wait "$beside" || failed=1
[ "$failed" = 0 ] || exit 1
with=$(cat "$log.with")
echo "sockets without a driver: $without"
echo "sockets with a driver:    $with"
[ "$with" = "$without" ] || { echo "the two modes ran different tests"; exit 1; }
echo "ignored tests, with their reasons:"
git grep -n -E -o '#\[ignore( = "[^"]*")?\]' -- '*.rs' || echo "none is ignored"
