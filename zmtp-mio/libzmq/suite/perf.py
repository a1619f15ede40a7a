#!/usr/bin/env python3
"""Runs libzmq's own programs that measure speed with this library and with libzmq, in turn, and prints the ratios.

    perf.py [ROUNDS]             after `cargo build --release -p zmtp-libzmq` and `build.sh --perf`

Each figure is the median of the rounds (5), in microseconds per message in one direction, or in messages per second. A
ratio compares two runs that follow each other; its median is printed. Both processes share the CPUs of the machine.
"""
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from run import TARGET, prepare

PROGRAMS = TARGET / "libzmq" / "stable" / "perf"
# Size of a message: how many round trips, and how many messages of a throughput.
SIZES = {64: (20_000, 1_000_000), 1_024: (20_000, 500_000), 65_536: (5_000, 20_000)}
LIMIT = 120


def figure(kind: str, transport: str, size: int, library: Path, folder: Path) -> float:
    """The figure that a program prints."""
    trips, messages = SIZES[size]
    count = trips if kind == "lat" else messages
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library)}
    options = {"env": environment, "stdout": subprocess.PIPE, "text": True}
    if transport == "inproc":
        command = [PROGRAMS / f"inproc_{kind}", str(size), str(count)]
        out = subprocess.run(command, timeout=LIMIT, check=True, **options).stdout
    else:
        endpoint = "tcp://127.0.0.1:25555" if transport == "tcp" else f"ipc://{folder}/socket"
        both = [
            subprocess.Popen([PROGRAMS / f"{end}_{kind}", endpoint, str(size), str(count)], **options)
            for end in ("local", "remote")
        ]
        try:
            out = "".join(process.communicate(timeout=LIMIT)[0] for process in both)
        except subprocess.TimeoutExpired:
            ended = ", ".join(f"{process.args[0].name}: {process.poll()}" for process in both)
            sys.exit(f"{kind} over {transport} with {size} bytes and {library} does not end; exit codes: {ended}")
        finally:
            for process in both:
                process.kill()
    found = re.search(r"(?:average latency|mean throughput): ([0-9.]+) \[(?:us|msg/s)\]", out)
    if not found:
        sys.exit(f"no figure of {kind} over {transport} in: {out}")
    return float(found[1])


def main(folder: Path) -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    prepare(TARGET / "release", folder)
    libraries = {"ours": folder, "libzmq": TARGET / "libzmq" / "stable" / "real"}
    print("| | ours | libzmq | ratio |\n|---|---|---|---|")
    for kind, name in (("lat", "latency, µs"), ("thr", "messages per second")):
        for transport in ("tcp", "ipc", "inproc"):
            for size in SIZES:
                runs = [
                    {key: figure(kind, transport, size, library, folder) for key, library in libraries.items()}
                    for _ in range(rounds)
                ]
                ours, real = (statistics.median(run[key] for run in runs) for key in libraries)
                ratio = statistics.median(run["ours"] / run["libzmq"] for run in runs)
                digits = 1 if kind == "lat" else 0
                print(f"| {name}, {transport}, {size:,} bytes | {ours:,.{digits}f} | {real:,.{digits}f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="perf-") as name:
        main(Path(name))
