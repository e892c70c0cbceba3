"""What map-watch asks for, as the decoder knows it: the memory to watch, and what a change of it means. Knows no
debugger: it sets no watchpoint."""

import ctypes
import enum
from typing import Any, List, NamedTuple, Optional, Tuple

from . import abi
from .abi import Code, text
from .session import Session


class Piece(NamedTuple):
    """To be watched for writes. SIZE: 1, 2, 4 or 8 bytes, of which ADDRESS is a multiple."""

    address: int
    size: int
    name: str


class Seen(enum.IntEnum):
    """What a hit has come to; see enum ms_watch_outcome."""

    NOTHING = 0
    TOLD = 1
    MOVED = 2
    ENDED = 3


class NoWatch(Exception):
    """Why nothing can be watched, in one line."""


class Watch:
    def __init__(self, session: Session, handle: ctypes.c_void_p, native: Any) -> None:
        self._session, self._handle, self._native = session, handle, native

    def __del__(self) -> None:
        self._session.lib.ms_watch_free(self._handle)

    @property
    def name(self) -> str:
        return text(self._session.lib.ms_watch_name(self._handle))

    def told(self, numbers: List[int]) -> str:
        """The line that says what is watched; NUMBERS are the watchpoints, one for each piece."""
        pieces = ", ".join(f"{number} ({piece.name})" for number, piece in zip(numbers, self.pieces()))
        left_out = text(self._session.lib.ms_watch_left_out(self._handle))
        return f"map-watch: {self.name}: watchpoints {pieces}" + (f"; covered of {left_out}" if left_out else "")

    def pieces(self) -> List[Piece]:
        found: List[Piece] = []
        out = abi.Watched(ctypes.sizeof(abi.Watched))
        while self._session.lib.ms_watch_piece(self._handle, len(found), ctypes.byref(out)) == Code.OK:
            found.append(Piece(out.address, out.byte_count, text(out.name)))
        return found

    def look(self) -> Tuple[Seen, str]:
        """What has changed since the last time, in a line. Only reads. Raises KeyboardInterrupt when the user wants to
        stop."""
        session, line = self._session, ctypes.c_char_p()
        session.refresh()
        number = session.provider.number(self._native)
        with session.provider.calling():
            answer = session.lib.ms_watch_look(self._handle, number, ctypes.byref(line))
        if session.provider.cut or answer == Code.INTERRUPTED:
            raise KeyboardInterrupt
        if answer < 0:
            return Seen.ENDED, f"{self.name}: out of memory: the watch ends"
        return Seen(answer), text(line.value)


def asked(session: Session, command: int, most: int) -> Optional[Watch]:
    """What COMMAND, a map-watch that has been run, asks for, with at most MOST watchpoints; None: it has failed."""
    handle = ctypes.c_void_p()
    answer = session.lib.ms_watch_new(command, most, ctypes.byref(handle))
    if answer == Code.NOT_FOUND:
        return None
    if answer < 0:
        raise NoWatch(text(session.lib.ms_error(session.context)))
    return Watch(session, handle, session.provider.native(session.lib.ms_watch_type(command)))
