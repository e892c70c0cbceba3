"""The pretty-printer `mapscope`: maps in print, info locals, finish and an editor's variables view. What a map is and
what it holds comes from the decoder; here it becomes gdb.Values, made from bytes read in bulk.

An editor (MI) does not stop at `print elements` and cannot seek. So a map has that many children at most, and then one
pair more, whose elem opens as the next page."""

import contextlib
import random
import re
import struct
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple, Union

import gdb
import gdb.printing
from mapscope.interrupts import interrupts
from mapscope.maps import BadMap, Entries
from mapscope.session import Session
from mapscope_interrupts import quietly
from mapscope_target import raw

BATCH = 4096  # entries
PAGES = 4096  # that can still be opened
STALE = "out of date, the program has run since: open the map again"

_CODES = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_TYPEDEF, gdb.TYPE_CODE_ARRAY)
Pair = Tuple[str, Any]
_Base: Any = getattr(gdb, "ValuePrinter", object)  # gdb 14; it owns all attributes that do not begin with _


class Page(NamedTuple):
    """Where a map's children begin: a map, and the decoder's token. Places of children count from there."""

    native: gdb.Type
    address: int
    data: bytes
    epoch: int  # of the program's stops, when it was offered
    token: str = ""
    first: int = 0  # children before it

    def home(self) -> Any:
        """What an editor's variable keeps over its updates."""
        return self.address or str(self.native)


class Pages:
    """What pairs called more open, until the program stops anew, and words among the children (an editor would show a
    Python string as an array of char). A gdb.Value cannot carry either, so it is an array of numbers that nothing else
    holds: magic, index, magic.

    gdb 13 aborts when a child of an editor's variable that has had a printer has none after an update. So their places
    are remembered, and later keys and elems there are wrapped."""

    def __init__(self) -> None:
        self.epoch = 0  # of the program's stops
        self.places: Dict[Any, Set[int]] = {}  # by home
        self._magic = random.SystemRandom().getrandbits(63)
        self._offered: Dict[int, Union[Page, str, gdb.Value]] = {}  # by index
        self._indexes: Dict[Any, int] = {}
        self._next = 1

    def stopped(self) -> None:
        interrupts.when = None
        self.epoch += 1
        self._clear()

    def _clear(self) -> None:
        self._offered.clear()
        self._indexes.clear()

    def offer(self, page: Page, place: int, what: Union[Page, str, gdb.Value]) -> gdb.Value:
        """WHAT as child number PLACE of PAGE."""
        self.places.setdefault(page.home(), set()).add(place)
        # Equal ones stay equal, so that -var-update sees no change.
        key = what[1:] if isinstance(what, Page) else what if isinstance(what, str) else None
        index = self._indexes.get(key)
        if index is None or isinstance(what, Page) and self._offered[index][0] != what.native:
            if len(self._offered) >= PAGES:
                self._clear()
            index, self._next = self._next, self._next + 1
            self._offered[index] = what
            if key is not None:
                self._indexes[key] = index
        number = gdb.Value(1).type
        return gdb.Value(struct.pack("=3Q", self._magic, index, self._magic), number.array(2))

    def recognise(self, value: gdb.Value) -> Optional["TextPrinter"]:
        native = value.type
        if native.sizeof != 24 or native.target().sizeof != 8 or native.target().code != gdb.TYPE_CODE_INT:
            return None
        if int(value[0]) != self._magic or int(value[2]) != self._magic:
            return None
        found = self._offered.get(int(value[1]), f"<{STALE}>")
        return MapPrinter(found, "more") if isinstance(found, Page) else TextPrinter(found)


class TextPrinter(_Base):  # type: ignore[misc]
    def __init__(self, words: Union[str, gdb.Value]) -> None:
        self._words = words

    def to_string(self) -> Union[str, gdb.Value]:
        return self._words


class MapPrinter(TextPrinter):
    def __init__(self, page: Page, words: str) -> None:
        super().__init__(words)
        self._page = page

    def display_hint(self) -> str:
        return "map"

    def children(self) -> Iterator[Pair]:
        return _children(self._page)


class Printer(gdb.printing.PrettyPrinter):
    """gdb's list entry: called for every value that gdb prints, so quick to say no."""

    def __init__(self, session: Session) -> None:
        super().__init__("mapscope")
        self.session = session

    def __call__(self, value: gdb.Value) -> Optional[TextPrinter]:
        try:
            native = value.type
            code = native.code
            if code not in _CODES:
                return None
            if code == gdb.TYPE_CODE_ARRAY:
                return pages.recognise(value)
            if self.session.running or not self._is_map(native):
                return None
            interrupts.arm()
            return self._printer(value, native)
        except KeyboardInterrupt:  # gdb would report it amid its output and go on
            interrupts.when = time.monotonic()
            return None

    def _is_map(self, native: gdb.Type) -> bool:
        below = native.strip_typedefs()
        if below.code == gdb.TYPE_CODE_PTR:
            below = below.target().strip_typedefs()
        return below.code == gdb.TYPE_CODE_STRUCT and self.session.is_map(native)

    def _printer(self, value: gdb.Value, native: gdb.Type) -> TextPrinter:
        try:
            data, address = raw(value)
            opened = self.session.open(native, address, data)
        except (BadMap, gdb.error) as error:
            return TextPrinter(f"<not a valid map: {error}>")
        try:
            words = opened.summary()
            return MapPrinter(Page(native, address, data, pages.epoch), words)
        finally:
            opened.close()


def _children(page: Page) -> Iterator[Pair]:
    """Key, elem, key, elem, …: gdb takes them in pairs by the display hint, and stops by itself at print elements."""
    count, epoch = page.first, pages.epoch
    if page.epoch != epoch:  # an editor keeps printers; a first page can be read again, a token is a place of the past
        if page.token:
            yield from _last(page, count, "note", STALE)
            return
        pointer = page.native.strip_typedefs().code == gdb.TYPE_CODE_PTR
        page = page._replace(data=page.data if pointer or not page.address else b"", epoch=epoch)
    most = _elements()
    limit = (most + 1) // 2 if most else 0  # entries
    interrupts.arm()
    with contextlib.ExitStack() as stack:
        try:
            opened = _session().open(page.native, page.address, page.data)
            stack.callback(opened.close)
            opened.start(page.token)
            left = limit
            while not interrupts.pending():
                entries = opened.next(min(left, BATCH) if limit else BATCH)
                if entries is None:
                    if opened.note():
                        yield from _last(page, count, "note", opened.note())
                    return
                keys, elems = _values(entries, page, count)
                for key, elem in zip(keys, elems):
                    yield f"[{count}]", key
                    yield f"[{count + 1}]", elem
                    count += 2
                    if opened.closed or pages.epoch != epoch:  # an editor goes on with a walk when it likes
                        yield from _last(page, count, "note", STALE)
                        return
                    interrupts.touched = time.monotonic()
                    if interrupts.when is not None and interrupts.pending():
                        break
                _session().touched = interrupts.touched
                left -= entries.length
                token = opened.token() if limit and left <= 0 else ""
                if token:
                    yield from _last(page, count, "more", page._replace(token=token, first=count))
                    return
                left = max(left, 1)
        except KeyboardInterrupt:
            pass
        except (BadMap, gdb.error) as error:
            yield from _last(page, count, "note", str(error))
            return
    yield from _last(page, count, "interrupted", f"after {count // 2} entries")


def _last(page: Page, count: int, key: str, elem: Union[Page, str]) -> Iterator[Pair]:
    """The last pair. Names go by place, as those of all children: an editor's children keep theirs over an update."""
    yield f"[{count}]", pages.offer(page, count - page.first, key)
    yield f"[{count + 1}]", pages.offer(page, count + 1 - page.first, elem)


def _values(entries: Entries, page: Page, count: int) -> Tuple[List[Any], List[Any]]:
    """The keys and the elems of ENTRIES, the first being child COUNT."""
    keys = _records(entries.key_type, entries.key_size, entries.keys, entries.length)
    elems = _records(entries.elem_type, entries.elem_size, entries.elems, entries.length)
    first = count - page.first
    for values, lost, odd in ((keys, entries.lost_keys, 0), (elems, entries.lost_elems, 1)):
        for index in lost:
            values[index] = pages.offer(page, first + 2 * index + odd, "<unreadable>")
    for place in pages.places.get(page.home(), ()):
        index, odd = divmod(place - first, 2)
        values = elems if odd else keys
        if 0 <= index < entries.length and gdb.default_visualizer(values[index]) is None:
            values[index] = pages.offer(page, place, values[index])
    return keys, elems


def _records(native: Optional[gdb.Type], size: int, data: bytes, length: int) -> List[Any]:
    value = gdb.Value
    if native is None:
        native = _byte().array(size - 1) if size else None
    if native is None:
        return ["{}"] * length
    if not size:
        return [value(b"", native)] * length
    return [value(data[at : at + size], native) for at in range(0, length * size, size)]


def _byte() -> gdb.Type:
    with contextlib.suppress(gdb.error):
        return gdb.lookup_type("unsigned char")
    return gdb.lookup_type("uint8")  # Go


def _elements() -> int:
    """How many children gdb will show; 0: all. `print -elements N` counts (gdb 13)."""
    if hasattr(gdb, "print_options"):
        return gdb.print_options().get("max_elements", 200)
    return gdb.parameter("print elements") or 0


# Beside the printers of Go's own script (runtime-gdb.py), which empties its objfile's list; gdb asks them before ours,
# since they stand on the objfile.


class GoMap:
    """For Go's script when it is loaded after us: it puts a matcher for every class in __main__ that has a pattern into
    its list, in the order of their names. In batch mode no event comes after it that could put ours first."""

    pattern = re.compile(r"^map\[.*\].*$")

    def __new__(cls, value: gdb.Value) -> Any:
        return printer(value) if printer is not None and printer.enabled else None


def go_first() -> None:
    """Puts our printer before Go's, on every objfile that has Go's."""
    for objfile in gdb.objfiles():
        others = objfile.pretty_printers
        if others and others[0] is not printer and any(_takes_go_maps(other) for other in others):
            objfile.pretty_printers = [printer] + [other for other in others if other is not printer]


def _takes_go_maps(other: Any) -> bool:
    for cell in getattr(other, "__closure__", None) or ():
        pattern: Any = getattr(cell.cell_contents, "pattern", None)
        if hasattr(pattern, "match") and pattern.match("map[int]int"):
            return True
    return False


pages = Pages()
printer: Optional[Printer] = None


def _session() -> Session:
    assert printer is not None
    return printer.session


def install(session: Session) -> None:
    global printer
    printer = Printer(session)
    gdb.printing.register_pretty_printer(None, printer, replace=True)
    for name in ("stop", "exited", "clear_objfiles"):
        quietly(pages.stopped, name)
    for name in ("new_objfile", "before_prompt"):
        quietly(go_first, name)
