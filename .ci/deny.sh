#!/bin/sh
# Checks licences, sources and duplicate versions of all dependencies (`deny.toml`), known advisories if
# the database can be fetched, and the names, licences and counts in DEPENDENCIES.md. Packages outside the workspace, none of
# them published, may have duplicate versions.
set -eu
cd "$(dirname "$0")/.."
command -v cargo-deny >/dev/null 2>&1 || cargo install --quiet --locked cargo-deny
# cargo-deny reads the packages of every target, so fetch those too; a build fetches only its own.
cargo fetch --locked --quiet
cargo deny --offline check bans licenses sources
for package in fuzz tests/firmware tests/firmware/log tests/no-panic zmtp-embedded/footprint \
  zmtp-embedded/adapters/* zmtp-embedded/boards/*/ zmtp-embedded/hals \
  zmtp-mio/bench/peers; do
  echo "$package:"
  (cd "$package" && cargo fetch --locked --quiet)
  cargo deny --offline --config "$PWD/deny.toml" --manifest-path "$package/Cargo.toml" \
    check --allow unmatched-skip-root licenses sources
done
for crate in zmtp-core zmtp-embedded zmtp-mio; do
  pulls=$(cargo tree --locked -p "$crate" -e normal,build --prefix none | sed 's/ (\*)$//' |
    sort -u | grep -vc "^$crate ")
  if ! tr '\n' ' ' <DEPENDENCIES.md | grep -q "\`$crate\` \(pulls in \)\?$pulls[ ,.]"; then
    echo "$crate pulls in $pulls crates, but DEPENDENCIES.md has another number" >&2
    exit 1
  fi
done
python3 .ci/dependencies.py --check
# The first column of the first table names every direct dependency of a published crate.
named=$(sed '/^## The whole tree/q' DEPENDENCIES.md | sed -n 's/^| \([^|]*\)|.*/\1/p' | tr -c 'a-z0-9_-' '\n')
for crate in zmtp-core zmtp-embedded zmtp-mio zmtp-cli; do
  for name in $(cargo tree --locked -p "$crate" -e normal --all-features --target all --depth 1 --prefix none |
    sed 's/ .*//' | sort -u); do
    case $name in
      zmtp-*) ;;
      *) printf '%s\n' "$named" | grep -qx -e "$name" || {
          echo "$crate uses $name, but DEPENDENCIES.md does not name it" >&2
          exit 1
        } ;;
    esac
  done
done
if ! output=$(timeout 120 cargo deny check advisories 2>&1); then
  case $output in
    *"failed to fetch advisory database"*)
      echo "SKIPPED: advisories, because the database cannot be fetched" ;;
    *) printf '%s\n' "$output"; exit 1 ;;
  esac
fi
