"""All global and static variables of a program, and Go's types by their run-time descriptors: asked of the tool that
reads debug information, so that each debugger lists the same. Knows no debugger: it says where modules are loaded."""

from typing import Callable, Iterator, List, NamedTuple, Optional, Tuple

from .debuginfo import File, Tool, Trouble, Type

Found = Tuple[str, Type, int]  # name, type, address


class Module(NamedTuple):
    path: str
    bias: Callable[[File], Optional[int]]  # what the loader added to the file's addresses; None: not known


class Globals:
    """MODULES lists the program's, the executable first."""

    def __init__(self, tool: Callable[[], Tool], modules: Callable[[], List[Module]]) -> None:
        self._tool, self._modules = tool, modules
        self._listed: Iterator[Found] = iter(())
        self._opened: List[Tuple[File, int]] = []

    def next(self, first: bool) -> Optional[Found]:
        """The FIRST or the next one; None behind the last."""
        if first:
            self._listed = self._list()
        return next(self._listed, None)

    def runtime_type(self, address: int) -> Optional[Type]:
        """Of Go's run-time type descriptor at ADDRESS."""
        if not self._opened:
            self._open()
        found = (file.runtime_type(address - bias) for file, bias in self._opened)
        return next((one for one in found if one is not None), None)

    def _open(self) -> None:
        modules = self._modules()
        if not modules:
            raise Trouble("no program is loaded")
        own = modules[:1] + [module for module in modules[1:] if self._tool().is_whole(module.path)]
        files = [(self._tool().open(module.path), module) for module in own]
        if files[0][0].lack:
            raise Trouble(files[0][0].lack)
        places = [(file, module.bias(file)) for file, module in files if not file.lack]
        self._opened = [(file, bias) for file, bias in places if bias is not None]

    def _list(self) -> Iterator[Found]:
        self._open()
        exe, exe_bias = self._opened[0] if self._opened else (None, 0)
        for file, bias in self._opened:
            for name, number, address, in_exe in file.globals(exe):
                yield name, Type(file, number), (address + (exe_bias if in_exe else bias)) & 0xFFFFFFFFFFFFFFFF
