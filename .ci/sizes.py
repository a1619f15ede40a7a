"""Prints the flash and the RAM of a program for a board.

usage: sizes.py PROGRAM
"""

import pathlib
import sys

sys.dont_write_bytecode = True

from footprint import ALLOCATED, NOBITS, UNWINDING, sections

flash = ram = 0
for name, kind, flags, length, _ in sections(pathlib.Path(sys.argv[1]).read_bytes()):
    if flags & ALLOCATED and not name.startswith(UNWINDING):
        if kind != NOBITS:
            flash += length
        if name.startswith((".data", ".bss", ".uninit")):
            ram += length
print(f"{flash} bytes of flash, {ram} bytes of static RAM")
