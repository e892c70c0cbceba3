"""Arrays whose lengths lldb loses: in structs whose size gcc wrote as a constant of the abbreviation
(DW_FORM_implicit_const), and in unions whose members have no offset, it takes each array for one of no length, since it
places the member behind the end ("extends beyond the bounds", lldb 19, DWARFASTParserClang::ParseSingleMember). They
are looked for in the debug information itself, of which structs, unions, arrays and what leads to those are read."""

import struct
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import lldb
from mapscope_interrupts import interrupted

LARGEST = 1 << 26  # bytes of debug information that are read; 0.2 s for each MiB; in larger ones the lengths stay lost

# Tags, attributes and forms, from DWARF 5, chapter 7.
ARRAY, MEMBER, SUBRANGE = 0x01, 0x0D, 0x21
RECORDS = {0x02: False, 0x13: False, 0x17: True}  # class and struct, union
LINKS_MOST = 16
LINKS = (0x16, 0x26, 0x35, 0x37, 0x47)  # typedef, const, volatile, restrict, atomic
NAME, BYTE_SIZE, LOWER, UPPER, COUNT, TYPE = 0x03, 0x0B, 0x22, 0x2F, 0x37, 0x49
WANTED = {NAME, BYTE_SIZE, LOWER, UPPER, COUNT, TYPE}
NUMBERS = {0x05: "H", 0x06: "I", 0x07: "Q", 0x0B: "B"}  # data2, data4, data8, data1
NEAR = {0x11: "B", 0x12: "H", 0x13: "I", 0x14: "Q"}  # references within the unit
FIXED = {0x19: 0, 0x0C: 1, 0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4, 0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4, 0x1E: 16, 0x20: 8}
FIXED.update({0x1C: 4, 0x24: 8})
OFFSETS = (0x0E, 0x17, 0x1D, 0x1F, 0x1F20, 0x1F21)  # into other sections: strp, sec_offset, ..., line_strp, dwz's
LEBS = (0x0D, 0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23, 0x1F01, 0x1F02)
STRING, STRP, LINE_STRP, SDATA, UDATA, REF_UDATA, IMPLICIT = 0x08, 0x0E, 0x1F, 0x0D, 0x0F, 0x15, 0x21
REF_ADDR, INDIRECT, ADDR = 0x10, 0x16, 0x01
BLOCKS = {0x0A: "B", 0x03: "H", 0x04: "I"}
LONG_BLOCKS = (0x09, 0x18)

Abbreviation = Tuple[int, bool, List[Tuple[int, int, int]]]  # tag, has it children, (attribute, form, constant)


class Record(NamedTuple):
    """A struct or union."""

    name: str
    members: List[Tuple[str, int]]  # and where their types are


class Damaged(Exception):
    """Or of a kind that is not known here."""


class Unit(NamedTuple):
    start: int
    version: int
    offset: int  # bytes of an offset
    address: int  # bytes of an address
    order: str


class Arrays:
    """What one module's debug information says."""

    def __init__(self, module: lldb.SBModule, debugger: lldb.SBDebugger) -> None:
        self._records: Dict[Tuple[bool, int, Tuple[str, ...]], List[Record]] = {}
        self._links: Dict[int, int] = {}
        self._lengths: Dict[int, Optional[int]] = {}
        self._order = ">" if module.GetByteOrder() == lldb.eByteOrderBig else "<"
        info, abbrev = _section(module, ".debug_info"), _section(module, ".debug_abbrev")
        self._strings = {STRP: _section(module, ".debug_str"), LINE_STRP: _section(module, ".debug_line_str")}
        self._info, self._abbrev = info, abbrev
        try:
            for unit, start, end, abbreviations in self._units():
                self._read(unit, start, end, abbreviations)
                if interrupted(debugger):
                    raise KeyboardInterrupt
        except (Damaged, IndexError, KeyError, struct.error, ValueError):
            pass  # what was read is good

    def type(self, module: lldb.SBModule, native: lldb.SBType, index: int) -> Optional[lldb.SBType]:
        """Of member INDEX of this struct or union, an array. None: it is not known for sure."""
        names = tuple(native.GetFieldAtIndex(i).GetName() or "" for i in range(native.GetNumberOfFields()))
        union = native.GetTypeClass() == lldb.eTypeClassUnion
        places = {}
        for record in self._records.get((union, native.GetByteSize(), names), []):
            if not record.name or _last(native.GetName() or "") in (record.name, ""):
                place = array = record.members[index][1]
                for _ in range(LINKS_MOST):
                    array = self._links.get(array, array)
                places[self._lengths.get(array)] = place
        length, place = places.popitem() if len(places) == 1 else (None, 0)
        if not length:
            return None
        found = module.GetTypeByID(place)  # lldb's numbers of types are places in the debug information
        whole = found.GetCanonicalType().GetName() or ""
        return found if f"[{length}]" in whole else None

    def _units(self) -> Iterator[Tuple[Unit, int, int, Dict[int, Abbreviation]]]:
        at, known = 0, {}
        while at < len(self._info):
            unit, start, end, place = self._unit(at)
            if place not in known:
                known[place] = self._abbreviations(place)
            yield unit, start, end, known[place]
            at = end

    def _unit(self, at: int) -> Tuple[Unit, int, int, int]:
        """The unit, where its entries are, its end and its abbreviations."""
        order, data = self._order, self._info
        (size,) = struct.unpack_from(order + "I", data, at)
        offset, body = 4, at + 4
        if size == 0xFFFFFFFF:
            (size,), offset, body = struct.unpack_from(order + "Q", data, at + 4), 8, at + 12
        (version,) = struct.unpack_from(order + "H", data, body)
        word, kind = "Q" if offset == 8 else "I", 1
        if version >= 5:
            kind, address = data[body + 2], data[body + 3]
            (place,) = struct.unpack_from(order + word, data, body + 4)
        else:
            (place,) = struct.unpack_from(order + word, data, body + 2)
            address = data[body + 2 + offset]
        start = body + (4 if version >= 5 else 3) + offset
        start += {2: 8 + offset, 4: 8, 5: 8, 6: 8 + offset}.get(kind, 0)  # type units, split units
        return Unit(at, version, offset, address, order), start, body + size, place

    def _abbreviations(self, at: int) -> Dict[int, Abbreviation]:
        found: Dict[int, Abbreviation] = {}
        data = self._abbrev
        while True:
            code, at = _leb(data, at)
            if not code:
                return found
            tag, at = _leb(data, at)
            children, at = data[at] != 0, at + 1
            attributes: List[Tuple[int, int, int]] = []
            while True:
                attribute, at = _leb(data, at)
                form, at = _leb(data, at)
                constant, at = _leb(data, at, True) if form == IMPLICIT else (0, at)
                if not attribute and not form:
                    break
                attributes.append((attribute, form, constant))
            found[code] = tag, children, attributes

    def _read(self, unit: Unit, at: int, end: int, abbreviations: Dict[int, Abbreviation]) -> None:
        above: List[Any] = []  # the struct or the array around an entry
        while at < end:
            start = at
            code, at = _leb(self._info, at)
            if not code:
                self._keep(above.pop() if above else None)
                continue
            tag, children, attributes = abbreviations[code]
            values, at = self._values(unit, at, attributes)
            around = above[-1] if above else None
            inside: Any = None
            if tag in RECORDS:
                inside = RECORDS[tag], values.get(BYTE_SIZE, 0), Record(values.get(NAME, ""), [])
            elif tag == ARRAY:
                inside = start
            elif tag in LINKS and TYPE in values:
                self._links[start] = values[TYPE]
            elif tag == MEMBER and isinstance(around, tuple):
                around[2].members.append((values.get(NAME, ""), values.get(TYPE, 0)))
            elif tag == SUBRANGE and isinstance(around, int) and around not in self._lengths:  # the outermost first
                self._lengths[around] = _count(values)
            if children:
                above.append(inside)

    def _keep(self, ended: Any) -> None:
        if isinstance(ended, tuple):
            union, size, record = ended
            names = tuple(name for name, _ in record.members)
            self._records.setdefault((union, size, names), []).append(record)

    def _values(self, unit: Unit, at: int, attributes: List[Tuple[int, int, int]]) -> Tuple[Dict[int, Any], int]:
        values = {}
        for attribute, form, constant in attributes:
            value, at = self._value(unit, at, form, constant)
            if attribute in WANTED:
                values[attribute] = value
        return values, at

    def _value(self, unit: Unit, at: int, form: int, constant: int) -> Tuple[Any, int]:
        """The value of an attribute, if it is of a form that matters here, and what follows it."""
        data, order = self._info, unit.order
        word = "Q" if unit.offset == 8 else "I"
        if form == IMPLICIT:
            return constant, at
        if form in NUMBERS or form in NEAR:
            code = order + (NUMBERS.get(form) or NEAR[form])
            (value,) = struct.unpack_from(code, data, at)
            return value + (unit.start if form in NEAR else 0), at + struct.calcsize(code)
        if form in LEBS:
            value, at = _leb(data, at, form == SDATA)
            return value + (unit.start if form == REF_UDATA else 0), at
        if form in FIXED:
            return 0, at + FIXED[form]
        if form in self._strings:
            (place,) = struct.unpack_from(order + word, data, at)
            return _text(self._strings[form], place), at + unit.offset
        if form == REF_ADDR:
            size = unit.address if unit.version == 2 else unit.offset
            return int.from_bytes(data[at : at + size], "big" if order == ">" else "little"), at + size
        if form in OFFSETS:
            return 0, at + unit.offset
        if form == STRING:
            return _text(data, at), data.index(b"\0", at) + 1
        if form == ADDR:
            return 0, at + unit.address
        if form in BLOCKS:
            (size,) = struct.unpack_from(order + BLOCKS[form], data, at)
            return None, at + struct.calcsize(BLOCKS[form]) + size
        if form in LONG_BLOCKS:
            size, at = _leb(data, at)
            return None, at + size
        if form == INDIRECT:
            form, at = _leb(data, at)
            return self._value(unit, at, form, 0)
        raise Damaged


def _section(module: lldb.SBModule, name: str) -> bytes:
    data = module.FindSection(name).GetSectionData()
    size, error = data.GetByteSize(), lldb.SBError()
    found = data.ReadRawData(error, 0, size) if 0 < size <= LARGEST else b""
    return found if found and error.Success() else b""


def _leb(data: bytes, at: int, signed: bool = False) -> Tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value - (1 << shift) if signed and byte & 0x40 else value), at


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("utf-8", "replace")


def _count(values: Dict[int, Any]) -> Optional[int]:
    """None: the array is as long as its space (data[]), or as the program says."""
    if COUNT in values:
        return values[COUNT]
    upper, lower = values.get(UPPER), values.get(LOWER, 0)
    return None if upper is None or lower is None else upper + 1 - lower


def _last(name: str) -> str:
    """Of ns::T: T. What has no name of its own is called by a remark: ""."""
    plain = name.rpartition("::")[2]
    return "" if plain.startswith("(") else plain
