"""mapscope for lldb: `command script import lldb/mapscope_lldb.py`, or the same line in .lldbinit. Loads the modules
beside this file and prints nothing, unless something is missing; importing it again does no harm."""

import os
import sys

OLDEST = 16

if "lldb" not in sys.modules:
    raise ImportError(f"this file is for lldb, to be loaded there: command script import {os.path.realpath(__file__)}")


def __lldb_init_module(debugger, names):  # type: ignore[no-untyped-def]
    """Called by lldb. It has put this folder on the search path for modules; our package is added to that."""
    here = os.path.dirname(os.path.realpath(__file__))
    package = os.path.join(os.path.dirname(here), "core", "python")
    if package not in sys.path:
        sys.path.append(package)  # also for `script import mapscope`
    try:
        _check_version()
        import mapscope_commands
        import mapscope_events
        import mapscope_trace
        import mapscope_printers
        import mapscope_scripts
        import mapscope_watches

        for name in ("MapChildren", "PairChildren", "map_summary", "pair_summary", "is_map", "is_pair"):
            globals()[name] = getattr(mapscope_printers, name)  # lldb looks for them in this module
        for name in ("MapPlaces", "map_event"):
            globals()[name] = getattr(mapscope_events, name)
        globals()["map_watch"] = mapscope_watches.map_watch
        globals()["script_event"] = mapscope_scripts.script_event
        globals()["map_step"] = mapscope_trace.map_step
        mapscope_commands.install(debugger, here, sys.modules[__name__])
    except Exception as error:
        missing = "this lldb's Python has no ctypes, which the decoder needs" if "ctypes" in str(error) else error
        print(f"mapscope is not loaded: {missing}", file=sys.stderr, flush=True)


def _check_version() -> None:
    import lldb

    if not hasattr(lldb, "SBDebugger"):  # a folder of that name can be imported, too
        raise ImportError(
            "this lldb does not find its own Python module, a fault of its package that Debian 12's lldb 14 has: "
            f"use lldb {OLDEST} or later (on Debian 12: lldb-19 with python3-lldb-19)"
        )
    text = lldb.SBDebugger.GetVersionString()
    numbers = [int(word) for word in text.replace("-", " ").replace(".", " ").split() if word.isdigit()]
    if numbers and numbers[0] < OLDEST:
        version = ".".join(map(str, numbers[:3]))
        raise ImportError(f"this lldb is {version}: {OLDEST} or later is needed (on Debian 12: lldb-19)")
