"""Ctrl-C in lldb, asked for: what is common to debuggers is mapscope.interrupts."""

import contextlib
import signal
from typing import Iterator

import lldb
from mapscope.interrupts import interrupts


@contextlib.contextmanager
def elsewhere(debugger: lldb.SBDebugger) -> Iterator[None]:
    """While this thread asks lldb: a Ctrl-C is another thread's. lldb 19's handler takes lldb's locks, and where it
    strikes the thread that holds them, it waits forever (once in some hundred Ctrl-C, measured). A program in Python
    that has lldb as a library has a handler of its own, and perhaps no other thread."""
    if not debugger.GetCommandInterpreter().IsActive():
        yield
        return
    # Asked for first: lldb makes a second Ctrl-C an exception, which may strike between any two lines.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def interrupted(debugger: lldb.SBDebugger) -> bool:
    """Whether the user wants to stop: a Ctrl-C comes by lldb's own way, and where lldb is part of a Python program by
    Python's."""
    asked = getattr(debugger, "InterruptRequested", None)  # lldb 17
    if asked is None:
        asked = debugger.GetCommandInterpreter().WasInterrupted
    return bool(asked()) or interrupts.pending()
