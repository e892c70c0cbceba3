"""One decoder context for each target of this lldb, and turns at using them: lldb-dap and Python hosts ask from several
threads."""

import contextlib
import functools
import threading
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import lldb
from mapscope.interrupts import interrupts
from mapscope.session import Session
from mapscope_interrupts import interrupted
from mapscope_target import Target

WAIT = 1.0  # seconds for another thread's turn: a thread that holds lldb's own lock must not wait for ours for good
TYPES_MOST = 10000  # kept of programs that may be gone


class Busy(Exception):
    """Another thread is at work in the decoder."""


class Shapes(Target):
    """For types of no target in particular."""

    def __init__(self, pointer_size: int) -> None:
        super().__init__(lldb.SBTarget())
        self._pointer_size = pointer_size

    def memory(self) -> Tuple[int, int, bool, bool]:
        return 0, self._pointer_size, False, False


class Known(NamedTuple):
    target: lldb.SBTarget
    session: Session
    lock: Any


class Sessions:
    def __init__(self, lib: Any) -> None:
        self.lib = lib
        self._shapes: Dict[int, Session] = {}  # by size of a pointer
        self.any = Session(lib, Shapes(8), lambda: False)  # for what needs no target: names, help, words
        self._lock = threading.RLock()  # of what stands here
        self._known: List[Known] = []

    @contextlib.contextmanager
    def turn(self, target: lldb.SBTarget, context: Optional[lldb.SBExecutionContext] = None) -> Iterator[Session]:
        """The session of TARGET, for this thread alone. CONTEXT is that of a command."""
        interrupts.arm()
        with _locked(self._lock):
            known = self._of(target)
        with _locked(known.lock):
            here: Any = known.session.provider.target
            before, here.context = here.context, context or here.context
            try:
                yield known.session
            finally:
                here.context = before

    def is_map(self, native: lldb.SBType) -> bool:
        """A type does not tell its target, and a shape needs none."""
        with _locked(self._lock):
            size = native.GetPointerType().GetByteSize()
            session = self._shapes.get(size)
            if session is None or session.provider.type_count > TYPES_MOST:
                session = self._shapes[size] = Session(self.lib, Shapes(size), lambda: False)
                session.refresh()
            return session.is_map(native)

    def _of(self, target: lldb.SBTarget) -> Known:
        self._known = [known for known in self._known if known.target.IsValid()]
        for known in self._known:
            if known.target == target:
                return known
        new = Known(
            target,
            Session(self.lib, Target(target), functools.partial(interrupted, target.GetDebugger())),
            threading.RLock(),
        )
        if target.IsValid():
            self._known.append(new)
        return new


@contextlib.contextmanager
def _locked(lock: Any) -> Iterator[None]:
    if not lock.acquire(timeout=WAIT):
        raise Busy("another thread of lldb is reading a map: try again")
    try:
        yield
    finally:
        lock.release()
