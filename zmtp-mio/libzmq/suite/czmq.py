#!/usr/bin/env python3
"""Runs the self test of CZMQ, class by class, against a library, and compares the result with czmq-failing.txt.

    czmq.py                     this library in target/release
    czmq.py --library FOLDER    this library, or libzmq.so.5, in another folder
    czmq.py --system            the libzmq of Debian; nothing is expected to fail
    czmq.py zsock zauth         only these classes

It needs Debian's package libczmq-dev and a C compiler. The tests are functions of the library libczmq. Each runs in a
process and in a folder of its own.

The exit status is 1 if a class passes that is listed, or if a class does not pass that is not listed.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from run import SUITE, TARGET, execute, prepare, read_list

# Seconds in which a class must end.
LIMIT = 120


def build(folder: Path) -> dict:
    """Builds a program that runs the test of a class. Returns the classes."""
    try:
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libczmq"], capture_output=True, text=True, check=True)
        version = subprocess.run(["pkg-config", "--modversion", "libczmq"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        sys.exit("CZMQ is not found: install Debian's libczmq-dev and pkg-config")
    libraries = subprocess.run(["pkg-config", "--variable=libdir", "libczmq"], capture_output=True, text=True, check=True)
    symbols = subprocess.run(["nm", "--dynamic", "--defined-only", Path(libraries.stdout.strip()) / "libczmq.so"],
                             capture_output=True, text=True, check=True)
    classes = sorted(re.findall(r" T (z\w+)_test$", symbols.stdout, re.M))
    source = folder / "czmq.c"
    source.write_text("#include <stdbool.h>\n#include <string.h>\n" + "".join(f"void {name}_test(bool);\n" for name in classes)
                      + "int main(int argc, char **argv) {\n"
                      + "".join(f'if (!strcmp(argv[1], "{name}")) {name}_test(false);\n' for name in classes) + "return 0; }\n")
    # CZMQ names libzmq, and the program itself does not call it.
    subprocess.run(["cc", source, "-Wl,--allow-shlib-undefined", *flags.stdout.split(), "-o", folder / "czmq"], check=True)
    print(f"CZMQ {version.stdout.strip()}, {len(classes)} classes")
    return classes


def run(program: Path, name: str, environment: dict) -> tuple[str, str]:
    """Runs the test of a class. Returns why it did not pass, and its output."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("rw", "ro"):
            (Path(folder) / f"src/selftest-{part}").mkdir(parents=True)
        output, status, end = execute([program, name], LIMIT, Path(folder), environment)
        return end or (f"status {status}" if status else ""), output


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=TARGET / "release")
    parser.add_argument("--system", action="store_true")
    parser.add_argument("--verbose", "-v", action="store_true", help="the whole output of classes that do not pass")
    parser.add_argument("only", nargs="*")
    arguments = parser.parse_args()
    failing, flaky = ({}, {}) if arguments.system else read_list(SUITE / "czmq-failing.txt")
    wrong, counts = [], {"passed": 0, "failed": 0}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classes = build(folder)
        environment = {**os.environ}
        if not arguments.system:
            prepare(arguments.library, folder)
            environment["LD_LIBRARY_PATH"] = name
        wrong += [f"{name} is in czmq-failing.txt, and is no class" for name in {**failing, **flaky} if name not in classes]
        for name in arguments.only or classes:
            end, output = run(folder / "czmq", name, environment)
            counts["failed" if end else "passed"] += 1
            print(f"  {name}: {end or 'passed'}", flush=True)
            if end and arguments.verbose:
                print(output.strip())
            if not end and name in failing:
                wrong.append(f"{name} passes: remove it from czmq-failing.txt")
            elif end and name not in failing and name not in flaky:
                wrong.append(f"{name}: {end}: {output.strip().splitlines()[-1] if output.strip() else ''}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    name = "the libzmq of Debian" if arguments.system else "this library"
    print(f"CZMQ with {name}: " + ", ".join(f"{n} {state}" for state, n in counts.items()) + f"; {len(failing)} expected to fail")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
