"""lldb's side of map-trace: a breakpoint where growth happens, whose call-back records and never stops, while the
program runs; and the end of it. What is recorded is decided in C."""

import contextlib
import os
import select
import threading
from typing import Any, Dict, Iterator

import lldb
from mapscope.events import Events, NoSite
from mapscope.interrupts import interrupts
from mapscope.trace import EXITED, INTERRUPTED, STOPPED, Recorder
from mapscope_events import Unknown, arguments, called, place, remove
from mapscope_target import lives

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
    except KeyboardInterrupt:
        recorder.interrupted = True
    except Unknown as why:
        recorder.trouble = str(why)
    return True


def play(target: lldb.SBTarget, events: Events, recorder: Recorder, loader: str) -> str:
    """Lets the program run on from where it stands; returns how that ended. Raises NoSite. LOADER: the module in which
    lldb looks for our names."""
    order, process, debugger = recorder.order, target.GetProcess(), target.GetDebugger()
    if not lives(process):
        raise NoSite("the program is not running: process launch, or run, starts it")
    number, made = place(target, events, order, recorder.sites(events), loader, "map_step")
    _recorders[number] = recorder
    try:
        with _waiting(debugger), _watched(process, recorder):
            before = process.GetStopID()
            while True:
                error = process.Continue()
                if error.Fail():
                    raise NoSite(events.escape(" ".join((error.GetCString() or "the program cannot go on").split())))
                # lldb 19 comes back early at times, where a signal is passed on.
                early = process.GetState() == lldb.eStateStopped and not any(_stopped(one) for one in process)
                if recorder.interrupted or recorder.full or not early or process.GetStopID() == before:
                    break
                before = process.GetStopID()
    finally:
        del _recorders[number]
        remove(target, number, made)
    if process.GetState() != lldb.eStateStopped:
        return EXITED
    return INTERRUPTED if recorder.interrupted else STOPPED


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
def _watched(process: lldb.SBProcess, recorder: Recorder) -> Iterator[None]:
    """While a thread of ours waits for a Ctrl-C: lldb would keep it for the command that runs, and this one waits."""
    over = threading.Event()

    def watch(ear: int) -> None:
        while not over.is_set():
            if select.select([ear], [], [], WAIT)[0] and os.read(ear, 1):
                recorder.interrupted = True
                process.SendAsyncInterrupt()

    with interrupts.wire() as ear:
        thread = threading.Thread(target=watch, args=(ear,), daemon=True) if ear is not None else None
        if thread:
            thread.start()
        try:
            yield
        finally:
            over.set()
            if thread:
                thread.join()
