"""The debugger's answers as the decoder wants them: numbers for types, C structs, call-backs. Knows no debugger: a
front-end's Target answers the questions, see its Protocol.

The decoder calls back through ctypes, which drops exceptions and hands C a random result. So a call-back stores its
answer as its last act; one that did not get so far counts as interrupted."""

import contextlib
import ctypes
import os
import sys
from typing import Any, Callable, Dict, Hashable, Iterator, List, NamedTuple, Optional, Protocol, Tuple

from . import abi
from .abi import Code, Kind


PINNED = "$_mapscope"  # as an expression: a map that a script has found before


class Refused(Exception):
    """The debugger could not evaluate an expression, in its own words."""


class Member(NamedTuple):
    name: str
    offset: int  # bytes; an enumerator's value
    type: Any = None  # native
    bit_size: int = 0
    bit_offset: int = 0


class Shape(NamedTuple):
    kind: int
    size: int
    name: str = ""
    target: Any = None  # native type
    length: int = 0  # of an array
    members: Tuple[Member, ...] = ()


class Mapping(NamedTuple):
    start: int
    end: int
    offset: int  # of START in the file
    path: str


class Process(NamedTuple):
    """See struct ms_process_facts."""

    pid: int
    auxv: bytes
    mappings: Tuple[Mapping, ...]
    stack_end: int
    lacks: str = ""


class Target(Protocol):
    """The debugger's side. Native types are its own type objects, with == between them."""

    def evaluate(self, expr: str) -> Tuple[bytes, int, Any]:
        ...  # bytes, address or 0, native type; or raise Refused

    # def next_global(self, first: bool) -> Optional[Tuple[str, Any, int]]
    # The FIRST or the next variable of the program: name, native type, address; None behind the last.

    # def runtime_type(self, address: int) -> Any
    # The native type that Go's run-time type descriptor at ADDRESS describes, or None. A Target has both or none.

    # def variable(self, name: str) -> Optional[Tuple[bytes, int, Any]]
    # As evaluate, for a single name; None where there is none. A Target that has it leaves paths to the decoder.

    # def process(self) -> Optional[Process], def register(self, name: str) -> Optional[int]
    # For map-save: a Target need not have them.

    def lookup(self, name: str) -> Any:
        ...  # native type or None

    def derive(self, kind: int, native: Any, count: int) -> Any:
        ...  # a pointer to a native type (None: void), or an array of COUNT of it

    def describe(self, native: Any) -> Shape:
        ...

    def read(self, address: int, size: int) -> bytes:
        ...  # the leading bytes that can be read

    def symbol(self, name: str) -> Optional[int]:
        ...

    def symbol_at(self, address: int) -> Optional[str]:
        ...  # the name of the symbol that begins there

    def thread(self, n: int) -> Optional[Tuple[str, List[str]]]:
        ...  # the name of the N-th thread, and the functions on its stack, innermost first; None: there are fewer

    def plain(self, native: Any) -> Any:
        ...  # without const and volatile

    def key(self, native: Any) -> Hashable:
        ...  # equal for equal types, and fast

    def memory(self) -> Tuple[int, int, bool, bool]:
        ...  # pid to read directly or 0, pointer size, big-endian?, does it run meanwhile?

    def program(self) -> Any:
        ...  # another one: types and symbols are others


class Provider:
    """Answers one decoder context. Type numbers hold until clear_types."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.cut = False  # a call-back was interrupted
        self.trouble: Optional[Exception] = None  # that a call-back raised
        self.pinned: Optional[Tuple[bytes, int, Any]] = None  # what PINNED names, as a Target's evaluate gives it
        self.clear_types()
        guard, lists = self._guard, hasattr(target, "next_global")
        self.memory = abi.Memory(ctypes.sizeof(abi.Memory), None, guard(abi.READ, self._read), 0, 8, 0)
        self.types = abi.Types(
            ctypes.sizeof(abi.Types),
            None,
            guard(abi.EVALUATE, self._evaluate),
            guard(abi.LOOKUP, self._lookup),
            guard(abi.TYPE, self._type),
            guard(abi.FIELD, self._field),
            guard(abi.SYMBOL, self._symbol),
            guard(abi.VARIABLE, self._variable) if hasattr(target, "variable") else ctypes.cast(0, abi.VARIABLE),
            guard(abi.DERIVE, self._derive),
            guard(abi.PROCESS, self._process) if hasattr(target, "process") else ctypes.cast(0, abi.PROCESS),
            guard(abi.REG, self._reg) if hasattr(target, "register") else ctypes.cast(0, abi.REG),
            guard(abi.SYMBOL_AT, self._symbol_at),
            guard(abi.NEXT_GLOBAL, self._next_global) if lists else ctypes.cast(0, abi.NEXT_GLOBAL),
            guard(abi.RUNTIME_TYPE, self._runtime_type) if lists else ctypes.cast(0, abi.RUNTIME_TYPE),
            guard(abi.THREAD, self._thread),
        )

    def clear_types(self) -> None:
        self._natives: List[Any] = []  # by number, from 1
        self._numbers: Dict[Hashable, List[int]] = {}
        self._shapes: Dict[int, Tuple[abi.Type, List[abi.Field]]] = {}

    def number(self, native: Any) -> int:
        """The number by which the decoder knows a type; equal types have equal numbers."""
        native = self.target.plain(native)
        same = self._numbers.setdefault(self.target.key(native), [])
        for number in same:
            if self._natives[number - 1] == native:
                return number
        self._natives.append(native)
        same.append(len(self._natives))
        return len(self._natives)

    @property
    def type_count(self) -> int:
        return len(self._natives)

    def native(self, number: int) -> Any:
        return self._natives[number - 1] if number else None

    def is_pointer(self, native: Any) -> bool:
        """Through typedefs."""
        shape = self.target.describe(native)
        while shape.kind == Kind.TYPEDEF:
            shape = self.target.describe(shape.target)
        return shape.kind == Kind.POINTER

    @contextlib.contextmanager
    def calling(self) -> Iterator[None]:
        """While C may call back: a Ctrl-C that hits a call-back before its first line is no traceback, but a wish to
        end."""
        previous = sys.unraisablehook
        self.cut = False

        def hook(unraisable: Any) -> None:
            if issubclass(unraisable.exc_type, KeyboardInterrupt):
                self.cut = True
            else:
                previous(unraisable)

        sys.unraisablehook = hook
        try:
            yield
        finally:
            sys.unraisablehook = previous

    def _guard(self, prototype: Any, method: Callable[..., int]) -> Any:
        def callback(_user: Any, *arguments: Any) -> None:
            try:
                answer = method(*arguments[:-1])
                arguments[-1][0] = answer
            except KeyboardInterrupt:
                self.cut = True
            except Exception as error:
                self.trouble = error
                arguments[-1][0] = Code.FAULT

        return prototype(callback)

    # -- Call-backs: struct ms_memory and struct ms_types

    def _read(self, address: int, buffer: int, size: int) -> int:
        data = self.target.read(address, size)
        ctypes.memmove(buffer, data, len(data))
        return len(data)

    def _evaluate(self, expr: bytes, out: Any) -> int:
        return self._value(self.target.evaluate, expr, out)

    def _variable(self, name: bytes, out: Any) -> int:
        return self._value(self.target.variable, name, out)  # type: ignore[attr-defined]

    def _value(self, question: Callable[[str], Any], text: bytes, out: Any) -> int:
        value, name = out.contents, text.decode("utf-8", "surrogateescape")
        try:
            found = self.pinned if name == PINNED and self.pinned else question(name)
        except Refused as error:
            self._lent = ctypes.create_string_buffer(one_line(error).encode("utf-8", "replace"))
            value.error = ctypes.cast(self._lent, ctypes.c_char_p)
            return Code.REFUSED
        if found is None:
            return Code.NOT_FOUND
        data, address, native = found
        self.fill(value, self.number(native), address, data)
        return Code.OK

    def fill(self, value: abi.Value, number: int, address: int, data: bytes) -> None:
        self._lent = ctypes.create_string_buffer(data, max(len(data), 1))
        value.type, value.address = number, address
        value.bytes, value.byte_count = ctypes.addressof(self._lent), len(data)

    def _lookup(self, name: bytes, out: Any) -> int:
        native = self.target.lookup(name.decode("utf-8", "surrogateescape"))
        if native is None:
            return Code.NOT_FOUND
        out[0] = self.number(native)
        return Code.OK

    def _derive(self, kind: int, number: int, count: int, out: Any) -> int:
        native = self.target.derive(kind, self.native(number), count)
        if native is None:
            return Code.NOT_FOUND
        out[0] = self.number(native)
        return Code.OK

    def _next_global(self, cursor: Any, out: Any) -> int:
        found = self.target.next_global(cursor[0] == 0)  # type: ignore[attr-defined]
        cursor[0] = 1
        if found is None:
            return Code.NOT_FOUND
        name, native, address = found
        self._lent = ctypes.create_string_buffer(name.encode("utf-8", "surrogateescape"))
        out[0].name = ctypes.cast(self._lent, ctypes.c_char_p)
        out[0].type, out[0].address = self.number(native), address
        return Code.OK

    def _runtime_type(self, address: int, out: Any) -> int:
        native = self.target.runtime_type(address)  # type: ignore[attr-defined]
        if native is None:
            return Code.NOT_FOUND
        out[0] = self.number(native)
        return Code.OK

    def _symbol(self, name: bytes, out: Any) -> int:
        address = self.target.symbol(name.decode("utf-8", "surrogateescape"))
        if address is None:
            return Code.NOT_FOUND
        out[0] = address
        return Code.OK

    def _process(self, out: Any) -> int:
        found = self.target.process()  # type: ignore[attr-defined]
        if found is None:
            return Code.NOT_FOUND
        facts = out.contents
        files = [abi.Mapping(*one[:3], os.fsencode(one.path)) for one in found.mappings]
        lacks = one_line(found.lacks).encode("utf-8", "replace") if found.lacks else None
        lent = ctypes.create_string_buffer(found.auxv, max(len(found.auxv), 1)), (abi.Mapping * len(files))(*files)
        self._lent_facts = lent, lacks  # until the next ones
        facts.pid, facts.stack_end, facts.lacks = found.pid, found.stack_end, lacks
        facts.auxv, facts.auxv_size = ctypes.addressof(lent[0]), len(found.auxv)
        facts.mappings, facts.mapping_count = ctypes.addressof(lent[1]), len(files)
        return Code.OK

    def _reg(self, name: bytes, out: Any) -> int:
        value = self.target.register(name.decode())  # type: ignore[attr-defined]
        if value is None:
            return Code.NOT_FOUND
        out[0] = value & 0xFFFFFFFFFFFFFFFF
        return Code.OK

    def _symbol_at(self, address: int, out: Any) -> int:
        name = self.target.symbol_at(address)
        if name is None:
            return Code.NOT_FOUND
        self._lent = ctypes.create_string_buffer(name.encode("utf-8", "replace"))
        out[0] = ctypes.cast(self._lent, ctypes.c_char_p)
        return Code.OK

    def _thread(self, n: int, out: Any) -> int:
        found = self.target.thread(n)
        if found is None:
            return Code.NOT_FOUND
        name, functions = found
        self._told = name.encode("utf-8", "replace"), "\n".join(functions).encode("utf-8", "replace")
        out.contents.name, out.contents.functions = self._told
        return Code.OK

    def _type(self, number: int, out: Any) -> int:
        out[0] = self._shape(number)[0]
        return Code.OK

    def _field(self, number: int, index: int, out: Any) -> int:
        fields = self._shape(number)[1]
        if index >= len(fields):
            return Code.NOT_FOUND
        out[0] = fields[index]
        return Code.OK

    def _shape(self, number: int) -> Tuple[abi.Type, List[abi.Field]]:
        found = self._shapes.get(number)
        if found is None:
            shape = self.target.describe(self._natives[number - 1])
            fields = [
                abi.Field(
                    ctypes.sizeof(abi.Field),
                    member.name.encode("utf-8", "replace"),
                    member.offset,
                    0 if member.type is None else self.number(member.type),
                    member.bit_size,
                    member.bit_offset,
                )
                for member in shape.members
            ]
            target = 0 if shape.target is None else self.number(shape.target)
            name = shape.name.encode("utf-8", "replace")
            size = ctypes.sizeof(abi.Type)
            found = abi.Type(size, shape.kind, len(fields), shape.size, target, shape.length, name), fields
            self._shapes[number] = found
        return found


def one_line(error: object) -> str:
    return " ".join(str(error).split())
