"""lldb's side of `import mapscope` (mapscope/api.py). Translates, and decides nothing."""

import contextlib
from typing import Any, Hashable, Iterator, NamedTuple, Optional, Tuple

import lldb
from mapscope.api import Error, Pinned
from mapscope.interrupts import interrupts
from mapscope.session import Session
from mapscope_sessions import Busy, Sessions
from mapscope_target import raw


class Program(NamedTuple):
    target: lldb.SBTarget
    process: int


class Host:
    """See Host in mapscope/api.py. DEBUGGER is asked for the selected target where lldb tells scripts of none."""

    def __init__(self, sessions: Sessions, debugger: lldb.SBDebugger) -> None:
        self._sessions, self._debugger = sessions, debugger

    def program(self) -> Program:
        target = (lldb.debugger or self._debugger).GetSelectedTarget()
        if not target.IsValid():
            raise Error("no program is selected")
        return _program(target)

    @contextlib.contextmanager
    def turn(self, program: Program) -> Iterator[Session]:
        if _program(program.target) != program:
            raise Error("the map is in another program, or in an earlier run of this one")
        try:
            with interrupts.command(), self._sessions.turn(program.target) as session:
                yield session
        except Busy as busy:
            raise Error(str(busy)) from None

    def moment(self, program: Program) -> Hashable:
        return program.target.GetProcess().GetStopID()

    def value(self, value: Any) -> Optional[Tuple[Program, Pinned]]:
        if not isinstance(value, lldb.SBValue):
            return None
        value = value.GetNonSyntheticValue()
        if value.GetType().IsReferenceType():
            value = value.Dereference()
        data, address = raw(value)
        if not data and not address:
            raise Error(" ".join((value.GetError().GetCString() or "the value lies nowhere").split()))
        is_pointer = value.GetType().GetCanonicalType().IsPointerType()
        return _program(value.GetTarget()), (data if is_pointer or not address else b"", address, value.GetType())

    def quit(self, status: int) -> None:
        (lldb.debugger or self._debugger).HandleCommand(f"quit {status}")


def _program(target: lldb.SBTarget) -> Program:
    return Program(target, target.GetProcess().GetUniqueID())
