"""Ctrl-C as a question to ask rather than an exception that strikes anywhere.

gdb hands a Ctrl-C to whatever Python runs next: often some printer's lookup function, which gdb calls for each value.
There gdb 13 reports a Python exception in the middle of the output and goes on printing (seen in 5 of 5 tries). So
while maps are decoded, Python's handler only notes it. gdb's own handler in C stays: it is what wakes Python's."""

import ctypes
import signal
import time
from typing import Any, Callable, Generator, Optional

import gdb

QUIET = 0.2  # seconds since the last entry, within which a walk is still at work


class Interrupts:
    def __init__(self) -> None:
        self.when: Optional[float] = None  # of the last Ctrl-C not yet acted on
        self.touched = 0.0  # when a walk was last at work
        self.commands = 0  # running
        self._previous: Any = None

    def arm(self) -> None:
        """Until disarm: Ctrl-C is noted while a command or a walk is at work, and is what it was otherwise."""
        self.touched = time.monotonic()
        if self._previous is not None:
            return
        try:
            self._previous = _swap(self._note)
        except (AttributeError, OSError, ValueError):  # no libc to be found, or not gdb's own thread
            pass

    def disarm(self) -> None:
        self.when = None
        if self._previous is not None and signal.getsignal(signal.SIGINT) == self._note:
            _swap(self._previous)
        self._previous = None

    def pending(self) -> bool:
        """Whether the user wants to stop. A second later it was meant for something else."""
        return self.when is not None and time.monotonic() - self.when < 1

    def _note(self, number: int, frame: Any) -> None:
        now = time.monotonic()
        self.when = now
        if not self.commands and now - self.touched > QUIET and callable(self._previous):
            self._previous(number, frame)


def _swap(handler: Any) -> Any:
    """Sets Python's handler and returns the old one; the handler of the process, gdb's, is put back at once."""
    libc = ctypes.CDLL(None)
    action = ctypes.create_string_buffer(512)  # struct sigaction, opaque; 152 bytes on Linux
    if libc.sigaction(int(signal.SIGINT), None, action):
        raise OSError("sigaction")
    previous = signal.signal(signal.SIGINT, handler)
    libc.sigaction(int(signal.SIGINT), action, None)
    return previous


interrupts = Interrupts()


def quietly(function: Callable[[], None], name: str) -> None:
    """Has gdb call FUNCTION at each of its events NAME, if it has such. A Ctrl-C before the first line of a Python
    function is out of its reach, and gdb reports it; one on the way into a generator is caught where that stands."""

    def loop() -> Generator[None, Any, None]:
        while True:
            try:
                yield
                function()
            except (KeyboardInterrupt, gdb.error):
                pass

    handler = loop()
    next(handler)
    if hasattr(gdb.events, name):
        getattr(gdb.events, name).connect(handler.__next__ if name == "before_prompt" else handler.send)
