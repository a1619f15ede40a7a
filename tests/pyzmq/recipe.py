"""Runs the subscriber in Python of the cookbook against its publisher in Rust.

usage: recipe.py PATH-OF-THE-EXAMPLE-WEATHER
Every wait has a timeout. Exits with 1 at the first difference.
"""

import pathlib
import subprocess
import sys

from processes import first_line

TIMEOUT_MS = 10_000
PAGE = pathlib.Path(__file__).parents[2] / "zmtp-mio/docs/cookbook.md"


def main():
    section = PAGE.read_text().split("# With Python\n")[1].split("\n# ")[0]
    program = section.split("```python\n")[1].split("```")[0]
    publisher = subprocess.Popen([sys.argv[1]])
    subscriber = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    try:
        line = first_line(subscriber.stdout, TIMEOUT_MS)
        name, degrees = line.split()
        assert name == "oslo" and -10 <= int(degrees) < 25, line
    finally:
        for process in (subscriber, publisher):
            process.kill()
            process.wait(10)
    print(f"the recipe of the cookbook: {line.strip()}")


main()
