#!/usr/bin/env python3
"""Runs libzmq's own tests, which build.sh builds, against a library, and compares the result with failing.txt.

    run.py                       against this library in target/release
    run.py --library FOLDER      against this library, or libzmq.so.5, in another folder
    run.py --real                against libzmq itself (build.sh --real); nothing is expected to fail
    run.py --drafts              the tests of the draft API too, compared with failing-drafts.txt
    run.py --sanitize            the tests with AddressSanitizer (build.sh --sanitize); prints what it finds
    run.py --valgrind NAME...    under valgrind; prints what it finds
    run.py hwm spec_req/test_    only programs, or cases of programs, whose name contains one of these
    run.py --update-cases        writes cases.txt, the names of all cases, after a complete run

A program with a case that unexpectedly does not pass runs once more, alone. If it passes then, a line has its name.

The exit status is 1 if a case passes that is listed, if a case does not pass that is not listed, or if AddressSanitizer or
valgrind finds something.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SUITE = Path(__file__).resolve().parent
ROOT = SUITE.parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()

# A line of Unity: file, line, case, result, and a message.
CASE = re.compile(r"^\S*?\.cpp:(\d+):(\w+):(PASS|FAIL|IGNORE)(?:: ?(.*))?$", re.M)
# Programs that measure time, or that open thousands of sockets, run alone, after the others.
ALONE = {"test_many_sockets", "test_shutdown_stress", "test_timeo", "test_timers"}
# Seconds in which a program must end. libzmq needs less than 10, except for these.
LIMIT = 30
LIMITS = {"test_heartbeats": 90, "test_security_zap": 90, "test_security_curve": 90, "test_filter_ipc": 60}

# What AddressSanitizer and valgrind print first.
FINDING = re.compile(r"^=+\d+=+ ?(?:ERROR: \w+Sanitizer.*|\S.*)$", re.M)
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"]
# Programs that do not close a message that they received: its properties are not freed. No other leak is allowed.
UNCLOSED = {"test_heartbeats", "test_inproc_connect", "test_mock_pub_sub", "test_monitor", "test_msg_flags",
            "test_reconnect_options", "test_security_curve", "test_security_zap", "test_stream_timeout"}
# Under valgrind a program may take so many times longer.
SLOWER = 10


def prepare(library: Path, folder: Path) -> None:
    """Puts the library, as libzmq.so.5, into an empty folder."""
    for name in ("libzmq.so.5", "libzmtp_libzmq.so"):
        if (library / name).exists():
            (folder / "libzmq.so.5").symlink_to((library / name).resolve())
            return
    sys.exit(f"no library in {library}")


def execute(command: list, limit: float, folder: Path, environment: dict) -> tuple[str, int, str]:
    """Executes a command in a group of its own, so that its children also end. Returns its output, its status, and how it
    ended if that was not by itself."""
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=limit)
        end = f"ended by {signal.Signals(-process.returncode).name}" if process.returncode < 0 else ""
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        end = f"ran longer than {limit} s"
    return output.decode(errors="replace"), process.returncode, end


def run(program: Path, library: Path, tool: list = []) -> dict:
    """Runs a program, with a tool that executes it, and returns its cases and how it ended."""
    folder = tempfile.mkdtemp(prefix="zmq-")
    # `stdbuf` loads a library before that of AddressSanitizer.
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library), "TMPDIR": folder,
                   "ASAN_OPTIONS": f"verify_asan_link_order=0:detect_leaks={int(program.name not in UNCLOSED)}"}
    if tool and program.name in UNCLOSED:
        tool = [*tool, "--leak-check=no"]
    limit = LIMITS.get(program.name, LIMIT) * (SLOWER if tool else 1)
    start = time.monotonic()
    # Each line is written at once, so that none is lost with the program.
    text, code, end = execute(["stdbuf", "--output=L", *tool, program], limit, folder, environment)
    if code == 127:
        end = "a symbol is missing"
    shutil.rmtree(folder, ignore_errors=True)
    cases = {}
    for line, name, result, message in CASE.findall(text):
        key, n = f"{program.name}/{name}", 2
        while key in cases:
            key, n = f"{program.name}/{name}#{n}", n + 1
        cases[key] = (result, f"line {line}: {message[:120]}" if message else "")
    if not cases and not end:
        # A program without Unity.
        cases[f"{program.name}/main"] = ("FAIL", f"status {code}") if code else ("PASS", "")
    finding = FINDING.search(text)
    return {"cases": cases, "end": end, "text": text, "finding": finding and finding[0], "seconds": time.monotonic() - start}


def read_list(path: Path) -> tuple[dict, dict]:
    """Reads the cases that are known to fail, and those that sometimes fail, with their reasons."""
    failing, flaky = {}, {}
    if path.exists():
        for n, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            target = failing
            if line.startswith("flaky "):
                line, target = line[len("flaky "):], flaky
            case, _, reason = line.partition(": ")
            if not reason.strip():
                sys.exit(f"{path.name}:{n}: a case needs a reason")
            target[case.strip()] = reason.strip()
    return failing, flaky


def bad_cases(program: Path, result: dict) -> set:
    """The cases that do not pass, or, if the program did not end by itself, the program."""
    bad = {case for case, (state, _) in result["cases"].items() if state == "FAIL"}
    return bad or ({program.name} if result["end"] else set())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=TARGET / "release")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--drafts", action="store_true")
    parser.add_argument("--sanitize", action="store_true")
    parser.add_argument("--valgrind", action="store_true")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--verbose", "-v", action="store_true", help="the whole output of programs with a failure")
    parser.add_argument("--update-cases", action="store_true")
    parser.add_argument("only", nargs="*")
    arguments = parser.parse_args()

    kind = "drafts" if arguments.drafts else "sanitized" if arguments.sanitize else "stable"
    tool = VALGRIND if arguments.valgrind else []
    suffix = "-drafts" if arguments.drafts else ""
    built = TARGET / "libzmq" / kind
    cases_file, failing_file = SUITE / f"cases{suffix}.txt", SUITE / f"failing{suffix}.txt"
    expected = set(cases_file.read_text().split()) if cases_file.exists() else set()
    failing, flaky = ({}, {}) if arguments.real else read_list(failing_file)
    unknown = [case for case in {**failing, **flaky} if case not in expected]

    def chosen(case: str) -> bool:
        return not arguments.only or any(part in case for part in arguments.only)

    programs = sorted((built / "programs").glob("test_*"))
    if arguments.only:
        programs = [p for p in programs if chosen(p.name) or any(chosen(c) for c in expected if c.split("/")[0] == p.name)]
    if not programs:
        sys.exit("no program: run build.sh first")

    results = {}
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder)
        prepare(built / "real" if arguments.real else arguments.library, library)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            together = [p for p in programs if p.name not in ALONE]
            results.update(zip(together, pool.map(lambda p: run(p, library, tool), together)))
        for program in programs:
            if program.name in ALONE:
                results[program] = run(program, library, tool)
        for program, result in results.items():
            found = bad_cases(program, result) - failing.keys() - flaky.keys()
            if found:
                again = run(program, library, tool)
                print(f"{program.name} runs once more, because of {', '.join(sorted(found))} ({result['end'] or 'failed'}):",
                      "fails" if bad_cases(program, again) - failing.keys() - flaky.keys() else "passes")
                again["finding"] = again["finding"] or result["finding"]
                results[program] = again

    seen = {}
    for program, result in sorted(results.items()):
        seen.update(result["cases"])
    if arguments.update_cases:
        expected = {case for case, (result, _) in seen.items() if result == "PASS"}
        cases_file.write_text("".join(f"{case}\n" for case in sorted(expected)))
    # A case that libzmq itself ignores does not count.
    considered = {c for c in expected | {c for c, (r, _) in seen.items() if r == "FAIL"} if chosen(c)}
    ends = {program.name: result["end"] for program, result in results.items()}

    counts = {"passed": 0, "failed": 0, "not run": 0}
    wrong = []
    for case in sorted(considered):
        result, message = seen.get(case, ("", ""))
        state = {"PASS": "passed", "FAIL": "failed"}.get(result, "not run")
        why = message or ends.get(case.split("/")[0]) or ("ignored" if result == "IGNORE" else "")
        counts[state] += 1
        if state == "passed" and case in failing:
            wrong.append(f"{case} passes: remove it from {failing_file.name}")
        elif state != "passed" and case not in failing and case not in flaky:
            wrong.append(f"{case}: {state}" + (f", {why}" if why else ""))
    for program, result in sorted(results.items()):
        bad = any(r == "FAIL" for r, _ in result["cases"].values()) or result["end"]
        if bad and arguments.verbose:
            print(f"--- {program.name} ({result['end'] or 'ended'}, {result['seconds']:.1f} s)\n{result['text'].strip()}")
        if result["finding"]:
            wrong.append(f"{program.name}: {result['finding']}")
        if result["end"] and not any(c.split("/")[0] == program.name for c in {**failing, **flaky}):
            wrong.append(f"{program.name}: {result['end']}")
    wrong += [f"{case} is in {failing_file.name}, and is no case" for case in unknown]
    for line in wrong:
        print(line)
    name = "libzmq itself" if arguments.real else "this library"
    print(f"{name}, {len(results)} programs: " + ", ".join(f"{n} {state}" for state, n in counts.items())
          + f"; {len(failing)} expected to fail, {len(flaky)} sometimes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
