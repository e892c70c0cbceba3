"""What lldb answers when the decoder asks: values of variables, types, memory. Translates, and decides nothing. Changes
nothing in the target: lldb's expression evaluator, which may, is asked for --expr only."""

import contextlib
import functools
import os
import re
from typing import Any, Dict, Hashable, Iterator, List, Optional, Tuple

import lldb
from mapscope.abi import Kind
from mapscope.debuginfo import File, Type
from mapscope.globals import Found, Globals, Module
from mapscope.provider import Member, Process, Refused, Shape
from mapscope.reading import leading
from mapscope_arrays import found_again
from mapscope_go import Go, tool
from mapscope_process import process, register

LARGEST_VALUE = 1 << 20  # bytes of a value that are read here; the decoder reads the rest where it needs it
LARGEST_READ = 1 << 24
FRAMES_MOST = 64  # of a thread
SAME_NAME_MOST = 64  # variables of one name that are looked at

_KINDS: Dict[int, int] = {
    lldb.eTypeClassArray: Kind.ARRAY,
    lldb.eTypeClassVector: Kind.ARRAY,
    lldb.eTypeClassClass: Kind.STRUCT,
    lldb.eTypeClassStruct: Kind.STRUCT,
    lldb.eTypeClassUnion: Kind.UNION,
    lldb.eTypeClassEnumeration: Kind.ENUM,
    lldb.eTypeClassFunction: Kind.FUNCTION,
    lldb.eTypeClassPointer: Kind.POINTER,
    lldb.eTypeClassReference: Kind.POINTER,
    lldb.eTypeClassTypedef: Kind.TYPEDEF,
}
_TAGS = {
    "struct": lldb.eTypeClassStruct | lldb.eTypeClassClass,
    "class": lldb.eTypeClassStruct | lldb.eTypeClassClass,
    "union": lldb.eTypeClassUnion,
    "enum": lldb.eTypeClassEnumeration,
}
_BASIC = {
    re.sub(r"(?<!^)(?=[A-Z])", " ", name[len("eBasicType") :]).lower(): getattr(lldb, name)
    for name in dir(lldb)
    if name.startswith("eBasicType")
}
_ATOMIC = re.compile(r"^_Atomic\((.*)\)$")
_QUALIFIED = re.compile(r"\b(const|volatile|restrict)\b")
_REMARK = re.compile(r"(^|::)\((unnamed|anonymous) [^:]*")  # in place of the name of a type that has none
_NO_RESULT = 0x1001  # lldb's UserExpression::kNoResult: the expression is void
_RUNNING = (lldb.eStateRunning, lldb.eStateStepping)


class Target:
    direct_read = True

    def __init__(self, target: lldb.SBTarget) -> None:
        self.target = target
        self.context: Optional[lldb.SBExecutionContext] = None  # of the command that runs
        self._go = Go(target, self.read)
        self._globals = Globals(tool, self._listed)

    def evaluate(self, expr: str) -> Tuple[bytes, int, lldb.SBType]:
        options = lldb.SBExpressionOptions()
        options.SetIgnoreBreakpoints(True)
        options.SetSuppressPersistentResult(True)
        options.SetFetchDynamicValue(lldb.eNoDynamicValues)
        frame = self._frame()
        value = frame.EvaluateExpression(expr, options) if frame else self.target.EvaluateExpression(expr, options)
        error = value.GetError()
        if error.GetError() == _NO_RESULT:
            return b"", 0, self.target.GetBasicType(lldb.eBasicTypeVoid)
        if error.Fail():
            raise Refused(_said(error))
        return self._answer(value)

    def variable(self, name: str) -> Optional[Tuple[bytes, int, Any]]:
        frame = self._frame()
        of_go = self._go.variable(frame, name) if self._go.speaks(frame) and not name.startswith("$") else None
        if of_go is not None:
            return of_go
        value = _first(self._candidates(frame, name))
        if value is None or not value.GetType().IsValid():
            of_go = None if name.startswith("$") else self._go.variable(frame, name)
            if of_go is not None:
                return of_go
        if value is None:
            if name.startswith("$") and not frame:
                raise Refused("no frame is selected: there are no registers")
            return None
        return self._answer(value)

    def lookup(self, name: str) -> Any:
        frame = self._frame()
        ways = [lambda: self._lookup(name), lambda: self._go.lookup(frame, name)]
        for way in reversed(ways) if self._go.speaks(frame) else ways:
            found = way()
            if found is not None:
                return found
        return self._go.lack()

    def _lookup(self, name: str) -> Optional[lldb.SBType]:
        tag, _, rest = name.partition(" ")
        wanted = _TAGS.get(tag, lldb.eTypeClassAny)
        name = rest.strip() if tag in _TAGS else name
        basic = _BASIC.get(_c_name(name))
        if basic is not None and tag not in _TAGS:
            native = self.target.GetBasicType(basic)
            if native.IsValid():
                return native
        found = [native for native in _of_module(self._module(), name) if native.GetTypeClass() & wanted]
        found = found or [native for native in self.target.FindTypes(name) if native.GetTypeClass() & wanted]
        exact = [native for native in found if native.GetName() == name]
        return _first(iter(exact or found))

    def derive(self, kind: int, native: Any, count: int) -> Any:
        if isinstance(native, Type):
            return self._go.derive(kind, native, count)
        native = native or self.target.GetBasicType(lldb.eBasicTypeVoid)
        return native.GetPointerType() if kind == Kind.POINTER else native.GetArrayType(count)

    def describe(self, native: Any) -> Shape:
        if isinstance(native, Type):
            return self._go.describe(native)
        kind, size, name = _KINDS.get(native.GetTypeClass()), native.GetByteSize(), native.GetName() or ""
        if kind is None:
            kind = _scalar(native)
            return Shape(kind, size or int(kind == Kind.VOID), _ATOMIC.sub(r"\1", name))  # sizeof(void) in GNU C
        if kind == Kind.TYPEDEF:
            return Shape(kind, size, name, native.GetTypedefedType())
        if kind == Kind.POINTER:
            reference = native.IsReferenceType()
            return Shape(kind, size, name, native.GetDereferencedType() if reference else native.GetPointeeType())
        if kind == Kind.ARRAY:
            vector = native.GetTypeClass() == lldb.eTypeClassVector
            element = native.GetVectorElementType() if vector else native.GetArrayElementType()
            length = _length(native, element)
            return Shape(kind, size if length else 0, name, element, length)
        if kind == Kind.FUNCTION:
            return Shape(kind, size, name, native.GetFunctionReturnType())
        name = self._tag(native, name)
        members = _enumerators(native) if kind == Kind.ENUM else self._members(native)
        return Shape(kind, size, name, members=tuple(members))

    def read(self, address: int, size: int) -> bytes:
        return leading(self._piece, address, min(size, LARGEST_READ))

    def _piece(self, address: int, size: int) -> bytes:
        """What lldb gives at once: it may be less than there is."""
        error, process = lldb.SBError(), self.target.GetProcess()
        if not lives(process):
            place = self.target.ResolveFileAddress(address)
            return self.target.ReadMemory(place, size, error) or b"" if place.IsValid() else b""
        data = process.ReadMemory(address, size, error) or b""
        if data or process.GetPluginName() != "elf-core":
            return data
        # A core need not hold what cannot be written: that is in the program's file.
        place = self.target.ResolveLoadAddress(address)
        section = place.GetSection()
        if not section.IsValid() or section.GetPermissions() & lldb.ePermissionsWritable:
            return b""
        return self.target.ReadMemory(place, min(size, section.GetByteSize() - place.GetOffset()), error) or b""

    def symbol(self, name: str) -> Optional[int]:
        for context in self.target.FindSymbols(name):
            place = context.GetSymbol().GetStartAddress()
            address = place.GetLoadAddress(self.target)
            if address == lldb.LLDB_INVALID_ADDRESS and not lives(self.target.GetProcess()):
                address = place.GetFileAddress()
            if address != lldb.LLDB_INVALID_ADDRESS:
                return address
        return None

    def symbol_at(self, address: int) -> Optional[str]:
        place = self.target.ResolveLoadAddress(address)
        if not lives(self.target.GetProcess()):
            place = self.target.ResolveFileAddress(address)
        symbol = place.GetSymbol()
        return symbol.GetName() if symbol.IsValid() and symbol.GetStartAddress() == place else None

    def next_global(self, first: bool) -> Optional[Found]:
        return self._globals.next(first)

    def runtime_type(self, address: int) -> Optional[Type]:
        return self._globals.runtime_type(address)

    def _listed(self) -> List[Module]:
        modules = [
            module for module in self.target.module_iter() if os.path.isfile(module.GetFileSpec().fullpath or "")
        ]
        return [Module(one.GetFileSpec().fullpath, functools.partial(self._bias, one)) for one in modules]

    def _bias(self, module: lldb.SBModule, _: File) -> int:
        return self._go.bias(module)

    def thread(self, n: int) -> Optional[Tuple[str, List[str]]]:
        process = self.target.GetProcess()
        if not lives(process) or process.GetState() in _RUNNING or n >= process.GetNumThreads():
            return None
        thread = process.GetThreadAtIndex(n)
        frames = (thread.GetFrameAtIndex(i) for i in range(min(thread.GetNumFrames(), FRAMES_MOST)))
        return str(thread.GetIndexID()), [frame.GetFunctionName() or "?" for frame in frames]

    def plain(self, native: Any) -> Any:
        """Without const and volatile. To ask for that takes a typedef off an array."""
        if isinstance(native, Type):
            return native
        return native.GetUnqualifiedType() if _QUALIFIED.search(native.GetName() or "") else native

    def key(self, native: Any) -> Hashable:
        if isinstance(native, Type):
            return native
        return native.GetTypeClass(), native.GetName(), native.GetByteSize()

    def memory(self) -> Tuple[int, int, bool, bool]:
        big = self.target.GetByteOrder() == lldb.eByteOrderBig
        process = self.target.GetProcess()
        running = process.IsValid() and process.GetState() in _RUNNING
        return self._pid(process), self.target.GetAddressByteSize(), big, running

    def program(self) -> Any:
        return self.target.GetProcess().GetUniqueID(), self.target.GetNumModules(), self._go.renew()

    def process(self) -> Optional[Process]:
        pid = self._pid(self.target.GetProcess())
        return process(self.target, pid, self._frame())

    def register(self, name: str) -> Optional[int]:
        frame = self._frame()
        return register(frame.GetThread(), name) if frame else None

    def _frame(self) -> lldb.SBFrame:
        if self.context is not None:
            return self.context.GetFrame()
        return self.target.GetProcess().GetSelectedThread().GetSelectedFrame()

    def _module(self) -> lldb.SBModule:
        """Where types are looked for first."""
        frame = self._frame()
        return frame.GetModule() if frame else self.target.GetModuleAtIndex(0)

    def _candidates(self, frame: lldb.SBFrame, name: str) -> Iterator[lldb.SBValue]:
        if name.startswith("$"):
            if frame:
                yield frame.FindRegister(name[1:])
                yield frame.FindValue(name, lldb.eValueTypeConstResult)
            return
        plain = name.rpartition("::")[2]
        if frame:
            yield frame.FindVariable(name, lldb.eNoDynamicValues)
        found = [value for value in self.target.FindGlobalVariables(plain, SAME_NAME_MOST) if _is_named(value, name)]
        module = frame.GetModule() if frame else None
        if module:
            yield from (value for value in found if value.GetAddress().GetModule() == module)
        yield from found
        yield from self._statics(*name.rpartition("::")[::2])

    def _statics(self, where: str, plain: str) -> Iterator[lldb.SBValue]:
        """Those called PLAIN of the function WHERE, which its file may stand before."""
        file, _, last = where.rpartition("::")
        for function, unit in ((where, ""), (last, file)) if where else ():
            for context in self.target.FindFunctions(function) if function else ():
                of = context.GetFunction()
                if of and unit in ("", context.GetCompileUnit().GetFileSpec().GetFilename()):
                    yield from (value for value in _statics_in(of.GetBlock(), self.target) if value.GetName() == plain)

    def _answer(self, value: lldb.SBValue) -> Tuple[bytes, int, lldb.SBType]:
        if value.GetType().IsReferenceType():
            value = value.Dereference()
        data, address = raw(value)
        if not data and not address:
            error = value.GetError()
            # "unknown error": a register that an inner frame may have changed.
            if re.search("optimized|not available|DW_OP_entry_value|^unknown error$", _said(error)):
                raise Refused("it is optimised out here: try another frame or line, or ADDRESS --type TYPE")
            if "must be stopped" in _said(error):
                raise Refused(
                    "the program is running, and lldb shows no values then: stop it first (process interrupt)"
                )
            if "determine byte size" in _said(error):
                raise Refused("it has no type in its debug information (gcc -g1?): build the program with -g")
            if error.Fail():
                raise Refused(_said(error))
        return data, address, value.GetType()

    def _members(self, native: lldb.SBType) -> Iterator[Member]:
        for i in range(native.GetNumberOfDirectBaseClasses()):
            base = native.GetDirectBaseClassAtIndex(i)
            yield Member("", base.GetOffsetInBytes(), base.GetType())
        for i in range(native.GetNumberOfFields()):
            field = native.GetFieldAtIndex(i)
            name, offset, below = field.GetName() or "", field.GetOffsetInBytes(), field.GetType()
            if field.IsBitfield():
                bits = field.GetOffsetInBits()
                yield Member(name, bits // 8, below, field.GetBitfieldSizeInBits(), bits % 8)
                continue
            found = self._found_again(native, i) if _is_lost(native, field, below) else None
            yield Member(name, offset, below if found is None else found)

    def _found_again(self, native: lldb.SBType, index: int) -> Optional[lldb.SBType]:
        """A type does not tell its module."""
        here = self._module()
        for module in [here] + [module for module in self.target.module_iter() if module != here]:
            found = found_again(module, native, index)
            if found is not None:
                return found
        return None

    def _tag(self, native: lldb.SBType, name: str) -> str:
        """The name of a struct, union or enum. lldb calls one that has none by a remark, or by its typedef."""
        if native.IsAnonymousType() or _REMARK.search(name):
            return ""
        found = [one.GetTypeClass() for one in _of_module(self._module(), name)]
        alone = lldb.eTypeClassTypedef in found and native.GetTypeClass() not in found
        return "" if alone else name

    def _pid(self, process: lldb.SBProcess) -> int:
        """Of a process of this machine whose memory is as lldb shows it: no core, no remote. lldb reaches every live
        one through a server, a child of its own where it started it here; that is what traces the process then."""
        pid = process.GetProcessID() if self.direct_read and lives(process) else 0
        if process.GetPluginName() != "gdb-remote" or not pid:
            return 0
        with contextlib.suppress(OSError, ValueError):
            tracer = _status(pid, "TracerPid")
            if tracer and _status(tracer, "PPid") == os.getpid():
                return pid
        return 0


def raw(value: lldb.SBValue) -> Tuple[bytes, int]:
    """The bytes of a value, and its address or 0. No bytes where they cannot be read, or are too many."""
    address = value.GetLoadAddress()
    if address == lldb.LLDB_INVALID_ADDRESS:
        address = 0
        if not lives(value.GetProcess()) and value.GetAddress().IsValid():
            address = value.GetAddress().GetFileAddress()
    if value.GetByteSize() > LARGEST_VALUE:
        return b"", address
    error, data = lldb.SBError(), value.GetData()
    size = data.GetByteSize()
    if value.GetError().Fail():  # the data is then zeros
        return b"", address
    found = data.ReadRawData(error, 0, size) if size else b""
    return found if found and error.Success() else b"", address


def lives(process: lldb.SBProcess) -> bool:
    return process.IsValid() and process.GetState() not in (
        lldb.eStateInvalid,
        lldb.eStateUnloaded,
        lldb.eStateDetached,
        lldb.eStateExited,
        lldb.eStateConnected,
    )


def _status(pid: int, field: str) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def _said(error: lldb.SBError) -> str:
    words = " ".join((error.GetCString() or "").split())
    return words[len("error: ") :] if words.startswith("error: ") else words


def _first(found: Iterator[Any]) -> Any:
    return next((one for one in found if one is not None and one.IsValid()), None)


def _is_named(value: lldb.SBValue, name: str) -> bool:
    """NAME may say where: app::cache, table.c::cache."""
    where, _, plain = name.rpartition("::")
    if not where or value.GetName() in (name, "::" + name):
        return not where or value.GetName() == name
    return value.GetDeclaration().GetFileSpec().GetFilename() == where and value.GetName() in (plain, "::" + plain)


def _statics_in(block: lldb.SBBlock, target: lldb.SBTarget) -> Iterator[lldb.SBValue]:
    while block:
        yield from block.GetVariables(target, False, False, True)
        yield from _statics_in(block.GetFirstChild(), target)
        block = block.GetSibling()


def _of_module(module: lldb.SBModule, name: str) -> List[lldb.SBType]:
    return list(module.FindTypes(name)) if module and module.IsValid() else []


def _c_name(name: str) -> str:
    """As lldb names its basic types: "long unsigned int" is "unsigned long"."""
    words = name.split()
    if len(words) > 1 and "int" in words:
        words.remove("int")
    if "unsigned" in words:
        words.remove("unsigned")
        words.insert(0, "unsigned")
    return " ".join(words)


def _scalar(native: lldb.SBType) -> int:
    flags = native.GetTypeFlags()
    if native.GetBasicType() == lldb.eBasicTypeBool:
        return Kind.BOOL
    if flags & lldb.eTypeIsComplex:
        halves = native.GetName() or ""
        return Kind.COMPLEX if "float" in halves or "double" in halves else Kind.VOID  # gcc has a _Complex int
    if flags & lldb.eTypeIsFloat:
        return Kind.FLOAT
    if flags & lldb.eTypeIsInteger:
        return Kind.INT if flags & lldb.eTypeIsSigned else Kind.UINT
    return Kind.VOID


def _length(native: lldb.SBType, element: lldb.SBType) -> int:
    """lldb says that an int[0] has 4 bytes, as a member int[] has."""
    counted = re.search(r"\[(\d*)\]", native.GetName() or "")  # the outermost comes first
    if counted:
        return int(counted[1] or 0)
    return native.GetByteSize() // element.GetByteSize() if element.GetByteSize() else 0


def _is_lost(native: lldb.SBType, field: lldb.SBTypeMember, kind: lldb.SBType) -> bool:
    """Whether this member of a struct or union may be an array whose length lldb has lost, see mapscope_arrays.py. One
    that begins at the struct's end has none."""
    array = kind.GetCanonicalType()
    if array.GetTypeClass() != lldb.eTypeClassArray or "[]" not in (array.GetName() or ""):
        return False
    return field.GetOffsetInBytes() + array.GetArrayElementType().GetByteSize() <= native.GetByteSize()


def _enumerators(native: lldb.SBType) -> Iterator[Member]:
    signed = native.GetEnumerationIntegerType().GetTypeFlags() & lldb.eTypeIsSigned
    for one in native.GetEnumMembers():
        yield Member(one.GetName() or "", one.GetValueAsSigned() if signed else one.GetValueAsUnsigned())
