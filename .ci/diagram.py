"""Draws the structure of the code: the crates, their folders, and what uses what, as CONTRIBUTING.md describes it.

usage: diagram.py           writes structure.svg
       diagram.py --check   fails if structure.svg differs

A box is a folder or a file, which must exist. The arrows between crates are their dependencies in Cargo.toml.
"""

import html
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).parent.parent
FILE = ROOT / "structure.svg"
WIDTH, GAP, LINE = 860, 12, 38

# Crates from the top to the bottom; side by side if they are in one row. Each has its folder, a subtitle, and rows of
# parts: a label, what it does, and a path in the crate.
CRATES = [
    [
        ("zmtp-cli", "zmtp-mio/cli", "the tool zmtp", []),
        ("your program", None, "calls, async code, or your own mio::Poll", []),
        ("your firmware", None, "examples in zmtp-embedded/boards", []),
    ],
    [
        (
            "zmtp-mio",
            "zmtp-mio",
            "sockets for std",
            [
                [("socket", "types and options", "src/socket"), ("async_socket", "futures", "src/async_socket")],
                [("exchange", "operations that may wait", "src/exchange"), ("driver", "background thread", "src/driver")],
                [("engine", "peers, connections, deadlines: one turn after another", "src/engine")],
                [("queue", "messages, budget", "src/queue"), ("transport", "TCP, IPC, UDP", "src/transport"), ("inproc", "rings", "src/inproc")],
                [("security", "ZAP, certificates", "src/security"), ("monitor", "events, counters", "src/monitor")],
            ],
        ),
        (
            "zmtp-embedded",
            "zmtp-embedded",
            "sockets for microcontrollers",
            [
                [("blocking", "embedded-io", "src/blocking"), ("asynch", "embedded-io-async", "src/asynch")],
                [("kind", "what the types add", "src/kind")],
                [("udp", "RADIO and DISH", "src/udp.rs"), ("size", "of buffers", "src/size.rs")],
                [("adapters", "embassy, smoltcp, serial, std", "adapters")],
            ],
        ),
    ],
    [
        (
            "zmtp-core",
            "zmtp-core",
            "the protocol: no IO, no clock, no allocation",
            [
                [("connection", "one end as a state machine", "src/connection"), ("pattern", "which peer, which message", "src/pattern")],
                [("mechanism", "NULL, PLAIN, CURVE", "src/mechanism"), ("wire", "bytes to values and back", "src/wire")],
            ],
        ),
    ],
]
# The arrows. That of the tool to the core is left out: it has one through zmtp-mio.
DRAWN = [("your program", "zmtp-mio"), ("your firmware", "zmtp-embedded"), ("zmtp-cli", "zmtp-mio")]
DRAWN += [("zmtp-mio", "zmtp-core"), ("zmtp-embedded", "zmtp-core")]
LEFT_OUT = [("zmtp-cli", "zmtp-core")]

STYLE = """text { font: 12px system-ui, sans-serif; fill: #1f2328 } .crate { font-size: 14px; font-weight: 600 }
.small { font-size: 11px; fill: #59636e } .outer { fill: none; stroke: #59636e; stroke-width: 1.5 }
.part { fill: #ddf4ff; stroke: #54aeff } .arrow { stroke: #59636e; stroke-width: 1.5; fill: none } .head { fill: #59636e }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 } .outer { stroke: #9198a1 }
.part { fill: #121d2f; stroke: #1f6feb } .arrow { stroke: #9198a1 } .head { fill: #9198a1 } }"""


def check():
    """Compares the boxes with the files, and the arrows with Cargo.toml."""
    for row in CRATES:
        for name, folder, _, parts in row:
            for label, _, path in (part for line in parts for part in line):
                assert (ROOT / folder / path).exists(), f"{name}: {label} does not exist"
            if folder is None:
                continue
            manifest = tomllib.loads((ROOT / folder / "Cargo.toml").read_text())
            uses = {key for key in manifest["dependencies"] if key.startswith("zmtp-")}
            assert manifest["package"]["name"] == name, folder
            assert uses == {used for user, used in DRAWN + LEFT_OUT if user == name}, f"{name} uses {uses}"


def draw():
    out = []
    places = {}
    y = 8
    for row in CRATES:
        width = (WIDTH - GAP * (len(row) + 1)) / len(row)
        lines = max(len(parts) for _, _, _, parts in row)
        height = 44 + lines * (LINE + 6) + (4 if lines else 0)
        for column, (name, _, subtitle, parts) in enumerate(row):
            x = GAP + column * (width + GAP)
            places[name] = (x + width / 2, y, y + height)
            out.append(f'<rect class="outer" x="{x:.0f}" y="{y}" width="{width:.0f}" height="{height}" rx="6"/>')
            out.append(f'<text class="crate" x="{x + 12:.0f}" y="{y + 20}">{html.escape(name)}</text>')
            out.append(f'<text class="small" x="{x + 12:.0f}" y="{y + 36}">{html.escape(subtitle)}</text>')
            for line, boxes in enumerate(parts):
                part = (width - 24 - 6 * (len(boxes) - 1)) / len(boxes)
                top = y + 44 + line * (LINE + 6)
                for place, (label, what, _) in enumerate(boxes):
                    left = x + 12 + place * (part + 6)
                    out.append(f'<rect class="part" x="{left:.0f}" y="{top}" width="{part:.0f}" height="{LINE}" rx="4"/>')
                    out.append(f'<text x="{left + 8:.0f}" y="{top + 16}">{html.escape(label)}</text>')
                    out.append(f'<text class="small" x="{left + 8:.0f}" y="{top + 31}">{html.escape(what)}</text>')
        y += height + 40
    for user, used in DRAWN:
        (x1, _, bottom), (x2, top, _) = places[user], places[used]
        # Into the used box, below the user if that is possible.
        half = (WIDTH - GAP * 3) / 4 if used != "zmtp-core" else WIDTH / 2 - 2 * GAP
        x = min(max(x1, x2 - half + 24), x2 + half - 24)
        out.append(f'<path class="arrow" d="M{x1:.0f} {bottom} L{x:.0f} {top - 7}"/>')
        out.append(f'<path class="head" d="M{x - 5:.0f} {top - 9} h10 l-5 8 z"/>')
    size = y - 32
    label = "Programs use zmtp-mio or zmtp-embedded, and both use zmtp-core"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {size}" role="img" aria-label="{label}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *out, "</svg>"]) + "\n"


check()
text = draw()
if sys.argv[1:] == ["--check"]:
    if FILE.read_text() != text:
        sys.exit("structure.svg differs from the output of .ci/diagram.py: run it")
else:
    FILE.write_text(text)
