#!/usr/bin/env bash
# fuzz/long.sh <CPU minutes> [target...]: fuzzes each target (by default all) for this much CPU time, and
# appends libFuzzer's counters to fuzz/LOG.tsv, a line for each slice.
# fuzz/long.sh --totals: prints the totals of the log, a row for each target.
#
# Stops at the first finding, which is logged too; its input is in fuzz/artifacts/<target>.
set -euo pipefail
cd "$(dirname "$0")/.."
log=fuzz/LOG.tsv

if [ "${1:-}" = --totals ]; then
  echo '| target | executions | CPU minutes | edges | findings |'
  echo '|---|---|---|---|---|'
  awk -F '\t' 'NR > 1 {
    if (!($3 in runs)) order[++n] = $3
    runs[$3] += $4; cpu[$3] += $5; found[$3] += $8
    edges[$3] = $6
  } END {
    for (i = 1; i <= n; i++) {
      t = order[i]
      printf "| `%s` | %d | %.1f | %d | %d |\n", t, runs[t], cpu[t] / 60, edges[t], found[t]
      all += runs[t]; minutes += cpu[t] / 60; bad += found[t]
    }
    printf "| all | %d | %.1f | | %d |\n", all, minutes, bad
  }' "$log"
  exit
fi

minutes=${1:?"usage: fuzz/long.sh <CPU minutes> [target...]"}
shift
# The longest slice in seconds of wall time. An interrupted run loses at most one slice.
slice=300
# The commit in the log is the last change of this code.
code=(zmtp-core zmtp-mio/src zmtp-mio/libzmq/src)
commit=$(git log -1 --format=%h -- "${code[@]}")
git diff --quiet HEAD -- "${code[@]}" || commit=$commit+
[ -s "$log" ] || printf 'date\tcommit\ttarget\texecutions\tcpu_seconds\tedges\tcorpus\tfindings\n' >"$log"
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list)

cargo +nightly fuzz build --sanitizer none
folder=${CARGO_TARGET_DIR:-fuzz/target}/x86_64-unknown-linux-gnu/release
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT

for target in "${targets[@]}"; do
  learned=fuzz/target/corpus/$target
  mkdir -p "$learned" "fuzz/artifacts/$target"
  # The source may change under a long run.
  cp "$folder/$target" "$kept/$target"
  spent=0
  while [ "$spent" -lt $((minutes * 60)) ]; do
    left=$((minutes * 60 - spent))
    findings=0
    out=$kept/$target.log
    TIMEFORMAT='%U %S'
    { time "$kept/$target" "$learned" "fuzz/corpus/$target" \
      -artifact_prefix="fuzz/artifacts/$target/" -dict=fuzz/zmtp.dict -timeout=10 -rss_limit_mb=1024 \
      -max_total_time=$((left < slice ? left + 1 : slice)) -print_final_stats=1 \
      >"$out" 2>&1; } 2>"$kept/time" || findings=1
    cpu=$(awk '{ print int($1 + $2 + 0.5) }' "$kept/time")
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$out" | tail -n 1)
    corpus=$(sed -n 's/.* corp: \([0-9]*\)\/.*/\1/p' "$out" | tail -n 1)
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$(date -u +%F)" "$commit" "$target" \
      "${executions:-0}" "$cpu" "${edges:-0}" "${corpus:-0}" "$findings" | tee -a "$log"
    if [ "$findings" = 1 ]; then
      grep -A 5 -m 1 panicked "$out" || true
      tail -n 30 "$out"
      exit 1
    fi
    spent=$((spent + (cpu > 0 ? cpu : 1)))
  done
done
