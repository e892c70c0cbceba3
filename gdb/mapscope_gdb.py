"""mapscope for gdb: `gdb -x gdb/mapscope_gdb.py PROG`, or `source` it from .gdbinit. Loads the modules beside this file
and prints nothing, unless something is missing; sourcing it again does no harm.

gdb runs this file as __main__, where every extension's names meet. So all but one of ours live in modules; the one is
MapscopeGoMap, with the pattern attribute that Go's own script looks for there (see mapscope_printers.GoMap)."""


def _mapscope_load():  # type: ignore[no-untyped-def]
    """Imports by path: this folder is called gdb and must never be searched for modules."""
    import importlib.util
    import os
    import sys

    import gdb

    # Not __file__: when another script sources this one, that is the other's name.
    here = os.path.dirname(os.path.realpath(sys._getframe().f_code.co_filename))
    package = os.path.join(os.path.dirname(here), "core", "python")
    if package not in sys.path:
        sys.path.append(package)  # also for `python import mapscope`
    names = ["interrupts", "process", "target", "printers", "events", "trace", "scripts", "watches", "commands"]
    names = ["mapscope_" + name for name in names]
    fresh = [name for name in names if name not in sys.modules]
    try:
        for name in fresh:
            spec = importlib.util.spec_from_file_location(name, os.path.join(here, name + ".py"))
            assert spec and spec.loader
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        if fresh:
            sys.modules["mapscope_commands"].install(here)
        sys.modules["mapscope_printers"].go_first()
        return sys.modules["mapscope_printers"].GoMap
    except Exception as error:
        for name in fresh:
            sys.modules.pop(name, None)
        missing = "this gdb's Python has no ctypes, which the decoder needs" if "ctypes" in str(error) else error
        gdb.write(f"mapscope is not loaded: {missing}\n", gdb.STDERR)


MapscopeGoMap = _mapscope_load()
if MapscopeGoMap is None:
    del MapscopeGoMap
del _mapscope_load
