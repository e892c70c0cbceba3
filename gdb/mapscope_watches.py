"""gdb's side of map-watch: hardware watchpoints, whose condition asks whether the write is one to stop for. What a
write means is told in C."""

import contextlib
from typing import Dict, List, NamedTuple, Optional, Set

import gdb
from mapscope.session import Session
from mapscope.watches import NoWatch, Piece, Seen, Watch

MACHINE_HAS = {"i386": 4}  # hardware watchpoints, by the beginning of the architecture's name
_C = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long long"}
_HARDWARE = ("BP_HARDWARE_WATCHPOINT", "BP_READ_WATCHPOINT", "BP_ACCESS_WATCHPOINT", "BP_HARDWARE_BREAKPOINT")


class Told(NamedTuple):
    watch: Watch
    seen: Seen
    line: str


class Watches:
    """By gdb's own numbers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watches: Dict[int, Watch] = {}
        self._told: Optional[Told] = None
        WatchFunction(self)
        gdb.events.stop.connect(self._stopped)
        gdb.events.cont.connect(lambda event: self._forget())
        gdb.events.exited.connect(lambda event: self._remove(set(self._watches)))
        gdb.events.breakpoint_deleted.connect(self._deleted)

    def free(self) -> int:
        """How many watchpoints can still be set. Raises NoWatch."""
        if not gdb.selected_thread():
            raise NoWatch("there is no running program: hardware watchpoints need one; type run or start first")
        name = gdb.selected_frame().architecture().name()
        has = next((number for begin, number in MACHINE_HAS.items() if name.startswith(begin)), 64)
        kinds = [getattr(gdb, kind) for kind in _HARDWARE if hasattr(gdb, kind)]
        used = [one.number for one in gdb.breakpoints() if one.enabled and one.type in kinds]
        if len(used) >= has:
            numbers = " ".join(map(str, used))
            raise NoWatch(f"all {has} hardware watchpoints of this machine are in use: delete some ({numbers}) first")
        return has - len(used)

    def set(self, watch: Watch) -> str:
        """Sets what WATCH asks for, all or nothing, and tells of it. Raises NoWatch and gdb.error."""
        return watch.told(self._set(watch))

    def wanted(self, number: int) -> bool:
        """Whether the write under watchpoint NUMBER is one to stop for. Only reads."""
        watch = self._watches.get(number)
        if watch is None:
            raise gdb.GdbError(f"watchpoint {number} is none of map-watch's")
        try:
            seen, line = watch.look()
        except KeyboardInterrupt:  # the user wants the program to stop
            return True
        if seen == Seen.NOTHING:
            return False
        self._told = Told(watch, seen, line)
        return True

    def _set(self, watch: Watch) -> List[int]:
        made: List[gdb.Breakpoint] = []
        try:
            for piece in watch.pieces():
                one = gdb.Breakpoint(_expression(piece), type=gdb.BP_WATCHPOINT, wp_class=gdb.WP_WRITE)
                made.append(one)
                self._watches[one.number] = watch
                if one.type != gdb.BP_HARDWARE_WATCHPOINT:
                    raise NoWatch(
                        "gdb gives no hardware watchpoint here (show can-use-hw-watchpoints), and a software one would"
                        " stop the program at each instruction: none is set"
                    )
                one.condition = f"$_map_watch({one.number})"
        except (NoWatch, gdb.error, KeyboardInterrupt):
            self._remove({one.number for one in made})
            raise
        return [one.number for one in made]

    def _stopped(self, event: gdb.StopEvent) -> None:
        told, self._told = self._told, None
        hit = [one.number for one in event.breakpoints] if isinstance(event, gdb.BreakpointEvent) else []
        if told is None or not any(self._watches.get(number) is told.watch for number in hit):
            return
        gdb.write(told.line + "\n")
        if told.seen == Seen.TOLD:
            return
        self._remove({number for number, watch in self._watches.items() if watch is told.watch})
        if told.seen == Seen.MOVED:
            try:
                gdb.write(self.set(told.watch) + "\n")
            except (NoWatch, gdb.error) as error:
                gdb.write(f"{told.watch.name}: the watch ends, it cannot follow: {error}\n")

    def _remove(self, numbers: Set[int]) -> None:
        for number in numbers:
            self._watches.pop(number, None)
        for one in gdb.breakpoints():
            if one.number in numbers:
                with contextlib.suppress(gdb.error):
                    one.delete()

    def _deleted(self, gone: gdb.Breakpoint) -> None:
        """Without one of its watchpoints a watch would not see all: the user wants it to end."""
        watch = self._watches.pop(gone.number, None)
        others = {number for number, one in self._watches.items() if one is watch}
        if watch is not None and others:
            gdb.post_event(lambda: self._remove(others))

    def _forget(self) -> None:
        self._told = None


class WatchFunction(gdb.Function):
    """Whether the write under map-watch's watchpoint N is one to stop for, 1 or 0: $_map_watch (N). Part of its
    condition."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        super().__init__("_map_watch")

    def invoke(self, number: gdb.Value) -> int:
        return int(self._watches.wanted(int(number)))


def _expression(piece: Piece) -> str:
    """In the language that gdb reads at the moment."""
    if "go" in gdb.execute("show language", to_string=True).split('"')[1].split():
        return f"{{uint{8 * piece.size}}} {piece.address:#x}"  # gdb 13 knows no cast to a pointer there
    return f"*({_C[piece.size]} *) {piece.address:#x}"
