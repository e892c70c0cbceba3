"""Runs the tests and sums them up: `suite.py PART...`, parts being lint, core (cmocka), gdb, lldb and cli (pytest).

The last line is `N passed, N failed, N skipped`. Whatever cannot prove that it ran counts as failed: a runner that
died, one that ran fewer tests than it announced or none, a build that broke. A skip fails the run unless ALLOW_SKIP=1.
T=NAME narrows to tests of that name. Not a test framework: cmocka (its TAP output) and pytest (its JUnit file) are.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from typing import Dict, List, NamedTuple, Optional, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
REPORT = os.path.join(ROOT, "build", "report")
BINARY_SECONDS = 300
PYTEST_SECONDS = 1200


class Tally(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(self, other)))

    def total(self) -> int:
        return sum(self)


def count_tap(text: str, status: int) -> Tally:
    """The tests of one cmocka program, from its TAP output and its exit status."""
    planned = sum(int(n) for n in re.findall(r"^1\.\.(\d+)$", text, re.MULTILINE))
    passed = len(re.findall(r"^ok \d+ ", text, re.MULTILINE))
    skipped = len(re.findall(r"^not ok \d+ # SKIP", text, re.MULTILINE))
    failed = len(re.findall(r"^not ok \d+ ", text, re.MULTILINE)) - skipped
    failed += max(0, planned - passed - failed - skipped)
    if not failed and (status != 0 or planned == 0):
        failed = 1
    return Tally(passed, failed, skipped)


def count_junit(path: str, status: int, may_be_empty: bool = False) -> Tally:
    """The tests of one pytest run, from its JUnit file and its exit status (5: no tests)."""
    tally = Tally()
    try:
        for suite in ElementTree.parse(path).getroot().iter("testsuite"):
            bad = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
            skipped = int(suite.get("skipped", "0"))
            tally = tally.plus(Tally(int(suite.get("tests", "0")) - bad - skipped, bad, skipped))
    except (OSError, ElementTree.ParseError):
        return Tally(failed=1)
    if tally.total() == 0:
        return Tally(failed=0 if may_be_empty and status in (0, 5) else 1)
    if status != 0 and not tally.failed:
        return tally.plus(Tally(failed=1))
    return tally


def verdict(tally: Tally, allow_skip: bool) -> int:
    return int(tally.failed > 0 or tally.passed == 0 or (tally.skipped > 0 and not allow_skip))


def run_step(name: str, command: List[str]) -> Tally:
    """A step that is one test: lint, or what the tests need built (which counts only when it fails)."""
    # The jobserver of the make above is out of reach: its file descriptors end here.
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    good = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL).returncode == 0
    print(f"  {'ok' if good else 'FAILED':8} {name}", flush=True)
    return Tally(passed=1) if good else Tally(failed=1)


def run_binary(path: str) -> Tuple[str, Tally, str, float]:
    start = time.monotonic()
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", UBSAN_OPTIONS="print_stacktrace=1")
    recording = os.path.join(ROOT, "build", "recordings", os.path.basename(path)[len("test_") :] + ".txt")
    try:
        done = subprocess.run(
            [path, recording] if os.path.exists(recording) else [path],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=BINARY_SECONDS,
        )
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, status = (late.output or b"") + b"\ntimed out\n", 1
    except OSError as error:
        output, status = str(error).encode(), 1
    text = output.decode("utf-8", "replace")
    return path, count_tap(text, status), text, time.monotonic() - start


def complaints(text: str) -> str:
    """What a failed program's output has to say: its failed tests with their messages, or else its end."""
    failed = re.findall(r"^not ok .*\n(?:# .*\n)*", text, re.MULTILINE)
    return "".join(failed) if failed else text[-4000:]


def run_binaries(paths: List[str]) -> Tally:
    tally = Tally()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, one, text, seconds in pool.map(run_binary, paths):
            tally = tally.plus(one)
            word = "FAILED" if one.failed else "ok"
            name = os.path.relpath(path, ROOT)
            print(f"  {word:8} {name}: {words(one)} ({seconds:.1f} s)", flush=True)
            log = os.path.join(REPORT, name.replace("/", ".") + ".log")
            with open(log, "w", encoding="utf-8") as file:
                file.write(text)
            if one.failed or one.skipped:
                print(complaints(text) + f"  all of it: {os.path.relpath(log, ROOT)}", flush=True)
    return tally


def run_pytest(
    folder: str, arguments: List[str], narrow: Optional[str] = None, report: str = REPORT, name: str = "pytest"
) -> Tally:
    """Runs pytest inside FOLDER: from the root, the bare folder gdb/ would stand for the debugger's module. What it
    says is printed as a whole, since another may run beside it."""
    path, log = (os.path.join(report, name + end) for end in (".xml", ".log"))
    os.makedirs(report, exist_ok=True)
    if os.path.exists(path):
        os.remove(path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=5", "--junitxml=" + path]
    command += arguments + (["-k", narrow] if narrow else [])
    status: Optional[int] = None
    with open(log, "wb") as file, contextlib.suppress(subprocess.TimeoutExpired):
        status = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=PYTEST_SECONDS,
        ).returncode
    with open(log, encoding="utf-8", errors="replace") as text:
        print(text.read() + ("" if status is not None else f"pytest: no end after {PYTEST_SECONDS} s\n"), flush=True)
    return Tally(failed=1) if status is None else count_junit(path, status, may_be_empty=bool(narrow))


def words(tally: Tally) -> str:
    return f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped"


def make(*goals: str) -> List[str]:
    return [os.environ.get("MAKE", "make"), *([] if os.environ.get("V") else ["-s"]), *goals]


def part_of(name: str) -> str:
    """The part that runs a file of tests; what is about several windows runs with gdb's."""
    word = name[: -len(".py")].split("_")[1]
    return word if word in ("lldb", "cli") else "gdb"


def run_parts(parts: List[str], narrow: Optional[str]) -> Dict[str, Tally]:
    done: Dict[str, Tally] = {}
    built = run_step("build", make("all", *(["tests"] if "core" in parts else [])))
    if built.failed:
        done["build"] = built
    if "lint" in parts and not narrow:
        done["lint"] = run_step("lint", make("lint"))
    if "core" in parts and not built.failed:
        paths = sorted(glob(os.path.join(ROOT, "build", "asan-*", "test_*")))
        sources = {os.path.basename(path)[:-2] for path in glob(os.path.join(ROOT, "core", "tests", "test_*.c"))}
        fuzzers = glob(os.path.join(ROOT, "core", "tests", "fuzz_*.c"))
        sources |= {"test_" + os.path.basename(path)[:-2] for path in fuzzers}
        paths = [path for path in paths if os.path.basename(path) in sources]
        if narrow:
            paths = [path for path in paths if narrow in os.path.basename(path)]
        done["core"] = run_binaries(paths) if paths or narrow else Tally(failed=1)
    if not built.failed:
        done.update(run_sessions([part for part in ("gdb", "lldb", "cli") if part in parts], narrow))
    return done


def run_sessions(parts: List[str], narrow: Optional[str]) -> Dict[str, Tally]:
    """gdb's part beside the others: a debugger waits for its program half of the time."""
    files = sorted(glob(os.path.join(ROOT, "fixtures", "test_*.py")))

    def run(part: str) -> Tally:
        chosen = [path for path in files if part_of(os.path.basename(path)) == part]
        return run_pytest(os.path.join(ROOT, "fixtures"), chosen, narrow, name=part)

    with ThreadPoolExecutor(2) as pool:
        lanes = [[part for part in parts if part == "gdb"], [part for part in parts if part != "gdb"]]
        told = list(pool.map(lambda lane: [(part, run(part)) for part in lane], lanes))
    return dict(told[0] + told[1])


def main(parts: List[str]) -> int:
    summary = os.path.join(ROOT, "build", "summary")
    shutil.rmtree(REPORT, ignore_errors=True)
    os.makedirs(REPORT)
    if os.path.exists(summary):
        os.remove(summary)
    start = time.monotonic()
    tally = Tally()
    done = run_parts(parts, os.environ.get("T") or None)
    print()
    for name, one in done.items():
        tally = tally.plus(one)
        print(f"  {name:8} {words(one)}")
    if tally.total() == 0:
        print("  no test has that name" if os.environ.get("T") else "  no test ran")
        tally = Tally(failed=1)
    print(f"  {time.monotonic() - start:.0f} s in all")
    with open(summary, "w", encoding="ascii") as file:
        file.write(words(tally) + "\n")
    print(words(tally), flush=True)
    return verdict(tally, os.environ.get("ALLOW_SKIP") == "1")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
