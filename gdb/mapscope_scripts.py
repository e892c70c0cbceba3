"""gdb's side of `import mapscope` (mapscope/api.py), and $_map_worst(). Translates, and decides nothing."""

import contextlib
from typing import Any, Callable, Dict, Hashable, Iterator, List, NamedTuple, Optional, Tuple

import gdb
import mapscope
from mapscope.abi import Convention
from mapscope.api import Error, Pinned
from mapscope.events import NoSite, Order, Site
from mapscope.interrupts import interrupts
from mapscope.provider import one_line
from mapscope.session import Session
from mapscope_events import Breakpoints, arguments
from mapscope_interrupts import quietly
from mapscope_target import raw


class Program(NamedTuple):
    inferior: gdb.Inferior
    pid: int


class Host:
    """See Host in mapscope/api.py."""

    def __init__(self, session: Session, breakpoints: Breakpoints) -> None:
        self._session, self.breakpoints = session, breakpoints
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

    def on_event(self, program: Program, order: Order, function: Callable[[], Any]) -> Callable[[], None]:
        hook = Hook(self.breakpoints, order, lambda: self.program() == program and self.call(function))
        try:
            for site, where, convention in self.breakpoints.places(
                self.breakpoints.events.sites(order.event, order.go)
            ):
                hook.points.append(Point(hook, site, convention, where))
        except (NoSite, gdb.error) as error:
            hook.end()
            raise Error(one_line(error)) from None
        return hook.end

    def call(self, function: Callable[[], Any]) -> bool:
        """The program has run, although gdb tells nobody where it only stopped to ask."""
        self._ran()
        return bool(function())

    def quit(self, status: int) -> None:
        gdb.execute(f"quit {status}")


class Hook:
    """A script's function, called at the events that ORDER asks for."""

    def __init__(self, breakpoints: Breakpoints, order: Order, function: Callable[[], bool]) -> None:
        self._breakpoints, self._order, self._function = breakpoints, order, function
        self.points: List["Point"] = []
        self._asked = False
        self._seen: Dict[int, Tuple[int, ...]] = {}  # registers of a thread at its last event, by its number

    def asks(self, site: Site, convention: Convention) -> bool:
        """Whether the program is to stop where it stands."""
        words = arguments(site, convention)
        if not self.points or (self._order.map and site.map >= 0 and words[site.map] != self._order.map):
            return False
        try:
            if not self._breakpoints.events.happens(site, words, self._order.native) or self._again():
                return False
        except KeyboardInterrupt:  # the user wants the program to stop
            return True
        self._asked = True
        try:
            return self._function()
        finally:
            self._asked = False

    def _again(self) -> bool:
        """Whether this is the thread's last event once more: a signal that comes before the thread has gone on from a
        breakpoint leads it there a second time, and nothing in its registers has changed then."""
        frame = gdb.newest_frame()
        now = tuple(int(frame.read_register(one)) for one in frame.architecture().registers("general"))
        number = gdb.selected_thread().global_num
        before, self._seen[number] = self._seen.get(number), now
        return now == before

    def end(self) -> None:
        """While gdb asks, no breakpoint may be deleted."""
        points, self.points = self.points, []
        if self._asked:
            gdb.post_event(lambda: _delete(points))
        else:
            _delete(points)


def _delete(points: List["Point"]) -> None:
    for point in points:
        if point.is_valid():
            point.delete()


class Point(gdb.Breakpoint):
    """Where an event may happen."""

    def __init__(self, hook: Hook, site: Site, convention: Convention, where: Dict[str, Any]) -> None:
        self._hook, self._site, self._convention = hook, site, convention
        super().__init__(**where)

    def stop(self) -> bool:
        return self._hook.asks(self._site, self._convention)


class WorstFunction(gdb.Function):
    """The highest status of the map commands so far, for the last line of a script: quit $_map_worst ()."""

    def __init__(self) -> None:
        super().__init__("_map_worst")

    def invoke(self) -> int:
        return mapscope.worst
