#!/bin/sh
# Packages the published crates and builds each from its package, against the others' packages.
# Nothing is uploaded.
set -eu
cd "$(dirname "$0")/.."
set -- zmtp-core zmtp-embedded zmtp-mio
for package in "$@"; do
  files=$(cargo package --quiet --list --allow-dirty --package "$package")
  for file in README.md src/lib.rs; do
    printf '%s\n' "$files" | grep -qx "$file" || { echo "$package lacks $file" >&2; exit 1; }
  done
  echo "$package: $(printf '%s\n' "$files" | wc -l) files"
done
# Cargo unpacks each package for the others to build against, and takes what it unpacked or built
# before under the same path for the same version to be the same: so under a path of its own.
CARGO_TARGET_DIR=$(mktemp -d)
export CARGO_TARGET_DIR
trap 'rm -rf "$CARGO_TARGET_DIR"' EXIT
cargo package --quiet --allow-dirty --package "$1" --package "$2" --package "$3"
echo "each builds from its package"
