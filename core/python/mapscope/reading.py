"""Reads of which a debugger gives all or nothing."""

from typing import Callable


def leading(read: Callable[[int, int], bytes], address: int, size: int) -> bytes:
    """What can be read before the first unreadable byte. READ may give nothing, or less, where it could give a part:
    the rest is found by halving, in 40 reads for 1 MiB."""
    found = read(address, size)
    if not found and not read(address, 1):
        return b""
    step = size
    while len(found) < size and step:
        step = min(step, size - len(found))
        piece = read(address + len(found), step)
        found += piece
        if not piece:
            step //= 2
    return found
