"""gdb's side of map-trace: breakpoints of no number where growth happens, which record and never stop, while the
program runs; and the end of it. What is recorded is decided in C."""

import contextlib
from typing import Any, List, Optional

import gdb
from mapscope.abi import Convention
from mapscope.events import Site
from mapscope.trace import EXITED, INTERRUPTED, STOPPED, Recorder
from mapscope_events import Breakpoints, arguments


class TracePoint(gdb.Breakpoint):
    """Its stop method only reads and writes down: more is forbidden there."""

    def __init__(self, site: Site, where: Any, convention: Convention, recorder: Recorder) -> None:
        super().__init__(internal=True, **where)
        self.silent = True
        self._site, self._convention, self._recorder = site, convention, recorder

    def stop(self) -> bool:
        try:
            return self._recorder.call(self._site, arguments(self._site, self._convention))
        except KeyboardInterrupt:
            self._recorder.interrupted = True
        except (gdb.error, gdb.GdbError) as error:
            self._recorder.trouble = str(error)
        return True


class Trace:
    """One run of the program under map-trace."""

    def __init__(self, breakpoints: Breakpoints, recorder: Recorder) -> None:
        self._breakpoints, self._recorder = breakpoints, recorder
        self._why: Optional[str] = None

    def play(self) -> str:
        """Lets the program run on from where it stands; returns how that ended. Raises NoSite and gdb.error."""
        points: List[TracePoint] = []
        gdb.events.exited.connect(self._exited)
        gdb.events.stop.connect(self._stopped)
        try:
            for one in self._breakpoints.places(self._recorder.sites(self._breakpoints.events)):
                points.append(TracePoint(*one, self._recorder))
            gdb.execute("continue")
        except KeyboardInterrupt:
            self._why = self._why or INTERRUPTED
        finally:
            gdb.events.exited.disconnect(self._exited)
            gdb.events.stop.disconnect(self._stopped)
            for point in points:
                with contextlib.suppress(gdb.error, RuntimeError):
                    point.delete()
        return self._why or STOPPED

    def _exited(self, event: Any) -> None:
        self._why = EXITED

    def _stopped(self, event: Any) -> None:
        interrupt = isinstance(event, gdb.SignalEvent) and event.stop_signal == "SIGINT"
        self._why = INTERRUPTED if interrupt or self._recorder.interrupted else STOPPED
