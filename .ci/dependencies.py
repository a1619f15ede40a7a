"""Writes the table of the whole tree in DEPENDENCIES.md: every crate that a published crate can pull in.

usage: dependencies.py           writes the table
       dependencies.py --check   fails if the table differs, or a crate has no purpose

The names, the licences and what pulls a crate in are from Cargo.lock, with all features, for all systems. The last column,
what the crate is for, is written by hand and kept.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE = ROOT / "DEPENDENCIES.md"
HEADING = "## The whole tree\n"
HEAD = "| crate | licence | pulled in by | for |\n|---|---|---|---|\n"
PUBLISHED = ["zmtp-core", "zmtp-embedded", "zmtp-mio", "zmtp-cli"]


def tree():
    """The name, version and licence of each crate, and the names of its users. Development dependencies are left out."""
    only = [argument for name in PUBLISHED for argument in ("--package", name)]
    command = ["cargo", "tree", "--locked", "--all-features", *only, "--edges", "normal,build", "--target", "all"]
    # Each line begins with its depth. The dependencies of a crate are listed once.
    out = subprocess.check_output([*command, "--prefix", "depth", "--format", " {p} {l}"], cwd=ROOT, text=True)
    users, path = {}, []
    for line in filter(None, out.splitlines()):
        depth, name, version, licence = line.replace(" (*)", "").replace(" (proc-macro)", "").split(" ", 3)
        path[int(depth) :] = [name]
        if name not in PUBLISHED:
            users.setdefault((name, version, licence), set()).add(path[-2])
    return users


def rows(purposes):
    crates = tree()
    names = [name for name, _, _ in crates]
    for (name, version, licence), users in sorted(crates.items()):
        # Two versions are two rows.
        if names.count(name) > 1:
            name += " " + version[1:].split(".")[0]
        # Cargo also reads the old form `MIT/Apache-2.0`.
        licence = licence.replace("/", " OR ")
        yield f"| {name} | {licence} | {', '.join(sorted(users))} | {purposes.get(name, '')} |\n", name


def main():
    page = FILE.read_text()
    before, after = page.split(HEADING)
    intro, table = after.split(HEAD) if HEAD in after else (after.rstrip() + "\n\n", "")
    kept, rest = [], table
    while rest.startswith("|"):
        line, rest = rest.split("\n", 1)
        kept.append([cell.strip() for cell in line.strip("|").split("|")])
    purposes = {row[0]: row[-1] for row in kept}
    lines = list(rows(purposes))
    missing = [name for _, name in lines if not purposes.get(name)]
    text = before + HEADING + intro + HEAD + "".join(line for line, _ in lines) + rest
    if sys.argv[1:] != ["--check"]:
        FILE.write_text(text)
    elif text != page:
        sys.exit("the table in DEPENDENCIES.md differs from Cargo.lock: run .ci/dependencies.py")
    if missing:
        sys.exit(f"DEPENDENCIES.md does not name what these are for: {', '.join(missing)}")
    print(f"DEPENDENCIES.md names {len(lines)} crates")


main()
