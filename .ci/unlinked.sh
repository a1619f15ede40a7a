#!/bin/sh
# .ci/unlinked.sh <command> [args...]: runs a cargo command that links no program, such as clippy. libzmq and libsodium,
# which the interop tests link, are not built for it.
set -eu
# The folder is only passed to the linker.
export ZMTP_WITHOUT_LIBZMQ=1 SODIUM_LIB_DIR=/nonexistent
exec "$@"
