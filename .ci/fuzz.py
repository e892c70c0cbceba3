"""Runs libFuzzer targets, one after the other: `fuzz.py SECONDS PROGRAM...`. Each begins with what the repository
keeps for it, and goes on from what it found the last time, in build/fuzz/NAME. An input that crashes one, takes
more than 10 seconds or more memory than the bound is left in build/fuzz/NAME.found and fails the run.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
TIMEOUT = 10  # seconds for one input
RSS_MB = 1024  # of the whole process, sanitizers and corpus included
MALLOC_MB = 256  # of one allocation
LARGEST = 1 << 16  # bytes of an input


def fuzz(seconds: int, program: str) -> bool:
    name = os.path.basename(program)[len("fuzz_") :]
    work = os.path.join(ROOT, "build", "fuzz", name)
    found = work + ".found"
    for folder in (work, found):
        os.makedirs(folder, exist_ok=True)
    limits = [f"-timeout={TIMEOUT}", f"-rss_limit_mb={RSS_MB}", f"-malloc_limit_mb={MALLOC_MB}", f"-max_len={LARGEST}"]
    command = [os.path.join(ROOT, program), f"-max_total_time={seconds}", *limits]
    command += [f"-artifact_prefix={found}/", "-print_final_stats=1", work]
    command.append(os.path.join(ROOT, "core", "tests", "corpus", name))
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode("utf-8", "replace")
    figures = dict(re.findall(r"stat::(\w+):\s+(\d+)", text))
    runs, peak = figures.get("number_of_executed_units", "0"), figures.get("peak_rss_mb", "?")
    good = done.returncode == 0 and int(runs) > 0
    print(f"  {'ok' if good else 'FAILED':8} {name}: {runs} inputs in {seconds} s, peak {peak} MB", flush=True)
    if not good:
        print(text[-6000:])
    return good


if __name__ == "__main__":
    results = [fuzz(int(sys.argv[1]), program) for program in sys.argv[2:]]
    sys.exit(0 if results and all(results) else 1)
