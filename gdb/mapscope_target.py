"""What gdb answers when the decoder asks: values of expressions, types, memory. Translates, and decides nothing.
Changes nothing in the target: no function is called there and nothing written."""

import contextlib
import functools
import itertools
import os
import re
from typing import Any, Dict, Hashable, Iterator, List, Optional, Tuple

import gdb
from mapscope.abi import Kind
from mapscope.debuginfo import File, Tool, Type
from mapscope.globals import Found, Globals, Module
from mapscope.interrupts import interrupts
from mapscope.provider import Member, Process, Refused, Shape
from mapscope.reading import leading
from mapscope_process import process, register

LARGEST_VALUE = 1 << 20  # bytes of a value that are read here; the decoder reads the rest where it needs it
LARGEST_READ = 1 << 24
FRAMES_MOST = 64  # of a thread

_KINDS: Dict[int, int] = {
    getattr(gdb, "TYPE_CODE_" + name): kind
    for name, kind in {
        "BOOL": Kind.BOOL,
        "FLT": Kind.FLOAT,
        "COMPLEX": Kind.COMPLEX,
        "ENUM": Kind.ENUM,
        "FLAGS": Kind.UINT,
        "PTR": Kind.POINTER,
        "REF": Kind.POINTER,
        "RVALUE_REF": Kind.POINTER,
        "ARRAY": Kind.ARRAY,
        "STRUCT": Kind.STRUCT,
        "UNION": Kind.UNION,
        "FUNC": Kind.FUNCTION,
        "METHOD": Kind.FUNCTION,
        "TYPEDEF": Kind.TYPEDEF,
    }.items()
    if hasattr(gdb, "TYPE_CODE_" + name)
}
_INTEGERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_RANGE)


_HERE = os.path.dirname(os.path.realpath(__file__))
_SECTION = re.compile(r"^\s*(0x[0-9a-f]+) - 0x[0-9a-f]+ is (\.\S+)(?: in (.+))?$", re.MULTILINE)


class Target:
    direct_read = True  # `set mapscope direct-read`

    def __init__(self) -> None:
        self._tool = Tool(_HERE)
        self._tool.interrupted = interrupts.pending
        self._globals = Globals(lambda: self._tool, _modules)

    def evaluate(self, expr: str) -> Tuple[bytes, int, gdb.Type]:
        try:
            with _harmless():
                value = gdb.parse_and_eval(expr)
            if value.type.code in (gdb.TYPE_CODE_REF, getattr(gdb, "TYPE_CODE_RVALUE_REF", -1)):
                value = value.referenced_value()
            if value.is_optimized_out:
                raise Refused("it is optimised out here: try another frame or line, or ADDRESS --type TYPE")
            return (*raw(value), value.type)
        except gdb.error as error:
            raise Refused(str(error)) from None

    def next_global(self, first: bool) -> Optional[Found]:
        return self._globals.next(first)

    def runtime_type(self, address: int) -> Optional[Type]:
        return self._globals.runtime_type(address)

    def lookup(self, name: str) -> Optional[gdb.Type]:
        for spelling in (name, "struct " + name, "union " + name, "enum " + name):
            with contextlib.suppress(gdb.error):
                return gdb.lookup_type(spelling)
        return None

    def derive(self, kind: int, native: Any, count: int) -> Any:
        if isinstance(native, Type):
            return native.file.derive(kind, native.number, count)
        native = native or gdb.lookup_type("void")
        return native.pointer() if kind == Kind.POINTER else native.array(count - 1)

    def describe(self, native: Any) -> Shape:
        if isinstance(native, Type):  # of a global that was listed
            return native.file.describe(native.number)
        code, size, name = native.code, native.sizeof or 0, native.name or ""
        if code in _INTEGERS:
            return Shape(Kind.INT if _is_signed(native) else Kind.UINT, size, name)
        kind = _KINDS.get(code, Kind.VOID)
        if kind == Kind.ARRAY:
            return Shape(kind, size, name, native.target(), _length(native))
        if kind == Kind.TYPEDEF:
            below = native.strip_typedefs() if native.target() is None else native.target()
            return Shape(kind, size, name, below)
        if kind == Kind.POINTER:
            return Shape(kind, size, name, native.target())
        if kind == Kind.ENUM:
            return Shape(kind, size, name, members=tuple(Member(f.name or "", f.enumval) for f in native.fields()))
        if kind in (Kind.STRUCT, Kind.UNION):
            return Shape(kind, size, name, members=tuple(_member(f) for f in native.fields() if hasattr(f, "bitpos")))
        if code == gdb.TYPE_CODE_FUNC:
            with contextlib.suppress(RuntimeError):  # a Go function has no target
                return Shape(kind, size, name, native.target())
        return Shape(kind, size, name)

    def read(self, address: int, size: int) -> bytes:
        return leading(_piece, address, min(size, LARGEST_READ))

    def symbol(self, name: str) -> Optional[int]:
        if "'" in name:
            return None
        try:
            return int(gdb.parse_and_eval(f"&'{name}'"))
        except gdb.error:
            return None

    def symbol_at(self, address: int) -> Optional[str]:
        # "hmap_hash_32 in section .text of /lib/libx.so"; within a function, "name + 4 in section .text". The command
        # itself comes first where `set trace-commands` is on.
        try:
            lines = gdb.execute(f"info symbol {address:#x}", to_string=True).splitlines()
        except gdb.error:
            return None
        name, found, _ = lines[-1].partition(" in section ") if lines else ("", "", "")
        return name if found and " + " not in name else None

    def thread(self, n: int) -> Optional[Tuple[str, List[str]]]:
        threads = sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num)
        if n >= len(threads):
            return None
        functions: List[str] = []
        if threads[n].is_stopped():
            with _selected(threads[n]):
                functions = list(itertools.islice(_functions(), FRAMES_MOST))
        return str(threads[n].num), functions

    def plain(self, native: Any) -> Any:
        """Without const and volatile."""
        return native if isinstance(native, Type) else native.unqualified()

    def key(self, native: Any, depth: int = 0) -> Hashable:
        """What tells types apart beside gdb's ==, which takes a typedef for the type behind it. A Go type may be a
        pointer to itself, hence the depth."""
        if isinstance(native, Type):
            return native
        links = (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_TYPEDEF)
        below = native.target() if native.code in links and depth < 8 else None
        return native.code, native.name, native.sizeof, below and self.key(below, depth + 1)

    def memory(self) -> Tuple[int, int, bool, bool]:
        one = gdb.Value(1)
        number = one.type
        little = int(gdb.Value(bytes([1]) + bytes(number.sizeof - 1), number)) == 1
        running = any(thread.is_running() for thread in gdb.selected_inferior().threads())
        return self._pid(), number.pointer().sizeof, not little, running

    def program(self) -> Any:
        return gdb.current_progspace(), self._tool.renew()

    def process(self) -> Optional[Process]:
        _, pointer_size, big_endian, _ = self.memory()
        return process(pointer_size, big_endian)

    def register(self, name: str) -> Optional[int]:
        return register(name)

    def _pid(self) -> int:
        """Of a process of this machine whose memory is as gdb shows it: no core, no remote, no replay. The selected
        thread knows it better than the inferior: `checkpoint` and `restart` change processes."""
        inferior, thread = gdb.selected_inferior(), gdb.selected_thread()
        connection = getattr(inferior, "connection", None)  # gdb 12
        live = self.direct_read and inferior.pid and thread is not None and thread.is_valid()
        if live and connection is not None and connection.type == "native" and gdb.current_recording() is None:
            return thread.ptid[0]
        return 0


def _modules() -> List[Module]:
    """The selected program's files, the executable first."""
    listed = gdb.execute("info files", to_string=True)
    starts = {(path, name): int(start, 16) for start, name, path in _SECTION.findall(listed)}
    exe = gdb.current_progspace().filename
    found = []
    for objfile in gdb.objfiles():
        name = objfile.filename
        if objfile.owner is None and name and os.path.isfile(name):
            here = "" if name == exe else name
            mine = {section: start for (path, section), start in starts.items() if path == here}
            found.append((name != exe, Module(name, functools.partial(_bias, mine))))
    return [module for _, module in sorted(found, key=lambda one: one[0])]


def _bias(starts: Dict[str, int], file: File) -> Optional[int]:
    for name, start in starts.items():
        address = file.section(name)
        if address is not None:
            return start - address
    return None


def raw(value: gdb.Value) -> Tuple[bytes, int]:
    """The bytes of a value, and its address or 0. No bytes where they cannot be read, or are too many. A pointer is
    what gdb holds (an older one may stand in $1), a struct is what lies at its address now: so do its buckets."""
    address = 0
    with contextlib.suppress(gdb.error):  # a bit-field has none
        address = int(value.address) if value.address is not None else 0
    size = value.type.sizeof or 0
    if size > LARGEST_VALUE:
        return b"", address
    if address and value.type.strip_typedefs().code != gdb.TYPE_CODE_PTR:
        with contextlib.suppress(gdb.MemoryError):
            return bytes(gdb.selected_inferior().read_memory(address, size)) if size else b"", address
        return b"", address
    if hasattr(value, "bytes"):  # gdb 15
        return value.bytes, address
    return _pack(value), address


@contextlib.contextmanager
def _harmless() -> Iterator[None]:
    """While an expression is evaluated, gdb itself refuses to call functions of the target and to write its memory.
    (That registers may not be written cannot be set while a process lives, gdb 13; the decoder refuses assignments.)"""
    names = [name for name in ("may-call-functions", "may-write-memory") if gdb.parameter(name)]
    try:
        for name in names:
            gdb.execute(f"set {name} off", to_string=True)
        yield
    finally:
        for name in names:
            _surely(f"set {name} on")


@contextlib.contextmanager
def _selected(thread: gdb.InferiorThread) -> Iterator[None]:
    """Frames can be asked of the selected thread only. The user's own thread and frame are selected again."""
    before, frame = gdb.selected_thread(), None
    with contextlib.suppress(gdb.error):
        frame = gdb.selected_frame()
    try:
        thread.switch()
        yield
    finally:
        for _ in range(2):  # a Ctrl-C that gdb noticed on the way shows once, as an exception
            with contextlib.suppress(KeyboardInterrupt):
                before.switch()
                if frame is not None:
                    frame.select()
                break


def _functions() -> Iterator[str]:
    """Of the selected thread's frames, the innermost first, as far as gdb can unwind."""
    with contextlib.suppress(gdb.error):
        frame = gdb.newest_frame()
        while frame is not None:
            yield frame.name() or "?"
            frame = frame.older()


def _surely(command: str) -> None:
    """A Ctrl-C that gdb noticed on the way shows once, as an exception."""
    try:
        gdb.execute(command, to_string=True)
    except KeyboardInterrupt:
        gdb.execute(command, to_string=True)
        raise


def _piece(address: int, size: int) -> bytes:
    """All or nothing."""
    with contextlib.suppress(gdb.error, OverflowError, ValueError):
        return bytes(gdb.selected_inferior().read_memory(address, size))
    return b""


def _pack(value: gdb.Value) -> bytes:
    """The bytes of a value that lies nowhere, from its parts."""
    native = value.type.strip_typedefs()
    code, size = native.code, native.sizeof
    little = not Target().memory()[2]
    out = bytearray(size)
    if code == gdb.TYPE_CODE_STRUCT:
        for field in native.fields():
            if not hasattr(field, "bitpos"):
                continue
            if field.bitsize:
                shift = field.bitpos if little else 8 * size - field.bitpos - field.bitsize
                bits = (int(value[field]) & ((1 << field.bitsize) - 1)) << shift
                whole = int.from_bytes(out, "little" if little else "big") | bits
                out = bytearray(whole.to_bytes(size, "little" if little else "big"))
            else:
                part = _pack(value[field])
                out[field.bitpos // 8 : field.bitpos // 8 + len(part)] = part
        return bytes(out)
    if code == gdb.TYPE_CODE_UNION:
        largest = max(native.fields(), key=lambda f: f.type.sizeof, default=None)
        part = _pack(value[largest]) if largest is not None else b""
        return part + bytes(size - len(part))
    if code == gdb.TYPE_CODE_ARRAY:
        first, last = native.range()
        return b"".join(_pack(value[i]) for i in range(first, last + 1)).ljust(size, b"\0")
    if code == gdb.TYPE_CODE_FLT:
        number = int(value.format_string(raw=True, format="x"), 16)
    else:
        number = int(value)
    return (number & ((1 << 8 * size) - 1)).to_bytes(size, "little" if little else "big")


def _member(field: gdb.Field) -> Member:
    name = "" if field.is_base_class else field.name or ""
    if field.bitsize:
        return Member(name, field.bitpos // 8, field.type, field.bitsize, field.bitpos % 8)
    return Member(name, field.bitpos // 8, field.type)


def _is_signed(native: gdb.Type) -> bool:
    if hasattr(native, "is_signed"):  # gdb 12
        return native.is_signed
    return int(gdb.Value(-1).cast(native)) < 0


def _length(native: gdb.Type) -> int:
    try:
        first, last = native.range()
    except gdb.error:  # bounds that only a value knows
        return 0
    flexible = not native.sizeof and native.target().sizeof  # gdb 13 says one element of data[]
    return 0 if flexible else max(last - first + 1, 0)
