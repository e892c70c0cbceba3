"""Ctrl-C as a question to ask rather than an exception that strikes anywhere.

A debugger hands a Ctrl-C to whatever Python runs next. In gdb that is often some printer's lookup function, called for
each value; gdb 13 then reports a Python exception in the middle of its output and goes on printing (in 5 of 5 tries).
lldb 19 hands over the second one of a command, and reports it likewise. So while maps are decoded, Python's handler
only notes it. The process's handler in C, the debugger's own, stays: it is what wakes Python's."""

import contextlib
import ctypes
import os
import signal
import time
from typing import Any, Iterator, Optional

QUIET = 0.2  # seconds since the last entry, within which a walk is still at work


class Interrupts:
    def __init__(self) -> None:
        self.when: Optional[float] = None  # of the last Ctrl-C not yet acted on
        self.touched = 0.0  # when a walk was last at work
        self.commands = 0  # running
        self._previous: Any = None

    @contextlib.contextmanager
    def command(self) -> Iterator[None]:
        """While a command runs. What came before was not for it."""
        self.when = None
        self.arm()
        self.commands += 1
        try:
            yield
        finally:
            self.commands -= 1

    def arm(self) -> None:
        """Until disarm: Ctrl-C is noted while a command or a walk is at work, and is what it was otherwise."""
        self.touched = time.monotonic()
        if self._previous is not None:
            return
        with contextlib.suppress(
            AttributeError, OSError, ValueError
        ):  # no libc to be found, or not Python's main thread
            self._previous = _swap(self._note)

    def disarm(self) -> None:
        self.when = None
        if self._previous is not None and signal.getsignal(signal.SIGINT) == self._note:
            _swap(self._previous)
        self._previous = None

    def pending(self) -> bool:
        """Whether the user wants to stop. A second later it was meant for something else."""
        return self.when is not None and time.monotonic() - self.when < 1

    @contextlib.contextmanager
    def wire(self) -> Iterator[Optional[int]]:
        """While this thread is out of Python's reach in the debugger's C: a Ctrl-C is a byte at the file descriptor
        that it gives, for another thread to read, and nothing else. None: not Python's main thread."""
        ear, mouth = os.pipe()
        os.set_blocking(mouth, False)
        try:
            before = signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        except ValueError:
            before = None
        libc, action = ctypes.CDLL(None), ctypes.create_string_buffer(512)
        try:
            if before is None:
                yield None
                return
            libc.sigaction(int(signal.SIGINT), None, action)
            previous = signal.signal(signal.SIGINT, lambda number, frame: None)
            try:
                yield ear
            finally:
                signal.signal(signal.SIGINT, previous)
                libc.sigaction(int(signal.SIGINT), action, None)
                signal.set_wakeup_fd(before)
        finally:
            os.close(ear)
            os.close(mouth)

    def _note(self, number: int, frame: Any) -> None:
        now = time.monotonic()
        self.when = now
        if not self.commands and now - self.touched > QUIET and callable(self._previous):
            self._previous(number, frame)


def _swap(handler: Any) -> Any:
    """Sets Python's handler and returns the old one; that of the process, the debugger's, is put back at once."""
    libc = ctypes.CDLL(None)
    action = ctypes.create_string_buffer(512)  # struct sigaction, opaque; 152 bytes on Linux
    if libc.sigaction(int(signal.SIGINT), None, action):
        raise OSError("sigaction")
    previous = signal.signal(signal.SIGINT, handler)
    libc.sigaction(int(signal.SIGINT), action, None)
    return previous


interrupts = Interrupts()
