"""lldb's side of map-watch: hardware watchpoints with a call-back that asks whether the write is one to stop for. What
a write means is told in C."""

import sys
from typing import Any, Dict, List, NamedTuple, Optional

import lldb
from mapscope.watches import NoWatch, Seen, Watch
from mapscope_events import say
from mapscope_sessions import Busy, Sessions

NO_PROGRAM = "there is no running program: hardware watchpoints need one; type run or process launch first"


class Set(NamedTuple):
    """A watch, and lldb's numbers of its watchpoints."""

    target: lldb.SBTarget
    process: int  # its unique number in lldb
    watch: Watch
    numbers: List[int]


_set: List[Set] = []
_sessions: Optional[Sessions] = None
_loader = ""  # the module in which lldb looks for our names


def free(target: lldb.SBTarget) -> int:
    """How many watchpoints can still be set. Raises NoWatch."""
    process = target.GetProcess()
    if not process.IsValid() or process.GetState() != lldb.eStateStopped:
        raise NoWatch(NO_PROGRAM)
    for one in [one for one in _set if one.target == target and one.process != process.GetUniqueID()]:
        _remove(one)  # of a program that has ended
    has = process.GetNumSupportedHardwareWatchpoints(lldb.SBError())
    all_of_them = [target.GetWatchpointAtIndex(index) for index in range(target.GetNumWatchpoints())]
    used = [one.GetID() for one in all_of_them if one.IsEnabled()]
    if len(used) >= has:
        numbers = " ".join(map(str, used))
        raise NoWatch(f"all {has} hardware watchpoints of this machine are in use: delete some ({numbers}) first")
    return has - len(used)


def set_watch(target: lldb.SBTarget, watch: Watch) -> str:
    """Sets what WATCH asks for, all or nothing, and tells of it. Raises NoWatch."""
    made = Set(target, target.GetProcess().GetUniqueID(), watch, [])
    context = lldb.SBExecutionContext(target)
    for piece in watch.pieces():
        error, result = lldb.SBError(), lldb.SBCommandReturnObject()
        one = target.WatchAddress(piece.address, piece.size, False, True, error)
        if not one.IsValid() or error.Fail():
            _remove(made)
            raise NoWatch(f"lldb gives no hardware watchpoint on {piece.name}: {error.GetCString()}")
        made.numbers.append(one.GetID())
        command = f"watchpoint command add -F {_loader}.map_watch {one.GetID()}"
        target.GetDebugger().GetCommandInterpreter().HandleCommand(command, context, result)
        if not result.Succeeded():
            _remove(made)
            raise NoWatch(f"lldb takes no call-back for a watchpoint: {' '.join((result.GetError() or '').split())}")
    _set.append(made)
    return watch.told(made.numbers)


def map_watch(frame: lldb.SBFrame, hit: lldb.SBWatchpoint, names: Dict[str, Any]) -> bool:
    """Called by lldb at each write: whether the program is to stop."""
    target = frame.GetThread().GetProcess().GetTarget()
    one = next((one for one in _set if one.target == target and hit.GetID() in one.numbers), None)
    if one is None or _sessions is None:
        return True
    try:
        with _sessions.turn(target, lldb.SBExecutionContext(frame)):
            seen, line = one.watch.look()
    except Busy as busy:
        seen, line = Seen.TOLD, str(busy)
    except KeyboardInterrupt:  # the user wants the program to stop
        return True
    if seen == Seen.NOTHING:
        return False
    if seen == Seen.TOLD and not all(target.FindWatchpointByID(number).IsValid() for number in one.numbers):
        seen, line = Seen.ENDED, line + "; one of its watchpoints is deleted: the watch ends"
    say(target.GetDebugger(), line)
    if seen != Seen.TOLD:
        _remove(one)
    if seen == Seen.MOVED:
        try:
            say(target.GetDebugger(), set_watch(target, one.watch))
            # Behind us, lldb 19's own code looks in one dictionary for functions that it has just put into the other.
            for name in [name for name in names if name.startswith("lldb_autogen_")]:
                sys.modules["__main__"].__dict__.setdefault(name, names[name])
        except NoWatch as why:
            say(target.GetDebugger(), f"{one.watch.name}: the watch ends, it cannot follow: {why}")
    return True


def _remove(one: Set) -> None:
    for number in one.numbers:
        one.target.DeleteWatchpoint(number)
    if one in _set:
        _set.remove(one)


def install(sessions: Sessions, loader: str) -> None:
    global _sessions, _loader
    _sessions, _loader = sessions, loader
