#!/bin/sh
# Builds the library and installs it under a prefix: libzmq.so.5, libzmq.so, libzmq.a, the header and a file for
# pkg-config. PREFIX is a folder of its own, not that of the repository.
#
#   install.sh PREFIX            the stable API
#   install.sh PREFIX --drafts   also the draft API
set -eu
[ $# -ge 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" && exit 2; }
mkdir -p "$1"
prefix=$(cd "$1" && pwd) features="" draft=""
case ${2:-} in
  "") ;;
  --drafts) features="--features draft" draft=" -DZMQ_BUILD_DRAFT_API=1" ;;
  *) echo "unknown argument: $2" && exit 2 ;;
esac
cd "$(dirname "$0")"
echo "building the library, which takes some minutes the first time"
# shellcheck disable=SC2086
cargo build --quiet --release --package zmtp-libzmq $features
built=${CARGO_TARGET_DIR:-../../target}/release
mkdir -p "$prefix/lib/pkgconfig" "$prefix/include"
# A new file, because a program may have loaded the old one.
rm -f "$prefix/lib/libzmq.so.5" "$prefix/lib/libzmq.a"
cp "$built/libzmtp_libzmq.so" "$prefix/lib/libzmq.so.5"
ln -sf libzmq.so.5 "$prefix/lib/libzmq.so"
cp "$built/libzmtp_libzmq.a" "$prefix/lib/libzmq.a"
# Without debug information: the names of the functions remain, also in backtraces.
if command -v strip >/dev/null; then
  strip --strip-debug "$prefix/lib/libzmq.so.5" "$prefix/lib/libzmq.a"
fi
cp include/zmq.h include/zmq_utils.h "$prefix/include"
sed -e "s|@prefix@|$prefix|" -e "s|@draft@|$draft|" libzmq.pc.in >"$prefix/lib/pkgconfig/libzmq.pc"
echo "installed libzmq.so.5 under $prefix"
