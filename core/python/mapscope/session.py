"""One decoder and one debugger: commands run in slices, maps opened, types forgotten when programs change."""

import ctypes
import os
import time
import weakref
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import mapscope

from . import abi
from .abi import Code, Status, text
from .maps import BadMap, Map
from .provider import Provider, Target, one_line

SLICE_MS = 50  # the longest that Ctrl-C waits for C


class Outcome(NamedTuple):
    """How a command ended. WORDS is one line: its error, or what stands beside the rows it showed; "" for nothing."""

    status: int
    words: str = ""

    @property
    def failed(self) -> bool:
        return self.status in (Status.USAGE, Status.FAILED)


def ended(status: int, words: str = "") -> Outcome:
    mapscope.status = status
    return Outcome(status, words)


class Session:
    """INTERRUPTED says whether the user wants to stop; asked after each slice."""

    def __init__(self, lib: Any, target: Target, interrupted: Callable[[], bool]) -> None:
        self.lib = lib
        self.interrupted = interrupted
        self.commands = _listed(lib.ms_command_name)
        self.running = 0  # commands
        self.held = 0  # commands that let others run meanwhile
        self.touched = 0.0  # when a walk gave its last entry (time.monotonic): types are not forgotten under its feet
        self.opened: "weakref.WeakSet[Any]" = weakref.WeakSet()  # to be closed before types are forgotten
        self.provider = Provider(target)
        self._stale = False
        self._program: Any = None
        self._is_map: Dict[int, bool] = {}  # by type number
        self.context = lib.ms_new(ctypes.byref(self.provider.memory), ctypes.byref(self.provider.types))
        if not self.context:
            raise abi.LoadError("the decoder cannot start: out of memory")

    def run(
        self,
        name: str,
        line: str,
        write: Callable[[str], Any],
        progress: "Progress",
        after: Callable[[int], Any] = lambda command: None,
        meanwhile: Optional[Callable[[int], Any]] = None,
    ) -> Outcome:
        """Runs a command to its end, or to the user's Ctrl-C, handing its output to WRITE. A KeyboardInterrupt of WRITE
        (the pager's q) ends it without a word. AFTER sees the command before it is gone; MEANWHILE after its first
        step, where there are more, and may let the program run and other commands with it."""
        self.refresh()
        self.provider.trouble = None
        command = self.lib.ms_command_new(self.context, name.encode(), line.encode("utf-8", "surrogateescape"))
        if not command:
            return ended(Status.FAILED, "out of memory")
        self.running += 1
        try:
            with self.provider.calling():
                wanted = self._pump(command, write, progress, meanwhile)
            if not wanted:
                return ended(Status.PARTIAL)
            outcome = Outcome(self.lib.ms_command_status(command), text(self.lib.ms_command_error(command)))
            after(command)
        finally:
            self.running -= 1
            self.lib.ms_command_free(command)
        words, trouble = outcome.words, self.provider.trouble
        if outcome.failed and not words:
            words = f"{name} failed without a word (status {outcome.status})"
        if words and trouble is not None:
            words += f" ({type(trouble).__name__}: {one_line(trouble)})"
        return ended(outcome.status, words)

    def options(self, name: str, prefix: str) -> List[str]:
        """Options of that command which begin with PREFIX."""
        index, raw = self.commands.index(name), prefix.encode()
        return _listed(lambda n: self.lib.ms_command_option(index, raw, n))

    def in_debugger(self, name: str) -> bool:
        """Whether the command asks for more than an answer, such as breakpoints."""
        return bool(self.lib.ms_command_in_debugger(self.commands.index(name)))

    def help(self, name: str) -> str:
        return text(self.lib.ms_command_help(self.commands.index(name)))

    def escape(self, words: str) -> str:
        """WORDS as they may be shown: everything but printable ASCII escaped."""
        raw = words.encode("utf-8", "surrogateescape")
        return text(self.lib.ms_escape(self.context, raw, len(raw)))

    def set_limit(self, rows: int) -> None:
        self.lib.ms_set_default_limit(self.context, rows)

    def is_map(self, native: Any) -> bool:
        """Whether values of this type are maps or pointers to one. Cheap when asked again."""
        self._forget_if_due()
        number = self.provider.number(native)
        found = self._is_map.get(number)
        if found is None:
            with self.provider.calling():
                answer = self.lib.ms_type_is_map(self.context, number)
            found = answer == Code.OK
            if answer in (Code.OK, Code.NOT_FOUND) and not self.provider.cut:
                self._is_map[number] = found
        return found

    def open(self, native: Any, address: int, data: bytes) -> "Map":
        """The map that a value is or points to; raises BadMap."""
        self.refresh()
        return Map(self, self.provider.number(native), address, data)

    def open_at(self, native: Any, address: int) -> "Map":
        """The map whose header is at ADDRESS, of a type that is a map or a pointer to one; raises BadMap."""
        if not self.provider.is_pointer(native):
            return self.open(native, address, b"")
        _, size, big_endian, _ = self.provider.target.memory()
        return self.open(native, 0, address.to_bytes(size, "big" if big_endian else "little"))

    def find(self, line: str) -> Tuple[Any, int]:
        """The map that LINE names as a command's line does: its type as written there, and the address of its header,
        0 for a nil map. Raises BadMap."""
        self.refresh()
        number, address = ctypes.c_uint64(), ctypes.c_uint64()
        raw = line.encode("utf-8", "surrogateescape")
        with self.provider.calling():
            answer = self.lib.ms_map_find(self.context, raw, ctypes.byref(number), ctypes.byref(address))
        if answer == Code.INTERRUPTED or self.interrupted() or self.provider.cut:
            raise KeyboardInterrupt
        if answer < 0:
            raise BadMap(text(self.lib.ms_error(self.context)))
        return self.provider.native(number.value), address.value

    def refresh(self) -> None:
        """Tells the decoder how the target is read from now on."""
        if self._program != self.provider.target.program():
            self._stale = True
        self._forget_if_due()
        memory = self.provider.memory
        memory.pid, memory.pointer_size, memory.big_endian, memory.running = self.provider.target.memory()
        self.lib.ms_set_memory(self.context, ctypes.byref(memory))

    def forget(self) -> None:
        """To be called when object files come or go: types are asked for anew as soon as nothing uses the old ones."""
        self._stale = True

    def _forget_if_due(self) -> None:
        if not self._stale or self.running or self.held or time.monotonic() - self.touched < 0.2:
            return
        for opened in list(self.opened):
            opened.close()
        self.lib.ms_forget(self.context)
        self.provider.clear_types()
        self._is_map.clear()
        self._program = self.provider.target.program()
        self._stale = False

    def _pump(
        self,
        command: int,
        write: Callable[[str], Any],
        progress: "Progress",
        meanwhile: Optional[Callable[[int], Any]],
    ) -> bool:
        size = ctypes.c_uint64()
        more = Code.AGAIN
        while more == Code.AGAIN:
            chunk = ""
            try:
                more = self.lib.ms_command_step(command, SLICE_MS)
                where = self.lib.ms_command_output(command, ctypes.byref(size))
                chunk = ctypes.string_at(where, size.value).decode("utf-8", "replace") if size.value else ""
                if more == Code.AGAIN and meanwhile is not None:
                    self._stand_aside(command, meanwhile)
                    meanwhile = None
                elif more == Code.AGAIN and (self.interrupted() or self.provider.cut):
                    self.lib.ms_command_interrupt(command)
            except KeyboardInterrupt:
                self.lib.ms_command_interrupt(command)
            try:
                if chunk or more != Code.AGAIN:
                    progress.erase()
                    write(chunk)
                else:
                    progress.show(*self._progress(command))
            except KeyboardInterrupt:
                return False
        return True

    def _stand_aside(self, command: int, meanwhile: Callable[[int], Any]) -> None:
        """Types are still in use."""
        self.running -= 1
        self.held += 1
        try:
            meanwhile(command)
        finally:
            self.held -= 1
            self.running += 1
            self.provider.cut = False

    def _progress(self, command: int) -> Tuple[int, int]:
        done, total = ctypes.c_uint64(), ctypes.c_uint64()
        self.lib.ms_command_progress(command, ctypes.byref(done), ctypes.byref(total))
        return done.value, total.value


class Progress:
    """A line on the terminal, if there is one, for work that prints nothing and lasts; erased by what is printed."""

    def __init__(self, write: Callable[[str], Any]) -> None:
        self._write = write if os.isatty(1) and os.isatty(2) else None
        self._due = time.monotonic() + 1
        self._width = 0

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._write is None or now < self._due:
            return
        line = f"... {done * 100 // total} %" if total else f"... {done}"
        self._write("\r" + line.ljust(self._width))
        self._width = len(line)
        self._due = now + 0.2

    def erase(self) -> None:
        if self._width and self._write is not None:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0


def _listed(function: Callable[[int], Optional[bytes]]) -> List[str]:
    """FUNCTION(0), FUNCTION(1), … up to its first None."""
    found: List[str] = []
    while True:
        name = function(len(found))
        if name is None:
            return found
        found.append(text(name))
