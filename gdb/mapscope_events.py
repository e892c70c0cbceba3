"""gdb's side of map-break: breakpoints where the program's map functions begin, whose condition asks whether the call
is the event that is wanted. (gdb refuses a user's condition on a breakpoint whose class has a `stop` method.) What an
event is, and how it is told, is decided in C."""

import contextlib
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import gdb
from mapscope.abi import Convention
from mapscope.events import ENTRY_BYTES, UNSEEN, Events, Hit, Order, Site, entry
from mapscope.session import Session
from mapscope_target import Target

WORD = 0xFFFFFFFFFFFFFFFF
# Where a call's first arguments are. x86-64 psABI, 3.2.3; AAPCS64, 6.4. Go: cmd/compile/abi-internal.
C_REGISTERS = {"i386:x86-64": ["rdi", "rsi", "rdx", "rcx"], "aarch64": ["x0", "x1", "x2", "x3"]}
GO_REGISTERS = ["rax", "rbx", "rcx", "rdi"]


class Point(NamedTuple):
    """A breakpoint of ours."""

    site: Site
    convention: Convention
    order: Order


class AtHand(NamedTuple):
    """The event that a condition is asked about, or at which the program has stopped."""

    point: Point
    words: List[int]


class Breakpoints:
    """By gdb's own numbers."""

    def __init__(self, session: Session, target: Target) -> None:
        self._session, self._target = session, target
        self.events = Events(session)
        self._points: Dict[int, Point] = {}
        self._at_hand: Optional[AtHand] = None
        self._seen: Dict[Tuple[int, int], Tuple[int, ...]] = {}  # registers at the last event, by breakpoint and thread
        EventFunction(self), MapFunction(self), KeyFunction(self), KeyTextFunction(self), OldBucketFunction(self)
        gdb.events.stop.connect(self._stopped)
        gdb.events.cont.connect(lambda event: self._forget())
        gdb.events.breakpoint_deleted.connect(lambda gone: self._points.pop(gone.number, None))
        gdb.events.breakpoint_modified.connect(self._modified)

    def set(self, order: Order) -> str:
        """Sets what ORDER asks for, all or nothing, and tells of it. Raises NoSite and gdb.error."""
        made: List[gdb.Breakpoint] = []
        try:
            for site, where, convention in self.places(self.events.sites(order.event, order.go)):
                made.append(gdb.Breakpoint(**where))
                self._points[made[-1].number] = Point(site, convention, order)
                made[-1].condition = _filter(made[-1].number, order.condition)
        except (gdb.error, KeyboardInterrupt):
            for one in made:
                one.delete()
            raise
        unseen = order.name == "make" and any(self._points[one.number].site.go for one in made)
        return f"map-break: {order.title}" + (UNSEEN if unseen else "")

    def places(self, sites: List[Site]) -> List[Tuple[Site, Dict[str, Any], Convention]]:
        """Those of SITES that the program has, each with the keywords of its gdb.Breakpoint. Raises NoSite: none."""
        found = []
        for site in sites:
            address = self._target.symbol(site.function)
            if address is None:
                continue
            where, convention = {"function": site.function}, Convention.UNKNOWN
            if site.go:
                offset, convention = entry(self._session.lib, self._target.read(address, ENTRY_BYTES))
                if _breaks_at(site.function) != address + offset:
                    where = {"spec": f"*{address + offset:#x}"}
            found.append((site, where, convention))
        if not found:
            raise self.events.none(sites)
        of_go = [convention for site, where, convention in found if convention]
        # A function without a check of the stack does not say which convention it has: the same as the others.
        return [(site, where, convention or (of_go or [convention])[0]) for site, where, convention in found]

    def wanted(self, number: int) -> bool:
        """Whether the call at hand is the event that breakpoint NUMBER waits for. Only reads."""
        point = self._points.get(number)
        if point is None:
            raise gdb.GdbError(f"breakpoint {number} is none of map-break's")
        words = arguments(point.site, point.convention)
        if point.order.map and point.site.map >= 0 and words[point.site.map] != point.order.map:
            return False
        self._at_hand = AtHand(point, words)
        try:
            return self.events.happens(point.site, words, point.order.native) and not self._again(number)
        except KeyboardInterrupt:  # the user wants the program to stop
            return True

    def _again(self, number: int) -> bool:
        """Whether this is the last event of the breakpoint in this thread once more. Where a signal comes before a
        thread has gone on, gdb 13 asks about its stop again: nothing in its registers has changed then."""
        if len(gdb.selected_inferior().threads()) == 1:
            return False
        frame, thread = gdb.newest_frame(), gdb.selected_thread()
        names = frame.architecture().registers("general")
        now = tuple(_number(frame.read_register(one.name)) for one in names)
        key = number, thread.ptid[1] if thread else 0
        before, self._seen[key] = self._seen.get(key), now
        return now == before

    def at_hand(self) -> Tuple[AtHand, Hit]:
        if self._at_hand is None:
            raise gdb.GdbError("no event of a map is at hand: the program has not stopped at a map-break")
        point, words = self._at_hand
        hit = self.events.read(point.site, words, point.order.native, not point.order.map)
        if hit is None:
            raise gdb.GdbError(f"no {point.order.name} is at hand: this call changes nothing")
        return self._at_hand, hit

    def _stopped(self, event: gdb.StopEvent) -> None:
        for one in event.breakpoints if isinstance(event, gdb.BreakpointEvent) else ():
            if one.number in self._points:
                with contextlib.suppress(gdb.error, gdb.GdbError, KeyboardInterrupt):
                    gdb.write(self.at_hand()[1].line + "\n")
                return
        self._forget()

    def _forget(self) -> None:
        self._at_hand = None

    def _modified(self, changed: gdb.Breakpoint) -> None:
        """A condition that the user gives later stands beside ours."""
        if changed.number in self._points and _filter(changed.number) not in (changed.condition or ""):
            changed.condition = _filter(changed.number, changed.condition or "")


def _filter(number: int, condition: str = "") -> str:
    return f"$_map_event({number})" + (f" && ({condition})" if condition else "")


def _breaks_at(function: str) -> int:
    """Where gdb stops for FUNCTION by itself; 0: unknown."""
    with contextlib.suppress(gdb.error):
        found = gdb.decode_line("-function " + function)[1]
        if found and len(found) == 1:
            return found[0].pc
    return 0


def arguments(site: Site, convention: Convention) -> List[int]:
    """The words that the function at whose beginning the innermost frame stands was called with."""
    frame = gdb.newest_frame()
    if site.go and convention == Convention.REGISTERS:
        return [_number(frame.read_register(name)) for name in GO_REGISTERS[: site.words]]
    if site.go and convention == Convention.STACK:
        return _stack_words(_number(frame.read_register("sp")), site.words)
    if site.go:
        raise gdb.GdbError(f"how {site.function} takes its arguments is not known for this processor")
    try:
        return [_number(frame.read_var(name)) for name in site.arguments]
    except (ValueError, gdb.error):  # no debug information, or optimised out
        names = C_REGISTERS.get(frame.architecture().name())
        if names is None:
            raise gdb.GdbError(f"{site.function} has no debug information, which is needed on this processor") from None
        return [_number(frame.read_register(name)) for name in names[: site.words]]


def _stack_words(sp: int, count: int) -> List[int]:
    data = bytes(gdb.selected_inferior().read_memory(sp + 8, 8 * count))
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, 8 * count, 8)]


def _number(value: gdb.Value) -> int:
    return int(value) & WORD


class _Function(gdb.Function):
    def __init__(self, breakpoints: Breakpoints) -> None:
        self._breakpoints = breakpoints
        super().__init__(self.name)

    name = ""


class EventFunction(_Function):
    """Whether the call at hand is the event of map-break's breakpoint N, 1 or 0: $_map_event (N). Part of its
    condition."""

    name = "_map_event"

    def invoke(self, number: gdb.Value) -> int:
        return int(self._breakpoints.wanted(int(number)))


class MapFunction(_Function):
    """The map of the event at which the program has stopped, or which a condition is about: $_map ()."""

    name = "_map"

    def invoke(self) -> gdb.Value:
        (point, words), hit = self._breakpoints.at_hand()
        if hit.native is None or point.site.map < 0:
            raise gdb.GdbError("the map's type is not known here, or it does not exist yet")
        address = gdb.Value(words[point.site.map])
        if hit.native.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            return address.cast(hit.native)
        return address.cast(hit.native.pointer()).dereference()


class KeyFunction(_Function):
    """The key of the assign or delete at hand: $_map_key ()."""

    name = "_map_key"

    def invoke(self) -> gdb.Value:
        key = self._breakpoints.at_hand()[1].key
        if key is None:
            raise gdb.GdbError("the event at hand has no key, or its type is not known here")
        data, address, native = key
        if address:
            return gdb.Value(address).cast(native.pointer()).dereference()
        return gdb.Value(data, native)


class KeyTextFunction(_Function):
    """The key of the assign or delete at hand as map-entries shows it: $_map_key_text ()."""

    name = "_map_key_text"

    def invoke(self) -> str:
        return self._breakpoints.at_hand()[1].key_text


class OldBucketFunction(_Function):
    """The old bucket that is about to be evacuated: $_map_old_bucket ()."""

    name = "_map_old_bucket"

    def invoke(self) -> int:
        (point, words), _ = self._breakpoints.at_hand()
        if point.order.name != "evacuate":
            raise gdb.GdbError("the event at hand is no evacuate")
        return words[-1]
