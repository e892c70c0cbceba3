"""The condition of a map-break in lldb: lldb's own expression, in which our functions have been replaced by what they
are. (lldb has no functions of Python in its expressions, as gdb has.)"""

import re
from typing import List

import lldb
from mapscope.events import Hit, Order, Site
from mapscope.maps import BadMap
from mapscope.session import Session

_CALL = re.compile(r"\$(_map_key_text|_map_key|_map_old_bucket|_map|map_len|map_growing)\s*\(")
_FACTS = {"map_len": "count", "map_growing": "growing"}
_TEXT = r'("(?:[^"\\]|\\.)*")'
_SAME = re.compile(rf"\$_streq\s*\(\s*{_TEXT}\s*,\s*{_TEXT}\s*\)|{_TEXT}\s*([=!]=)\s*{_TEXT}")


class Wrong(Exception):
    """A condition that cannot be evaluated, in one line."""


def holds(session: Session, frame: lldb.SBFrame, order: Order, site: Site, words: List[int], hit: Hit) -> bool:
    text = _SAME.sub(_same, _Spelled(session, order, site, words, hit).text(order.condition))
    options = lldb.SBExpressionOptions()
    options.SetIgnoreBreakpoints(True)
    options.SetSuppressPersistentResult(True)
    options.SetAllowJIT(False)  # nothing is to be written to the program
    if not frame.GetCompileUnit().IsValid() or frame.GetCompileUnit().GetLanguage() == lldb.eLanguageTypeGo:
        options.SetLanguage(lldb.eLanguageTypeC)
    value = frame.EvaluateExpression(text, options)
    if value.GetError().Fail():
        raise Wrong(session.escape(" ".join((value.GetError().GetCString() or "cannot be evaluated").split())))
    return value.GetValueAsUnsigned() != 0


def _same(found: "re.Match[str]") -> str:
    """Texts are compared here: in C they would be two addresses."""
    one, other = (found[1], found[2]) if found[1] is not None else (found[3], found[5])
    return str(int((one == other) == (found[4] != "!=")))


class _Spelled:
    """What our functions are at an event."""

    def __init__(self, session: Session, order: Order, site: Site, words: List[int], hit: Hit) -> None:
        self._session, self._order, self._site, self._words, self._hit = session, order, site, words, hit

    def text(self, condition: str) -> str:
        done = ""
        while True:
            found = _CALL.search(condition)
            if not found:
                return done + condition
            end = _closing(condition, found.end())
            done += condition[: found.start()] + self._value(found[1], condition[found.end() : end].strip())
            condition = condition[end + 1 :]

    def _value(self, name: str, argument: str) -> str:
        if name in _FACTS:
            return str(self._fact(argument, _FACTS[name]))
        if argument:
            raise Wrong(f"${name} takes no argument")
        if name == "_map":
            return f"{self._address():#x}"
        if name == "_map_old_bucket":
            if self._order.name != "evacuate":
                raise Wrong("$_map_old_bucket(): the event is no evacuate")
            return str(self._words[-1])
        text = self._hit.key_text
        if not text:
            raise Wrong(f"${name}(): the event has no key, or its type is not known here")
        return text if name == "_map_key" else text if text.startswith('"') else f'"{text}"'

    def _address(self) -> int:
        if self._site.map < 0:
            raise Wrong("$_map(): the map does not exist yet")
        return self._words[self._site.map]

    def _fact(self, argument: str, fact: str) -> int:
        session = self._session
        try:
            native, address = self._hit.native, 0
            if re.fullmatch(r"\$_map\s*\(\s*\)", argument):
                address = self._address()
            else:
                native, address = session.find(argument)
            opened = session.open_at(native, address)
            try:
                return opened.number(fact)
            finally:
                opened.close()
        except BadMap as error:
            raise Wrong(str(error)) from None


def _closing(text: str, at: int) -> int:
    depth = 1
    for i in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if not depth:
            return i
    raise Wrong("a parenthesis is never closed")
