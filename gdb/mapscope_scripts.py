"""gdb's side of `import mapscope` (mapscope/api.py), and $_map_worst(). Translates, and decides nothing."""

import contextlib
from typing import Any, Hashable, Iterator, NamedTuple, Optional, Tuple

import gdb
import mapscope
from mapscope.api import Error, Pinned
from mapscope.interrupts import interrupts
from mapscope.session import Session
from mapscope_interrupts import quietly
from mapscope_target import raw


class Program(NamedTuple):
    inferior: gdb.Inferior
    pid: int


class Host:
    """See Host in mapscope/api.py."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._runs = 0  # how often a program was let run
        quietly(self._ran, "cont")

    def _ran(self) -> None:
        self._runs += 1

    def program(self) -> Program:
        inferior = gdb.selected_inferior()
        return Program(inferior, inferior.pid)

    @contextlib.contextmanager
    def turn(self, program: Program) -> Iterator[Session]:
        if self.program() != program:
            raise Error("the map is in another program, or in an earlier run of this one")
        with interrupts.command():
            yield self._session

    def moment(self, program: Program) -> Hashable:
        return self._runs

    def value(self, value: Any) -> Optional[Tuple[Program, Pinned]]:
        if not isinstance(value, gdb.Value):
            return None
        try:
            data, address = raw(value)
        except gdb.error as error:
            raise Error(str(error)) from None
        is_pointer = value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR
        return self.program(), (data if is_pointer or not address else b"", address, value.type)

    def quit(self, status: int) -> None:
        gdb.execute(f"quit {status}")


class WorstFunction(gdb.Function):
    """The highest status of the map commands so far, for the last line of a script: quit $_map_worst ()."""

    def __init__(self) -> None:
        super().__init__("_map_worst")

    def invoke(self) -> int:
        return mapscope.worst
