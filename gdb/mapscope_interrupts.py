"""Call-backs of gdb's events that a Ctrl-C does not disturb. What a Ctrl-C means to a walk: mapscope/interrupts.py."""

from typing import Any, Callable, Generator

import gdb


def quietly(function: Callable[[], None], name: str) -> None:
    """Has gdb call FUNCTION at each of its events NAME, if it has such. A Ctrl-C before the first line of a Python
    function is out of its reach, and gdb reports it; one on the way into a generator is caught where that stands."""

    def loop() -> Generator[None, Any, None]:
        while True:
            try:
                yield
                function()
            except (KeyboardInterrupt, gdb.error):
                pass

    handler = loop()
    next(handler)
    if hasattr(gdb.events, name):
        getattr(gdb.events, name).connect(handler.__next__ if name == "before_prompt" else handler.send)
