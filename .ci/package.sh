#!/bin/sh
# Packages the published crates and builds each from its package, against the packages of the others. Each package,
# also those of the tool and the adapters, has the texts of its licences. Uploads nothing.
set -eu
cd "$(dirname "$0")/.."
set -- zmtp-core zmtp-embedded zmtp-mio zmtp-cli

# The README of a package tells how to add it. `.ci/links.py` checks its links.
check_readme() { # <folder> <text>
  grep -qF "$2" "$1/README.md" || { echo "$1/README.md does not have the line '$2'" >&2; exit 1; }
}
for package in "$@"; do
  files=$(cargo package --quiet --list --allow-dirty --package "$package")
  root=src/lib.rs
  folder=$package
  line="$package = "
  if [ "$package" = zmtp-cli ]; then
    root=src/main.rs folder=zmtp-mio/cli line="cargo install"
  fi
  for file in README.md "$root" LICENSE-APACHE LICENSE-MIT; do
    printf '%s\n' "$files" | grep -qx "$file" || { echo "$package lacks $file" >&2; exit 1; }
  done
  check_readme "$folder" "$line"
  echo "$package: $(printf '%s\n' "$files" | wc -l) files"
done
for folder in zmtp-embedded/adapters/*; do
  for file in LICENSE-APACHE LICENSE-MIT; do
    cmp "$file" "$folder/$file"
  done
done
# Cargo unpacks each package and reuses an earlier copy of the same version under the same path, even if
# the content differs. A fresh directory avoids that.
CARGO_TARGET_DIR=$(mktemp -d)
export CARGO_TARGET_DIR
trap 'rm -rf "$CARGO_TARGET_DIR"' EXIT
cargo package --quiet --allow-dirty --package "$1" --package "$2" --package "$3" --package "$4"
echo "each builds from its package"
