#!/usr/bin/env python3
"""Compiles webserver.c, a web server on a ZMQ_STREAM socket, with this library's header, and gets its page with curl.

    webserver.py                     this library in target/release
    webserver.py --library FOLDER    this library, or libzmq.so.5, in another folder

It needs curl and a C compiler. The exit status is 1 if a request fails.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from run import SUITE, TARGET, prepare

REQUESTS = 100
# Seconds for one request, and for the server to end.
LIMIT = 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=TARGET / "release")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(arguments.library, folder)
        server = folder / "webserver"
        subprocess.run(["cc", "-Wall", "-Werror", SUITE / "webserver.c", f"-I{SUITE.parent / 'include'}", folder / "libzmq.so.5",
                        "-o", server], check=True)
        process = subprocess.Popen([server, str(REQUESTS)], env={**os.environ, "LD_LIBRARY_PATH": name},
                                   stdout=subprocess.PIPE, text=True)
        try:
            address = process.stdout.readline().strip()
            pages = 0
            for _ in range(REQUESTS):
                curl = subprocess.run(["curl", "--silent", "--show-error", "--max-time", str(LIMIT), f"http://{address}/"],
                                      stdout=subprocess.PIPE, text=True)
                pages += curl.returncode == 0 and curl.stdout == "Hello, world!\n"
            status = process.wait(LIMIT) if pages == REQUESTS else "not all requests were answered"
        finally:
            process.kill()
    print(f"curl has got the page {pages} of {REQUESTS} times; the server's status is {status}")
    return 0 if (pages, status) == (REQUESTS, 0) else 1


if __name__ == "__main__":
    sys.exit(main())
