#!/usr/bin/env python3
"""A fit that was stopped goes on from its checkpoint to the bits it would have had, whatever number of processes kept
it and goes on: every method, starts, sparse data, weights, known parts."""
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

APART = ("sparse frobenius", "sparse jmm")  # one process alone adds up in another order


def main():
    together.skip_without_mpi()
    alone = dict(line.split("  ", 1) for line in together.fits(0, "fits").splitlines())
    everything = os.environ.get("NMFKIT_ALL_RANKS")
    shared = None
    for cutting, resuming in ((3, 2), (2, 4), (7, 3), (2, 0), (0, 3)) if everything else ((3, 2),):
        folder = os.path.abspath("cut-by-%d" % cutting)
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        together.fits(cutting, "cut", folder)
        if 0 in (cutting, resuming):  # refused in a sentence
            for name in APART:
                os.remove(os.path.join(folder, name))
        found = dict(line.split("  ", 1) for line in together.fits(resuming, "resume", folder).splitlines())
        assert len(found) >= 22 - 2 * (0 in (cutting, resuming)), sorted(found)
        for name, line in found.items():
            if name in APART:
                shared = shared or together.fits(2, "fits")
                assert name + "  " + line in shared, (name, line, shared)
            else:
                assert alone[name] == line, "%s, stopped by %d, gone on with by %d:\n%s\nand undisturbed:\n%s" % (
                    name, cutting, resuming, line, alone[name])
        print("%d fits stopped by %d processes, gone on with by %d: the bits they would have had" % (
            len(found), cutting, resuming))


main()
