"""lldb's side of map-break: a breakpoint whose locations are where the program's map functions begin, each with a
call-back that asks whether the call is the event that is wanted. What an event is, and how it is told, is decided in C.

The call-backs stand on the locations: there lldb prefers them to commands that the user gives the breakpoint, which
would replace one on the breakpoint itself, and with it our question. They run those commands."""

import itertools
import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import lldb
from mapscope.abi import Convention
from mapscope.events import ENTRY_BYTES, UNSEEN, Events, Order, Site, entry
from mapscope.session import Session
from mapscope_conditions import Wrong, holds
from mapscope_sessions import Busy, Sessions

# Where a call's first arguments are. x86-64 psABI, 3.2.3; AAPCS64, 6.4. Go: cmd/compile/abi-internal.
C_REGISTERS = {"x86_64": ["rdi", "rsi", "rdx", "rcx"], "aarch64": ["x0", "x1", "x2", "x3"]}
GO_REGISTERS = ["rax", "rbx", "rcx", "rdi"]


class Place(NamedTuple):
    """Of a function, and how it is called."""

    site: Site
    convention: Convention


class Point(NamedTuple):
    """A breakpoint of ours: what it waits for, and its functions by name."""

    order: Order
    sites: List[Site]
    places: Dict[str, Place]


points: Dict[int, Point] = {}  # by a number of our own
_numbers = itertools.count(1)
_sessions: Optional[Sessions] = None
_events: Dict[int, Events] = {}  # by the session's identity; sessions live as long as lldb


def events_of(session: Session) -> Events:
    return _events.setdefault(id(session), Events(session))


def set_breakpoint(session: Session, target: lldb.SBTarget, order: Order, loader: str) -> str:
    """Sets what ORDER asks for and tells of it. Raises NoSite. LOADER: the module in which lldb looks for our names."""
    events = events_of(session)
    number, made = place(target, events, order, events.sites(order.event, order.go), loader, "map_event")
    unseen = order.name == "make" and any(place.site.go for place in points[number].places.values())
    return f"Breakpoint {made.GetID()}: {order.title}" + (UNSEEN if unseen else "")


def place(
    target: lldb.SBTarget, events: Events, order: Order, sites: List[Site], loader: str, callback: str
) -> Tuple[int, lldb.SBBreakpoint]:
    """A breakpoint where SITES' functions begin, with our number for it. Raises NoSite."""
    number = next(_numbers)
    points[number] = Point(order, sites, {})
    extra = lldb.SBStructuredData()
    extra.SetFromJSON(json.dumps({"number": number}))
    anywhere = lldb.SBFileSpecList()
    made = target.BreakpointCreateFromScript(f"{loader}.MapPlaces", extra, anywhere, anywhere, False)
    if not made.GetNumLocations():
        remove(target, number, made)
        raise events.none(sites)
    for location in made:
        location.SetScriptCallbackFunction(f"{loader}.{callback}", extra)
    return number, made


def remove(target: lldb.SBTarget, number: int, made: lldb.SBBreakpoint) -> None:
    target.BreakpointDelete(made.GetID())
    del points[number]


def called(location: lldb.SBBreakpointLocation, extra: lldb.SBStructuredData) -> Tuple[int, Optional[Place]]:
    """Of a call-back: our number, and the place where it stands."""
    number = int(extra.GetValueForKey("number").GetUnsignedIntegerValue())
    point = points.get(number)
    return number, point.places.get(location.GetAddress().GetSymbol().GetName() or "") if point else None


class MapPlaces:
    """Tells lldb where the functions of a breakpoint begin, module by module."""

    def __init__(self, made: lldb.SBBreakpoint, extra: lldb.SBStructuredData, names: Dict[str, Any]) -> None:
        self._made = made
        self._point = points.get(int(extra.GetValueForKey("number").GetUnsignedIntegerValue()))

    def __callback__(self, context: lldb.SBSymbolContext) -> bool:
        if self._point is None or _sessions is None:
            return True
        target, lib, found = self._made.GetTarget(), _sessions.lib, []
        for site in self._point.sites:
            for one in context.GetModule().FindSymbols(site.function, lldb.eSymbolTypeCode):
                start, convention, offset = one.GetSymbol().GetStartAddress(), Convention.UNKNOWN, 0
                if site.go:
                    code = target.ReadMemory(start, ENTRY_BYTES, lldb.SBError()) or b""
                    offset, convention = entry(lib, code)
                else:
                    offset = one.GetSymbol().GetPrologueByteSize()
                start.OffsetAddress(offset)
                self._made.AddLocation(start)
                found.append(Place(site, convention))
        # A function without a check of the stack does not say which convention it has: the same as the others.
        known = [place.convention for place in found if place.convention]
        for place in found:
            self._point.places[place.site.function] = place._replace(
                convention=place.convention or (known or [Convention.UNKNOWN])[0]
            )
        return True

    def __get_depth__(self) -> int:
        return lldb.eSearchDepthModule

    def get_short_help(self) -> str:
        order = self._point.order if self._point else None
        condition = f" if {order.condition}" if order and order.condition else ""
        return f"map-break {order.title}{condition}" if order else "map-break, of an earlier lldb"


def map_event(
    frame: lldb.SBFrame, location: lldb.SBBreakpointLocation, extra: lldb.SBStructuredData, names: Dict[str, Any]
) -> bool:
    """Called by lldb at each call of such a function: whether the program is to stop."""
    number, place = called(location, extra)
    if place is None or _sessions is None:
        return True
    order = points[number].order
    try:
        words = arguments(frame, place)
        if order.map and place.site.map >= 0 and words[place.site.map] != order.map:
            return False
        thread = frame.GetThread()
        target = thread.GetProcess().GetTarget()
        with _sessions.turn(target, lldb.SBExecutionContext(frame)) as session:
            events = events_of(session)
            if not events.happens(place.site, words, order.native):
                return False
            hit = events.read(place.site, words, order.native, not order.map)
            if hit is None or again(frame, number):
                return False
            line = hit.line
            if order.condition:
                try:
                    if not holds(session, frame, order, place.site, words, hit):
                        return False
                except Wrong as wrong:
                    line += f"\nerror in the condition of breakpoint {location.GetBreakpoint().GetID()}: {wrong}"
    except (Busy, Unknown) as why:
        line = str(why)
    except KeyboardInterrupt:  # the user wants the program to stop
        return True
    debugger = target.GetDebugger()
    say(debugger, line)
    return _run(debugger, location.GetBreakpoint(), frame)


# The registers of a thread at its last event of a breakpoint, by the numbers of both.
_seen: Dict[Tuple[int, int], Tuple[int, ...]] = {}


def again(frame: lldb.SBFrame, number: int) -> bool:
    """Whether this is the thread's last event of breakpoint NUMBER once more. Where another thread stops or has a
    signal meanwhile, lldb 19 may tell of a stop again before the thread has gone on: nothing in its registers has
    changed then."""
    thread = frame.GetThread()
    if thread.GetProcess().GetNumThreads() == 1:
        return False
    general = frame.GetRegisters().GetValueAtIndex(0)
    now = tuple(general.GetChildAtIndex(i).GetValueAsUnsigned() for i in range(general.GetNumChildren()))
    before = _seen.get((thread.GetThreadID(), number))
    _seen[thread.GetThreadID(), number] = now
    return now == before


class Unknown(Exception):
    """Arguments that cannot be found, in one line."""


def arguments(frame: lldb.SBFrame, place: Place) -> List[int]:
    """The words that the function at whose beginning FRAME stands was called with."""
    site = place.site
    if site.go and place.convention == Convention.REGISTERS:
        return [_register(frame, name) for name in GO_REGISTERS[: site.words]]
    if site.go and place.convention == Convention.STACK:
        process = frame.GetThread().GetProcess()
        data = process.ReadMemory(frame.GetSP() + 8, 8 * site.words, lldb.SBError()) or b""
        if len(data) < 8 * site.words:
            raise Unknown(f"the arguments of {site.function} cannot be read")
        return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]
    if site.go:
        raise Unknown(f"how {site.function} takes its arguments is not known for this processor")
    found = [frame.FindVariable(name) for name in site.arguments]
    if all(one.IsValid() and one.GetError().Success() for one in found):
        return [one.GetValueAsUnsigned() for one in found]
    names = C_REGISTERS.get(frame.GetThread().GetProcess().GetTarget().GetTriple().partition("-")[0])
    if names is None:
        raise Unknown(f"{site.function} has no debug information, which is needed on this processor")
    return [_register(frame, name) for name in names[: site.words]]


def _register(frame: lldb.SBFrame, name: str) -> int:
    return frame.FindRegister(name).GetValueAsUnsigned()


def say(debugger: lldb.SBDebugger, text: str) -> None:
    out = debugger.GetOutputFile()
    out.Write((text + "\n").encode("utf-8", "replace"))
    out.Flush()


def _run(debugger: lldb.SBDebugger, made: lldb.SBBreakpoint, frame: lldb.SBFrame) -> bool:
    """Runs the commands that the user gave the breakpoint. False: one of them let the program go on."""
    lines = lldb.SBStringList()
    made.GetCommandLineCommands(lines)
    context = lldb.SBExecutionContext(frame)
    for index in range(lines.GetSize()):
        result = lldb.SBCommandReturnObject()
        debugger.GetCommandInterpreter().HandleCommand(lines.GetStringAtIndex(index), context, result)
        said = (result.GetOutput() or "") + (result.GetError() or "")
        if said:
            say(debugger, said.rstrip("\n"))
        if result.GetStatus() in (
            lldb.eReturnStatusSuccessContinuingNoResult,
            lldb.eReturnStatusSuccessContinuingResult,
        ):
            return False
    return True


def install(sessions: Sessions) -> None:
    global _sessions
    _sessions = sessions
