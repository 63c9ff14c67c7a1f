#!/usr/bin/env python3
"""Each of several processes writes its own rows of W into the one file that one process alone would write, byte by byte;
where they do not see the same folder the first one writes what it gets sent. A process that cannot write its rows is one
sentence of all, and nothing is left."""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

NMF = os.environ["NMF"]
PROGRAM = [os.path.join(os.environ["NMFKIT_BUILD_DIR"], "tests", "test_mpi_written"), together.plugin()]
FIT = ["fit", "x.npy", "-k", "8", "--max-iter", "2", "-q"]
EDGES = 2 * 65536 + 1000  # bytes that a process leaves to the first one, and what it says


def sent(command):
    """(bytes that the others sent for a model, bytes of their rows)."""
    return [int(number) for number in re.fullmatch(r"sent (\d+) rows (\d+)\n", together.run(command)).groups()]


def in_one_folder():
    bytes_sent, rows = sent(together.launch(3) + PROGRAM)
    assert bytes_sent <= 2 * EDGES and bytes_sent < rows / 2, (bytes_sent, rows)
    assert zipfile.ZipFile("spread.nmf.npz").testzip() is None
    with np.load("spread.nmf.npz") as file:
        assert file["sample_names"][21000] == "row-21000"
        assert file["W"].tobytes() == np.load("one.npy").tobytes()


def in_folders_of_their_own():
    for name in ("a", "b"):
        shutil.rmtree(name, ignore_errors=True)
        os.mkdir(name)
    folder = (lambda name: ["-wdir", os.path.abspath(name)])
    first = together.launch(1)
    command = first + folder("a") + PROGRAM + [":", "-n", "2"] + folder("b") + PROGRAM
    bytes_sent, rows = sent(command)
    assert rows <= bytes_sent < rows + 1000, (bytes_sent, rows)
    assert os.listdir("b") == [], os.listdir("b")
    assert zipfile.ZipFile("a/spread.nmf.npz").testzip() is None


def without_room():
    """No file may grow beyond two thirds of what W takes: the limit lies within the rows of the second process."""
    command = together.launch(2) + ["sh", "-c", "ulimit -f 2500; exec \"$0\" \"$@\"", NMF] + FIT + ["-o", "full.npz"]
    code, _, err = together.finish(together.start(command), 60)
    said = [line for line in err.splitlines() if line.startswith("nmf")]
    assert code == 1 and said == ["nmf fit: full.npz: cannot be written: File too large"], (code, err)
    assert not [name for name in os.listdir(".") if name.startswith("full.npz")]


def killed_while_writing():
    """The older file stays as it was, or the new one is whole; the other has ended within 10 s."""
    older = b"what was there before"
    with open("cut.npz", "wb") as file:
        file.write(older)
    process = together.start(together.launch(2) + [NMF] + FIT + ["-o", "cut.npz"])
    begun = time.monotonic()
    while not glob.glob("cut.npz.tmp-*") and process.poll() is None:
        assert time.monotonic() - begun < 60
    for rank in together.ranks_of(process)[-1:]:
        os.kill(rank, signal.SIGKILL)
    together.end_of_others(process)
    with open("cut.npz", "rb") as file:
        is_older = file.read() == older
    assert is_older or zipfile.ZipFile("cut.npz").testzip() is None
    subprocess.run([NMF] + FIT + ["-o", "cut.npz"], check=True)  # which takes away what a killed run left
    assert glob.glob("cut.npz*") == ["cut.npz"]


def by_the_command():
    subprocess.run([NMF] + FIT + ["-o", "one.npz", "--save-W", "one-W.npy"], check=True)
    together.run(together.launch(3) + [NMF] + FIT + ["-o", "three.npz", "--save-W", "three-W.npy"])
    assert open("one-W.npy", "rb").read() == open("three-W.npy", "rb").read()
    one, three = zipfile.ZipFile("one.npz"), zipfile.ZipFile("three.npz")
    assert three.testzip() is None and one.namelist() == three.namelist()
    for name in set(one.namelist()) - {"manifest.json", "trace.npy"}:  # which have seconds
        assert one.read(name) == three.read(name), name


def main():
    together.skip_without_mpi()
    np.save("x.npy", np.random.default_rng(3).integers(1, 200, (60000, 6)).astype(np.uint8))
    for claim in (in_one_folder, in_folders_of_their_own, without_room, killed_while_writing, by_the_command):
        claim()
        print(claim.__name__)


main()
