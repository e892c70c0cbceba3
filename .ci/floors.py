"""Who may include whom, and what may lie where. Not a style check: these are the borders between the floors.

base <- mem, types <- decode <- out, path <- cmd <- cli; hmap stands beside them and is seen by fixtures and tests only.
"""

import os
import re
import sys
from glob import glob
from typing import List

FLOORS = {"base": 0, "mem": 1, "types": 1, "decode": 2, "out": 3, "path": 3, "cmd": 4, "cli": 5}
# The context ties callbacks, memory and types together; its header and the public one belong to the ground floor.
FREE_HEADERS = {"mapscope.h", "context.h"}
CONTEXT_FLOOR = 2
# What the map in C shares with the decoder: meanings, and how its keys hash.
HMAP_HEADERS = {"base/facts.h", "base/hash.h"}
TOP = {"core", "gdb", "lldb", "fixtures", "build", "Makefile", "README.md", "LICENSE"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
IMPORT = re.compile(r"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def allowed(path: str, header: str) -> bool:
    """May the file PATH, under core/, include the project's HEADER?"""
    room = path.split("/")[1] if path.count("/") > 1 else ""
    to = header.split("/")[0] if "/" in header else ""
    if room == "tests":
        return True
    if room == "hmap":
        return to == "hmap" or header in HMAP_HEADERS
    if header in FREE_HEADERS:
        return room != "base" or header == "mapscope.h"
    if to == "hmap":
        return False
    if room == to:
        return True
    return FLOORS.get(to, 99) < FLOORS.get(room, CONTEXT_FLOOR)


def check_c() -> List[str]:
    found = []
    for path in sorted(glob("core/**/*.[ch]", recursive=True)):
        for quote, header in INCLUDE.findall(read(path)):
            if quote == '"' and not allowed(path, header):
                found.append(f"{path}: must not include {header}")
            if header in ("dwarf.h", "libdwarf.h", "libdwarf/libdwarf.h") and path != "core/types/dwarf.c":
                found.append(f"{path}: only core/types/dwarf.c includes libdwarf")
    for path in sorted(glob("fixtures/*.[ch]")):
        for quote, header in INCLUDE.findall(read(path)):
            if "/" in header and quote == '"' and not header.startswith(("hmap/", "base/facts.h")):
                found.append(f"{path}: a fixture knows the map, not the decoder: {header}")
    return found


def check_python() -> List[str]:
    found = []
    foreign = {"core/python": {"gdb", "lldb"}, "gdb": {"lldb"}, "lldb": {"gdb"}}
    for folder, banned in foreign.items():
        for path in sorted(glob(folder + "/**/*.py", recursive=True)):
            for name in sorted(banned & set(IMPORT.findall(read(path)))):
                found.append(f"{path}: must not import {name}")
    for path in ("gdb", "lldb"):
        if os.path.exists(path + "/__init__.py") or os.path.exists(f"{path}/{path}.py"):
            found.append(f"{path}/: must not look like the module {path}")
    return found


def main() -> int:
    found = check_c() + check_python()
    found += [f"{name}: nothing new at the top level" for name in sorted(set(glob("*")) - TOP)]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
