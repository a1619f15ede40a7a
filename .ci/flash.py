"""Shows where the flash of a program for Arm is. See .ci/flash.sh.

usage: flash.py PROGRAM
"""

import collections
import re
import subprocess
import sys

TOOLS = "arm-none-eabi-"
OURS = re.compile(r"/(zmtp-(?:core|embedded)|footprint)/(.*?):")


def lines(tool, *arguments, given=None):
    command = [TOOLS + tool, *arguments]
    result = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def short(name):
    """A function without the types of its generics."""
    while (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
        name = shorter
    return name.removesuffix("::").split("::")[-1] or name


def show(title, counts, most):
    print(f"\n{title}:")
    for name, size in counts.most_common(most):
        print(f"{size:6} {name}")


program = sys.argv[1]
sizes = collections.Counter()
for line in lines("nm", "-S", "-C", program):
    _, *rest = line.split(maxsplit=3)
    if len(rest) == 3 and rest[1] in "tT":
        sizes[short(rest[2])] += int(rest[0], 16)
show("functions", sizes, 12)

# The addresses of instructions and of constants between them.
matches = [re.match(r"\s+([0-9a-f]+):\s", line) for line in lines("objdump", "-d", program)]
addresses = sorted(int(match[1], 16) for match in matches if match)
places, place = [], []
given = "\n".join(map(hex, addresses))
for line in lines("addr2line", "-a", "-i", "-f", "-C", "-e", program, given=given):
    if line.startswith("0x"):
        place = []
        places.append(place)
    else:
        place.append(line)
files, functions = collections.Counter(), collections.Counter()
for address, following, place in zip(addresses, [*addresses[1:], addresses[-1] + 2], places):
    size = following - address if following - address <= 4 else 2
    # From the innermost inlined function outwards.
    frames = list(zip(place[::2], place[1::2]))
    name, match = next(
        ((name, match) for name, where in frames if (match := OURS.search(where + ":"))),
        ("", None),
    )
    file = f"{match[1]}/{match[2]}" if match else "other"
    files[file] += size
    functions[f"{short(name)} ({file})" if match else file] += size
folders = collections.Counter()
for file, size in files.items():
    folders["/".join(file.split("/")[:3]) if file.startswith("zmtp-core") else file.split("/")[0]] += size
show("crates, and folders of zmtp-core", folders, 12)
show("source files", files, 30)
show("source functions", functions, 30)
print(f"\n{sum(files.values())} bytes of code")
