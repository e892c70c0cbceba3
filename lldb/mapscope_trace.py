"""lldb's side of map-trace: a breakpoint where growth happens, whose call-back records and never stops, while the program
runs; and the end of it. What is recorded is decided in C."""

import contextlib
import threading
from typing import Any, Dict, Iterator, List

import lldb
from mapscope.events import Events
from mapscope.trace import EXITED, INTERRUPTED, STOPPED, Recorder
from mapscope_events import Unknown, arguments, called, place, remove
from mapscope_interrupts import interrupted

WAIT = 0.05  # seconds between two looks at whether the user wants to stop

_recorders: Dict[int, Recorder] = {}  # by the number of their breakpoint


def map_step(
    frame: lldb.SBFrame, location: lldb.SBBreakpointLocation, extra: lldb.SBStructuredData, names: Dict[str, Any]
) -> bool:
    """Called by lldb at each call where growth may happen: whether the program is to stop."""
    number, where = called(location, extra)
    recorder = _recorders.get(number)
    if recorder is None or where is None:
        return False
    try:
        return recorder.call(where.site, arguments(frame, where))
    except (KeyboardInterrupt, Unknown):
        return True


def play(target: lldb.SBTarget, events: Events, recorder: Recorder, loader: str) -> str:
    """Lets the program run on from where it stands; returns how that ended. Raises NoSite. LOADER: the module in which
    lldb looks for our names."""
    order, process, debugger = recorder.order, target.GetProcess(), target.GetDebugger()
    number, made = place(target, events, order, recorder.sites(events), loader, "map_step")
    _recorders[number] = recorder
    asked: List[bool] = []
    try:
        with _waiting(debugger), _watched(debugger, process, asked):
            before = process.GetStopID()
            while True:
                error = process.Continue()
                # lldb 19 comes back early at times, where a signal is passed on.
                early = process.GetState() == lldb.eStateStopped and not any(_stopped(one) for one in process)
                if error.Fail() or asked or recorder.full or not early or process.GetStopID() == before:
                    break
                before = process.GetStopID()
    finally:
        del _recorders[number]
        remove(target, number, made)
    if process.GetState() != lldb.eStateStopped:
        return EXITED
    return INTERRUPTED if asked else STOPPED


def _stopped(thread: lldb.SBThread) -> bool:
    return thread.GetStopReason() not in (lldb.eStopReasonNone, lldb.eStopReasonInvalid)


@contextlib.contextmanager
def _waiting(debugger: lldb.SBDebugger) -> Iterator[None]:
    """While lldb's commands wait for the program to stop."""
    before = debugger.GetAsync()
    debugger.SetAsync(False)
    try:
        yield
    finally:
        debugger.SetAsync(before)


@contextlib.contextmanager
def _watched(debugger: lldb.SBDebugger, process: lldb.SBProcess, asked: List[bool]) -> Iterator[None]:
    """While a thread of ours looks for a Ctrl-C, which lldb keeps for the command that runs."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WAIT):
            if interrupted(debugger) and not asked:
                asked.append(True)
                process.SendAsyncInterrupt()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
