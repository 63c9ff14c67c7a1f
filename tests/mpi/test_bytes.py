#!/usr/bin/env python3
"""What the processes of a fit send in an iteration, counted by MPI's profiling interface (count_bytes.c), is what
docs/scale.md says and bench/scale.py reckons with, to 1 %."""
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.environ["NMFKIT_SOURCE_DIR"], "bench"))
import scale  # noqa: E402
import together  # noqa: E402  (beside this file)

NMF = os.environ["NMF"]
COUNTER = os.path.join(os.environ["NMFKIT_BUILD_DIR"], "tests", "libtest_mpi_count.so")


def sent(processes, words, iterations):
    """Bytes that all processes sent in a fit of so many iterations."""
    command = together.launch(processes) + ["env", "LD_PRELOAD=" + COUNTER, NMF] + words + [
        "--max-iter", str(iterations), "--tol", "0", "-q", "-o", "out.npz"]
    code, _, err = together.finish(together.start(command))
    lines = [line.split() for line in err.splitlines() if line.startswith("counted")]
    assert code == 0 and len(lines) == processes, (code, err)
    return sum(int(line[2]) for line in lines)


def of_an_iteration(processes, *words):
    few, many = 4, 14  # what happens once happens in both
    return (sent(processes, list(words), many) - sent(processes, list(words), few)) / (many - few)


def main():
    together.skip_without_mpi()
    m, n, k = 9000, 700, 6
    draw = np.random.default_rng(2)
    x = draw.random((m, k)) @ draw.random((k, n)) + 0.3 * draw.random((m, n))
    np.save("x.npy", x.astype(np.float32))
    np.save("holes.npy", np.where(draw.random((m, n)) < 0.04, np.nan, x).astype(np.float32))
    np.save("wide.npy", draw.random((64, 66000), dtype=np.float32))
    dense = ["fit", "x.npy", "-k", str(k), "--init", "random", "--starts", "1", "--sketch", "0"]
    holes = ["fit", "holes.npy", "--missing", "nan"] + dense[2:]
    wide = ["fit", "wide.npy", "-k", "16", "--threads", "1"] + dense[4:]
    subprocess.run([NMF, "convert", "x.npy", "-o", "x.mtx", "-q"], check=True)
    stored = ["fit", "x.mtx", "--precision", "f32"] + dense[2:]
    cases = (
        ("frobenius", "frobenius", m, 4, 3, dense + ["--solver", "hals"]),
        ("kl, jmm, sparse", "jmm", m, 4, 3, stored + ["--loss", "kl", "--solver", "jmm"]),
        ("kl", "divergence", m, 4, 2, dense + ["--loss", "kl", "--solver", "scd"]),
        ("frobenius, sparse", "frobenius", m, 4, 3, stored + ["--solver", "hals"]),
        ("frobenius, H dealt", "frobenius", 64, 4, 3, wide + ["--solver", "hals"]),
        ("kl, sparse", "divergence", m, 4, 2, stored + ["--loss", "kl", "--solver", "scd"]),
        ("few missing", "few missing", m, 4, 3, holes + ["--solver", "auto"]),
        ("kl, jmm", "jmm", m, 4, 3, dense + ["--loss", "kl", "--solver", "jmm"]))
    for name, kind, rows, entry, processes, words in cases if os.environ.get("NMFKIT_ALL_RANKS") else cases[:3]:
        counted = of_an_iteration(processes, *words)
        features, components = (n, k) if rows == m else (66000, 16)
        wanted = scale.iteration_bytes(kind, rows, features, components, entry, processes)
        print("%-18s %d processes: %.0f bytes an iteration, the formula %.0f (%+.2f %%)"
              % (name, processes, counted, wanted, 100 * (counted / wanted - 1)))
        assert abs(counted - wanted) <= 0.01 * wanted


main()
