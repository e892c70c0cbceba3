"""mapscope for Python: what scripts import, in gdb and lldb (see api.py), and what the two front-ends share. Imports
neither of them, and nothing from outside the standard library."""

from .api import (
    Error,
    Hook,
    Literal,
    Map,
    Rows,
    map_check,
    map_get,
    map_growing,
    map_len,
    on_grow,
    on_grow_done,
    quit_with,
)

__all__ = [
    "Error",
    "Hook",
    "Literal",
    "Map",
    "Rows",
    "exit",
    "map",
    "map_check",
    "map_get",
    "map_growing",
    "map_len",
    "on_grow",
    "on_grow_done",
    "status",
    "worst",
]

# Status of the last map-... command (commands.md, section 7): 0 yes, 1 no, 2 wrong usage, 3 failed, 4 partial.
status: int = 0
# The highest since the front-end was loaded, or since a script has set it back to 0.
worst: int = 0

map = Map


def exit() -> None:
    """Ends the debugger with the worst status of the map commands so far: the last line of a session that a CI job
    runs. `python mapscope.exit()` in gdb, `script mapscope.exit()` in lldb."""
    quit_with(worst)
