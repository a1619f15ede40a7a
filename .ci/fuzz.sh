#!/bin/sh
# .ci/fuzz.sh [seconds]: runs every fuzz target for this time, by default 30 s, two at a time. Failing
# inputs are stored in fuzz/artifacts; new inputs are not added to the committed corpus. For long runs:
# fuzz/long.sh.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-30}
mkdir -p fuzz/target
cargo +nightly fuzz build --sanitizer none >fuzz/target/build.log 2>&1 || { cat fuzz/target/build.log; exit 1; }

run() { # <target>
  learned=fuzz/target/corpus/$1
  mkdir -p "$learned"
  log=fuzz/target/$1.log
  if cargo +nightly fuzz run --sanitizer none "$1" "$learned" "fuzz/corpus/$1" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -dict=fuzz/zmtp.dict -print_final_stats=1 \
    >"$log" 2>&1; then
    echo "$1: $(sed -n 's/^Done \(.*\)/\1/p' "$log")"
  else
    echo "$1 FAILED"
    grep -A 5 -m 1 panicked "$log" || true
    tail -n 40 "$log"
    return 1
  fi
}

all() {
  bad=0
  for target in "$@"; do run "$target" || bad=1; done
  return "$bad"
}

# The second half of the targets runs beside the first.
targets=$(cargo +nightly fuzz list)
[ -n "$targets" ] || { echo "no fuzz targets" >&2; exit 1; }
half=$((($(printf '%s\n' "$targets" | wc -l) + 1) / 2))
failed=0
# shellcheck disable=SC2046
all $(printf '%s\n' "$targets" | tail -n "+$((half + 1))") &
beside=$!
# shellcheck disable=SC2046
all $(printf '%s\n' "$targets" | head -n "$half") || failed=1
wait "$beside" || failed=1
exit "$failed"
