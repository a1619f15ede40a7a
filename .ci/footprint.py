"""Prints the table of .ci/footprint.sh from programs and their output. Exits with 1 if a budget is
exceeded.

usage: footprint.py RESULTS BUDGETS
RESULTS contains TARGET/LEVEL/CLIENT, programs in ELF, and TARGET/LEVEL/costs, lines of words.
"""

import pathlib
import struct
import sys

TARGETS = ["thumbv6m-none-eabi", "thumbv7m-none-eabi", "riscv32imc-unknown-none-elf"]
LEVELS = ["s", "z"]
ALLOCATED, NOBITS, SYMBOLS = 2, 8, 2
# Not in flash: the runtimes discard these sections, because nothing unwinds.
UNWINDING = (".ARM.exidx", ".ARM.extab", ".eh_frame")


def sections(image):
    """Name, type, flags and contents of the sections of a little-endian ELF of 32 bits."""
    assert image[:6] == b"\x7fELF\x01\x01", "ELF"
    (start,) = struct.unpack_from("<I", image, 32)
    size, count, names = struct.unpack_from("<HHH", image, 46)
    headers = [struct.unpack_from("<10I", image, start + size * at) for at in range(count)]
    text = image[headers[names][4] :]
    for name, kind, flags, _, offset, length, *_ in headers:
        title = text[name : text.index(b"\0", name)].decode()
        yield title, kind, flags, length, image[offset : offset + length]


def flash(path):
    """Bytes in flash."""
    return sum(
        length
        for name, kind, flags, length, _ in sections(path.read_bytes())
        if flags & ALLOCATED and kind != NOBITS and not name.startswith(UNWINDING)
    )


def formats(path):
    """Whether `core::fmt` is linked."""
    found = [text for name, *_, text in sections(path.read_bytes()) if name == ".strtab"]
    assert found, "symbols"
    return any(b"4core3fmt" in text for text in found)


def main():
    results, budgets = map(pathlib.Path, sys.argv[1:])
    rows = [line.split() for line in budgets.read_text().splitlines()]
    rows = [row for row in rows if row and not row[0].startswith("#")]
    budget = {row[0]: row[1:] for row in rows}
    clients = [path.name for path in sorted((results / TARGETS[0] / "s").iterdir())]
    clients = [name for name in clients if name not in ("empty", "costs", "sizes")]
    costs = {}
    for target in TARGETS:
        for level in LEVELS:
            for line in (results / target / level / "costs").read_text().splitlines():
                what, name, number = line.split()
                costs.setdefault((what, name, target), []).append(int(number))
    cost = {key: min(numbers) for key, numbers in costs.items()}
    # Also sockets whose flash is not measured.
    clients += sorted({name for what, name, _ in cost if what == "ram"} - set(clients))
    clients.sort(key=lambda name: (list(budget) + clients).index(name))
    passed = []

    def cell(client, at, value, form):
        """A figure, marked if it is above its budget."""
        limits = budget.get(client, [])
        limit = limits[at] if at < len(limits) else "-"
        if value is None:
            return "–"
        if limit != "-" and value > float(limit):
            passed.append(f"{client}: {form(value)} is above {limit}")
            return f"**{form(value)} > {limit}**"
        return form(value)

    print("| client | v6m | v7m | rv32imc | RAM | stack v6m | v7m | rv32imc |")
    print("|---|---|---|---|---|---|---|---|")
    for client in clients:
        cells = []
        for at, target in enumerate(TARGETS):
            net = []
            for level in LEVELS:
                folder = results / target / level
                if not (folder / client).exists():
                    continue
                if formats(folder / client):
                    passed.append(f"{client} on {target} at {level} has core::fmt")
                net.append(flash(folder / client) - flash(folder / "empty"))
            smallest = min(net) / 1024 if net else None
            cells.append(cell(client, at, smallest, "{:.2f}".format))
        cells.append(cell(client, 3, cost.get(("ram", client, TARGETS[1])), str))
        for at, target in enumerate(TARGETS, 4):
            cells.append(cell(client, at, cost.get(("stack", client, target)), str))
        print(f"| {client.rstrip('_').replace('_', ', ')} | {' | '.join(cells)} |")
    print("\n| instructions | v6m | v7m | rv32imc |")
    print("|---|---|---|---|")
    for what in dict.fromkeys(name for kind, name, _ in cost if kind == "instructions"):
        counts = [cost[("instructions", what, target)] for target in TARGETS]
        cells = [cell(what, at, count, "{:,}".format) for at, count in enumerate(counts)]
        print(f"| {what.replace('_', ', ')} | {' | '.join(cells)} |")
    print("No panic and no core::fmt is linked; the deliberate panic does not link.")
    for line in passed:
        print(f"BUDGET {line}")
    return bool(passed)


if __name__ == "__main__":
    sys.exit(main())
