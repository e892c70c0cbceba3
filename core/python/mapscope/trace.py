"""A trace being recorded, as both debuggers do it: the program runs, each call where growth may happen is handed to the
decoder. Knows no debugger; what is recorded is decided in C."""

import ctypes
import time
from typing import Any, Callable, List

from . import abi
from .abi import Code
from .events import Events, NoSite, Order, Site
from .interrupts import interrupts
from .session import Outcome, Progress, Session

EVENTS = ("grow", "evacuate", "grow-done")
EXITED, INTERRUPTED, STOPPED = "exited", "interrupted", "stopped"


class Recorder:
    """COMMAND is a map-trace that waits for events, ORDER what it asked for."""

    def __init__(self, session: Session, command: int, order: Order) -> None:
        self.order = order
        self.full = False  # no more events are wanted
        self.interrupted = False  # by the user
        self.trouble = ""  # why the program was stopped, where a call could not be understood
        self._session, self._command = session, command
        self._start = time.monotonic_ns()

    def sites(self, events: Events) -> List[Site]:
        return [site for name in EVENTS for site in events.sites(events.names.index(name), self.order.go)]

    def call(self, site: Site, words: List[int]) -> bool:
        """Hands over a call of SITE's function; whether the program is to stop. Only reads."""
        self.interrupted = self.interrupted or interrupts.pending()
        if self.full or self.interrupted:
            return True
        if words[site.map] != self.order.map:
            return False
        event = abi.Event(ctypes.sizeof(abi.Event), site.event, site.number)
        event.arguments[: len(words)] = words
        lib = self._session.lib
        self.full = lib.ms_command_event(self._command, ctypes.byref(event), self._time()) != Code.OK
        self.interrupted = self.interrupted or self._session.provider.cut
        return self.full or self.interrupted

    def end(self, why: str) -> None:
        self._session.refresh()
        lib, readable = self._session.lib, why != EXITED
        lib.ms_command_trace_end(self._command, why.encode(), self._time(), readable)

    def _time(self) -> int:
        return time.monotonic_ns() - self._start


def run(
    session: Session,
    events: Events,
    line: str,
    write: Callable[[str], Any],
    progress: Progress,
    play: Callable[[Recorder], str],
) -> Outcome:
    """Runs map-trace with LINE. PLAY lets the program run, hands over what it does, and returns how that ended."""

    def record(command: int) -> None:
        order = events.order(command)
        if order is None:  # a summary
            return
        recorder, why = Recorder(session, command, order), STOPPED
        try:
            why = play(recorder)
        finally:
            recorder.end(why)
        if recorder.trouble:
            raise NoSite(recorder.trouble)

    return session.run("map-trace", line, write, progress, meanwhile=record)
