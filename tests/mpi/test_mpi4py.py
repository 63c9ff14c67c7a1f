#!/usr/bin/env python3
"""nmfkit.mpi with mpi4py: fits of a communicator's processes have the bits of one; a part of the processes may share
fits, and alone again each has its own."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

PROGRAM = '''
import numpy as np
from mpi4py import MPI
import nmfkit, nmfkit.mpi
comm = MPI.COMM_WORLD
x = np.load("x.npy", mmap_mode="r")
def components(**words):
    return nmfkit.NMF(4, **words).fit(x).components_.tobytes()
alone = components(random_state=1)
nmfkit.mpi.attach(comm)
assert components(random_state=1) == alone
for words in ({}, {"solver": "cd", "init": "random"}):  # NumPy's own numbers are others in each process
    assert len(set(comm.allgather(components(**words)))) == 1
rows = nmfkit.mpi.rows(len(x), comm.rank, comm.size)
assert sum(comm.allgather(len(rows))) == len(x)
w = nmfkit.NMF(4, random_state=1).fit_transform(x)
assert w.shape == ((len(x) if comm.rank == 0 else len(rows)), 4), w.shape
pair = comm.Split(comm.rank)
nmfkit.mpi.attach(pair)
assert components(random_state=1) == alone
nmfkit.mpi.detach()
assert components(random_state=1) == alone
try:
    nmfkit.mpi.attach(MPI.COMM_NULL)
except ValueError as error:
    assert "MPI_COMM_NULL" in str(error), error
else:
    raise AssertionError("the null communicator was taken")
print("process %d of %d: the bits of one" % (comm.rank, comm.size))
'''


def main():
    together.skip_without_mpi()
    try:
        import mpi4py  # noqa: F401  pylint: disable=unused-import
    except ImportError:
        print("skipped: no mpi4py")
        sys.exit(together.SKIPPED)
    draw = np.random.default_rng(4)
    np.save("x.npy", (draw.random((600, 4)) @ draw.random((4, 20))).astype(np.float32))
    os.environ["PYTHONPATH"] = os.path.join(os.environ["NMFKIT_SOURCE_DIR"], "python")
    said = together.run(together.launch(2) + [sys.executable, "-c", PROGRAM])
    assert said.count("the bits of one") == 2, said


main()
