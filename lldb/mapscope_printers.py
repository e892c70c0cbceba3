"""The summary and the children of maps in frame variable, p and an editor's variables view: category `mapscope`. What a
map is and what it holds comes from the decoder; here it becomes lldb's values, where keys and elems lie in the target.

Up to NAMED entries are children named by key. A larger map's children are pairs named [0], [1], …: that is how an
editor knows that it may ask for them page by page. A pair is of a type that no program has (see Pairs)."""

import collections
import contextlib
import functools
import random
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

import lldb
from mapscope.maps import BadMap, Entries, Map
from mapscope.session import Session
from mapscope_runs import Run, most
from mapscope_sessions import Busy, Sessions
from mapscope_target import lives, raw

NAMED = 256  # entries
LONG = 256  # characters of a key that a name shows; the whole key then stands beside its elem
BLOCK = 512  # entries that are fetched together: more than NAMED, so that such a map's end is seen
BLOCKS = 64  # kept of one map
SMALL = 1024  # buckets of a map that is read before its children are counted, so that they say what is wrong with it
SLOTS, CHAIN_MOST, SLACK = 8, 16, 1 << 16  # a header that counts more entries in so many buckets is not believed
PAIRS = 1 << 16  # that can still be opened

_MAYBE_MAP = lldb.eTypeClassStruct | lldb.eTypeClassClass
_FOR_TEXT = ("${var%s}", "${var%char[]}")  # lldb's own summaries of C strings, which do not escape everything

sessions: Sessions
trouble: Optional[Exception] = None  # the last exception that lldb was spared


def guarded(otherwise: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """lldb prints an exception with its traceback in the middle of its answer, and goes on. That it was interrupted, it
    says by itself; a child that said so would be kept until the next stop."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any) -> Any:
            global trouble
            try:
                return function(*arguments)
            except KeyboardInterrupt:
                return otherwise
            except Exception as error:
                trouble = error
                return otherwise

        return call

    return wrap


class Side(NamedTuple):
    """A key or an elem: where it lies (0: it could not be fetched), and how map-entries shows it."""

    native: Optional[lldb.SBType]  # None: bytes
    size: int
    address: int
    text: str
    like: Optional[lldb.SBValue]  # a value of that type, to ask how the user wants to see it

    def value(self, owner: lldb.SBValue, name: str) -> lldb.SBValue:
        native = self.native
        if native is None:
            native = owner.GetTarget().GetBasicType(lldb.eBasicTypeUnsignedChar).GetArrayType(self.size)
        if not self.size:  # lldb makes no value of an address then
            return owner.CreateValueFromData(name, lldb.SBData(), native)
        if not self.address:
            return pairs.offer(owner, name, Words(self.text))
        if lives(owner.GetProcess()):
            return owner.CreateValueFromAddress(name, self.address, native)
        target, error, data = owner.GetTarget(), lldb.SBError(), lldb.SBData()
        found = target.ReadMemory(target.ResolveFileAddress(self.address), self.size, error)  # static data
        data.SetData(error, found or b"", target.GetByteOrder(), target.GetAddressByteSize())
        return owner.CreateValueFromData(name, data, native)

    def words(self, owner: lldb.SBValue) -> str:
        """In one line: by the user's own summary or format for its type, if there is one."""
        own = None
        if self.like is None or not self.address:
            pass
        elif _is_own(self.like.GetTypeSummary()):
            own = self.value(owner, "").GetSummary()
        elif self.like.GetTypeFormat().IsValid():
            own = self.value(owner, "").GetValue()
        return _escaped(owner.GetTarget(), own) if own else self.text


class Entry(NamedTuple):
    key: Side
    elem: Side


class Words(NamedTuple):
    """Something to be said among the children."""

    text: str


Offer = Union[Entry, Words]


class Stop(NamedTuple):
    process: int  # as lldb counts them
    number: int

    @classmethod
    def of(cls, value: lldb.SBValue) -> "Stop":
        process = value.GetProcess()
        return cls(process.GetUniqueID(), process.GetStopID())


class Name(NamedTuple):
    """Of a child."""

    text: str
    whole: bool  # all of its key


class Pairs:
    """What the values called [0], [1], … stand for. lldb's values carry nothing of ours but their type and their bytes:
    an array of references, which neither C nor C++ has, and there our mark, a number, and the mark again."""

    def __init__(self) -> None:
        self._mark = random.SystemRandom().getrandbits(63)
        self._offered: Dict[int, Tuple[Stop, Offer]] = {}  # by number, the oldest first
        self._stops: Dict[int, Stop] = {}  # the last one of each process
        self._next = 1

    def offer(self, owner: lldb.SBValue, name: str, what: Offer) -> lldb.SBValue:
        stop = Stop.of(owner)
        if self._stops.get(stop.process) != stop:
            self._stops[stop.process] = stop
            self._offered = {one: old for one, old in self._offered.items() if old[0].process != stop.process}
        number, self._next = self._next, self._next + 1
        self._offered[number] = stop, what
        if len(self._offered) > PAIRS:
            del self._offered[next(iter(self._offered))]
        native = owner.GetType().GetUnqualifiedType()
        while native.IsReferenceType() or native.IsPointerType():
            native = native.GetPointeeType().GetUnqualifiedType()
        target = owner.GetTarget()
        order, size = target.GetByteOrder(), target.GetAddressByteSize()
        data = lldb.SBData.CreateDataFromUInt64Array(order, size, [self._mark, number, self._mark])
        return owner.CreateValueFromData(name, data, native.GetReferenceType().GetArrayType(24 // size))

    def recognise(self, value: lldb.SBValue) -> Offer:
        data = value.GetData()
        numbers = [data.GetUnsignedInt64(lldb.SBError(), at) for at in (0, 8, 16)]
        stop, what = self._offered.get(numbers[1], (None, None))
        if what is None or stop != Stop.of(value) or numbers != [self._mark, numbers[1], self._mark]:
            return Words("<out of date: open the map again>")
        return what


class PairChildren:
    """lldb's provider for what Pairs offered: key and elem."""

    def __init__(self, value: lldb.SBValue, names: Dict[str, Any]) -> None:
        self._value = value.GetNonSyntheticValue()
        self._known: Optional[Offer] = None

    def update(self) -> bool:
        self._known = None
        return False

    @guarded(False)
    def has_children(self) -> bool:
        return isinstance(self._what(), Entry)

    @guarded(0)
    def num_children(self, most: int = 0) -> int:
        return len(Entry._fields) if isinstance(self._what(), Entry) else 0

    @guarded(None)
    def get_child_at_index(self, index: int) -> Optional[lldb.SBValue]:
        what = self._what()
        if not isinstance(what, Entry) or not 0 <= index < len(Entry._fields):
            return None
        return what[index].value(self._value, Entry._fields[index])

    @guarded(-1)
    def get_child_index(self, name: str) -> int:
        return Entry._fields.index(name) if name in Entry._fields else -1

    @guarded("entry")
    def get_type_name(self) -> str:
        return "entry" if isinstance(self._what(), Entry) else "note"

    def _what(self) -> Offer:
        if self._known is None:  # lldb 19 asks has_children before it calls update
            self._known = pairs.recognise(self._value)
        return self._known


class MapChildren:
    """lldb's provider for a map, or a pointer to one."""

    def __init__(self, value: lldb.SBValue, names: Dict[str, Any]) -> None:
        self._value = value.GetNonSyntheticValue()
        self._open: Optional[Opened] = None

    def update(self) -> bool:
        """The program may have run: what was known of the map is of the past."""
        self._open = None
        return False

    @guarded(False)
    def has_children(self) -> bool:
        opened = self._opened()
        return opened is not None and opened.count > 0

    @guarded(0)
    def num_children(self, most: int = 0) -> int:
        opened = self._opened()
        return opened.count if opened else 0

    @guarded(None)
    def get_child_at_index(self, index: int) -> Optional[lldb.SBValue]:
        opened = self._opened()
        return opened.child(index) if opened and 0 <= index < opened.count else None

    @guarded(-1)
    def get_child_index(self, name: str) -> int:
        opened = self._opened()
        return opened.index(name) if opened else -1

    def _opened(self) -> Optional["Opened"]:
        if self._open is None:
            with contextlib.suppress(BadMap, Busy):
                self._open = Opened(self._value)
        return self._open


class Opened:
    """A map whose header has been read, and those of its entries that were asked for. COUNT is that of its children:
    what the header says, or what a small map really holds, and perhaps a note."""

    def __init__(self, value: lldb.SBValue) -> None:
        self._value = value
        self._blocks: "collections.OrderedDict[int, List[Entry]]" = collections.OrderedDict()
        self._names: List[Name] = []  # of the first children
        self._same: Dict[str, int] = {}  # how many of them have these words
        self._run = Run()
        self._end: Optional[int] = None  # how many entries there are, when that has been seen
        self._note = ""
        with sessions.turn(value.GetTarget()) as session:
            self._map = _open(session, value)
            self.count = most(self._count(session))

    def child(self, index: int) -> Optional[lldb.SBValue]:
        with self._run.asked(index) as goes_on:
            if not goes_on:
                return None
            what = self._at(index)
            name = Name(f"[{index}]", False) if self.count > NAMED else self._name(index)
        if isinstance(what, Words) or not name.whole:
            return pairs.offer(self._value, name.text, what)
        return what.elem.value(self._value, name.text)

    def index(self, name: str) -> int:
        if self.count > NAMED:
            number = name[1:-1]
            return int(number) if name == f"[{number}]" and number.isdecimal() and int(number) < self.count else -1
        return next((index for index in range(self.count) if self._name(index).text == name), -1)

    def _name(self, index: int) -> Name:
        """Each is another one, since lldb-dap finds by its name what it is to change."""
        while len(self._names) <= index:
            what = self._at(len(self._names))
            words = what.key.words(self._value) if isinstance(what, Entry) else "note"
            whole = len(words) <= LONG and not words.endswith("...")
            words = words if len(words) <= LONG else words[:LONG] + "..."
            self._same[words] = same = self._same.get(words, 0) + 1
            self._names.append(Name(f"[{words}]" if same == 1 else f"[{words}] ({same})", whole))
        return self._names[index]

    def _count(self, session: Session) -> int:
        count, buckets = self._map.number("count"), self._map.number("buckets") + self._map.number("old_buckets")
        believable = 0 <= count <= SLACK + SLOTS * CHAIN_MOST * buckets
        if buckets <= SMALL and (count <= NAMED or not believable):
            with contextlib.suppress(KeyboardInterrupt):
                found = len(self._block(session, 0))
                if self._end is not None:
                    return self._end + bool(self._note)
                believable = believable and count > found
        return count if believable else max(SLOTS * buckets, BLOCK)

    def _at(self, index: int) -> Offer:
        try:
            with sessions.turn(self._value.GetTarget()) as session:
                if session.interrupted():
                    raise KeyboardInterrupt
                number, at = divmod(index, BLOCK)
                if index == 0 and number not in self._blocks:  # lldb-dap asks for it before anyone has opened the map
                    block = self._fetch(session, 0, 1)
                else:
                    block = self._block(session, number)
                if at < len(block):
                    return block[at]
                if self._end is None:
                    self._find_end(index)
        except (BadMap, Busy) as error:
            return Words(f"<{error}>")
        count, said = self._map.number("count"), self._note
        if self._end != count and "live entries found" not in said:  # no walk from the beginning, which tells all
            said = f"{self._end} live entries found, count is {count}: map-entries tells more"
        return Words(f"<{said}>" if index == self._end else "<no entry>")

    def _block(self, session: Session, number: int) -> List[Entry]:
        if number not in self._blocks:
            self._blocks[number] = self._fetch(session, number * BLOCK, BLOCK)
            if len(self._blocks) > BLOCKS:
                self._blocks.popitem(last=False)
        return self._blocks[number]

    def _fetch(self, session: Session, first: int, wanted: int) -> List[Entry]:
        if self._map.closed:  # modules came or went
            self._map = _open(session, self._value)
        else:
            session.refresh()
        token = self._map.seek(first) if first else ""
        if token is None:
            return []
        found: List[Entry] = []
        self._map.start(token)
        while len(found) < wanted:
            batch = self._map.next(wanted - len(found))
            if batch is None:
                self._end, self._note = first + len(found), self._map.note()
                break
            found += _entries(self._map, batch, self._value)
        return found

    def _find_end(self, below: int) -> None:
        """There are fewer entries than BELOW. What the map has walked once costs little."""
        first = 0
        while first < below:
            middle = (first + below) // 2
            if self._map.seek(middle) is None:
                below = middle
            else:
                first = middle + 1
        self._end = first


def _entries(opened: Map, batch: Entries, owner: lldb.SBValue) -> Iterator[Entry]:
    like_key = _like(owner, batch.key_type, batch.key_size)
    like_elem = _like(owner, batch.elem_type, batch.elem_size)
    for i in range(batch.length):
        yield Entry(
            Side(batch.key_type, batch.key_size, batch.key_addresses[i], opened.key_text(i), like_key),
            Side(batch.elem_type, batch.elem_size, batch.elem_addresses[i], opened.elem_text(i), like_elem),
        )


def _like(owner: lldb.SBValue, native: Optional[lldb.SBType], size: int) -> Optional[lldb.SBValue]:
    """Without a look at the program."""
    if native is None or not size:
        return None
    zeros = lldb.SBData.CreateDataFromUInt64Array(owner.GetTarget().GetByteOrder(), 8, [0] * (size // 8 + 1))
    return owner.CreateValueFromData("", zeros, native)


def _open(session: Session, value: lldb.SBValue) -> Map:
    data, address = raw(value)
    return session.open(value.GetType(), address, data)


def _is_own(summary: lldb.SBTypeSummary) -> bool:
    """Neither lldb's for text nor ours for a map within a map."""
    if not summary.IsValid():
        return False
    said = summary.GetData() or ""
    return said not in _FOR_TEXT and not said.endswith(".map_summary")


def _escaped(target: lldb.SBTarget, words: str) -> str:
    with sessions.turn(target) as session:
        return session.escape(words)


@guarded(False)
def is_map(native: lldb.SBType, names: Dict[str, Any]) -> bool:
    """lldb asks this for every type that it shows, so quick to say no."""
    below = native.GetCanonicalType()
    if below.IsPointerType():
        below = below.GetPointeeType().GetCanonicalType()
    if not below.GetTypeClass() & _MAYBE_MAP:
        return False
    with contextlib.suppress(Busy):
        return sessions.is_map(native)
    return False


@guarded(False)
def is_pair(native: lldb.SBType, names: Dict[str, Any]) -> bool:
    return native.IsArrayType() and native.GetArrayElementType().IsReferenceType()


@guarded("<mapscope failed>")
def map_summary(value: lldb.SBValue, names: Dict[str, Any], options: Any = None) -> str:
    value = value.GetNonSyntheticValue()
    try:
        with sessions.turn(value.GetTarget()) as session:
            opened = _open(session, value)
            try:
                return opened.summary()
            finally:
                opened.close()
    except BadMap as error:
        return f"<not a valid map: {error}>"
    except Busy as error:
        return f"<{error}>"


@guarded("<mapscope failed>")
def pair_summary(value: lldb.SBValue, names: Dict[str, Any], options: Any = None) -> str:
    value = value.GetNonSyntheticValue()
    what = pairs.recognise(value)
    return what.text if isinstance(what, Words) else f"{what.key.words(value)}: {what.elem.words(value)}"


pairs = Pairs()


def install(shared: Sessions) -> None:
    global sessions
    sessions = shared


def declare(debugger: lldb.SBDebugger, module: str) -> None:
    """In a category of our own, behind the user's: what someone has set for a type of theirs holds."""
    category = debugger.CreateCategory("mapscope")
    # A pointer to a map is asked about by itself; a pointer to such a pointer is lldb's.
    shown = lldb.eTypeOptionCascade | lldb.eTypeOptionSkipPointers
    for kind, flags in (("map", shown), ("pair", shown | lldb.eTypeOptionHideChildren)):
        here = lldb.SBTypeNameSpecifier(f"{module}.is_{kind}", lldb.eFormatterMatchCallback)
        words = lldb.SBTypeSummary.CreateWithFunctionName(f"{module}.{kind}_summary", flags)
        category.AddTypeSummary(here, words)
        provider = f"{module}.{kind.capitalize()}Children"
        category.AddTypeSynthetic(here, lldb.SBTypeSynthetic.CreateWithClassName(provider, shown))
    category.SetEnabled(True)
