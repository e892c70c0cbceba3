"""A command whose output is fetched piece by piece, whenever somebody wants more of it. Session.run, which a typed
command takes, is for output that goes to the screen as it comes."""

import ctypes
from typing import TYPE_CHECKING, Any, Optional, Tuple

from .abi import Code, Status, text
from .events import Events, Order
from .provider import one_line

if TYPE_CHECKING:
    from .session import Session

SLICE_MS = 50


class Failed(Exception):
    """The command's one line of error."""


class Answer:
    """Command NAME at work on LINE, where PINNED stands for that value."""

    def __init__(self, session: "Session", name: str, line: str, pinned: Optional[Tuple[bytes, int, Any]]) -> None:
        self._session, self._pinned = session, pinned
        session.refresh()
        self._command = session.lib.ms_command_new(
            session.context, name.encode(), line.encode("utf-8", "surrogateescape")
        )
        if not self._command:
            raise Failed("out of memory")
        self.more = True  # there may be more to fetch
        session.opened.add(self)

    def close(self) -> None:
        """Also called by the session before it forgets types: what was not fetched by then is lost."""
        command, self._command = self._command, None
        if command:
            self._session.lib.ms_command_free(command)

    __del__ = close

    @property
    def closed(self) -> bool:
        return not self._command

    def piece(self) -> bytes:
        """What the command prints in its next slice of time; b"" for nothing yet. Raises Failed, and KeyboardInterrupt
        when the user wants to stop: either ends it."""
        session, provider = self._session, self._session.provider
        if self.closed:
            raise Failed("out of date, the program has changed since: begin again")
        size = ctypes.c_uint64()
        provider.trouble, provider.pinned = None, self._pinned
        session.running += 1
        try:
            with provider.calling():
                self.more = session.lib.ms_command_step(self._command, SLICE_MS) == Code.AGAIN
                where = session.lib.ms_command_output(self._command, ctypes.byref(size))
            if session.interrupted() or provider.cut:
                raise KeyboardInterrupt
            found = ctypes.string_at(where, size.value) if size.value else b""
            if not self.more:
                self._end()
        except (KeyboardInterrupt, Failed):
            self.close()
            raise
        finally:
            session.running -= 1
            provider.pinned = None
        return found

    def order(self) -> Order:
        """Of a map-break that has come to its end."""
        found = Events(self._session).order(self._command or 0)
        self.close()
        if found is None:
            raise Failed("map-break gave no order")
        return found

    def _end(self) -> None:
        lib, trouble = self._session.lib, self._session.provider.trouble
        status, words = lib.ms_command_status(self._command), text(lib.ms_command_error(self._command))
        if status in (Status.USAGE, Status.FAILED) or words:
            raise Failed(words + (f" ({type(trouble).__name__}: {one_line(trouble)})" if trouble else ""))
