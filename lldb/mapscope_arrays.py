"""Arrays whose lengths lldb loses: in structs whose size gcc wrote as a constant of the abbreviation
(DW_FORM_implicit_const), and in unions whose members have no offset, it takes each array for one of no length, since it
places the member behind the end ("extends beyond the bounds", lldb 19, DWARFASTParserClang::ParseSingleMember). The
tool that reads debug information is asked for them. Translates, and reads none itself."""

import os
from typing import Optional

import lldb
from mapscope.abi import Kind
from mapscope_go import tool


def found_again(module: lldb.SBModule, native: lldb.SBType, index: int) -> Optional[lldb.SBType]:
    """Of member INDEX of this struct or union, an array. None: MODULE does not say for sure, or is no file here."""
    path = module.GetSymbolFileSpec().fullpath or ""
    if not os.path.isfile(path):
        return None
    file = tool().open(path)
    if file.build_id not in ("", module.GetUUIDString().replace("-", "").lower()):
        return None  # made anew since lldb read it
    kind = Kind.UNION if native.GetTypeClass() == lldb.eTypeClassUnion else Kind.STRUCT
    names = [native.GetFieldAtIndex(i).GetName() or "" for i in range(native.GetNumberOfFields())]
    place, length = file.array(kind, native.GetByteSize(), index, _own_name(native.GetName() or ""), names)
    if not length:
        return None
    found = module.GetTypeByID(place)  # lldb's numbers of types are places in the debug information
    return found if f"[{length}]" in (found.GetCanonicalType().GetName() or "") else None


def _own_name(name: str) -> str:
    """What has no name of its own is called by a remark: ""."""
    return "" if name.rpartition("::")[2].startswith("(") else name
