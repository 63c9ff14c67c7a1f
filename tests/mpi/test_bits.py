#!/usr/bin/env python3
"""Fits made by several processes have the bits of one: dense and sparse data, all losses and ways through
the pass, weights, known parts, starts in turns, some processes without any rows. Products with a sparse X are added up
otherwise by several than by one: the same bits for any number of them, and the loss of one to 1e-6.

A fit that was stopped goes on from its checkpoint to the bits it would have had, whatever number of processes kept it
and goes on with it."""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

APART = ("sparse frobenius", "sparse jmm")  # of several processes and of one
ALL = bool(os.environ.get("NMFKIT_ALL_RANKS"))
SIZES = (1, 2, 3, 4, 7, 8) if ALL else (3,)  # 7: some processes have no rows
CUTS = {3: 2, 2: 4, 7: 3, 4: 1, 1: 3} if ALL else {3: 2}  # stopped by so many, gone on with by so many


def fits(processes, *words):
    """{name of a fit: its hashes and numbers}."""
    lines = together.fits(processes, *words).splitlines()
    found = dict(line.split("  ", 1) for line in lines)
    assert len(found) == len(lines), lines
    return found


def loss(line):
    return float(re.search(r"loss ([-+.0-9e]+),", line).group(1))


def compare(wanted, found, who, exactly):
    for name, line in found.items():
        if name.startswith(APART) and not exactly:
            assert abs(loss(line) - loss(wanted[name])) <= 1e-6 * loss(line), (line, wanted[name])
        else:
            assert line == wanted[name], "%s, %s:\n%s\nand wanted:\n%s" % (name, who, line, wanted[name])
    print("%s: the bits of one, %d fits" % (who, len(found)))


def folder_of(processes):
    return os.path.abspath("cut-by-%d" % processes)


def main():
    together.skip_without_mpi()
    for processes in CUTS:
        shutil.rmtree(folder_of(processes), ignore_errors=True)
        os.mkdir(folder_of(processes))
    alone, shared = fits(0, "fits"), None
    assert len(alone) >= 40, alone
    for processes in SIZES:
        found = fits(processes, "fits", *(["cut", folder_of(processes)] if processes in CUTS else []))
        assert set(found) == set(alone), set(found) ^ set(alone)
        compare(alone, found, "%d processes, 1 and 2 threads" % processes, processes == 1)
        if processes > 1 and shared:
            compare(shared, found, "%d processes and others" % processes, True)
        shared = found if processes > 1 else shared
    for cutting, resuming in CUTS.items():
        if 1 in (cutting, resuming):  # refused in a sentence
            for name in APART:
                os.remove(os.path.join(folder_of(cutting), name))
        found = fits(resuming, "resume", folder_of(cutting))
        assert len(found) >= 22 - 2 * (1 in (cutting, resuming)), sorted(found)
        compare(dict(alone, **{name: shared[name] for name in APART}), found,
                "stopped by %d, gone on with by %d" % (cutting, resuming), True)


main()
