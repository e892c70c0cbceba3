"""Questions about ELF files' debug information, put to `mapscope debug-info`: a bad file may take that process down,
and no debugger with it. Knows no debugger, and nothing of what the answers mean but their words (core/cli/serve.h)."""

import contextlib
import json
import os
import select
import socket
import subprocess
import threading
import time
from typing import Any, Callable, Dict, Hashable, Iterator, NamedTuple, NoReturn, Optional, Sequence, Tuple

from .abi import Code
from .provider import Member, Shape

WAIT = 0.05  # seconds between two looks at whether the user wants to stop
LIMIT = 120.0  # seconds for an answer; a gigabyte of debug information takes some ten the first time
DEATHS_MOST = 2  # of the tool, by questions on one file
NAMES_MOST = 30000  # bytes in one question, which is a line of 64 KiB at most; escapes may double them
_ADDRESS_MOST = 0xFFFFFFFFFFFFFFFF

Answer = Dict[str, Any]


class Trouble(Exception):
    """Why there is no answer, in one line for the user."""


class Place(NamedTuple):
    """Of a variable. LOCATION and FRAME_BASE are DWARF expressions."""

    type: int
    size: int
    address_size: int
    big_endian: bool
    location: bytes
    frame_base: bytes


class Tool:
    """The process that answers, started when it is needed first and ended with this one."""

    def __init__(self, front_end: str) -> None:
        """FRONT_END is the folder of the debugger's script, see abi.load."""
        above = os.path.dirname(front_end)
        installed = os.path.join(os.path.dirname(os.path.dirname(above)), "bin")
        self._places = [os.path.join(folder, "mapscope") for folder in (os.path.join(above, "build"), installed)]
        self._above = above
        self._process: Optional["subprocess.Popen[bytes]"] = None
        self._wire: Optional[socket.socket] = None
        self._lock = threading.RLock()
        self._path = self._places[0]  # of the one that runs
        self._pending = b""
        self._owed = 0  # answers that nobody waits for any more
        self._down = ""  # why it cannot be asked, until renew
        self._deaths: Dict[str, int] = {}
        self._files: Dict[Hashable, "File"] = {}
        self.generation = 0
        self.interrupted: Callable[[], bool] = lambda: False  # whether the user wants to stop

    def renew(self) -> int:
        """To be called before each command. A tool that has ended will be started anew; then the answer is another
        number, and all types and files that were known before are gone."""
        with self._lock:
            ended = self._process is not None and self._process.poll() is not None
            if ended or self._down:
                self._stop()
                self._down = ""
                self._files.clear()
                self.generation += 1
            return self.generation

    def open(self, path: str) -> "File":
        """A file that was written anew is another one."""
        with contextlib.suppress(OSError):
            status = os.stat(path)
            key = path, status.st_ino, status.st_mtime_ns, status.st_size
            if key not in self._files:
                for old in [one for one in self._files if isinstance(one, tuple) and one[0] == path]:
                    self._files.pop(old).close()
                self._files[key] = File(self, path)
            return self._files[key]
        raise Trouble(f"{path}: the file is not there any more")

    def is_whole(self, path: str) -> bool:
        """Whether a file has its debug information in itself, as a program's own libraries have, and the system's do
        not."""
        return bool(self.ask(path, "whole", path).get("whole"))

    def ask(self, path: str, *words: object) -> Answer:
        """The answer to a question on the file PATH. Raises Trouble, and KeyboardInterrupt where the user wants to
        stop."""
        if not self._lock.acquire(timeout=1):
            raise Trouble("another thread waits for debug information: try again")
        try:
            if self._deaths.get(path, 0) >= DEATHS_MOST:
                raise Trouble(f"{path}: its debug information is damaged: {self._path} ended over it twice")
            if self._down:
                raise Trouble(self._down)
            line = self._answer(path, words)
            with contextlib.suppress(ValueError):
                answer = json.loads(line)
                if isinstance(answer, dict):
                    return answer
            self._fail(path, "gave an answer that makes no sense")
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _answer(self, path: str, words: Tuple[object, ...]) -> bytes:
        wire = self._start()
        end = time.monotonic() + LIMIT
        while self._owed:
            self._line(path, wire, end)
            self._owed -= 1
        question = "\t".join(_escaped(str(word)) for word in words) + "\n"
        with contextlib.suppress(OSError):  # the read below says why
            wire.sendall(question.encode("utf-8", "surrogateescape"), socket.MSG_NOSIGNAL)
        self._owed += 1
        line = self._line(path, wire, end)
        self._owed -= 1
        return line

    def _line(self, path: str, wire: socket.socket, end: float) -> bytes:
        while b"\n" not in self._pending:
            if self.interrupted():
                raise KeyboardInterrupt
            if time.monotonic() > end:
                self._fail(path, f"gave no answer for {LIMIT:.0f} seconds")
            ready, _, _ = select.select([wire], [], [], WAIT)
            if ready:
                more = b""
                with contextlib.suppress(OSError):
                    more = wire.recv(1 << 20)
                if not more:
                    self._fail(path, "")
                self._pending += more
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _start(self) -> socket.socket:
        if self._wire is not None:
            return self._wire
        tool = next((place for place in self._places if os.access(place, os.X_OK)), None)
        if tool is None:
            self._down = (
                f"the tool that reads debug information is missing: no mapscope in {os.path.dirname(self._places[0])}"
                f" or {os.path.dirname(self._places[1])}: run `make` in {self._above}"
            )
            raise Trouble(self._down)
        ours, theirs = socket.socketpair()
        try:
            # In a session of its own: a Ctrl-C of the terminal is the debugger's.
            self._process = subprocess.Popen(
                [tool, "debug-info"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            self._down = f"{tool} cannot be started: {error.strerror}"
            raise Trouble(self._down) from None
        finally:
            theirs.close()
        self._wire, self._path = ours, tool
        return ours

    def _fail(self, path: str, why: str) -> NoReturn:
        process, tool = self._process, self._path
        if process is not None:
            if why:
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            code = process.returncode or 0
            why = why or (f"was ended by signal {-code}" if code < 0 else f"ended with status {code}")
        self._stop()
        self._deaths[path] = self._deaths.get(path, 0) + 1
        self._down = f"{tool} {why} while it read the debug information of {path}"
        raise Trouble(self._down)

    def _stop(self) -> None:
        if self._wire is not None:
            self._wire.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.2)  # it ends with its input
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        self._process = self._wire = None
        self._pending, self._owed = b"", 0


class Type(NamedTuple):
    """A type of a file. Equal ones are equal. KNOWN: that of a value of which not all bytes are known, see locate."""

    file: "File"
    number: int
    known: bytes = b""


class File:
    """Debug information of one ELF file. Answers are None where there is none."""

    def __init__(self, tool: Tool, path: str) -> None:
        self.path = path
        self._tool = tool
        self._generation = tool.generation
        self._shapes: Dict[int, Shape] = {}
        found = tool.ask(path, "open", path)
        self._number = found.get("file", 0)
        self.lack: str = found.get("error", "")  # why it tells nothing
        self.build_id: str = found.get("build_id", "")  # "": it has none

    def close(self) -> None:
        with contextlib.suppress(Trouble, KeyboardInterrupt):
            if self._number and self._generation == self._tool.generation:
                self._ask("close")
        self._number = 0

    def lookup(self, name: str, pc: Optional[int]) -> Optional[Type]:
        return self._type(self._ask("lookup", _pc(pc), name))

    def derive(self, kind: int, number: int, count: int) -> Optional[Type]:
        return self._type(self._ask("derive", kind, number, count))

    def describe(self, number: int) -> Shape:
        found = self._shapes.get(number)
        if found is None:
            answer = self._ask("type", number)
            if "code" in answer:
                raise Trouble(answer["error"] or f"{self.path}: no type number {number}")
            members = [
                Member(name, offset, Type(self, below) if below else None, size, bit)
                for name, offset, below, size, bit in answer["fields"]
            ]
            below = Type(self, answer["target"]) if answer["target"] else None
            found = Shape(answer["kind"], answer["size"], answer["name"], below, answer["count"], tuple(members))
            self._shapes[number] = found
        return found

    def variable(self, pc: Optional[int], name: str) -> Tuple[Optional[Place], str]:
        """The global NAME, best of the unit that PC lies in; or, with no place, why it has none ("": no such one)."""
        return _place(self._ask("global", _pc(pc), 0, name))

    def local(self, pc: int, inlined: int, name: str) -> Tuple[Optional[Place], str]:
        """The same for a variable of the function at PC, INLINED calls out of the innermost."""
        return _place(self._ask("local", pc, inlined, name))

    def array(self, kind: int, size: int, index: int, name: str, members: Sequence[str]) -> Tuple[int, int]:
        """Where in .debug_info the type of member INDEX stands, an array, and its length, of the struct or union of
        that size, name and members; or 0, 0."""
        names = "\t".join(members)
        if len((name + names).encode("utf-8", "surrogateescape")) > NAMES_MOST:
            return 0, 0
        answer = self._ask("array", kind, size, index, name, names)
        return answer.get("offset", 0), answer.get("count", 0)

    def section(self, name: str) -> Optional[int]:
        """Its address in the file."""
        return self._ask("section", name).get("address")

    def runtime_type(self, address: int) -> Optional[Type]:
        """That Go's run-time type descriptor at ADDRESS describes."""
        return self._type(self._ask("runtime", address & _ADDRESS_MOST))

    def globals(self, exe: Optional["File"]) -> Iterator[Tuple[str, int, int, bool]]:
        """Names, types, addresses, and whether that is EXE's: of all its global and static variables."""
        cursor = 0
        while cursor != _ADDRESS_MOST:
            answer = self._ask("globals", exe._number if exe else 0, cursor)
            yield from answer.get("globals", ())
            cursor = answer.get("cursor", _ADDRESS_MOST)

    def _type(self, answer: Answer) -> Optional[Type]:
        return Type(self, answer["type"]) if answer.get("type") else None

    def _ask(self, what: str, *words: object) -> Answer:
        if not self._number:
            return {"code": int(Code.NOT_FOUND), "error": self.lack}
        if self._generation != self._tool.generation:
            raise Trouble(f"{self.path}: its debug information is read anew: try again")
        answer = self._tool.ask(self.path, what, self._number, *words)
        if answer.get("code", 0) not in (0, Code.NOT_FOUND, Code.REFUSED):
            raise Trouble(answer["error"])
        return answer


def _place(answer: Answer) -> Tuple[Optional[Place], str]:
    if "code" in answer:
        return None, answer["error"] if answer["code"] == Code.REFUSED else ""
    numbers = answer["type"], answer["size"], answer["address_size"], answer["big_endian"]
    return Place(*numbers, bytes.fromhex(answer["location"]), bytes.fromhex(answer["frame_base"])), ""


def _pc(pc: Optional[int]) -> object:
    return "-" if pc is None else pc


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
