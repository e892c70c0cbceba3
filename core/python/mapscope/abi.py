"""ctypes mirror of core/mapscope.h, and the search for libmapscope.so. No policy: that is session.py."""

import ctypes
import os
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_uint32, c_uint64, c_void_p
from enum import IntEnum
from typing import Any, Optional

ABI = 3  # MS_ABI of the header that this file mirrors


class Code(IntEnum):
    OK = 0
    AGAIN = 1
    NOT_FOUND = -1
    FAULT = -2
    BAD_TYPE = -3
    BAD_MAP = -4
    NO_MEMORY = -5
    USAGE = -6
    INTERRUPTED = -7
    REFUSED = -8
    IO = -9


class Status(IntEnum):
    YES = 0
    NO = 1
    USAGE = 2
    FAILED = 3
    PARTIAL = 4


class Kind(IntEnum):
    VOID = 0
    INT = 1
    UINT = 2
    BOOL = 3
    FLOAT = 4
    COMPLEX = 5
    ENUM = 6
    POINTER = 7
    ARRAY = 8
    STRUCT = 9
    UNION = 10
    FUNCTION = 11
    TYPEDEF = 12


class Type(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("kind", c_uint32),
        ("field_count", c_uint32),
        ("byte_size", c_uint64),
        ("target", c_uint64),
        ("count", c_uint64),
        ("name", c_char_p),
    ]


class Field(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("name", c_char_p),
        ("offset", c_int64),
        ("type", c_uint64),
        ("bit_size", c_uint32),
        ("bit_offset", c_uint32),
    ]


class Value(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("type", c_uint64),
        ("address", c_uint64),
        ("bytes", c_void_p),
        ("byte_count", c_uint64),
        ("error", c_char_p),
    ]


class Global(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("name", c_char_p),
        ("type", c_uint64),
        ("address", c_uint64),
    ]


class Thread(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("name", c_char_p),
        ("functions", c_char_p),
        ("innermost", c_uint32),
    ]


class Batch(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("count", c_uint64),
        ("key_type", c_uint64),
        ("elem_type", c_uint64),
        ("key_size", c_uint64),
        ("elem_size", c_uint64),
        ("keys", c_void_p),
        ("elems", c_void_p),
        ("key_addresses", c_void_p),
        ("elem_addresses", c_void_p),
    ]


class Mapping(ctypes.Structure):
    _fields_ = [
        ("start", c_uint64),
        ("end", c_uint64),
        ("offset", c_uint64),
        ("path", c_char_p),
    ]


class ProcessFacts(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("pid", c_int64),
        ("auxv", c_void_p),
        ("auxv_size", c_uint64),
        ("mappings", c_void_p),
        ("mapping_count", c_uint64),
        ("stack_end", c_uint64),
        ("lacks", c_char_p),
    ]


class Site(ctypes.Structure):
    """struct ms_event_site."""

    _fields_ = [
        ("size", c_uint64),
        ("function", c_char_p),
        ("arguments", c_char_p),
        ("argument_count", c_uint32),
        ("go", c_uint32),
        ("map", c_uint32),
    ]


ARGUMENTS_MOST = 4


class Event(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("event", c_uint32),
        ("site", c_uint32),
        ("arguments", c_uint64 * ARGUMENTS_MOST),
        ("map_type", c_uint64),
        ("tell_type", c_uint32),
    ]


class Watched(ctypes.Structure):
    _fields_ = [("size", c_uint64), ("address", c_uint64), ("byte_count", c_uint64), ("name", c_char_p)]


class Breakpoint(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("event", c_uint32),
        ("go", c_uint32),
        ("map", c_uint64),
        ("map_type", c_uint64),
        ("expr", c_char_p),
        ("condition", c_char_p),
    ]


class Convention(IntEnum):
    """How a Go function takes its arguments."""

    UNKNOWN = 0
    REGISTERS = 1
    STACK = 2


ANSWER = POINTER(c_int64)
READ = ctypes.CFUNCTYPE(None, c_void_p, c_uint64, c_void_p, c_uint64, ANSWER)
EVALUATE = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, POINTER(Value), ANSWER)
LOOKUP = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, POINTER(c_uint64), ANSWER)
TYPE = ctypes.CFUNCTYPE(None, c_void_p, c_uint64, POINTER(Type), ANSWER)
FIELD = ctypes.CFUNCTYPE(None, c_void_p, c_uint64, c_uint32, POINTER(Field), ANSWER)
SYMBOL = LOOKUP
SYMBOL_AT = ctypes.CFUNCTYPE(None, c_void_p, c_uint64, POINTER(c_char_p), ANSWER)
VARIABLE = EVALUATE
DERIVE = ctypes.CFUNCTYPE(None, c_void_p, c_uint32, c_uint64, c_uint64, POINTER(c_uint64), ANSWER)
PROCESS = ctypes.CFUNCTYPE(None, c_void_p, POINTER(ProcessFacts), ANSWER)
REG = LOOKUP
NEXT_GLOBAL = ctypes.CFUNCTYPE(None, c_void_p, POINTER(c_uint64), POINTER(Global), ANSWER)
RUNTIME_TYPE = ctypes.CFUNCTYPE(None, c_void_p, c_uint64, POINTER(c_uint64), ANSWER)
THREAD = ctypes.CFUNCTYPE(None, c_void_p, c_uint64, POINTER(Thread), ANSWER)


class Memory(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("user", c_void_p),
        ("read", READ),
        ("pid", c_int64),
        ("pointer_size", c_uint32),
        ("big_endian", c_uint32),
        ("running", c_uint32),
    ]


class Types(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("user", c_void_p),
        ("evaluate", EVALUATE),
        ("lookup", LOOKUP),
        ("type", TYPE),
        ("field", FIELD),
        ("symbol", SYMBOL),
        ("variable", VARIABLE),
        ("derive", DERIVE),
        ("process", PROCESS),
        ("reg", REG),
        ("symbol_at", SYMBOL_AT),
        ("next_global", NEXT_GLOBAL),
        ("runtime_type", RUNTIME_TYPE),
        ("thread", THREAD),
    ]


REGISTER = ctypes.CFUNCTYPE(None, c_void_p, c_uint32, c_void_p, c_uint64, ANSWER)
CFA = ctypes.CFUNCTYPE(None, c_void_p, POINTER(c_uint64), ANSWER)


class Frame(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("user", c_void_p),
        ("reg", REGISTER),
        ("cfa", CFA),
        ("read", READ),
        ("bias", c_uint64),
        ("frame_base", c_void_p),
        ("frame_base_size", c_uint64),
        ("pointer_size", c_uint32),
        ("big_endian", c_uint32),
    ]


# Result and arguments of every function. Handles are opaque: c_void_p.
_PROTOTYPES = {
    "ms_abi": (c_uint32, []),
    "ms_version": (c_char_p, []),
    "ms_new": (c_void_p, [POINTER(Memory), POINTER(Types)]),
    "ms_free": (None, [c_void_p]),
    "ms_set_memory": (c_int32, [c_void_p, POINTER(Memory)]),
    "ms_forget": (None, [c_void_p]),
    "ms_set_default_limit": (None, [c_void_p, c_uint64]),
    "ms_error": (c_char_p, [c_void_p]),
    "ms_command_name": (c_char_p, [c_uint32]),
    "ms_command_help": (c_char_p, [c_uint32]),
    "ms_command_option": (c_char_p, [c_uint32, c_char_p, c_uint32]),
    "ms_command_in_debugger": (c_int32, [c_uint32]),
    "ms_command_new": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "ms_command_step": (c_int32, [c_void_p, c_uint32]),
    "ms_command_output": (c_void_p, [c_void_p, POINTER(c_uint64)]),
    "ms_command_interrupt": (None, [c_void_p]),
    "ms_command_status": (c_int32, [c_void_p]),
    "ms_command_error": (c_char_p, [c_void_p]),
    "ms_command_progress": (None, [c_void_p, POINTER(c_uint64), POINTER(c_uint64)]),
    "ms_command_free": (None, [c_void_p]),
    "ms_type_is_map": (c_int32, [c_void_p, c_uint64]),
    "ms_map_open": (c_int32, [c_void_p, POINTER(Value), POINTER(c_void_p)]),
    "ms_map_free": (None, [c_void_p]),
    "ms_map_number": (c_int32, [c_void_p, c_char_p, POINTER(c_int64)]),
    "ms_map_summary": (c_char_p, [c_void_p]),
    "ms_map_seek": (c_int32, [c_void_p, c_uint64, POINTER(c_char_p)]),
    "ms_get_new": (c_int32, [c_void_p, POINTER(Value), c_char_p, POINTER(c_void_p)]),
    "ms_get_free": (None, [c_void_p]),
    "ms_get_step": (c_int32, [c_void_p, POINTER(Batch)]),
    "ms_get_note": (c_char_p, [c_void_p]),
    "ms_iter_new": (c_int32, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "ms_iter_free": (None, [c_void_p]),
    "ms_iter_next": (c_int32, [c_void_p, c_uint64, POINTER(Batch)]),
    "ms_iter_key_text": (c_char_p, [c_void_p, c_uint64]),
    "ms_iter_elem_text": (c_char_p, [c_void_p, c_uint64]),
    "ms_iter_token": (c_char_p, [c_void_p]),
    "ms_iter_note": (c_char_p, [c_void_p]),
    "ms_event_name": (c_char_p, [c_uint32]),
    "ms_event_site": (c_int32, [c_uint32, c_uint32, POINTER(Site)]),
    "ms_go_entry": (c_int32, [c_char_p, c_uint64, POINTER(c_uint32)]),
    "ms_hit_new": (c_int32, [c_void_p, POINTER(Event), POINTER(c_void_p)]),
    "ms_hit_free": (None, [c_void_p]),
    "ms_hit_text": (c_char_p, [c_void_p]),
    "ms_hit_key": (c_int32, [c_void_p, POINTER(Value)]),
    "ms_hit_key_text": (c_char_p, [c_void_p]),
    "ms_hit_type": (c_uint64, [c_void_p]),
    "ms_command_event": (c_int32, [c_void_p, POINTER(Event), c_uint64]),
    "ms_command_trace_end": (None, [c_void_p, c_char_p, c_uint64, c_uint32]),
    "ms_command_breakpoint": (c_int32, [c_void_p, POINTER(Breakpoint)]),
    "ms_watch_new": (c_int32, [c_void_p, c_uint32, POINTER(c_void_p)]),
    "ms_watch_type": (c_uint64, [c_void_p]),
    "ms_watch_free": (None, [c_void_p]),
    "ms_watch_name": (c_char_p, [c_void_p]),
    "ms_watch_left_out": (c_char_p, [c_void_p]),
    "ms_watch_piece": (c_int32, [c_void_p, c_uint32, POINTER(Watched)]),
    "ms_watch_look": (c_int32, [c_void_p, c_uint64, POINTER(c_char_p)]),
    "ms_locate": (
        c_int32,
        [POINTER(Frame), c_char_p, c_uint64, c_void_p, c_void_p, c_uint64, POINTER(c_uint64), c_char_p, c_uint64],
    ),
    "ms_map_find": (c_int32, [c_void_p, c_char_p, POINTER(c_uint64), POINTER(c_uint64)]),
    "ms_escape": (c_char_p, [c_void_p, c_char_p, c_uint64]),
}


class LoadError(Exception):
    """Why the library cannot be used, in one line for the user."""


def text(raw: Optional[bytes]) -> str:
    """A text of the library: UTF-8, made printable there."""
    return raw.decode("utf-8", "replace") if raw else ""


def load(front_end: str) -> Any:
    """The library, its functions declared. FRONT_END is the folder of the debugger's script: in a checkout the library
    lies in ../build beside it; installed, $PREFIX/share/mapscope/gdb belongs to $PREFIX/lib/mapscope."""
    above = os.path.dirname(front_end)
    places = [os.path.join(above, "build"), os.path.join(os.path.dirname(os.path.dirname(above)), "lib", "mapscope")]
    for place in places:
        path = os.path.join(place, "libmapscope.so")
        if os.path.exists(path):
            return _declare(path)
    raise LoadError(f"no libmapscope.so in {places[0]} or {places[1]}: run `make` in {above}, then load again")


def _declare(path: str) -> Any:
    try:
        lib = ctypes.CDLL(path)
        lib.ms_abi.restype = c_uint32
        number = lib.ms_abi()
        if number < ABI:
            raise LoadError(f"{path} has interface {number}, older than the {ABI} that is needed: run `make` again")
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(lib, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise LoadError(f"{path} cannot be used: {error}") from None
    return lib
