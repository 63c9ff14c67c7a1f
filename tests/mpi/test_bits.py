#!/usr/bin/env python3
"""Fits made by several processes have the bits of one: dense and sparse data, all losses and ways through
the pass, some processes without any rows."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)


def fits(processes):
    """What test_mpi_fits prints: a line for each fit."""
    program = os.path.join(os.environ["NMFKIT_BUILD_DIR"], "tests", "test_mpi_fits")
    if processes == 0:
        return together.run([program])
    return together.run(together.launch(processes) + [program, together.plugin()], 300)


def main():
    together.skip_without_mpi()
    wanted = fits(0)
    assert wanted.count("\n") >= 20 and "threads" not in wanted, wanted
    everything = os.environ.get("NMFKIT_ALL_RANKS")  # 7: some processes have no rows, others uneven runs
    for processes in (1, 2, 3, 4, 7, 8) if everything else (2, 3, 7):
        found = fits(processes)
        for a, b in zip(wanted.splitlines(), found.splitlines()):
            assert a == b, "%d processes:\n%s\nand one alone:\n%s" % (processes, b, a)
        assert found == wanted
        print("%d processes, 1 and 2 threads: the bits of one" % processes)


main()
