"""lldb's commands map-..., as the decoder lists them. Everything that a command means is decided in C: its line goes
there unparsed, its output comes back as text."""

import os
from typing import Any, Dict, List, Optional

import lldb
import mapscope
import mapscope_events
import mapscope_printers
import mapscope_watches
from mapscope import abi, api, trace
from mapscope.interrupts import interrupts
from mapscope.events import NoSite, Order
from mapscope.session import Outcome, Progress, Session, ended
from mapscope.watches import NoWatch, Watch, asked
from mapscope_events import events_of, set_breakpoint
from mapscope_interrupts import elsewhere
from mapscope_scripts import Host
from mapscope_sessions import Busy, Sessions
from mapscope_trace import play


class MapCommand:
    """One subclass per name in the decoder's own table."""

    sessions: Sessions
    name = help = ""

    def __init__(self, debugger: lldb.SBDebugger, names: Dict[str, Any]) -> None:
        pass

    def __call__(
        self,
        debugger: lldb.SBDebugger,
        line: str,
        context: lldb.SBExecutionContext,
        result: lldb.SBCommandReturnObject,
    ) -> None:
        target = context.GetTarget()
        if not target.IsValid():
            target = debugger.GetDummyTarget()
        try:
            with elsewhere(debugger), interrupts.command(), self.sessions.turn(target, context) as session:
                outcome = self.run(session, target, line, result)
        except Busy as busy:
            outcome = ended(abi.Status.FAILED, str(busy))
        mapscope.worst = max(mapscope.worst, outcome.status)
        if outcome.failed:
            result.SetError(outcome.words)
        elif outcome.words:
            result.AppendWarning(outcome.words)

    def run(self, session: Session, target: lldb.SBTarget, line: str, result: lldb.SBCommandReturnObject) -> Outcome:
        return session.run(self.name, line, result.write, Progress(_tell))

    def get_repeat_command(self, line: str) -> str:
        """An empty line repeats no listing."""
        return ""

    def get_short_help(self) -> str:
        return self.help.partition("\n")[0]

    def get_long_help(self) -> str:
        return "\n" + self.help.partition("\n")[2].lstrip("\n")


class MapBreak(MapCommand):
    """map-break: what the line asks for is understood in C, the breakpoint is set here."""

    loader = ""

    def run(self, session: Session, target: lldb.SBTarget, line: str, result: lldb.SBCommandReturnObject) -> Outcome:
        orders: List[Optional[Order]] = []
        events = events_of(session)
        outcome = session.run(
            self.name, line, result.write, Progress(_tell), lambda command: orders.append(events.order(command))
        )
        for order in filter(None, orders):
            try:
                result.write(set_breakpoint(session, target, order, self.loader) + "\n")
            except NoSite as none:
                outcome = ended(abi.Status.FAILED, str(none))
        return outcome


class MapWatch(MapCommand):
    """map-watch, likewise."""

    def run(self, session: Session, target: lldb.SBTarget, line: str, result: lldb.SBCommandReturnObject) -> Outcome:
        found: List[Optional[Watch]] = []
        try:
            most = mapscope_watches.free(target)
            outcome = session.run(
                self.name,
                line,
                result.write,
                Progress(_tell),
                lambda command: found.append(asked(session, command, most)),
            )
            for watch in filter(None, found):
                result.write(mapscope_watches.set_watch(target, watch) + "\n")
            return outcome
        except NoWatch as none:
            return ended(abi.Status.FAILED, session.escape(str(none)))


class MapTrace(MapBreak):
    """map-trace: the program runs meanwhile."""

    def run(self, session: Session, target: lldb.SBTarget, line: str, result: lldb.SBCommandReturnObject) -> Outcome:
        events = events_of(session)
        try:
            return trace.run(
                session,
                events,
                line,
                result.write,
                Progress(_tell),
                lambda recorder: play(target, events, recorder, self.loader),
            )
        except NoSite as none:
            return ended(abi.Status.FAILED, str(none))


_BASES = {"map-break": MapBreak, "map-watch": MapWatch, "map-trace": MapTrace}


def _tell(progress: str) -> None:
    os.write(2, progress.encode())


def install(debugger: lldb.SBDebugger, here: str, loader: Any) -> None:
    """Called for each debugger that loads us. HERE is the folder of this file; LOADER is the module in which lldb looks
    for what is declared to it by name."""
    if not hasattr(MapCommand, "sessions"):
        MapCommand.sessions = Sessions(abi.load(here))
        mapscope_printers.install(MapCommand.sessions)
        mapscope_events.install(MapCommand.sessions)
        mapscope_watches.install(MapCommand.sessions, loader.__name__)
        api.install(Host(MapCommand.sessions, debugger, loader.__name__))
    decoder = MapCommand.sessions.any
    added: List[str] = []
    try:
        for name in decoder.commands:
            kind = "".join(word.capitalize() for word in name.split("-"))
            own = {"name": name, "help": decoder.help(name), "loader": loader.__name__}
            setattr(loader, kind, type(kind, (_BASES.get(name, MapCommand),), own))
            _add(debugger, f"--class {loader.__name__}.{kind} {name}")
            added.append(name)
        mapscope_printers.declare(debugger, loader.__name__)
    except Exception:
        for name in added:
            _errors(debugger, "command script delete " + name)
        raise


def _add(debugger: lldb.SBDebugger, command: str) -> None:
    said = ""
    for completion in ("--completion-type variable-path ", ""):  # lldb 16 has no such option
        said = _errors(debugger, f"command script add --overwrite {completion}{command}")
        if not said:
            return
    raise abi.LoadError(f"this lldb does not take our commands: {said}")


def _errors(debugger: lldb.SBDebugger, line: str) -> str:
    """What lldb has against a command of its own; "" for nothing."""
    result = lldb.SBCommandReturnObject()
    debugger.GetCommandInterpreter().HandleCommand(line, result)
    return "" if result.Succeeded() else " ".join(result.GetError().split()) or "no reason is given"
