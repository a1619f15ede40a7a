#!/bin/sh
# Packages the published crates and builds each from its package, against the packages of the others. Each package,
# also those of the tool and the adapters, has the texts of its licences. Uploads nothing.
set -eu
cd "$(dirname "$0")/.."
set -- zmtp-core zmtp-embedded zmtp-mio
for package in "$@"; do
  files=$(cargo package --quiet --list --allow-dirty --package "$package")
  for file in README.md src/lib.rs LICENSE-APACHE LICENSE-MIT; do
    printf '%s\n' "$files" | grep -qx "$file" || { echo "$package lacks $file" >&2; exit 1; }
  done
  echo "$package: $(printf '%s\n' "$files" | wc -l) files"
done
for folder in zmtp-mio/cli zmtp-embedded/adapters/*; do
  for file in LICENSE-APACHE LICENSE-MIT; do
    cmp "$file" "$folder/$file"
  done
done
# Cargo unpacks each package and reuses an earlier copy of the same version under the same path, even if
# the content differs. A fresh directory avoids that.
CARGO_TARGET_DIR=$(mktemp -d)
export CARGO_TARGET_DIR
trap 'rm -rf "$CARGO_TARGET_DIR"' EXIT
cargo package --quiet --allow-dirty --package "$1" --package "$2" --package "$3"
echo "each builds from its package"
