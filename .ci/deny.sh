#!/bin/sh
# Licences, sources and doubled versions of all dependencies (`deny.toml`), and known advisories
# where their database can be fetched.
set -eu
cd "$(dirname "$0")/.."
command -v cargo-deny >/dev/null 2>&1 || cargo install --quiet --locked cargo-deny
cargo deny --offline check bans licenses sources
if ! said=$(timeout 120 cargo deny check advisories 2>&1); then
  case $said in
    *"failed to fetch advisory database"*)
      echo "SKIPPED: advisories, because their database cannot be fetched here" ;;
    *) printf '%s\n' "$said"; exit 1 ;;
  esac
fi
