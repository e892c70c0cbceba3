"""What lldb knows of the process around a map, for map-save: registers, the auxiliary vector, mapped files, how far the
stack reaches. Translates, and decides nothing."""

import contextlib
import struct
from typing import Dict, Iterator, List, Optional

import lldb
from mapscope.provider import Mapping, Process

FRAMES_MOST = 256  # that are looked at beyond the selected one
PAGE = 4096
_AT_PHDR, _AT_PHENT, _AT_PHNUM, _AT_PAGESZ, _AT_ENTRY = 3, 4, 5, 6, 9  # elf.h


def process(target: lldb.SBTarget, pid: int, selected: Optional[lldb.SBFrame]) -> Optional[Process]:
    """PID: of a process of this machine, else 0."""
    here = target.GetProcess()
    thread = selected.GetThread() if selected else here.GetSelectedThread()
    if not thread or not thread.IsValid():
        return None
    mappings = tuple(_mappings(target))
    auxv, lacks = _auxv(target, pid, mappings[0].start if mappings else 0), ""
    if not auxv:
        lacks = "lldb does not tell where the program begins"
    return Process(thread.GetThreadID(), auxv, mappings, _stack_end(thread, selected), lacks)


def register(thread: lldb.SBThread, name: str) -> Optional[int]:
    value, error = thread.GetFrameAtIndex(0).FindRegister(name), lldb.SBError()
    if not value.IsValid() or value.GetError().Fail():
        return None
    number = value.GetValueAsUnsigned(error, 0)
    return int(number) if error.Success() else None


def _loaded(target: lldb.SBTarget, module: lldb.SBModule) -> Iterator[Mapping]:
    """As its segments say: lldb does not tell what part of a file a region of memory is."""
    path = module.GetPlatformFileSpec().fullpath or module.GetFileSpec().fullpath or ""
    for section in module.section_iter():
        address = section.GetLoadAddress(target)
        if address == lldb.LLDB_INVALID_ADDRESS or not section.GetName().startswith("PT_LOAD") or path[:1] != "/":
            continue
        start = address // PAGE * PAGE
        end = (address + section.GetByteSize() + PAGE - 1) // PAGE * PAGE
        yield Mapping(start, end, section.GetFileOffset() // PAGE * PAGE, path)


def _mappings(target: lldb.SBTarget) -> List[Mapping]:
    """Those of the program first."""
    found = [list(_loaded(target, module)) for module in target.module_iter()]
    return [mapping for mappings in found for mapping in sorted(mappings)]


def _auxv(target: lldb.SBTarget, pid: int, base: int) -> bytes:
    if pid:
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/auxv", "rb") as file:
                return file.read()
    # What debuggers look for there can be told without it, too.
    word, big = target.GetAddressByteSize(), target.GetByteOrder() == lldb.eByteOrderBig
    order = ">" if big else "<"
    error, place = lldb.SBError(), target.GetModuleAtIndex(0).GetObjectFileEntryPointAddress()
    entry = place.GetLoadAddress(target) if place.IsValid() else lldb.LLDB_INVALID_ADDRESS
    size = 64 if word == 8 else 52
    header = target.GetProcess().ReadMemory(base, size, error) if base else b""
    if entry == lldb.LLDB_INVALID_ADDRESS or not header or len(header) < size:
        return b""
    offset = struct.unpack_from(order + ("Q" if word == 8 else "I"), header, 32 if word == 8 else 28)[0]
    step, count = struct.unpack_from(order + "2H", header, 54 if word == 8 else 42)
    told: Dict[int, int] = {
        _AT_PHDR: base + offset,
        _AT_PHENT: step,
        _AT_PHNUM: count,
        _AT_PAGESZ: PAGE,
        _AT_ENTRY: entry,
    }
    form = order + ("2Q" if word == 8 else "2I")
    return b"".join(struct.pack(form, *one) for one in [*told.items(), (0, 0)])


def _stack_end(thread: lldb.SBThread, selected: Optional[lldb.SBFrame]) -> int:
    most = (selected.GetFrameID() if selected else 0) + FRAMES_MOST
    end = 0
    for number in range(most):
        frame = thread.GetFrameAtIndex(number)
        if not frame.IsValid():
            break
        end = max(end, frame.GetSP())
    return end
