"""What gdb knows of the process around a map, for map-save: registers, the auxiliary vector, mapped files, how far the
stack reaches. Translates, and decides nothing."""

import contextlib
import re
import struct
from typing import List, Optional, Tuple

import gdb
from mapscope.provider import Mapping, Process

FRAMES_MOST = 256  # that are looked at beyond the selected one
FRAMES_LIMIT = 100000  # up to the selected one
MAPPINGS_MOST = 1 << 17

# "33   AT_SYSINFO_EHDR      System-supplied DSO's ELF header 0x7ffff7fc1000", in gdb 10 to 17.
_AUXV = re.compile(r'^(\d+)\s+\S+\s.*?\s(0x[0-9a-f]+|\d+)(?:\s+".*")?\s*$')
# "0x555555554000 0x555555555000 0x1000 0x0 r--p /bin/true"; a core's have no permissions.
_MAPPING = re.compile(r"^\s*(0x[0-9a-f]+)\s+(0x[0-9a-f]+)\s+0x[0-9a-f]+\s+(0x[0-9a-f]+)(?:\s+[-rwxsp]{4})?\s+(/.*)$")


def process(pointer_size: int, big_endian: bool) -> Optional[Process]:
    inferior, thread = gdb.selected_inferior(), gdb.selected_thread()
    if thread is None or not thread.is_valid():
        return None
    lacks: List[str] = []
    auxv = _auxv(pointer_size, big_endian)
    mappings = _mappings()
    if not auxv:
        lacks.append("the auxiliary vector")
    if not mappings:
        lacks.append("the list of mapped files")
    words = "gdb does not tell " + " and ".join(lacks) if lacks else ""
    return Process(thread.ptid[1] or inferior.pid, auxv, mappings, _stack_end(), words)


def register(name: str) -> Optional[int]:
    with contextlib.suppress(gdb.error, ValueError):
        value = gdb.newest_frame().read_register(name)
        return None if value.is_optimized_out else int(value)
    return None


def _auxv(pointer_size: int, big_endian: bool) -> bytes:
    form = (">" if big_endian else "<") + ("2Q" if pointer_size == 8 else "2I")
    entries = b""
    with contextlib.suppress(gdb.error):
        for line in gdb.execute("info auxv", to_string=True).splitlines():
            found = _AUXV.match(line)
            if found:
                entries += struct.pack(form, int(found[1]), int(found[2], 0))
    return entries


def _mappings() -> Tuple[Mapping, ...]:
    with contextlib.suppress(gdb.error):
        lines = gdb.execute("info proc mappings", to_string=True).splitlines()[:MAPPINGS_MOST]
        found = [one for one in map(_MAPPING.match, lines) if one]
        return tuple(Mapping(int(one[1], 16), int(one[2], 16), int(one[3], 16), _name(one[4])) for one in found)
    return ()


def _name(path: str) -> str:
    return path[: -len(" (deleted)")] if path.endswith(" (deleted)") else path


def _stack_end() -> int:
    end, seen, beyond = 0, 0, 0
    with contextlib.suppress(gdb.error, RuntimeError):
        frame, selected = gdb.newest_frame(), gdb.selected_frame()
        passed = False
        while frame is not None and seen < FRAMES_LIMIT and beyond < FRAMES_MOST:
            end = max(end, int(frame.read_register("sp")))
            passed = passed or frame == selected
            seen, beyond = seen + 1, beyond + passed
            frame = frame.older()
    return end
