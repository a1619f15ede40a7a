#!/bin/sh
# All tests of the workspace, and how many ran. With ZMTP_NO_SKIP=1 a test that would skip fails.
set -eu
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo test --quiet --workspace --no-fail-fast >"$log" 2>&1 || { cat "$log"; exit 1; }
# The codec's bench checks itself when it runs outside `cargo bench`.
cargo test --quiet --package zmtp-core --bench codec >>"$log" 2>&1 || { cat "$log"; exit 1; }
awk '/^test result: ok/ { passed += $4; ignored += $8 }
  END { print passed " tests passed, " ignored " ignored" }' "$log"
