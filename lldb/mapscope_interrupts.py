"""Ctrl-C in lldb, asked for: what is common to debuggers is mapscope.interrupts."""

import lldb
from mapscope.interrupts import interrupts


def interrupted(debugger: lldb.SBDebugger) -> bool:
    """Whether the user wants to stop: a Ctrl-C comes by lldb's own way, and where lldb is part of a Python program by
    Python's."""
    asked = getattr(debugger, "InterruptRequested", None)  # lldb 17
    if asked is None:
        asked = debugger.GetCommandInterpreter().WasInterrupted
    return bool(asked()) or interrupts.pending()
