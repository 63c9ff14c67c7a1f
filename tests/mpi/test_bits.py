#!/usr/bin/env python3
"""Fits made by several processes have the bits of one: dense and sparse data, all losses and ways through
the pass, weights, known parts, some processes without any rows. Products with a sparse X are added up otherwise by
several than by one: the same bits for any number of them, and the loss of one to 1e-6."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

APART = ("sparse frobenius", "sparse jmm")  # of several processes and of one


def loss(line):
    return float(re.search(r"loss ([-+.0-9e]+),", line).group(1))


def compare(wanted, found, who, exactly):
    assert wanted.count("\n") == found.count("\n")
    for a, b in zip(wanted.splitlines(), found.splitlines()):
        if a.startswith(APART) and not exactly:
            assert abs(loss(a) - loss(b)) <= 1e-6 * loss(a), (a, b)
        else:
            assert a == b, "%s:\n%s\nand wanted:\n%s" % (who, b, a)
    print("%s: the bits of one" % who)


def main():
    together.skip_without_mpi()
    wanted = together.fits(0, "fits")
    assert wanted.count("\n") >= 37, wanted
    everything = os.environ.get("NMFKIT_ALL_RANKS")  # 7: some processes have no rows
    shared = None
    for processes in (1, 2, 3, 4, 7, 8) if everything else (3,):
        found = together.fits(processes, "fits")
        compare(wanted, found, "%d processes, 1 and 2 threads" % processes, processes == 1)
        if processes > 1 and shared:
            compare(shared, found, "%d processes and others" % processes, True)
        shared = found if processes > 1 else None


main()
