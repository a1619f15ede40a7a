#!/usr/bin/env python3
"""Compares the functions of the header, of README.md and of a built library.

    functions.py LIBRARY            libzmq.so.5 with the stable API
    functions.py LIBRARY --drafts   with the draft API

README.md has a table with each function and its state. The header declares each of them, and the library exports each of
them.
"""
import re
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def main() -> int:
    drafts = "--drafts" in sys.argv
    header = without_comments((PACKAGE / "include/zmq.h").read_text())
    stable, draft = header.split("#ifdef ZMQ_BUILD_DRAFT_API")
    declared = {"yes": set(re.findall(r"\b(zmq_\w+)\(", stable)), "draft": set(re.findall(r"\b(zmq_\w+)\(", draft))}
    every = declared["yes"] | declared["draft"]

    rows = re.findall(r"^\| (`zmq_.*?) \| yes \|", (PACKAGE / "README.md").read_text(), re.M)
    listed = {name for row in rows for name in re.findall(r"`(zmq_\w+)`", row)}
    symbols = subprocess.run(["nm", "--dynamic", "--defined-only", sys.argv[1]], capture_output=True, text=True, check=True)
    exported = set(re.findall(r" T (zmq_\w+)", symbols.stdout))

    wrong = [f"{name}: not in README.md" for name in every - listed]
    wrong += [f"{name}: in README.md, and not in zmq.h" for name in listed - every]
    wrong += [f"{name}: is not exported" for name in (every if drafts else declared["yes"]) - exported]
    print(*sorted(wrong), sep="\n", end="\n" if wrong else "")
    print(f"{len(exported)} functions are exported")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
