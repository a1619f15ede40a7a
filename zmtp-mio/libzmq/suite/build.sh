#!/bin/sh
# Builds libzmq's own tests from the package zeromq-src, unmodified, into target/libzmq/{stable,drafts}/programs.
#
#   build.sh            the tests of the stable API
#   build.sh --drafts   these and the tests of the draft API
#   build.sh --real     also libzmq itself, as a shared library, for `run.py --real`
#   build.sh --perf     libzmq itself, and its programs that measure speed, for `perf.py`
#   build.sh --sanitize the tests of the stable API with AddressSanitizer, in target/libzmq/sanitized, for
#                       `run.py --sanitize`
#
# The programs are linked dynamically, with a library that only names functions. Nothing is built twice.
set -eu
cd "$(dirname "$0")/../../.."
drafts=0 targets=tests sanitize=""
for argument; do
  case $argument in
    --drafts) drafts=1 ;;
    --real) targets="tests real" ;;
    --perf) targets="perf real" ;;
    --sanitize) sanitize="-fsanitize=address -fno-omit-frame-pointer -g1" ;;
    *) echo "unknown argument: $argument" && exit 2 ;;
  esac
done
source=$(cargo metadata --format-version 1 --locked --filter-platform x86_64-unknown-linux-gnu |
  python3 -c 'import json, sys, os
packages = json.load(sys.stdin)["packages"]
print(*(os.path.dirname(p["manifest_path"]) for p in packages if p["name"] == "zeromq-src"))')/vendor
[ -f "$source/tests/testutil.cpp" ] || { echo "zeromq-src is not found: $source" && exit 1; }
kind=stable
[ "$drafts" = 0 ] || kind=drafts
[ -z "$sanitize" ] || kind=sanitized
# shellcheck disable=SC2086
make --silent --jobs "$(nproc)" -f zmtp-mio/libzmq/suite/Makefile \
  SOURCE="$source" OUT="${CARGO_TARGET_DIR:-target}/libzmq/$kind" DRAFTS=$drafts SANITIZE="$sanitize" $targets
