"""lldb's side of `import mapscope` (mapscope/api.py). Translates, and decides nothing."""

import contextlib
import traceback
from typing import Any, Callable, Dict, Hashable, Iterator, NamedTuple, Optional, Tuple

import lldb
from mapscope.api import Error, Pinned
from mapscope.events import NoSite, Order
from mapscope.interrupts import interrupts
from mapscope.session import Session
from mapscope_events import Place, Unknown, again, arguments, called, events_of, place, remove
from mapscope_sessions import Busy, Sessions
from mapscope_target import raw


class Program(NamedTuple):
    target: lldb.SBTarget
    process: int


class Host:
    """See Host in mapscope/api.py. DEBUGGER is asked for the selected target where lldb tells scripts of none; LOADER
    is the module in which lldb looks for our names."""

    def __init__(self, sessions: Sessions, debugger: lldb.SBDebugger, loader: str) -> None:
        self._sessions, self._debugger, self._loader = sessions, debugger, loader

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

    def on_event(self, program: Program, order: Order, function: Callable[[], Any]) -> Callable[[], None]:
        target = program.target
        with self.turn(program) as session:
            events = events_of(session)
            sites = events.sites(order.event, order.go)
            try:
                number, made = place(target, events, order, sites, self._loader, "script_event")
            except NoSite as none:
                raise Error(str(none)) from None
        _hooks[number] = hook = Hook(self._sessions, program, order, function)

        def end() -> None:
            """A breakpoint is not deleted while lldb asks its call-back."""
            if hook.asked:
                made.SetEnabled(False)
            else:
                remove(target, number, made)
            _hooks.pop(number, None)

        return end

    def quit(self, status: int) -> None:
        (lldb.debugger or self._debugger).HandleCommand(f"quit {status}")


class Hook:
    """A script's function, called at the events that ORDER asks for."""

    def __init__(self, sessions: Sessions, program: Program, order: Order, function: Callable[[], Any]) -> None:
        self._sessions, self._program, self._order, self._function = sessions, program, order, function
        self.asked = False

    def asks(self, frame: lldb.SBFrame, number: int, place: Place) -> bool:
        """Whether the program is to stop where it stands."""
        words = arguments(frame, place)
        if self._order.map and place.site.map >= 0 and words[place.site.map] != self._order.map:
            return False
        if _program(self._program.target) != self._program:  # a later run
            return False
        with self._sessions.turn(self._program.target, lldb.SBExecutionContext(frame)) as session:
            happens = events_of(session).happens(place.site, words, self._order.native)
            if not happens or again(frame, number):
                return False
        self.asked = True
        try:
            return bool(self._function())
        finally:
            self.asked = False


_hooks: Dict[int, Hook] = {}  # by the numbers of mapscope_events


def script_event(
    frame: lldb.SBFrame, location: lldb.SBBreakpointLocation, extra: lldb.SBStructuredData, names: Dict[str, Any]
) -> bool:
    """Called by lldb at each call of a function where an event may happen: whether the program is to stop."""
    number, where = called(location, extra)
    hook = _hooks.get(number)
    if hook is None or where is None:
        return False
    try:
        return hook.asks(frame, number, where)
    except KeyboardInterrupt:  # the user wants the program to stop
        return True
    except (Busy, Unknown) as why:
        print(f"mapscope: {why}")
        return True
    except Exception:  # the script's own
        traceback.print_exc()
        return True


def _program(target: lldb.SBTarget) -> Program:
    return Program(target, target.GetProcess().GetUniqueID())
