"""Makes core/tests/corpus, where fuzzing begins and what `make check` tries each time: `corpus.py`, after `make`.
Cores and snapshots are maps of the fixtures as map-save wrote them, without libraries and the zeros at the ends of
pages; debug information is that of small programs. What a fuzzer found is added by hand as found-WHAT, and stays.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
from typing import List, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CORPUS = os.path.join(ROOT, "core", "tests", "corpus")

LINES = (
    "m --json",
    "m --limit 3 --offset 2 --addr",
    "box.numbers[i] --json",
    "*box.p --sort key",
    "0x10000 --type 'struct counts' --from b1",
    "m --where 'key > 3 && elem != 40' --json",
    "m 3 4 nothing",
    "m --bucket 1 --old",
    "m --summary x --for 3 -o /dev/null",
    "m if i == 3",
    "(struct box *)&box -- \"a b\" 'c'",
)

# Word size, byte order, kinds, header, growth: see fuzz_maps.c. Then bytes to overwrite.
MAPS = (
    (0x00, 0x08, 0x02, 20, b""),
    (0x03, 0x13, 0x0A, 40, b""),
    (0x0C, 0x2E, 0x2B, 30, b""),
    (0x20, 0x45, 0x92, 50, b"\x38\x09\xff"),
    (0xC2, 0x5F, 0x51, 25, b"\x79\x10" + b"\xff" * 16),
    (0x10, 0x00, 0x01, 9, b"\x01\x00\x01\x02\x03\x04\x05"),
    (0x10, 0x40, 0x01, 9, b""),
)

PROGRAM = """
struct point { int x, y; }; typedef struct point point_t; enum color { RED, GREEN };
struct node { struct node *next; point_t at[3]; unsigned bits : 5; enum color color; int (*call)(int); };
struct node list; static struct node *cache;
int work(int a, struct node *n) { static int calls; for (int i = 0; i < a; i++) { point_t p = { i, a }; calls += p.x; }
  cache = n; return calls; }
"""


def keep(target: str, name: str, data: bytes) -> None:
    os.makedirs(os.path.join(CORPUS, target), exist_ok=True)
    with open(os.path.join(CORPUS, target, name), "wb") as file:
        file.write(data)


def without_zeros(core: bytes) -> bytes:
    """A little-endian 64-bit core without libraries, whose segments end with their last byte that is not zero."""
    start, count = struct.unpack_from("<Q", core, 32)[0], struct.unpack_from("<H", core, 56)[0]
    headers, contents = b"", b""
    segments = [struct.unpack_from("<IIQQQQQQ", core, start + 56 * i) for i in range(count)]
    segments = [segment for segment in segments if not 0x7FFFF0000000 <= segment[3] < 0x7FFFF8000000]
    at = start + 56 * len(segments)
    for kind, flags, offset, address, physical, size, in_memory, align in segments:
        content = core[offset : offset + size]
        content = content if kind == 4 else content.rstrip(b"\0")
        headers += struct.pack(
            "<IIQQQQQQ", kind, flags, at + len(contents), address, physical, len(content), in_memory, align
        )
        contents += content
    return core[:56] + struct.pack("<H", len(segments)) + core[58:start] + headers + contents


def anonymous(core: bytes) -> bytes:
    """A stack holds the environment, and a core the paths of files: texts of this machine, which become x's."""
    return re.sub(
        rb"[\x20-\x7e]*[/=][\x20-\x7e]*", lambda text: b"x" * len(text[0]) if len(text[0]) > 5 else text[0], core
    )


def snapshot(fixture: str, folder: str) -> bytes:
    path = os.path.join(folder, fixture)
    commands = [f"source {ROOT}/gdb/mapscope_gdb.py", "break checkpoint", "run", "up", f"map-save m {path}"]
    quiet = ["gdb", "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off"]
    words: List[str] = [word for command in commands for word in ("-ex", command)]
    program = os.path.join(ROOT, "build", "fixtures", fixture)
    subprocess.run([*quiet, *words, program], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with open(path, "rb") as file:
        return file.read()


def debug_information(flags: Tuple[str, ...], folder: str) -> bytes:
    path = os.path.join(folder, "program")
    subprocess.run(
        [*flags, f"-ffile-prefix-map={folder}=.", "-c", "-x", "c", "-", "-o", path + ".o"],
        input=PROGRAM.encode("ascii"),
        cwd=folder,
        check=True,
    )
    subprocess.run(["ld", "-shared", "-z", "noseparate-code", path + ".o", "-o", path], check=True)
    with open(path, "rb") as file:
        return file.read()


# A type: kind, name, whether sizes are wide, size, target, count, fields (form, name, type, offset): see fuzz_types.c.
def types(shape: int, described: List[bytes], memory: bytes) -> bytes:
    return bytes([shape, len(described) - 1]) + b"".join(described) + memory


def hmap_types() -> List[bytes]:
    int_, pointer, array, structure = 1, 7, 8, 9
    byte = bytes([2, 29, 0, 1, 0, 0])
    number = bytes([int_, 29, 0, 8, 0, 0])
    hashes = bytes([array, 15, 0, 8, 1, 8])
    numbers = bytes([array, 15, 0, 64, 2, 8])
    members = ((10, 3, 0), (11, 4, 8), (12, 4, 72), (14, 2, 136))
    bucket = bytes([structure, 26, 0, 144, 0, 0, len(members)])
    bucket += b"".join(bytes([0, name, of, offset]) for name, of, offset in members)
    to_bucket = bytes([pointer, 15, 0, 8, 5, 0])
    members = ((0, 2, 0), (1, 1, 8), (2, 1, 9), (3, 1, 10), (4, 1, 12), (5, 6, 16), (6, 6, 24), (7, 2, 32), (8, 2, 40))
    header = bytes([structure, 25, 0, 48, 0, 0, len(members)])
    header += b"".join(bytes([0, name, of, offset]) for name, of, offset in members)
    return [byte, number, hashes, numbers, bucket, to_bucket, header]


def main() -> None:
    for i, line in enumerate(LINES):
        keep("lines", f"line-{i}", bytes([i % 6 | 0x40 * (i & 1)]) + line.encode("ascii"))
    keep("lines", "words", b"\x82m\0" + b"--json\0--limit\0" + b"2")
    for i, (shape, kinds, state, entries, patches) in enumerate(MAPS):
        keep("maps", f"map-{i}", bytes([shape, kinds, state, entries]) + patches)
    header = struct.pack("<qBBHIQ", 9, 0, 1, 0, 7, 0)
    keep("types", "hmap", types(4, hmap_types(), header + bytes(range(100, 200))))
    keep("types", "hmap-32", types(5, hmap_types(), header + b"\x07" * 60))
    keep("types", "circle", types(0, [bytes([12, 0, 0, 8, 1, 0]), bytes([7, 0, 0, 8, 1, 0])], b""))
    with tempfile.TemporaryDirectory() as folder:
        for fixture in ("growing", "chain_cycle"):
            core = anonymous(without_zeros(snapshot(fixture, folder)))
            keep("snapshots", fixture, core)
        keep("cores", "whole", core)
        keep("cores", "cut-off", core[: len(core) // 2])
        for compiler in ("gcc", "clang"):
            for version in ("4", "5"):
                flags = (compiler, "-gdwarf-" + version, "-O1", "-fPIC")
                keep("dwarf", f"{compiler}-{version}", debug_information(flags, folder))


if __name__ == "__main__":
    main()
    sys.exit(0)
