"""mapscope for scripts: `import mapscope` in gdb's Python or lldb's, once the front-end is loaded. The same in both.

    >>> m = mapscope.map("m")                # as a command's EXPR; or a gdb.Value, an lldb.SBValue
    >>> len(m), m.B, m.growing
    (105, 5, True)
    >>> m.info()["growth"]
    {'kind': 'double', 'old_buckets': 16, 'nevacuate': 5}
    >>> for row in m.entries(limit=2):
    ...     print(row["key"], row["elem"])
    10 -10
    40 -40
    >>> sum(row["elem"] for row in m.entries(where="key % 2 == 1"))
    -2704
    >>> [row["index"] for row in m.buckets(old=True) if not row["evacuated"] and not row["depth"]]
    [5, 6, 7, 8, 10, 11, 13, 14, 15]
    >>> found = m.get(28)
    >>> found["elem"], found["array"], found["bucket"], found["tophash"]
    (-28, 'old', 10, 167)
    >>> m.stats()["live"], m.stats()["evacuated"]
    (105, 7)
    >>> m.get(1234)["found"], mapscope.map_get("texts", "key 15")
    (False, 'elem 15')
    >>> try:
    ...     mapscope.map("argc")
    ... except mapscope.Error as error:
    ...     print(str(error).split(": expected")[0])
    argc: type is int, which is no map

A map is found once, by its name in the frame selected then; after that it is the map at that address, whatever frame is
selected. Every question is a map command with --json, so keys, elems and all else are what JSON makes of them: int of
any size, float (a long double is rounded), str, bool, None, list, dict; floats that are no numbers are "NaN", "+Inf",
"-Inf"; a dict with a key that begins with $ is what JSON has no word for: {"$hex": ...} bytes that are no text,
{"$text": ..., "$length": ...} a text that was cut, {"$error": ...} what could not be read. What cannot be answered is a
mapscope.Error, one line. Not for printing: that is the commands'."""

import functools
import json
from contextlib import contextmanager
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    ContextManager,
    Dict,
    Hashable,
    Iterator,
    List,
    Optional,
    Protocol,
    Tuple,
)

from .answer import Answer, Failed
from .events import Order
from .literal import Literal, NoLiteral, literal
from .maps import BadMap
from .provider import PINNED

if TYPE_CHECKING:
    from .session import Session

Json = Dict[str, Any]
Pinned = Tuple[bytes, int, Any]  # as a Target's evaluate gives a value


class Error(Exception):
    """Why a question has no answer, in one line."""

    __module__ = "mapscope"


class Host(Protocol):
    """The debugger's side. A program is whatever tells one from another there."""

    def program(self) -> Any:
        ...  # the selected one

    def turn(self, program: Any) -> "ContextManager[Session]":
        ...  # its session; raises Error when it cannot be asked now

    def moment(self, program: Any) -> Hashable:
        ...  # another one as soon as it has run

    def value(self, value: Any) -> Optional[Tuple[Any, Pinned]]:
        ...  # of a value of the debugger's own: its program; its bytes, address or 0, and type

    def on_event(self, program: Any, order: Order, function: Callable[[], Any]) -> Callable[[], None]:
        ...  # calls FUNCTION at each event that ORDER asks for: whether to stop there; the result ends that

    def quit(self, status: int) -> None:
        ...


_hosts: List[Host] = []  # the one debugger that this Python is in


def install(host: Host) -> None:
    _hosts[:] = [host]


def _host() -> Host:
    if not _hosts:
        raise Error("no debugger has loaded mapscope: gdb/mapscope_gdb.py or lldb/mapscope_lldb.py does")
    return _hosts[0]


class Map:
    """A map of the program: where it is, and how to ask about it."""

    def __init__(self, of: Any) -> None:
        host = _host()
        self.name = of if isinstance(of, str) else "the map"
        found = None if isinstance(of, str) else host.value(of)
        if found is None and not isinstance(of, str):
            raise Error(f"a map is named by an expression or a value of the debugger, not by {type(of).__name__}")
        self.program = found[0] if found else host.program()
        with self.turn() as session:
            self.pinned = found[1] if found else self._find(session, of)
            if found and not session.is_map(self.pinned[2]):
                raise Error(f"a value of type {session.escape(str(self.pinned[2]))} is no map")

    def __len__(self) -> int:
        count = self._number("count")
        if count < 0:
            raise Error(f"{self.name}: count is {count}")
        return count

    def __bool__(self) -> bool:
        """A map is not false for being empty."""
        return True

    @property
    def B(self) -> int:
        """There are 2 ** B buckets."""
        return self._number("B")

    @property
    def growing(self) -> bool:
        return bool(self._number("growing"))

    def info(self) -> Json:
        """map-info: the header."""
        return self._document("map-info")

    def buckets(
        self, bucket: Optional[int] = None, old: bool = False, new: bool = False, limit: int = 0, offset: int = 0
    ) -> "Rows":
        """map-buckets: a row a bucket, with its slots. OLD, NEW: of that array only."""
        words = ("" if bucket is None else f"--bucket {bucket} ") + "--old " * old + "--new " * new
        return self._rows("map-buckets", words, limit, offset)

    def entries(
        self, where: Optional[str] = None, sort: Optional[str] = None, limit: int = 0, offset: int = 0
    ) -> "Rows":
        """map-entries: the live entries, each {"key": ..., "elem": ...}. WHERE: a condition on them; SORT: "key"."""
        words = (f"--where ({where}) " if where else "") + (f"--sort {sort} " if sort else "")
        return self._rows("map-entries", words, limit, offset)

    def check(self, limit: int = 0, offset: int = 0) -> "Rows":
        """map-check: what is wrong with the map, each {"code", "array", "bucket", "depth", "slot", "message"}."""
        return self._rows("map-check", "", limit, offset)

    def get(self, key: Any) -> Json:
        """map-get: {"found": ..., "elem": ..., "bucket": ..., ...}. KEY: a row's key, or any number, text, list or
        dictionary like it; or a Literal: as a command line has it. Where keys are no texts, a str is a Literal."""
        try:
            words = literal(key)
        except NoLiteral as error:
            raise Error(f"{self.name}: {error}") from None
        try:
            return self._document("map-get", "-- " + words)
        except Error:
            if not isinstance(key, str) or isinstance(key, Literal):
                raise
        return self._document("map-get", "-- " + literal(Literal(key)))

    def stats(self) -> Json:
        """map-stats: what one walk of the whole map counts."""
        return self._document("map-stats")

    def _number(self, fact: str) -> int:
        with self.turn() as session:
            data, address, native = self.pinned
            try:
                opened = session.open(native, address, data)
            except BadMap as error:
                raise Error(f"{self.name}: {error}") from None
            try:
                return opened.number(fact)
            finally:
                opened.close()

    def _document(self, command: str, words: str = "") -> Json:
        """All that a command says whose answer is one line."""
        rows = Rows(self, command, words)
        for _ in rows:
            pass
        return {key: value for key, value in rows.last.items() if key != "end"}

    def _rows(self, command: str, words: str, limit: int, offset: int) -> "Rows":
        return Rows(self, command, words + f"--limit {limit} " * (limit > 0) + f"--offset {offset} " * (offset > 0))

    @contextmanager
    def turn(self) -> "Iterator[Session]":
        with _host().turn(self.program) as session:
            if session.running:
                raise Error("not inside a map command")
            yield session

    def _find(self, session: "Session", line: str) -> Pinned:
        try:
            native, address = session.find(line)
        except BadMap as error:
            raise Error(f"{line}: {error}") from None
        if session.provider.is_pointer(native):
            _, size, big_endian, _ = session.provider.target.memory()
            return address.to_bytes(size, "big" if big_endian else "little"), 0, native
        return b"", address, native

    def order(self, event: str) -> Order:
        """What map-break EVENT asks for, of this map."""
        try:
            with self.turn() as session:
                answer = Answer(session, "map-break", f"{event} {PINNED}", self.pinned)
                while answer.more:
                    answer.piece()
                return answer.order()._replace(expr=self.name)
        except Failed as error:
            raise Error(str(error).replace(PINNED, self.name, 1)) from None

    def moment(self) -> Hashable:
        return _host().moment(self.program)


class Rows(Iterator[Json]):
    """Rows of a command, each fetched when it is asked for, while the program stands still."""

    def __init__(self, of: Map, command: str, words: str) -> None:
        self.last: Json = {}  # the object that is no row, once there are no more
        self._map, self._moment = of, of.moment()
        self._lines: List[bytes] = []  # not given out yet, the next one last
        self._rest = b""  # of a line
        with self._asking() as session:
            self._answer = Answer(session, command, f"--json {PINNED} {words}", of.pinned)

    @property
    def end(self) -> Optional[Json]:
        """None up to the last row, then what the command says at its end: {"shown", "of", "partial", "notes"};
        "partial" is None where the answer is whole."""
        return self.last.get("end")

    def __iter__(self) -> "Rows":
        return self

    def __next__(self) -> Json:
        while not self.last:
            if self._moment != self._map.moment():
                raise Error("the program has run since: begin again")
            while not self._lines:
                self._fetch()
            row: Json = json.loads(self._lines.pop())
            if "end" not in row:
                return row
            self.last = row
            self._answer.close()
        raise StopIteration

    def _fetch(self) -> None:
        with self._asking():
            lines = (self._rest + self._answer.piece()).split(b"\n")
        self._rest = lines.pop()
        self._lines = lines[::-1]

    @contextmanager
    def _asking(self) -> "Iterator[Session]":
        try:
            with self._map.turn() as session:
                yield session
        except Failed as error:
            raise Error(str(error).replace(PINNED, self._map.name, 1)) from None


class Hook:
    """A function that is called at events of a map, up to end() or the end of a `with`."""

    def __init__(self, of: Any, event: str, function: Callable[[Map], Any]) -> None:
        self.map = _map(of)
        call = functools.partial(function, self.map)
        self._end: Optional[Callable[[], None]] = _host().on_event(self.map.program, self.map.order(event), call)

    def end(self) -> None:
        end, self._end = self._end, None
        if end:
            end()

    def __enter__(self) -> "Hook":
        return self

    def __exit__(self, *_: Any) -> None:
        self.end()


def on_grow(of: Any, function: Callable[[Map], Any]) -> Hook:
    """Calls FUNCTION(map) each time that the map is about to grow, the program standing where that begins (map-break
    grow). Then the program goes on, unless FUNCTION returns something true."""
    return Hook(of, "grow", function)


def on_grow_done(of: Any, function: Callable[[Map], Any]) -> Hook:
    """The same where a growth ends, with the last old bucket evacuated (map-break grow-done)."""
    return Hook(of, "grow-done", function)


def map_len(of: Any) -> int:
    """The number of entries. OF: a Map, or what makes one."""
    return len(_map(of))


def map_growing(of: Any) -> bool:
    return _map(of).growing


def map_get(of: Any, key: Any) -> Any:
    """The elem of a key, as JSON has it; raises Error where there is none. OF, KEY: as in Map and Map.get."""
    answer = _map(of).get(key)
    if not answer["found"]:
        raise Error("no such key in the map")
    return answer["elem"]


def map_check(of: Any) -> int:
    """How many findings map-check has."""
    rows = _map(of).check(limit=1)
    for _ in rows:
        pass
    assert rows.end is not None  # there are no more rows
    return int(rows.end["of"])


def _map(of: Any) -> Map:
    return of if isinstance(of, Map) else Map(of)


def quit_with(status: int) -> None:
    """Ends the debugger."""
    _host().quit(status)
