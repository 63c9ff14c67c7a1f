#!/usr/bin/env python3
"""One of several processes is killed at a random moment: the others end within 10 s, nothing half-written is left, and
the run that goes on from the checkpoint, with any number of processes, ends with the bits of one that nobody
disturbed. NMFKIT_KILLS: how many times (1)."""
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

NMF = os.environ["NMF"]
KINDS = {  # fits of about a second
    "frobenius": ["-k", "6", "--tol", "0", "--max-iter", "120"],
    "starts": ["-k", "5", "--starts", "3", "--spread", "rows", "--init", "random", "--tol", "0", "--max-iter", "60"],
    "kl": ["-k", "6", "--loss", "kl", "--tol", "0", "--max-iter", "24"],
    "mu": ["-k", "6", "--loss", "kl", "--solver", "mu", "--tol", "0", "--max-iter", "40"]}


def command(processes, kind):
    words = [NMF, "fit", "x.npy", "--checkpoint", "c", "--resume", "c", "--every", "0.1s", "-o", "killed.npz",
             "-q"] + KINDS[kind]
    return words if processes == 1 else together.launch(processes) + words


def model(path):
    with np.load(path) as file:
        return file["W"].tobytes(), file["H"].tobytes()


def kill_one(processes, kind, draw, duration, once_kept):
    """Whether there was somebody to kill; how long the others took."""
    process = together.start(command(processes, kind))
    begun = time.monotonic()
    while len(together.ranks_of(process)) < processes and process.poll() is None:
        assert time.monotonic() - begun < 30
        time.sleep(0.01)
    while once_kept and not os.path.exists("c") and process.poll() is None:
        time.sleep(0.01)
    time.sleep(draw.uniform(0, 0.3 if once_kept else duration))
    ranks = together.ranks_of(process)
    if not ranks:
        together.finish(process)
        return None
    try:
        os.kill(draw.choice(ranks), signal.SIGKILL)
    except ProcessLookupError:
        together.finish(process)
        return None
    return together.end_of_others(process)


def left():
    return sorted(set(os.listdir(".")) - {"x.npy"} - {name for name in os.listdir(".") if name.startswith("whole-")})


def main():
    together.skip_without_mpi()
    for name in os.listdir("."):  # of an earlier run
        os.remove(name)
    seed = int(os.environ.get("NMFKIT_KILLS_SEED", "11"))
    rounds = int(os.environ.get("NMFKIT_KILLS", "1"))
    draw = random.Random(seed)
    numbers = np.random.default_rng(5)
    parts = numbers.random((2000, 6)) @ (numbers.random((6, 60)) * (numbers.random((6, 60)) < 0.4))
    np.save("x.npy", (parts + 0.1 * numbers.random((2000, 60))).astype(np.float32))
    durations, longest, went_on = {}, 0.0, 0
    for i in range(rounds):
        kind = list(KINDS)[i % len(KINDS)]
        if kind not in durations:
            begun = time.monotonic()
            subprocess.run([NMF, "fit", "x.npy", "-o", "whole-%s.npz" % kind, "-q"] + KINDS[kind], check=True)
            durations[kind] = 1.5 * (time.monotonic() - begun) + 0.5
        seconds = kill_one(draw.choice((2, 3)), kind, draw, durations[kind], i % 2 == 0)
        if seconds is not None:
            longest = max(longest, seconds)
            assert not os.path.exists("killed.npz") or model("killed.npz") == model("whole-%s.npz" % kind)
            there = [name for name in left() if name not in ("c", "c.lock", "killed.npz")]
            assert all(name.startswith(("c.tmp-", "killed.npz.tmp-")) for name in there), there  # the next run takes it away
            went_on += os.path.exists("c")
        processes = draw.choice((1, 2, 3, 4))
        done = together.start(command(processes, kind))
        code, _, err = together.finish(done, 280)
        assert code == 0, err
        assert model("killed.npz") == model("whole-%s.npz" % kind), (kind, processes)
        assert left() == ["killed.npz"], left()
        os.remove("killed.npz")
    print("%d killed at random moments; the others ended after %.2f s at most; %d went on from a checkpoint, all to the "
          "bits of an undisturbed run" % (rounds, longest, went_on))


main()
