"""Events of maps, as the decoder knows them: the functions where they happen, an event at hand, what map-break asks
for. Knows no debugger: it sets no breakpoint and reads no register."""

import ctypes
from typing import Any, List, NamedTuple, Optional, Tuple

from . import abi
from .abi import Code, Convention, text
from .session import Session

ENTRY_BYTES = 32  # of a Go function, enough for the check of the stack where it begins


class Site(NamedTuple):
    """A function where an event happens."""

    event: int
    number: int
    function: str
    arguments: List[str]  # by name; a Go string counts once here, and is two words
    words: int
    go: bool
    map: int  # which word is the map's address, from 0; -1: none


class Order(NamedTuple):
    """What map-break asks for."""

    event: int
    name: str
    go: Optional[bool]  # None: any map is meant, of either language
    map: int  # its address; 0: any
    native: Any  # the map's type
    expr: str
    condition: str

    @property
    def title(self) -> str:
        """In a list of breakpoints."""
        return f"{self.name} of {self.expr} at {self.map:#x}" if self.map else f"{self.name} of any map"


class Hit(NamedTuple):
    """An event at hand. KEY: its bytes, address or 0, and native type."""

    line: str
    native: Any  # the map's type; None: not known
    key_text: str
    key: Optional[Tuple[bytes, int, Any]]


# What make says of a Go program (go-maps.md, A.10).
UNSEEN = " (a small map that stays on a goroutine's stack is made without a call, and not seen)"


class NoSite(Exception):
    """Why no breakpoint can be set, in one line."""


def entry(lib: Any, code: bytes) -> Tuple[int, Convention]:
    """Where a Go function that begins with CODE is to be stopped, in bytes from its start, and how it takes its
    arguments."""
    offset = ctypes.c_uint32()
    answer = lib.ms_go_entry(code, len(code), ctypes.byref(offset))
    return offset.value, Convention(answer)


class Events:
    def __init__(self, session: Session) -> None:
        self._session = session
        self.names: List[str] = []
        while session.lib.ms_event_name(len(self.names)):
            self.names.append(text(session.lib.ms_event_name(len(self.names))))
        self._sites = [self._listed(event) for event in range(len(self.names))]

    def sites(self, event: int, go: Optional[bool] = None) -> List[Site]:
        return [site for site in self._sites[event] if go is None or site.go == go]

    def escape(self, words: str) -> str:
        return self._session.escape(words)

    def order(self, command: int) -> Optional[Order]:
        """What COMMAND, a map-break that has been run, asks for; None: nothing, it has failed."""
        session, out = self._session, abi.Breakpoint(ctypes.sizeof(abi.Breakpoint))
        if session.lib.ms_command_breakpoint(command, ctypes.byref(out)) < 0:
            return None
        return Order(
            out.event,
            self.names[out.event],
            bool(out.go) if out.map else None,
            out.map,
            session.provider.native(out.map_type),
            text(out.expr),
            (out.condition or b"").decode("utf-8", "surrogateescape"),
        )

    def none(self, sites: List[Site]) -> NoSite:
        """Where the program has none of these functions."""
        names = ", ".join(site.function for site in sites[:3])
        return NoSite(
            f"{self.names[sites[0].event]}: no function of this program does it ({names}), or it has no symbols;"
            " map-watch EXPR catches changes of one map without them"
        )

    def happens(self, site: Site, words: List[int], native: Any) -> bool:
        """Whether it is an event at all: the call may change nothing. NATIVE: the map's type; None: not known."""
        hit = self._hit(site, words, native, False)
        self._session.lib.ms_hit_free(hit)
        return hit is not None

    def read(self, site: Site, words: List[int], native: Any, tell_type: bool) -> Optional[Hit]:
        session = self._session
        handle = self._hit(site, words, native, tell_type)
        if handle is None:
            return None
        value, key = abi.Value(ctypes.sizeof(abi.Value)), None
        try:
            with session.provider.calling():
                line, key_text = text(session.lib.ms_hit_text(handle)), text(session.lib.ms_hit_key_text(handle))
            if session.lib.ms_hit_key(handle, ctypes.byref(value)) == Code.OK:
                data = ctypes.string_at(value.bytes, value.byte_count)
                key = data, value.address, session.provider.native(value.type)
            return Hit(line, session.provider.native(session.lib.ms_hit_type(handle)), key_text, key)
        finally:
            session.lib.ms_hit_free(handle)

    def _hit(self, site: Site, words: List[int], native: Any, tell_type: bool) -> Optional[ctypes.c_void_p]:
        session, handle = self._session, ctypes.c_void_p()
        session.refresh()
        event = abi.Event(ctypes.sizeof(abi.Event), site.event, site.number)
        event.arguments[: len(words)] = words
        event.map_type = session.provider.number(native) if native is not None else 0
        event.tell_type = tell_type
        with session.provider.calling():
            answer = session.lib.ms_hit_new(session.context, ctypes.byref(event), ctypes.byref(handle))
        if session.provider.cut or answer == Code.INTERRUPTED:
            raise KeyboardInterrupt
        return handle if answer == Code.OK else None

    def _listed(self, event: int) -> List[Site]:
        found: List[Site] = []
        out = abi.Site(ctypes.sizeof(abi.Site))
        while self._session.lib.ms_event_site(event, len(found), ctypes.byref(out)) == Code.OK:
            names = text(out.arguments).split()
            found.append(
                Site(event, len(found), text(out.function), names, out.argument_count, bool(out.go), out.map - 1)
            )
        return found
