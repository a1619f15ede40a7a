#!/bin/sh
# Runs the scripts of tests/pyzmq: exchanges with the tool, the recipe of the cookbook, CURVE and PLAIN, the test vectors
# with libsodium, and changed handshakes. pyzmq includes its own libzmq.
set -eu
cd "$(dirname "$0")/.."
venv=${CARGO_TARGET_DIR:-target}/venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import zmq' 2>/dev/null || "$venv/bin/pip" install --quiet pyzmq
"$venv/bin/python" -c 'import zmq; print("pyzmq", zmq.__version__, "with libzmq", zmq.zmq_version())'
cargo build --quiet --package zmtp-cli
"$venv/bin/python" tests/pyzmq/exchange.py "${CARGO_TARGET_DIR:-target}/debug/zmtp"
# Both packages, as in .ci/test.sh, so that nothing is built again.
cargo build --quiet --package zmtp-mio --package zmtp-interop --example security --example weather
"$venv/bin/python" tests/pyzmq/recipe.py "${CARGO_TARGET_DIR:-target}/debug/examples/weather"
"$venv/bin/python" tests/pyzmq/security.py "${CARGO_TARGET_DIR:-target}/debug/examples/security"
"$venv/bin/python" -c 'import nacl' 2>/dev/null || "$venv/bin/pip" install --quiet pynacl
"$venv/bin/python" tests/pyzmq/vectors.py tests/security-vectors.txt
"$venv/bin/python" tests/pyzmq/handshakes.py "${CARGO_TARGET_DIR:-target}/debug/zmtp"
"$venv/bin/python" tests/pyzmq/clients.py "${CARGO_TARGET_DIR:-target}/debug/zmtp"
