#!/usr/bin/python3
"""Runs the tests of pyzmq, which Debian's package python3-zmq has, against a library, and compares the result with
pyzmq-failing.txt.

    pyzmq.py                     against this library in target/release
    pyzmq.py --library FOLDER    against this library, or libzmq.so.5, in another folder
    pyzmq.py --system            against the libzmq of Debian
    pyzmq.py socket asyncio      only these test files

A file with a case that unexpectedly does not pass runs once more, alone. If it passes then, a line has its name.

The exit status is 1 if a case passes that is listed, or if a case does not pass that is not listed.
"""
import argparse
import concurrent.futures
import importlib.util
import os
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

from run import SUITE, TARGET, execute, prepare, read_list

# Seconds for a file of tests, and for one case.
FILE_LIMIT, CASE_LIMIT = 180, 30
# What they test is not installed, or is not pyzmq's use of libzmq.
LEFT_OUT = {"cython", "cffi_backend", "mypy", "win32_shim"}


def run(name: str, file: Path, library: Path, folder: Path) -> dict:
    """Runs the tests of a file. Returns its cases with their results, and how it ended."""
    report = folder / f"{name}.xml"
    command = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "-m",
               "not large and not wheel", "--timeout", str(CASE_LIMIT), "--junitxml", str(report), str(file)]
    environment = {**os.environ}
    if library:
        environment["LD_LIBRARY_PATH"] = str(library)
    text, status, end = execute(command, FILE_LIMIT, folder, environment)
    if not end and status not in (0, 1):
        end = f"status {status}"
    cases = {}
    if report.exists():
        for case in xml.parse(report).iter("testcase"):
            key = f"{name}/{case.get('classname').rsplit('.', 1)[-1]}.{case.get('name')}"
            bad = case.find("failure") if case.find("failure") is not None else case.find("error")
            if bad is not None:
                cases[key] = ("failed", (bad.get("message") or "").split("\n")[0][:150])
            elif case.find("skipped") is not None:
                cases.setdefault(key, ("skipped", ""))
            else:
                cases.setdefault(key, ("passed", ""))
    return {"cases": cases, "end": end, "text": text}


def bad_cases(name: str, seen: dict, ends: dict) -> set:
    """The cases of a file that do not pass, or, if it did not end by itself, the file."""
    bad = {case for case, (state, _) in seen.items() if case.startswith(f"{name}/") and state == "failed"}
    return bad or ({name} if ends[name] else set())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=TARGET / "release")
    parser.add_argument("--system", action="store_true")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--verbose", "-v", action="store_true", help="the whole output of files with a failure")
    parser.add_argument("--update-cases", action="store_true", help="write pyzmq-cases.txt")
    parser.add_argument("only", nargs="*")
    arguments = parser.parse_args()

    package = importlib.util.find_spec("zmq")
    if not package:
        sys.exit("python3-zmq is not installed")
    tests = Path(package.submodule_search_locations[0]) / "tests"
    files = {file.stem.removeprefix("test_"): file for file in sorted(tests.rglob("test_*.py"))}
    files = {name: file for name, file in files.items() if name not in LEFT_OUT
             and (not arguments.only or name in arguments.only)}

    cases_file = SUITE / "pyzmq-cases.txt"
    expected = set(cases_file.read_text().split("\n")) - {""} if cases_file.exists() else set()
    failing, flaky = ({}, {}) if arguments.system else read_list(SUITE / "pyzmq-failing.txt")
    seen, ends = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        library = None
        if not arguments.system:
            library = folder / "library"
            library.mkdir()
            prepare(arguments.library, library)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            for name, result in zip(files, pool.map(lambda name: run(name, files[name], library, folder), files)):
                seen.update(result["cases"])
                ends[name] = result["end"]
                bad = result["end"] or any(state == "failed" for state, _ in result["cases"].values())
                if bad and arguments.verbose:
                    print(f"--- {name} {result['end']}\n{result['text'].strip()}")
        for name in files:
            found = bad_cases(name, seen, ends) - failing.keys() - flaky.keys()
            if found:
                again = run(name, files[name], library, folder)
                seen.update(again["cases"])
                ends[name] = again["end"]
                print(f"{name} runs once more, because of {', '.join(sorted(found))}:",
                      "fails" if bad_cases(name, seen, ends) - failing.keys() - flaky.keys() else "passes")
    if arguments.update_cases:
        expected = {case for case, (state, _) in seen.items() if state == "passed"}
        cases_file.write_text("".join(f"{case}\n" for case in sorted(expected)))

    counts = {"passed": 0, "failed": 0, "not run": 0}
    wrong = []
    for case in sorted(expected | {case for case, (state, _) in seen.items() if state == "failed"}):
        name = case.split("/")[0]
        if arguments.only and name not in arguments.only:
            continue
        state, message = seen.get(case, ("not run", ends.get(name, f"test_{name}.py is not there")))
        state = "not run" if state == "skipped" else state
        counts[state] += 1
        if state == "passed" and case in failing:
            wrong.append(f"{case} passes: remove it from pyzmq-failing.txt")
        elif state != "passed" and case not in failing and case not in flaky:
            wrong.append(f"{case}: {state}" + (f", {message}" if message else ""))
    wrong += [f"{case} is in pyzmq-failing.txt, and is no case" for case in {**failing, **flaky} if case not in expected]
    for line in wrong:
        print(line)
    print("pyzmq with " + ("the libzmq of Debian" if arguments.system else "this library") + f", {len(files)} files: "
          + ", ".join(f"{n} {state}" for state, n in counts.items())
          + f"; {len(failing)} expected to fail, {len(flaky)} sometimes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
