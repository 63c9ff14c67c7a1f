#!/usr/bin/env python3
"""What the processes of a fit send in an iteration, counted by MPI's profiling interface (count_bytes.c), is what
docs/scale.md says and bench/scale.py reckons with, to 1 %: dense and sparse data, all ways in which the factors
travel."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.environ["NMFKIT_SOURCE_DIR"], "bench"))
import scale  # noqa: E402
import together  # noqa: E402  (beside this file)

SENT = os.path.join(os.environ["NMFKIT_BUILD_DIR"], "tests", "test_mpi_sent")


def main():
    together.skip_without_mpi()
    for processes in (2, 3, 4, 7) if os.environ.get("NMFKIT_ALL_RANKS") else (3,):
        lines = together.run(together.launch(processes) + [SENT], 300).splitlines()
        assert len(lines) == 8, lines
        for line in lines:
            name, kind, m, n, k, counted = line.split(";")
            wanted = scale.iteration_bytes(kind, int(m), int(n), int(k), 4, processes)
            off = float(counted) / wanted - 1
            print("%-18s %d processes: %s bytes an iteration, the formula %.0f (%+.2f %%)"
                  % (name, processes, counted, wanted, 100 * off))
            assert abs(off) <= 0.01


main()
