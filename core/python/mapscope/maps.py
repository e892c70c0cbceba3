"""Open maps and their walks, as printers use them."""

import ctypes
from typing import TYPE_CHECKING, Any, Callable, List, NamedTuple, Optional

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
    key_addresses: List[int]  # 0: could not be fetched
    elem_addresses: List[int]


class Map:
    """An open map: its header has been read."""

    def __init__(self, session: "Session", number: int, address: int, data: bytes) -> None:
        self._session, self._handle, self._iter = session, ctypes.c_void_p(), ctypes.c_void_p()
        value = abi.Value(ctypes.sizeof(abi.Value))
        session.provider.fill(value, number, address, data)
        with session.provider.calling():
            answer = session.lib.ms_map_open(session.context, ctypes.byref(value), ctypes.byref(self._handle))
        if answer < 0:
            raise self._bad(answer)
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
        """Begins a walk: at the first entry, or at the TOKEN of an earlier one or of seek()."""
        session, iterator = self._session, ctypes.c_void_p()
        self._check_open()
        with session.provider.calling():
            answer = session.lib.ms_iter_new(self._handle, token.encode(), ctypes.byref(iterator))
        if answer < 0:
            raise self._bad(answer)
        session.lib.ms_iter_free(self._iter)
        self._iter = iterator

    def seek(self, n: int) -> Optional[str]:
        """The token of entry N (from 0, in walk order); None: there are fewer. Walks as far as N the first time; later
        times cost little. Raises KeyboardInterrupt when the user wants to stop; called again, it goes on there."""
        session, token = self._session, ctypes.c_char_p()
        answer = self._until_done(lambda: session.lib.ms_map_seek(self._handle, n, ctypes.byref(token)))
        if answer == Code.NOT_FOUND:
            return None
        if answer < 0:
            raise self._bad(answer)
        return text(token.value)

    def next(self, most: int) -> Optional[Entries]:
        """1 to MOST entries; None: no more. Raises KeyboardInterrupt when the user wants to stop."""
        session, batch = self._session, abi.Batch(ctypes.sizeof(abi.Batch))
        answer = self._until_done(lambda: session.lib.ms_iter_next(self._iter, most, ctypes.byref(batch)))
        if answer < 0:
            raise self._bad(answer)
        return self._entries(batch) if batch.count else None

    def get(self, native: Any, address: int, data: bytes) -> Optional[Entries]:
        """The one entry whose key is that value of the debugger's; None: there is none. Raises BadMap where it is no
        key of this map, and KeyboardInterrupt."""
        session, value, handle = self._session, abi.Value(ctypes.sizeof(abi.Value)), ctypes.c_void_p()
        self._check_open()
        session.provider.fill(value, session.provider.number(native), address, data)
        with session.provider.calling():
            answer = session.lib.ms_get_new(self._handle, ctypes.byref(value), None, ctypes.byref(handle))
        if session.provider.cut or answer == Code.INTERRUPTED:
            raise KeyboardInterrupt
        if answer < 0:
            raise self._bad(answer)
        batch = abi.Batch(ctypes.sizeof(abi.Batch))
        try:
            answer = self._until_done(lambda: session.lib.ms_get_step(handle, ctypes.byref(batch)))
            if answer < 0 and answer != Code.NOT_FOUND:
                raise self._bad(answer)
            return None if answer == Code.NOT_FOUND else self._entries(batch)
        finally:
            session.lib.ms_get_free(handle)

    def _entries(self, batch: abi.Batch) -> Entries:
        keys, elems = _numbers(batch.key_addresses, batch.count), _numbers(batch.elem_addresses, batch.count)
        return Entries(
            batch.count,
            self._session.provider.native(batch.key_type),
            self._session.provider.native(batch.elem_type),
            batch.key_size,
            batch.elem_size,
            ctypes.string_at(batch.keys, batch.count * batch.key_size) if batch.key_size else b"",
            ctypes.string_at(batch.elems, batch.count * batch.elem_size) if batch.elem_size else b"",
            _zeros(keys) if batch.key_size else [],
            _zeros(elems) if batch.elem_size else [],
            keys,
            elems,
        )

    def key_text(self, index: int) -> str:
        """The key of entry INDEX of the last batch as map-entries shows it, one line. "": there is no such entry."""
        return self._text(self._session.lib.ms_iter_key_text, index)

    def elem_text(self, index: int) -> str:
        return self._text(self._session.lib.ms_iter_elem_text, index)

    def _text(self, function: Callable[[ctypes.c_void_p, int], Optional[bytes]], index: int) -> str:
        provider = self._session.provider
        self._check_open()
        with provider.calling():
            raw = function(self._iter, index)
        if provider.cut:
            raise KeyboardInterrupt
        if raw is None:
            raise self._bad(Code.NO_MEMORY)
        return text(raw)

    def _until_done(self, step: Callable[[], int]) -> int:
        """What STEP answers in the end. Raises KeyboardInterrupt when the user wants to stop."""
        session, answer = self._session, int(Code.AGAIN)
        self._check_open()
        while answer == Code.AGAIN:
            with session.provider.calling():
                answer = step()
            if session.interrupted() or session.provider.cut or answer == Code.INTERRUPTED:
                raise KeyboardInterrupt
        return answer

    def _check_open(self) -> None:
        if self.closed:
            raise BadMap("out of date, the program has changed since: open the map again")

    def _bad(self, answer: int) -> BadMap:
        return BadMap(text(self._session.lib.ms_error(self._session.context)) or f"error {answer}")

    def token(self) -> str:
        """Where the next page begins; "" at the end."""
        return text(self._session.lib.ms_iter_token(self._iter))

    def note(self) -> str:
        """After the end: what the reader must know; "" for nothing."""
        return text(self._session.lib.ms_iter_note(self._iter))


def _numbers(addresses: Optional[int], count: int) -> List[int]:
    return (ctypes.c_uint64 * count).from_address(addresses)[:] if addresses else []


def _zeros(numbers: List[int]) -> List[int]:
    """Indexes of the numbers that are 0."""
    return [i for i, number in enumerate(numbers) if not number] if 0 in numbers else []
