#!/bin/sh
# .ci/instructions.sh [--update]: instructions per message of zmtp-mio, counted by callgrind over a network in
# memory, against zmtp-mio/benches/instructions/expected.txt. Fails if a count is more than 3 % above the
# expected one. With another compiler than the one in the file it prints "not compared". --update writes
# the file.
#
# Needs valgrind.
set -eu
cd "$(dirname "$0")/.."
file=$PWD/zmtp-mio/benches/instructions/expected.txt
case "${1:-}" in
  "") mode=--check ;;
  --update) mode=--update ;;
  *) echo "usage: .ci/instructions.sh [--update]" >&2; exit 2 ;;
esac
cargo bench --quiet --package zmtp-mio --bench instructions -- "$mode" "$file"
