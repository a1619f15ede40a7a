#!/bin/sh
# Builds the C library, installs it, builds and runs programs with it, and runs libzmq's own tests against it. Prints how
# many cases passed, failed and were not run, and fails if this is not as zmtp-mio/libzmq/suite/failing.txt states.
set -eu
cd "$(dirname "$0")/.."
package=zmtp-mio/libzmq
prefix=${CARGO_TARGET_DIR:-$PWD/target}/libzmq/prefix
$package/install.sh "$prefix"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
# The commands of the page, dynamically and statically.
# shellcheck disable=SC2046
cc $package/suite/hello.c $(pkg-config --cflags --libs libzmq) "-Wl,-rpath,$prefix/lib" -o "$prefix/hello"
# shellcheck disable=SC2046
cc $package/suite/hello.c $(pkg-config --cflags --libs --static libzmq | sed 's/-lzmq /-l:libzmq.a /') \
  -o "$prefix/hello-static"
for program in hello hello-static; do "$prefix/$program"; done
# This one is not linked with the library: it loads it.
cc $package/suite/unload.c -I"$prefix/include" -ldl -o "$prefix/unload"
LD_LIBRARY_PATH="$prefix/lib" timeout 300 "$prefix/unload"
for program in signals fork limits; do
  # shellcheck disable=SC2046
  cc $package/suite/$program.c $(pkg-config --cflags --libs libzmq) -lpthread -o "$prefix/$program"
  LD_LIBRARY_PATH="$prefix/lib" timeout 300 "$prefix/$program"
done
python3 $package/suite/functions.py "$prefix/lib/libzmq.so.5"
python3 $package/suite/options.py
$package/suite/build.sh
$package/suite/run.py --library "$prefix/lib"
