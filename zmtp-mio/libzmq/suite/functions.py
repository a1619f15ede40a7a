#!/usr/bin/env python3
"""Compares the functions of the header, of README.md and of a built library.

    functions.py LIBRARY            libzmq.so.5 with the stable API
    functions.py LIBRARY --drafts   with the draft API

README.md has a table with each function, its state and its API. The header declares each of them for the same API, and the
library exports each of them, and no other.
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
    declared = {name: api for api, part in (("draft", draft), ("stable", stable)) for name in re.findall(r"\b(zmq_\w+)\(", part)}

    rows = re.findall(r"^\| (`zmq_.*?) \| yes \| (\w+) \|", (PACKAGE / "README.md").read_text(), re.M)
    listed = {name: api for names, api in rows for name in re.findall(r"`(zmq_\w+)`", names)}
    symbols = subprocess.run(["nm", "--dynamic", "--defined-only", sys.argv[1]], capture_output=True, text=True, check=True)
    exported = set(re.findall(r" T (zmq_\w+)", symbols.stdout))

    expected = {name for name, api in declared.items() if drafts or api == "stable"}
    wrong = [f"{name}: not in README.md" for name in declared.keys() - listed.keys()]
    wrong += [f"{name}: in README.md, and not in zmq.h" for name in listed.keys() - declared.keys()]
    wrong += [f"{name}: {declared[name]} in zmq.h, {listed[name]} in README.md" for name in declared.keys() & listed.keys()
              if declared[name] != listed[name]]
    wrong += [f"{name}: is not exported" for name in expected - exported]
    wrong += [f"{name}: is exported, and not in this API" for name in exported - expected]
    print(*sorted(wrong), sep="\n", end="\n" if wrong else "")
    print(f"{len(exported)} functions are exported")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
