#!/usr/bin/env python3
"""A .npy file that eight processes share: none of them has more than its eighth of X and what the plan of the fit
takes, and of W its own rows only, although they write one file. NMFKIT_MEMORY_MB: how large X is (100); NMFKIT_MEMORY_RANKS: how many share it."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

NMF = os.environ["NMF"]


def peak(command):
    """Peak memory in MB of the largest of a command and all that it started."""
    process = together.start(command)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, out + err
    return used.ru_maxrss / 1024


def main():
    together.skip_without_mpi()
    n, k, megabytes = 250, 32, int(os.environ.get("NMFKIT_MEMORY_MB", "100"))
    m = megabytes * 1000000 // n
    # Made by another program: what this one has would count for those that it starts.
    subprocess.run([NMF, "generate", "parts", "--shape", "%dx%d" % (m, n), "-o", "x.npy", "-q"], check=True)
    subprocess.run([NMF, "generate", "parts", "--shape", "64x%d" % n, "-o", "small.npy", "-q"], check=True)
    words = [NMF, "fit", "x.npy", "-k", str(k), "--init", "random", "--sketch", "0", "--solver", "hals",
             "--max-iter", "3", "--threads", "1", "-o", "out.npz", "-q"]
    ranks = int(os.environ.get("NMFKIT_MEMORY_RANKS", "8"))
    launched = together.launch(ranks)
    base = peak(launched + [words[0], "fit", "small.npy"] + words[3:])
    found = peak(launched + words)
    # W of the own rows three times in the fit and once more in the model; a few nodes of sums. All of W is nowhere.
    plan = 4 * m / ranks * k * 4 / 1e6 + 30 * k * n * 4 / 1e6 + 20
    allowed = base + megabytes / ranks + plan
    print("X of %d MB, W of %.0f, %d processes: %.0f MB at most in one; a process without X has %.0f, its part and the plan "
          "are %.0f" % (megabytes, m * k * 4 / 1e6, ranks, found, base, allowed - base))
    assert found <= allowed
    os.remove("x.npy")
    os.remove("out.npz")


main()
