"""Runs fuzz targets, one after the other: `fuzz.py SECONDS PROGRAM...`. Each begins with what the repository keeps
for it, and goes on from what it found the last time, in the folder NAME beside the program, build/ENGINE/fuzz_NAME.
ENGINE afl is AFL++, any other libFuzzer. An input that crashes one, takes more than 10 seconds or more memory than the
bound is left in NAME.found and fails the run; so does a program that ran no input.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from glob import glob
from typing import Dict, List, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
TIMEOUT = 10  # seconds for one input
RSS_MB = 1024  # of the whole process, sanitizers included; the corpus, too, in libFuzzer
MALLOC_MB = 256  # of one allocation
LARGEST = 1 << 16  # bytes of an input


class Folders(NamedTuple):
    corpus: str  # the repository's
    work: str  # the engine's
    found: str  # for what fails


class Outcome(NamedTuple):
    good: bool
    figures: str
    text: str  # all that the engine says


def run(command: List[str], env: Dict[str, str]) -> "subprocess.CompletedProcess[str]":
    pipe, out = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=out,
        errors="replace",
    )


def libfuzzer(seconds: int, program: str, at: Folders) -> Outcome:
    limits = [f"-timeout={TIMEOUT}", f"-rss_limit_mb={RSS_MB}", f"-malloc_limit_mb={MALLOC_MB}", f"-max_len={LARGEST}"]
    command = [program, f"-max_total_time={seconds}", *limits, f"-artifact_prefix={at.found}/", "-print_final_stats=1"]
    done = run([*command, at.work, at.corpus], {})
    figures = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stdout))
    runs, peak = figures.get("number_of_executed_units", "0"), figures.get("peak_rss_mb", "?")
    return Outcome(done.returncode == 0 and int(runs) > 0, f"{runs} inputs, peak {peak} MB", done.stdout)


# No question about the machine, and no change to it.
AFL_ENV = {
    "AFL_NO_UI": "1",
    "AFL_NO_AFFINITY": "1",
    "AFL_SKIP_CPUFREQ": "1",
    "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
    "AFL_NO_CRASH_README": "1",
}


def keep(paths: List[str], folder: str, prefix: str = "") -> List[str]:
    """Copies of the files, named by what is in them, as libFuzzer does."""
    copies = []
    for path in paths:
        with open(path, "rb") as file:
            copies.append(os.path.join(folder, prefix + hashlib.sha1(file.read()).hexdigest()))
        if not os.path.exists(copies[-1]):
            shutil.copyfile(path, copies[-1])
    return copies


def afl(seconds: int, program: str, at: Folders) -> Outcome:
    seeds, out = os.path.join(at.work, "seeds"), os.path.join(at.work, "out")
    os.makedirs(seeds, exist_ok=True)
    keep(glob(os.path.join(at.corpus, "*")) + glob(os.path.join(out, "default", "queue", "id:*")), seeds)
    shutil.rmtree(out, ignore_errors=True)
    # AFL++ itself bounds the address space only, of which the address sanitizer takes nearly all. It wants reports
    # without names; fuzz_dwarf tells by the names whose fault it is.
    options = f"abort_on_error=1:detect_leaks=0:mmap_limit_mb={RSS_MB}:max_allocation_size_mb={MALLOC_MB}:symbolize="
    env = {"ASAN_OPTIONS": options + "0", "AFL_TARGET_ENV": f"ASAN_OPTIONS={options}1 UBSAN_OPTIONS=abort_on_error=1"}
    env["AFL_HANG_TMOUT"] = timeout = str(1000 * TIMEOUT)
    command = ["afl-fuzz", "-i", seeds, "-o", out, "-V", str(seconds), "-t", timeout, "-G", str(LARGEST), "--", program]
    done = run(command, {**AFL_ENV, **env})
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stdout)
    figures: Dict[str, str] = {}
    with contextlib.suppress(OSError), open(os.path.join(out, "default", "fuzzer_stats"), encoding="ascii") as file:
        figures = dict(re.findall(r"^(\w+) *: (.*)$", file.read(), re.MULTILINE))
    names = ("execs_done", "corpus_count", "saved_crashes", "saved_hangs")
    runs, paths, crashes, hangs = (int(figures.get(name, "0")) for name in names)
    # A seed that fails is passed over, and not counted.
    bad = re.findall(r"orig:(\w+)'(?:(?!orig:)[\s\S])*? results in a", text)
    found = keep([os.path.join(seeds, name) for name in bad], at.found, "seed-")
    found += keep(glob(os.path.join(out, "default", "crashes", "id:*")), at.found, "crash-")
    found += keep(glob(os.path.join(out, "default", "hangs", "id:*")), at.found, "hang-")
    good = done.returncode == 0 and runs > 0 and not crashes and not hangs and not found
    told = "".join(f"{os.path.relpath(path, ROOT)}\n" for path in found)
    return Outcome(good, f"{runs} inputs, {paths} paths, {crashes} crashes, {hangs} hangs", text + told)


def fuzz(seconds: int, program: str, corpus: str) -> bool:
    folder, base = os.path.split(os.path.join(ROOT, program))
    name = base[len("fuzz_") :]
    at = Folders(os.path.join(corpus, name), os.path.join(folder, name), os.path.join(folder, name + ".found"))
    for path in (at.work, at.found):
        os.makedirs(path, exist_ok=True)
    engine = afl if os.path.basename(folder) == "afl" else libfuzzer
    outcome = engine(seconds, os.path.join(folder, base), at)
    print(f"  {'ok' if outcome.good else 'FAILED':8} {name}: {outcome.figures} in {seconds} s", flush=True)
    if not outcome.good:
        print(outcome.text[-6000:])
    return outcome.good


if __name__ == "__main__":
    kept = os.path.join(ROOT, "core", "tests", "corpus")
    results = [fuzz(int(sys.argv[1]), program, kept) for program in sys.argv[2:]]
    if not results:
        print("  no target has that name")
    sys.exit(0 if results and all(results) else 1)
