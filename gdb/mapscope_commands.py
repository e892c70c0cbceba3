"""gdb's commands map-..., as the decoder lists them, the convenience functions $map_... and `set mapscope`. Everything
that a command means is decided in C: its line goes there unparsed, its output comes back as text."""

import glob
from typing import List, Optional

import gdb
import mapscope
import mapscope_printers
from mapscope import abi, api, trace
from mapscope.events import NoSite, Order
from mapscope.interrupts import interrupts
from mapscope.maps import BadMap, Map
from mapscope.provider import one_line
from mapscope.session import Outcome, Progress, Session, ended
from mapscope_events import Breakpoints
from mapscope_interrupts import quietly
from mapscope_scripts import Host, WorstFunction
from mapscope.watches import NoWatch, Watch, asked
from mapscope_target import Target, raw
from mapscope_trace import Trace
from mapscope_watches import Watches


class MapCommand(gdb.Command):
    """One instance per name in the decoder's own table."""

    def __init__(self, session: Session, name: str) -> None:
        self._session, self._name = session, name
        self.__doc__ = session.help(name)
        super().__init__(name, gdb.COMMAND_DATA)

    def invoke(self, line: str, from_tty: bool) -> None:
        self.dont_repeat()
        with interrupts.command():
            outcome = self._session.run(self._name, line, gdb.write, Progress(_tell))
        self._answer(outcome)

    def _answer(self, outcome: Outcome) -> None:
        gdb.set_convenience_variable("_map_status", outcome.status)
        mapscope.worst = max(mapscope.worst, outcome.status)
        if outcome.failed:
            raise gdb.GdbError(outcome.words)
        if outcome.words:
            gdb.write(outcome.words + "\n", gdb.STDERR)

    def complete(self, text: str, word: Optional[str]) -> List[str]:
        """Options behind a dash, files behind -o, elsewhere what `output` takes: gdb's own completers would take the
        options before an expression for a part of it. WORD begins behind gdb's last break character; None asks for
        those."""
        if word is None:
            return []
        before, _, last = text.rpartition(" ")
        options = "--" not in before.split()
        if options and last.startswith("-"):
            found = self._session.options(self._name, last)
        elif options and before.endswith("-o"):
            found = glob.glob(glob.escape(last) + "*")
        else:
            shown = gdb.execute("complete output " + last, to_string=True)
            found = [line[len("output ") :] for line in shown.splitlines() if line.startswith("output ")]
        return [one[len(last) - len(word) :] for one in found]


class MapBreak(MapCommand):
    """map-break: what the line asks for is understood in C, the breakpoints are set here."""

    def __init__(self, session: Session, name: str, breakpoints: Breakpoints) -> None:
        self._breakpoints = breakpoints
        super().__init__(session, name)

    def invoke(self, line: str, from_tty: bool) -> None:
        self.dont_repeat()
        orders: List[Optional[Order]] = []
        with interrupts.command():
            outcome = self._session.run(
                self._name,
                line,
                gdb.write,
                Progress(_tell),
                lambda command: orders.append(self._breakpoints.events.order(command)),
            )
            for order in filter(None, orders):
                try:
                    gdb.write(self._breakpoints.set(order) + "\n")
                except (NoSite, gdb.error) as error:
                    outcome = ended(abi.Status.FAILED, self._session.escape(one_line(error)))
        self._answer(outcome)


class MapWatch(MapCommand):
    """map-watch, likewise."""

    def __init__(self, session: Session, name: str, watches: Watches) -> None:
        self._watches = watches
        super().__init__(session, name)

    def invoke(self, line: str, from_tty: bool) -> None:
        self.dont_repeat()
        found: List[Optional[Watch]] = []
        with interrupts.command():
            try:
                most = self._watches.free()
                outcome = self._session.run(
                    self._name,
                    line,
                    gdb.write,
                    Progress(_tell),
                    lambda command: found.append(asked(self._session, command, most)),
                )
                for watch in filter(None, found):
                    gdb.write(self._watches.set(watch) + "\n")
            except (NoWatch, gdb.error) as error:
                outcome = ended(abi.Status.FAILED, self._session.escape(one_line(error)))
        self._answer(outcome)


class MapTrace(MapBreak):
    """map-trace: the program runs meanwhile."""

    def invoke(self, line: str, from_tty: bool) -> None:
        self.dont_repeat()
        events = self._breakpoints.events
        with interrupts.command():
            try:
                outcome = trace.run(
                    self._session,
                    events,
                    line,
                    gdb.write,
                    Progress(_tell),
                    lambda to: Trace(self._breakpoints, to).play(),
                )
            except (NoSite, gdb.error) as error:
                outcome = ended(abi.Status.FAILED, self._session.escape(one_line(error)))
        self._answer(outcome)


class MapFunction(gdb.Function):
    """A fact of a map's header as a number, for conditions such as `break f if $map_growing(m)`."""

    def __init__(self, session: Session, name: str, fact: str, doc: str) -> None:
        self._session, self._fact = session, fact
        self.__doc__ = doc
        super().__init__(name)

    def invoke(self, *values: gdb.Value) -> int:
        if len(values) != 1:
            raise gdb.GdbError("one argument is taken: a map")
        interrupts.arm()
        opened = _open(self._session, values[0])
        try:
            return opened.number(self._fact)
        finally:
            opened.close()


class GetFunction(gdb.Function):
    """The elem of a key, to go on with: $map_get (MAP, KEY). KEY is a value of any type that fits the map's keys; where
    these are no texts, a constant text is a literal as map-get takes it: print $map_get (m, "{1, 2}").name"""

    def __init__(self, session: Session) -> None:
        self._session = session
        super().__init__("map_get")

    def invoke(self, *values: gdb.Value) -> gdb.Value:
        if len(values) != 2:
            raise gdb.GdbError("two arguments are taken: a map and a key")
        interrupts.arm()
        opened = _open(self._session, values[0])
        try:
            data, address = raw(values[1])
            found = opened.get(values[1].type, address, data)
        except (BadMap, gdb.error) as error:
            raise gdb.GdbError(f"no such key: {error}") from None
        finally:
            opened.close()
        if found is None:
            raise gdb.GdbError("no such key in the map")
        where, elem = found.elem_addresses[0], found.elem_type
        if elem is None or not where:
            raise gdb.GdbError("the key is there, but its elem cannot be read as a value: map-get tells more")
        return gdb.Value(where).cast(elem.pointer()).dereference()


class CheckFunction(gdb.Function):
    """Number of findings of map-check: $map_check (MAP). All of the map is read, at each call."""

    def __init__(self) -> None:
        super().__init__("map_check")

    def invoke(self, *values: gdb.Value) -> int:
        if len(values) != 1:
            raise gdb.GdbError("one argument is taken: a map")
        try:
            return api.map_check(values[0])
        except mapscope.Error as error:
            raise gdb.GdbError(str(error)) from None


def _open(session: Session, value: gdb.Value) -> Map:
    if session.running:
        raise gdb.GdbError("not inside a map command")
    if not session.is_map(value.type):
        raise gdb.GdbError(f"a value of type {value.type} is not a map")
    try:
        data, address = raw(value)
        return session.open(value.type, address, data)
    except (BadMap, gdb.error) as error:
        raise gdb.GdbError(str(error)) from None


class SetMapscope(gdb.Command):
    """Change settings of mapscope, which shows hash maps."""

    def __init__(self) -> None:
        super().__init__("set mapscope", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)

    def invoke(self, line: str, from_tty: bool) -> None:
        if line:
            raise gdb.GdbError(f'Undefined set mapscope command: "{line}".  Try "help set mapscope".')
        gdb.execute("help set mapscope")


class ShowMapscope(gdb.Command):
    """Show settings of mapscope, which shows hash maps."""

    def __init__(self) -> None:
        super().__init__("show mapscope", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)

    def invoke(self, line: str, from_tty: bool) -> None:
        if line:
            raise gdb.GdbError(f'Undefined show mapscope command: "{line}".  Try "help show mapscope".')
        for name in ("direct-read", "limit"):
            gdb.write(f"{name}:  ")
            gdb.execute(f"show mapscope {name}")


class Limit(gdb.Parameter):
    """Without --limit, map-buckets and map-entries show this many rows of text, and then say how to see the next ones.
    Output with --json or -o is not limited. The default is 200."""

    set_doc = "Set how many rows of text a map command shows."
    show_doc = "Show how many rows of text a map command shows."

    def __init__(self, session: Session) -> None:
        self._session = session
        super().__init__("mapscope limit", gdb.COMMAND_DATA, gdb.PARAM_UINTEGER)
        self.value = 200

    def get_set_string(self) -> str:
        self._session.set_limit(self.value or 0)
        return ""

    def get_show_string(self, shown: str) -> str:
        return f"The number of rows of text that a map command shows is {shown}."


class DirectRead(gdb.Parameter):
    """When on, the memory of a live local process is read through the kernel, which is faster than through gdb. It
    never is for core files, remote targets and recordings. The default is on."""

    set_doc = "Set whether maps of a live local process are read without gdb."
    show_doc = "Show whether maps of a live local process are read without gdb."

    def __init__(self, target: Target) -> None:
        self._target = target
        super().__init__("mapscope direct-read", gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = True

    def get_set_string(self) -> str:
        self._target.direct_read = self.value
        return ""

    def get_show_string(self, shown: str) -> str:
        return f"Reading maps of a live local process without gdb is {shown}."


def _tell(progress: str) -> None:
    gdb.write(progress, gdb.STDERR)
    gdb.flush(gdb.STDERR)


def install(here: str) -> None:
    """Called once, when the library has been found. HERE is the folder of this file."""
    target = Target()
    session = Session(abi.load(here), target, interrupts.pending)
    breakpoints = Breakpoints(session, target)
    for name in session.commands:
        if name in ("map-break", "map-trace"):
            (MapBreak if name == "map-break" else MapTrace)(session, name, breakpoints)
        elif name == "map-watch":
            MapWatch(session, name, Watches(session))
        else:
            MapCommand(session, name)
    MapFunction(session, "map_len", "count", "Number of entries of a map: $map_len (MAP).")
    MapFunction(session, "map_growing", "growing", "Whether a map is growing, 1 or 0: $map_growing (MAP).")
    GetFunction(session), CheckFunction(), WorstFunction()
    api.install(Host(session, breakpoints))
    SetMapscope(), ShowMapscope(), Limit(session), DirectRead(target)
    mapscope_printers.install(session)
    for name in ("new_objfile", "clear_objfiles", "free_objfile"):
        quietly(session.forget, name)
    quietly(interrupts.disarm, "before_prompt")
