#!/bin/sh
# Compares the public items of the published crates, with all features, with the lists in .ci/api; `--update` writes
# these after an intended change. The JSON is that of the installed rustdoc, whose version must have the known format.
set -eu
cd "$(dirname "$0")/.."
folder=${CARGO_TARGET_DIR:-target}
wrapper=$(mktemp)
trap 'rm -f "$wrapper" "$wrapper.txt"' EXIT
# Only rustdoc gets unstable options, so that nothing is compiled again.
cat >"$wrapper" <<'END'
#!/bin/sh
case "$*" in
  *--crate-name*) RUSTC_BOOTSTRAP=1 exec rustdoc "$@" -Z unstable-options --output-format json ;;
  *) exec rustdoc "$@" ;;
esac
END
chmod +x "$wrapper"
RUSTDOC=$wrapper .ci/unlinked.sh cargo doc --quiet --workspace --no-deps --all-features --lib
failed=
for crate in zmtp-core zmtp-embedded zmtp-mio; do
  python3 .ci/public_api.py "$folder/doc/$(echo $crate | tr - _).json" >"$wrapper.txt"
  list=.ci/api/$crate.txt
  if [ "${1:-}" = --update ]; then
    cp "$wrapper.txt" "$list"
  else
    # Changes that break programs begin with a minus.
    diff --unified=0 "$list" "$wrapper.txt" || failed=1
  fi
done
[ -z "$failed" ] || {
  echo "the public items have changed: see VERSIONS.md, and run .ci/public-api.sh --update" >&2
  exit 1
}
