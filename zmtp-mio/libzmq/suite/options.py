#!/usr/bin/env python3
"""Compares the options of the header, of README.md and of the source.

README.md has a table with each option and its state. The header has each of them, with the number of the source. Only
those that are EINVAL are not in the source.
"""
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SOURCES = ["src/context/options.rs", "src/ffi/message.rs", "src/socket/options.rs", *(f"src/options/{name}.rs" for name in
           ("connection", "kind", "queue", "security", "transport"))]
STATES = {"yes", "without effect", "EINVAL"}
# It has the number of another option, which the source has.
ALIASES = {"THREAD_PRIORITY"}


def main() -> int:
    declared = {}
    header = (PACKAGE / "include/zmq.h").read_text()
    for title, lines in re.findall(r"^/\* ([^\n]*) \*/\n((?:#define \w+ +\d+\n)+)", header, re.M):
        if re.search(r"[Oo]ptions? of a |Properties of a message", title):
            api = "draft" if "draft" in title.lower() else "stable"
            declared |= {name: (api, int(number)) for name, number in re.findall(r"#define ZMQ_(\w+) +(\d+)", lines)}

    source = {}
    for file in SOURCES:
        found = re.findall(r"const (?:ZMQ_)?([A-Z0-9_]+): c_int = (\d+);", (PACKAGE / file).read_text())
        source |= {name: int(number) for name, number in found}

    text = (PACKAGE / "README.md").read_text()
    table = text[text.index("\n## Options\n"):text.index("\n## Functions\n")]
    listed, wrong = {}, []
    for names, state, api in re.findall(r"^\| (`ZMQ_.*?) \| (.*?) \| (.*?) \|", table, re.M):
        wrong += [f"\"{state}\" is no state"] if state not in STATES else []
        for name in re.findall(r"`ZMQ_(\w+)`", names):
            wrong += [f"{name}: twice in README.md"] if name in listed else []
            listed[name] = (state, api)

    wrong += [f"{name}: not in README.md" for name in set(declared) - set(listed)]
    wrong += [f"{name}: in README.md, and not in zmq.h" for name in set(listed) - set(declared)]
    for name in set(declared) & set(listed):
        (api, number), (state, stated) = declared[name], listed[name]
        if api != stated:
            wrong.append(f"{name}: {api} in zmq.h, {stated} in README.md")
        if source.get(name, number) != number:
            wrong.append(f"{name}: {number} in zmq.h, {source[name]} in the source")
        if (name in source or name in ALIASES) == (state == "EINVAL"):
            wrong.append(f"{name}: its state in README.md is \"{state}\"")
    print(*sorted(wrong), sep="\n", end="\n" if wrong else "")
    counts = {state: sum(each == state for each, _ in listed.values()) for state in sorted(STATES)}
    print(f"{len(declared)} options: " + ", ".join(f"{count} {state}" for state, count in counts.items()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
