"""Python's values as the literals that map-get takes (core/cmd/literal.h), so that a row's key can be asked for
again."""

from typing import Any, Dict


class NoLiteral(Exception):
    """Why a value is none, in one line."""


class Literal(str):
    """A key as map-get takes it: Literal("{1, 2}"), Literal("RED"), Literal("i + 1")."""

    __module__ = "mapscope"


def literal(key: Any) -> str:
    """One word of a command line. A str is a text here, in quotes."""
    if isinstance(key, Literal):
        return key if key.startswith(("(", "{", '"', "`")) or " " not in key else f"({key})"
    if key is None:
        return "nil"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, (int, float)):
        return repr(key)
    if isinstance(key, str):
        return _quoted(key.encode("utf-8", "surrogateescape"))
    if isinstance(key, bytes):
        return _quoted(key)
    if isinstance(key, (list, tuple)):
        return "{" + ", ".join(map(literal, key)) + "}"
    if isinstance(key, dict):
        return _struct(key)
    raise NoLiteral(f"a key is a number, a text, a list or a dictionary, not a {type(key).__name__}")


def _struct(key: Dict[str, Any]) -> str:
    if "$type" in key and "$value" in key:  # what an interface holds; a pointer's value is an address
        value = key["$value"]
        return f"{key['$type']}({value if key['$type'][:1] == '*' and isinstance(value, str) else literal(value)})"
    if set(key) == {"$hex"}:
        return _quoted(bytes.fromhex(key["$hex"]))
    if any(name.startswith("$") for name in key):
        raise NoLiteral("the key was not shown as a whole: " + ", ".join(sorted(key)))
    return "{" + ", ".join(f"{name} = {literal(value)}" for name, value in key.items()) + "}"


def _quoted(text: bytes) -> str:
    plain = (chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\x{one:02x}" for one in text)
    return '"' + "".join(plain) + '"'
