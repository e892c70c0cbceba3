"""Variables and types of Go code, for which lldb has none: asked of the tool that reads debug information, and found in
the selected frame as lldb unwinds it. Translates, and knows nothing of maps."""

import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import lldb
from mapscope import abi
from mapscope.abi import Kind
from mapscope.debuginfo import File, Place, Tool, Trouble, Type
from mapscope.locate import Frame, Unavailable, locate
from mapscope.provider import Refused, Shape
from mapscope_interrupts import interrupted

LARGEST_VALUE = 1 << 20  # bytes of a value that are read here; the decoder reads the rest where it needs it
INLINED_MOST = 16  # calls inlined into each other that are looked through
OPTIMISED_OUT = "it is optimised out here: try another frame or line, or ADDRESS --type TYPE"

_HERE = os.path.dirname(os.path.realpath(__file__))
_SECTIONS = (".go.buildinfo", ".gopclntab", ".note.go.buildid", ".data.rel.ro.gopclntab")
# Numbers of registers: x86-64 psABI, 3.6.2; i386 psABI, 2.5; DWARF for the Arm 64-bit Architecture, 4.1.
_X86_64 = ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", *(f"r{n}" for n in range(8, 16)), "rip"]
_REGISTERS: Dict[str, Dict[int, str]] = {
    "x86_64": dict(enumerate(_X86_64 + [f"xmm{n}" for n in range(16)])),
    "i386": dict(enumerate(["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip"])),
    "aarch64": {**{n: f"x{n}" for n in range(31)}, 31: "sp", **{64 + n: f"v{n}" for n in range(32)}},
}
_REGISTERS["i686"], _REGISTERS["arm64"] = _REGISTERS["i386"], _REGISTERS["aarch64"]
# Go's functions save no registers for their callers but these.
_KEPT = {"rsp", "rbp", "rip", "esp", "ebp", "eip", "sp", "x29"}
_SIGNAL_RETURNS = {"runtime.sigreturn", "runtime.sigreturn.abi0", "runtime.sigreturn__sigaction.abi0", "__restore_rt"}

_tool: Optional[Tool] = None


def tool() -> Tool:
    """One for all targets."""
    global _tool
    if _tool is None:
        _tool = Tool(_HERE)
    return _tool


class Stop(NamedTuple):
    """Where a frame of Go code stands in its file."""

    file: File
    bias: int
    pc: int  # an address of the file within the call
    inlined: int
    innermost: bool
    package: str


class Go:
    """READ gives the target's memory."""

    def __init__(self, target: lldb.SBTarget, read: Callable[[int, int], bytes]) -> None:
        self._target, self._read = target, read
        self._is_go: Dict[Any, bool] = {}  # modules
        self._found: Tuple[Any, List[lldb.SBModule]] = None, []
        self._lib: Any = None

    def renew(self) -> int:
        """To be called before each command, see Tool.renew."""
        tool().interrupted = lambda: interrupted(self._target.GetDebugger())
        return tool().renew()

    def speaks(self, frame: Optional[lldb.SBFrame]) -> bool:
        """Whether names mean Go's here."""
        if not self._modules():
            return False
        unit = frame.GetCompileUnit() if frame else None
        if unit:
            return unit.GetLanguage() == lldb.eLanguageTypeGo
        return self._has_go(self._target.GetModuleAtIndex(0))

    def variable(self, frame: Optional[lldb.SBFrame], name: str) -> Optional[Tuple[bytes, int, Type]]:
        """As Target.variable."""
        lacks: List[str] = []
        try:
            stop = self._stop(frame) if frame else None
            if stop and frame:
                found = self._local(frame, stop, name) or self._global(stop.file, stop.bias, stop, name)
                if found:
                    return found
            for module in self._modules():
                file = self._open(module)
                found = self._global(file, self.bias(module), None, name) if not stop or file != stop.file else None
                if found:
                    return found
                lacks += [file.lack] if file.lack else []
        except Trouble as trouble:
            raise Refused(str(trouble)) from None
        if lacks:
            raise Refused(lacks[0])
        return None

    def lookup(self, frame: Optional[lldb.SBFrame], name: str) -> Optional[Type]:
        stop = self._stop(frame) if frame else None
        found = stop.file.lookup(name, stop.pc) if stop else None
        return found or next(filter(None, (self._open(module).lookup(name, None) for module in self._modules())), None)

    def lack(self) -> None:
        """Raises why types may be missing."""
        for module in self._modules():
            if self._open(module).lack:
                raise Trouble(self._open(module).lack)

    def describe(self, native: Type) -> Shape:
        if not native.number:
            return Shape(Kind.VOID, 0, "optimised out here")
        shape = native.file.describe(native.number)
        return _part(shape, native.known) if native.known else shape

    def derive(self, kind: int, native: Optional[Type], count: int) -> Optional[Type]:
        file = native.file if native else self._open(self._modules()[0])
        return file.derive(kind, native.number if native else 0, count)

    # -- Variables

    def _local(self, frame: lldb.SBFrame, stop: Stop, name: str) -> Optional[Tuple[bytes, int, Type]]:
        for inlined in range(stop.inlined, stop.inlined + INLINED_MOST):
            place, why = stop.file.local(stop.pc, inlined, name)
            if place or why:
                lent = Frame(self._register(frame, stop.innermost), lambda: _cfa(frame), self._read, stop.bias)
                return self._value(stop.file, lent, place)
        return None

    def _global(self, file: File, bias: int, stop: Optional[Stop], name: str) -> Optional[Tuple[bytes, int, Type]]:
        """In a package, its own variables need no prefix."""
        for text in [name] + ([f"{stop.package}.{name}"] if stop and stop.package and "." not in name else []):
            place, why = file.variable(stop.pc if stop else None, text)
            if place or why:
                return self._value(file, Frame(None, None, self._read, bias), place)
        return None

    def _value(self, file: File, frame: Frame, place: Optional[Place]) -> Tuple[bytes, int, Type]:
        if place is None:
            raise Refused(OPTIMISED_OUT)
        if self._lib is None:
            self._lib = abi.load(_HERE)
        try:
            address, data, known = locate(self._lib, frame, place, min(place.size, LARGEST_VALUE))
        except Unavailable as unavailable:
            why = str(unavailable)
            raise Refused(OPTIMISED_OUT if why.startswith("optimised") else f"not available here: {why}") from None
        if address and place.size <= LARGEST_VALUE:
            data = self._read(address, place.size)
            data = data if len(data) == place.size else b""
        native = Type(file, place.type, known)
        if known and not _has_parts(file, place.type):
            raise Refused(OPTIMISED_OUT)
        return data, address, native

    # -- Frames

    def _stop(self, frame: lldb.SBFrame) -> Optional[Stop]:
        module = frame.GetModule()
        if not module or not self._has_go(module):
            return None
        thread, at = frame.GetThread(), frame.GetFrameID()
        inlined = 0
        while inlined < at and thread.GetFrameAtIndex(at - 1 - inlined).IsInlined():
            inlined += 1
        below = at - 1 - inlined  # the first frame of the function that was called
        exact = below < 0 or (thread.GetFrameAtIndex(below).GetFunctionName() or "") in _SIGNAL_RETURNS
        bias = self.bias(module)
        pc = frame.GetPC() - bias - (not exact)
        return Stop(self._open(module), bias, pc, inlined, below < 0, _package(frame.GetFunctionName() or ""))

    def _register(self, frame: lldb.SBFrame, innermost: bool) -> Callable[[int], bytes]:
        names = _REGISTERS.get(self._target.GetTriple().partition("-")[0], {})

        def register(number: int) -> bytes:
            name = names.get(number, "")
            if not name or not (innermost or name in _KEPT):
                return b""
            value, error = frame.FindRegister(name), lldb.SBError()
            data = value.GetData()
            size = data.GetByteSize()
            if not value.IsValid() or value.GetError().Fail() or not size:
                return b""
            raw = data.ReadRawData(error, 0, size)
            return raw if raw and error.Success() else b""

        return register

    # -- Modules

    def _modules(self) -> List[lldb.SBModule]:
        """Those with Go in them."""
        count, process = self._target.GetNumModules(), self._target.GetProcess().GetUniqueID()
        key = count, process, self._target.GetModuleAtIndex(0).GetUUIDString()
        if self._found[0] != key:
            self._found = key, [module for module in self._target.module_iter() if self._has_go(module)]
        return self._found[1]

    def _has_go(self, module: lldb.SBModule) -> bool:
        key = module.GetUUIDString(), module.GetFileSpec().fullpath
        if key not in self._is_go:
            self._is_go[key] = any(_has_section(module, name) for name in _SECTIONS)
        return self._is_go[key]

    def _open(self, module: lldb.SBModule) -> File:
        return tool().open(module.GetFileSpec().fullpath)

    def bias(self, module: lldb.SBModule) -> int:
        for section in module.section_iter():
            address = section.GetLoadAddress(self._target)
            if address != lldb.LLDB_INVALID_ADDRESS:
                return (address - section.GetFileAddress()) & 0xFFFFFFFFFFFFFFFF
        return 0


def _has_parts(file: File, number: int) -> bool:
    shape = file.describe(number)
    while shape.kind == Kind.TYPEDEF and shape.target:
        shape = file.describe(shape.target.number)
    return shape.kind == Kind.STRUCT


def _part(shape: Shape, known: bytes) -> Shape:
    """A struct of which some members are not known: these have no type."""
    if shape.kind == Kind.TYPEDEF and shape.target:
        return shape._replace(target=shape.target._replace(known=known))
    members = []
    for member in shape.members:
        below: Type = member.type
        here = known[member.offset : member.offset + below.file.describe(below.number).size]
        if 0 in here:
            whole = 1 not in here or not _has_parts(below.file, below.number)
            member = member._replace(type=below._replace(number=0) if whole else below._replace(known=here))
        members.append(member)
    return shape._replace(members=tuple(members))


def _has_section(module: lldb.SBModule, name: str) -> bool:
    return module.FindSection(name).IsValid()


def _cfa(frame: lldb.SBFrame) -> Optional[int]:
    address = frame.GetCFA()
    return None if address in (0, lldb.LLDB_INVALID_ADDRESS) else address


def _package(function: str) -> str:
    """Of "net/http.(*Client).do": net/http."""
    folder, slash, last = function.rpartition("/")
    return folder + slash + last.partition(".")[0] if "." in last else ""
