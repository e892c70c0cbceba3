"""Open maps and their walks, as printers use them."""

import ctypes
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional

from . import abi
from .abi import Code, text

if TYPE_CHECKING:
    from .session import Session


class BadMap(Exception):
    """Why a value is not to be shown as a map, in one line."""


class Entries(NamedTuple):
    """Entries in walk order: LENGTH keys and elems of fixed size, back to back. A type of None: untyped bytes."""

    length: int
    key_type: Any
    elem_type: Any
    key_size: int
    elem_size: int
    keys: bytes
    elems: bytes
    lost_keys: List[int]  # indexes of what could not be fetched
    lost_elems: List[int]


class Map:
    """An open map: its header has been read."""

    def __init__(self, session: "Session", number: int, address: int, data: bytes) -> None:
        self._session, self._handle, self._iter = session, ctypes.c_void_p(), ctypes.c_void_p()
        value = abi.Value(ctypes.sizeof(abi.Value))
        session.provider.fill(value, number, address, data)
        with session.provider.calling():
            answer = session.lib.ms_map_open(session.context, ctypes.byref(value), ctypes.byref(self._handle))
        if answer < 0:
            raise BadMap(text(session.lib.ms_error(session.context)) or f"error {answer}")
        session.opened.add(self)

    def close(self) -> None:
        """Also called by the session before it forgets types: a walk then finds its map closed."""
        iterator, self._iter = self._iter, ctypes.c_void_p()
        handle, self._handle = self._handle, ctypes.c_void_p()
        self._session.lib.ms_iter_free(iterator)
        self._session.lib.ms_map_free(handle)

    __del__ = close

    @property
    def closed(self) -> bool:
        return not self._handle

    def summary(self) -> str:
        return text(self._session.lib.ms_map_summary(self._handle))

    def number(self, name: str) -> int:
        """A fact of the header by its JSON name."""
        out = ctypes.c_int64()
        if self._session.lib.ms_map_number(self._handle, name.encode(), ctypes.byref(out)) < 0:
            raise BadMap(f"no fact is named {name}")
        return out.value

    def start(self, token: str = "") -> None:
        """Begins a walk: at the first entry, or at the TOKEN of an earlier one."""
        session = self._session
        with session.provider.calling():
            answer = session.lib.ms_iter_new(self._handle, token.encode(), ctypes.byref(self._iter))
        if answer < 0:
            raise BadMap(text(session.lib.ms_error(session.context)) or f"error {answer}")

    def next(self, most: int) -> Optional[Entries]:
        """1 to MOST entries; None: no more. Raises KeyboardInterrupt when the user wants to stop."""
        session, batch = self._session, abi.Batch(ctypes.sizeof(abi.Batch))
        answer = Code.AGAIN
        while answer == Code.AGAIN:
            with session.provider.calling():
                answer = session.lib.ms_iter_next(self._iter, most, ctypes.byref(batch))
            if session.interrupted() or session.provider.cut or answer == Code.INTERRUPTED:
                raise KeyboardInterrupt
        if answer < 0:
            raise BadMap(text(session.lib.ms_error(session.context)) or f"error {answer}")
        if not batch.count:
            return None
        return Entries(
            batch.count,
            session.provider.native(batch.key_type),
            session.provider.native(batch.elem_type),
            batch.key_size,
            batch.elem_size,
            ctypes.string_at(batch.keys, batch.count * batch.key_size) if batch.key_size else b"",
            ctypes.string_at(batch.elems, batch.count * batch.elem_size) if batch.elem_size else b"",
            _zeros(batch.key_addresses, batch.count if batch.key_size else 0),
            _zeros(batch.elem_addresses, batch.count if batch.elem_size else 0),
        )

    def token(self) -> str:
        """Where the next page begins; "" at the end."""
        return text(self._session.lib.ms_iter_token(self._iter))

    def note(self) -> str:
        """After the end: what the reader must know; "" for nothing."""
        return text(self._session.lib.ms_iter_note(self._iter))


def _zeros(addresses: Optional[int], count: int) -> List[int]:
    """Indexes of the addresses that are 0."""
    if not count or not addresses:
        return []
    numbers = (ctypes.c_uint64 * count).from_address(addresses)[:]
    return [i for i, number in enumerate(numbers) if not number] if 0 in numbers else []
