#!/bin/sh
# .ci/fuzz.sh [seconds]: runs every fuzz target for this time, by default 30 s. Failing inputs are stored
# in fuzz/artifacts; new inputs are not added to the committed corpus. For long runs: fuzz/long.sh.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-30}
for target in $(cargo +nightly fuzz list); do
  learned=fuzz/target/corpus/$target
  mkdir -p "$learned"
  log=fuzz/target/$target.log
  cargo +nightly fuzz run --sanitizer none "$target" "$learned" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -dict=fuzz/zmtp.dict -print_final_stats=1 \
    >"$log" 2>&1 || { grep -A 5 -m 1 panicked "$log"; tail -n 40 "$log"; exit 1; }
  echo "$target: $(sed -n 's/^Done \(.*\)/\1/p' "$log")"
done
