#!/bin/sh
# Runs the examples of zmtp-mio that serve until they are ended: async_echo with 1,000 clients, and own_poll.
set -eu
cd "$(dirname "$0")/.."
cargo build --quiet --package zmtp-mio --examples
cargo build --quiet --package zmtp-cli
folder=${CARGO_TARGET_DIR:-target}/debug
log=$(mktemp)
server=
trap 'rm -f "$log"; [ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT
ulimit -n 8192

"$folder/examples/async_echo" serve 'tcp://127.0.0.1:*' >"$log" &
server=$!
tries=0
until endpoint=$(sed -n 's/^serving //p' "$log") && [ -n "$endpoint" ]; do
  tries=$((tries + 1))
  [ "$tries" -le 100 ] || { echo "the server does not start" >&2; exit 1; }
  sleep 0.1
done
"$folder/examples/async_echo" clients "$endpoint" 1000 | tee /dev/stderr |
  grep -q '^10000 answers to 1000 clients$'
# As Ctrl-C.
kill -INT "$server"
wait "$server"
server=
cat "$log"
grep -q '^10000 requests answered, 0 replies not sent$' "$log"

"$folder/examples/own_poll" &
server=$!
"$folder/zmtp" req tcp://127.0.0.1:5555 hello | tee /dev/stderr | grep -q '^hello$'
kill "$server"
wait "$server" || true
server=
