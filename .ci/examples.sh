#!/bin/sh
# Runs the programs of the pages that serve until they are ended, which are examples of zmtp-mio; and async_echo with
# 1,000 clients.
set -eu
cd "$(dirname "$0")/.."
# Both packages, as in .ci/test.sh, so that nothing is built again.
cargo build --quiet --package zmtp-mio --package zmtp-interop --examples
cargo build --quiet --package zmtp-cli
folder=${CARGO_TARGET_DIR:-target}/debug
log=$(mktemp)
server=
trap 'rm -f "$log"; [ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT
ulimit -n 8192

start() { # <example> [argument...]
  example=$1
  shift
  "$folder/examples/$example" "$@" >"$log" &
  server=$!
}
prints() { # <line>: the server prints it within 10 s
  tries=0
  until grep -qx "$1" "$log"; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || { echo "the server does not print $1" >&2; exit 1; }
    sleep 0.1
  done
}
# A socket that connects tries again until the server is bound.
answers() { # <reply> <command...>
  expected=$1
  shift
  "$@" | tee /dev/stderr | grep -qx "$expected"
}
end() { # <signal>: the server returns from main
  kill "-$1" "$server"
  wait "$server"
  server=
  cat "$log"
}

echo "hello"
start hello
answers 'hello, world' "$folder/zmtp" req tcp://127.0.0.1:5555 world
answers 'hello, again' "$folder/examples/hello" again
kill "$server"
wait "$server" || true

echo "async_server"
start async_server
answers 'hello, world' "$folder/zmtp" req tcp://127.0.0.1:5555 world
# As Ctrl-C.
end INT
grep -qx '0 replies were not sent' "$log"

echo "shutdown"
start shutdown
"$folder/zmtp" push tcp://127.0.0.1:5557 message
prints message
end TERM
grep -qx '0 messages were not sent' "$log"

echo "weather"
start weather
answers 'oslo .*' "$folder/zmtp" sub tcp://127.0.0.1:5556 --topic oslo --count 1
kill "$server"
wait "$server" || true

echo "own_poll"
start own_poll
answers hello "$folder/zmtp" req tcp://127.0.0.1:5555 hello
answers '1 requests answered' python3 -c '
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:5580").read().decode(), end="")'
kill "$server"
wait "$server" || true

echo "async_echo"
start async_echo serve 'tcp://127.0.0.1:*'
prints 'serving .*'
endpoint=$(sed -n 's/^serving //p' "$log")
answers '10000 answers to 1000 clients' "$folder/examples/async_echo" clients "$endpoint" 1000
end INT
grep -qx '10000 requests answered, 0 replies not sent' "$log"
