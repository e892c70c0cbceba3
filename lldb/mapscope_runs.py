"""Whether an editor asks for all children of a large map in one go: some know no pages, and lldb-dap 19 takes 1 ms and
12 KB for each (20 000 in 20 s, measured). Knows nothing of maps."""

import contextlib
import os
import sys
import threading
from typing import Iterator, Optional

MOST = 2000  # children in one go
_HERE = os.path.dirname(os.path.realpath(__file__))


class Run:
    """What is asked of one map, child after child. Between two requests lldb-dap reads and writes, within one it does
    neither: so a run ends where its thread has made such a system call, other than for our answer."""

    def __init__(self) -> None:
        self._next = -1
        self._calls: Optional[int] = None  # with the last answer
        self._length = 0

    @contextlib.contextmanager
    def asked(self, index: int) -> Iterator[bool]:
        """Whether child INDEX is to be given."""
        calls = _calls()
        goes_on = calls is not None and index == self._next and calls == self._calls
        self._length = self._length + 1 if goes_on else 1
        if self._length == MOST + 1:
            _tell()
        try:
            yield self._length <= MOST
        finally:
            self._next, self._calls = index + 1, _calls()


def most(count: int) -> int:
    """How many of COUNT children to speak of."""
    return min(count, MOST) if _told else count


class _Counter(threading.local):
    """Of the calls read and write that this thread has made, but for its own."""

    def __init__(self) -> None:
        self._own = 0
        self._file = os.open("/proc/thread-self/io", os.O_RDONLY | os.O_CLOEXEC)

    def calls(self) -> int:
        words = os.pread(self._file, 256, 0).split()
        self._own += 1
        return int(words[5]) + int(words[7]) - self._own


def _calls() -> Optional[int]:
    """None: it is no editor that asks, but a script or a person."""
    if _counter is None:
        return None
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
    return _counter.calls() if frame.f_code.co_filename.startswith(_HERE) else None


def _tell() -> None:
    """From now on the editor is known."""
    global _told
    if not _told:
        _told = True
        print(
            f"This editor asks for all children of a map at once, and gets the first {MOST}. For more: map-entries EXPR"
            f" --offset {MOST}",
            file=sys.stderr,
            flush=True,
        )


def _editor() -> Optional[_Counter]:
    """On a system that tells of each thread what it calls (Linux)."""
    try:
        return _Counter() if "lldb-dap" in os.path.basename(os.readlink("/proc/self/exe")) else None
    except OSError:
        return None


_counter = _editor()
_told = False
