"""What the tests of the command share: running it, small input files, and looking at a directory.

Only Python's standard library, so that the tests run wherever the command does. The input files are
written here and not by the command itself, so that a mistake in both cannot hide.
"""

import contextlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile

NMF = os.environ.get("NMF")


def npy(rows, code, dtype):
    """The bytes of a .npy file (version 1.0) of `rows`; code is struct's letter, dtype NumPy's."""
    header = "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }" % (
        dtype, len(rows), len(rows[0]) if rows else 0)
    header += " " * (-(len(header) + 11) % 64) + "\n"
    values = [value for row in rows for value in row]
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
            + struct.pack("<%d%s" % (len(values), code), *values))


def two_parts():
    """20 samples of 6 x 5 pixels, sums of two parts: k = 2 is exact for it."""
    left = [2, 2, 1, 0, 0] * 6
    top = [3] * 10 + [0] * 20
    return [[(1 + i % 4) * a + (i % 3) * b for a, b in zip(left, top)] for i in range(20)]


def with_entry(row, column, value):
    rows = [[float(value) for value in row] for row in two_parts()]
    rows[row][column] = value
    return rows


def words():
    """6 documents of two kinds, 5 words, as MatrixMarket; most entries are left out."""
    rows = [[9, 4, 0, 0, 0], [5, 3, 1, 0, 0], [7, 2, 0, 0, 0],
            [0, 0, 0, 8, 2], [0, 0, 1, 6, 3], [0, 0, 0, 5, 1]]
    entries = ["%d %d %d\n" % (i + 1, j + 1, value)
               for i, row in enumerate(rows) for j, value in enumerate(row) if value]
    return ("%%%%MatrixMarket matrix coordinate integer general\n6 5 %d\n" % len(entries)
            + "".join(entries)).encode()


def ramp(rows, columns, of_row):
    return [[1 + (of_row * i + j) % 7 for j in range(columns)] for i in range(rows)]


def ones(count):
    """As numpy.save writes an array of one dimension."""
    return npy([[1.0]] * count, "d", "<f8").replace(b"(%d, 1), " % count, b"(%d,),   " % count)


FIXTURES = {
    "ones20.npy": lambda: ones(20),
    "parts.npy": lambda: npy(two_parts(), "B", "|u1"),
    "parts.csv": lambda: "".join(
        ",".join(map(str, row)) + "\n" for row in two_parts()).encode(),
    "negative.npy": lambda: npy(with_entry(17, 23, -0.5), "d", "<f8"),
    "nan.npy": lambda: npy(with_entry(3, 4, float("nan")), "d", "<f8"),
    "infinite.npy": lambda: npy(with_entry(0, 29, float("inf")), "d", "<f8"),
    "zero.npy": lambda: npy([[0] * 6] * 4, "B", "|u1"),
    "empty.npy": lambda: npy([], "B", "|u1"),
    "start_W.npy": lambda: npy(ramp(20, 2, 1), "d", "<f8"),
    "start_H.npy": lambda: npy(ramp(2, 30, 3), "d", "<f8"),
    "start_narrow.npy": lambda: npy(ramp(2, 29, 3), "d", "<f8"),
    "weights.npy": lambda: npy([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], "d", "<f8"),
    "wide.npy": lambda: npy(ramp(4, 7, 2), "B", "|u1"),
    "broken.csv": lambda: b"1,2,3\n4,five,6\n",
    "truncated.npy": lambda: npy(two_parts(), "B", "|u1")[:200],
    "notes.txt": lambda: b"This is no data at all.\n",
    "huge.npy": lambda: npy(two_parts(), "B", "|u1").replace(b"(20, 30), }",
                                                             b"(2000000000, 3000000000), }"),
    "words.mtx": words,
    "vocab.txt": lambda: b"apple\npear\nand\nwheel\ncar\n",
    "labels.txt": lambda: b"fruit\nfruit\nfruit\ntraffic\ntraffic\ntraffic\n",
    "picture.pgm": lambda: b"P5\n3 2\n255\n" + bytes([0, 50, 100, 150, 200, 250]),
    "larger.pgm": lambda: b"P5\n2 4\n255\n" + bytes(8),
}


@contextlib.contextmanager
def scratch(*fixtures):
    """A new directory with these input files, and a home of its own, so that no cache is seen."""
    path = tempfile.mkdtemp(prefix="nmf-test-")
    try:
        work = os.path.join(path, "work")
        os.mkdir(work)
        os.mkdir(os.path.join(path, "home"))
        for name in fixtures:
            with open(os.path.join(work, name), "wb") as file:
                file.write(FIXTURES[name]())
        yield work
    finally:
        shutil.rmtree(path, ignore_errors=True)


def environment(work):
    """PATH finds `nmf`; nothing of the user's reaches the command."""
    home = os.path.join(os.path.dirname(work), "home")
    tools = os.path.join(os.path.dirname(work), "bin")
    if not os.path.isdir(tools):
        os.mkdir(tools)
        os.symlink(os.path.abspath(NMF), os.path.join(tools, "nmf"))
    kept = {name: value for name, value in os.environ.items()
            if name.startswith(("LD_", "ASAN_", "UBSAN_", "LSAN_", "TSAN_", "OMP_", "OPENBLAS_", "GCOV_"))}
    kept.update(PATH=tools + ":/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL="C.UTF-8", TERM="dumb",
                HOME=home, XDG_CACHE_HOME=home + "/cache")
    return kept


def run(command, work, **more):
    """Runs a shell command line; returns subprocess's result with text output."""
    return subprocess.run(["sh", "-c", command], cwd=work, env=environment(work), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=300, check=False, **more)


def snapshot(work):
    """{relative path: content} of everything below; a directory ends in '/' and has no content."""
    found = {}
    for directory, subdirectories, files in os.walk(work):
        for name in subdirectories:
            found[os.path.relpath(os.path.join(directory, name), work) + "/"] = None
        for name in files:
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, work)] = file.read()
    return found


def main(tests):
    """Runs functions named by what they claim; one that returns a text was skipped, and why."""
    if not NMF:
        sys.exit("set NMF to the command under test")
    failed = 0
    for test in tests:
        try:
            reason = test()
            print("%s %s%s" % ("skipped" if reason else "ok     ", test.__name__,
                               ": " + reason if reason else ""))
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            failed += 1
            print("FAILED  %s: %s" % (test.__name__, error))
    sys.exit(1 if failed else 0)
