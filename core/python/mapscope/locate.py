"""Where the value of a variable lies, by the DWARF expression that says so: the decoder evaluates it, the debugger
lends its frame. Knows no debugger."""

import ctypes
from typing import Any, Callable, NamedTuple, Optional, Tuple

from . import abi
from .abi import Code
from .debuginfo import Place

WHY_MOST = 512  # bytes of a reason


class Frame(NamedTuple):
    """What the debugger knows of a frame."""

    register: Optional[Callable[[int], bytes]]  # by DWARF's number, in the target's byte order; b"": not known
    cfa: Optional[Callable[[], Optional[int]]]  # the canonical frame address
    read: Callable[[int, int], bytes]  # the leading bytes that can be read
    bias: int  # what the loader added to the file's addresses


class Unavailable(Exception):
    """It has no value there; the text is why."""


def locate(lib: Any, frame: Frame, place: Place, size: int) -> Tuple[int, bytes, bytes]:
    """The address of a value, or 0 and its SIZE bytes where it lies in registers or pieces, or is a constant; then a
    byte for each of them that is 0 where it is not known, or b"": all are known. Raises Unavailable, and
    KeyboardInterrupt where a call-back was interrupted."""

    def reg(number: int, buffer: int, length: int) -> int:
        raw = frame.register(number) if frame.register else b""
        part = raw[-length:] if place.big_endian else raw[:length]
        ctypes.memmove(buffer, part, len(part))
        return len(part)

    def cfa(out: Any) -> int:
        address = frame.cfa() if frame.cfa else None
        if address is not None:
            out[0] = address
        return int(address is not None)

    def read(address: int, buffer: int, length: int) -> int:
        found = frame.read(address, length)
        ctypes.memmove(buffer, found, len(found))
        return len(found)

    base = ctypes.create_string_buffer(place.frame_base, max(len(place.frame_base), 1))
    lent = abi.Frame(
        ctypes.sizeof(abi.Frame),
        None,
        abi.REGISTER(_guarded(reg)),
        abi.CFA(_guarded(cfa)),
        abi.READ(_guarded(read)),
        frame.bias,
        ctypes.addressof(base) if place.frame_base else None,
        len(place.frame_base),
        place.address_size,
        place.big_endian,
    )
    buffer, known = ctypes.create_string_buffer(size + 1), ctypes.create_string_buffer(size + 1)
    why = ctypes.create_string_buffer(WHY_MOST)
    address = ctypes.c_uint64()
    words = place.location, len(place.location), buffer, known, size, ctypes.byref(address), why, WHY_MOST
    status = lib.ms_locate(ctypes.byref(lent), *words)
    if status == Code.INTERRUPTED:
        raise KeyboardInterrupt
    if status < 0:
        raise Unavailable(abi.text(why.value) or f"its place cannot be worked out ({status})")
    if address.value:
        return address.value, b"", b""
    return 0, buffer.raw[:size], known.raw[:size] if b"\0" in known.raw[:size] else b""


def _guarded(method: Callable[..., int]) -> Callable[..., None]:
    """As a call-back: its answer is its last act, see provider.py."""

    def callback(_user: Any, *arguments: Any) -> None:
        try:
            arguments[-1][0] = method(*arguments[:-1])
        except KeyboardInterrupt:
            pass
        except Exception:
            arguments[-1][0] = Code.FAULT

    return callback
