#!/usr/bin/env python3
"""The plug-in built with MPICH: fits under its mpirun have the bits of one process; with the mpirun of another MPI it
says so in a sentence."""
import os
import shutil
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

NMF = os.environ["NMF"]
PLUGIN = os.path.join(os.environ["NMFKIT_BUILD_DIR"], "tests", "libtest_mpi_mpich.so")


def main():
    together.skip_without_mpi()
    mpirun = shutil.which("mpirun.mpich")
    if not os.path.exists(PLUGIN) or mpirun is None:
        print("skipped: no MPICH here")
        sys.exit(together.SKIPPED)
    draw = np.random.default_rng(6)
    np.save("x.npy", (draw.random((1500, 4)) @ draw.random((4, 40)) + 0.1).astype(np.float32))
    environment = dict(os.environ, NMFKIT_MPI_LIBRARY=PLUGIN)
    for words in (["--loss", "kl"],):
        fit = [NMF, "fit", "x.npy", "-k", "4", "-q"] + words
        subprocess.run(fit + ["-o", "one.npz"], check=True)
        subprocess.run([mpirun, "-n", "3"] + fit + ["-o", "three.npz"], env=environment, check=True, timeout=120)
        with np.load("one.npz") as one, np.load("three.npz") as three:
            assert one["W"].tobytes() == three["W"].tobytes() and one["H"].tobytes() == three["H"].tobytes(), words
        os.remove("three.npz")
    environment = dict(together.environment(), NMFKIT_MPI_LIBRARY=PLUGIN)
    run = subprocess.run(together.launch(2) + [NMF, "fit", "x.npy", "-k", "4", "-o", "no.npz"], env=environment,
                         check=False, stderr=subprocess.PIPE, universal_newlines=True, timeout=120)
    said = [line for line in run.stderr.splitlines() if line.startswith("nmf")]
    assert run.returncode != 0 and said and "another MPI" in said[0], run.stderr
    assert not os.path.exists("no.npz")


main()
