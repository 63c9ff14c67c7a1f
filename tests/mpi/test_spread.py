#!/usr/bin/env python3
"""Fits shared out among processes: nmf rank and nmf consensus come to what one process comes to (starts: test_bits.py)."""
import json
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

NMF = os.environ["NMF"]
TIMES = ("seconds", "threads", "spread", "progress")


def both(processes, name, *words):
    """The command run alone and under mpirun, each with its own output file; their names."""
    alone, shared = "alone-" + name, "shared-" + name
    done = subprocess.run([NMF] + [word.replace("OUT", alone) for word in words], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    assert done.returncode == 0, done.stderr
    together.run(together.launch(processes) + [NMF] + [word.replace("OUT", shared) for word in words])
    return alone, shared


def without_times(thing):
    if isinstance(thing, dict):
        return {key: without_times(value) for key, value in thing.items() if key not in TIMES}
    return [without_times(value) for value in thing] if isinstance(thing, list) else thing


def same_model(alone, shared):
    with np.load(alone) as a, np.load(shared) as b:
        assert a["W"].tobytes() == b["W"].tobytes() and a["H"].tobytes() == b["H"].tobytes()


def ranks_are_those_of_one():
    files = both(3, "rank.json", "rank", "x.npy", "-k", "2:5", "--repeats", "4", "--loss", "kl", "--json", "OUT", "-q")
    alone, shared = (json.load(open(name, encoding="utf-8")) for name in files)
    assert without_times(alone) == without_times(shared)


def replicates_agree_alike():
    same_model(*both(3, "agree.npz", "consensus", "x.npy", "-k", "4", "--replicates", "8", "-q", "-o", "OUT"))


def main():
    together.skip_without_mpi()
    draw = np.random.default_rng(3)
    parts = draw.random((90, 4)) @ (draw.random((4, 40)) * (draw.random((4, 40)) < 0.5))
    np.save("x.npy", (parts + 0.05 * draw.random((90, 40))).astype(np.float32))
    for claim in (ranks_are_those_of_one, replicates_agree_alike):
        claim()
        print(claim.__name__)


main()
