#!/usr/bin/env bash
# .ci/coverage.sh [floor]: line coverage of zmtp-core's wire, connection and pattern code by the tests of
# zmtp-core and `tests`, including the fuzz corpora. Test code is not counted. Fails below the floor,
# which is 95 % by default.
#
# Needs a nightly with `rustup component add llvm-tools --toolchain nightly`.
set -euo pipefail
cd "$(dirname "$0")/.."
floor=${1:-95}
tools=$(rustc +nightly --print sysroot)/lib/rustlib/$(rustc +nightly -vV | sed -n 's/^host: //p')/bin
[ -x "$tools/llvm-cov" ] || rustup component add llvm-tools --toolchain nightly

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/coverage RUSTFLAGS="-C instrument-coverage"
profiles=$CARGO_TARGET_DIR/profiles
rm -rf "$profiles"
mkdir -p "$profiles"
profiles=$(realpath "$profiles")
export LLVM_PROFILE_FILE="$profiles/%p-%m.profraw"
packages=(-p zmtp-core -p zmtp-tests)
cargo +nightly test --quiet "${packages[@]}" --all-features --lib --tests >/dev/null
mapfile -t objects < <(
  cargo +nightly test --quiet "${packages[@]}" --all-features --lib --tests --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\)".*/-object=\1/p'
)
"$tools/llvm-profdata" merge -sparse "$profiles"/*.profraw -o "$profiles/all.profdata"
"$tools/llvm-cov" export -format=lcov -instr-profile="$profiles/all.profdata" \
  "${objects[@]}" 2>/dev/null >"$profiles/all.lcov"

awk -F '[:,]' -v floor="$floor" -v here="$PWD/" '
  /^SF:/ {
    file = substr($0, 4); sub(here, "", file)
    counts = file ~ /^zmtp-core\/src\/(wire|connection|pattern)\// && file !~ /\/tests\.rs$/
    tests = 1e9
    if (counts) {
      at = 0
      while ((getline line < file) > 0) { at++; if (line ~ /^#\[cfg\(test\)\]/) { tests = at; break } }
      close(file)
    }
  }
  /^DA:/ && counts && $2 < tests {
    all[file]++
    if ($3 > 0) run[file]++; else missed[file] = missed[file] " " $2
  }
  END {
    for (file in all) {
      part = file; sub(/^zmtp-core\/src\//, "", part); sub(/\/.*/, "", part)
      parts[part] += all[file]; ran[part] += run[file]
      printf "%-44s %4d of %4d lines%s\n", file, run[file], all[file], missed[file] ? ", not" missed[file] : "" | "sort"
    }
    close("sort")
    low = 0
    for (part in parts) {
      share = 100 * ran[part] / parts[part]
      printf "%-12s %5.1f %% of %d lines\n", part, share, parts[part]
      if (share < floor) low = 1
    }
    if (low) { print "below the floor of " floor " %"; exit 1 }
  }' "$profiles/all.lcov"
