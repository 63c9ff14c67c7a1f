#!/usr/bin/env python3
"""The command under mpirun: one fit and not as many copies; what one process cannot do is one sentence of
all, with the place in the whole X (a process that is killed: test_killed.py). Starting processes is mostly waiting:
what is claimed is tried a few at a time."""
import concurrent.futures
import os
import signal
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import together  # noqa: E402  (beside this file)

NMF = os.environ["NMF"]


def nmf(processes, *words):
    """(exit code, standard output, what nmf said on standard error) of nmf under mpirun."""
    code, out, err = together.finish(together.start(together.launch(processes) + [NMF] + list(words)))
    said = [line for line in err.splitlines() if line.startswith("nmf")]
    return code, out, said


def model(path):
    with np.load(path) as file:
        return file["W"].tobytes(), file["H"].tobytes()


def fits_like_one():
    subprocess.run([NMF, "fit", "x.npy", "-k", "4", "-o", "one.npz", "-q"], check=True)
    code, out, said = nmf(3, "fit", "x.npy", "-k", "4", "-o", "three.npz")
    assert code == 0 and said == [], said
    assert out.count("wrote three.npz") == 1, out
    assert model("one.npz") == model("three.npz")
    code, out, said = nmf(2, "transform", "one.npz", "x.npy", "-o", "w.npy")
    assert code == 0 and out.count("wrote") == 1, (out, said)
    subprocess.run([NMF, "transform", "one.npz", "x.npy", "-o", "w1.npy", "-q"], check=True)
    assert open("w.npy", "rb").read() == open("w1.npy", "rb").read()


def alone_where_nothing_is_shared():
    code, out, said = nmf(2, "info", "x.npy")
    assert code == 0 and out.count("samples") == 1, (out, said)


def names_places_in_the_whole():
    bad = np.load("x.npy")
    bad[1871, 3] = -1
    bad[1990, 5] = np.nan
    np.save("bad.npy", bad)
    alone = subprocess.run([NMF, "fit", "bad.npy", "-k", "4", "-o", "bad.npz"], check=False,
                           stderr=subprocess.PIPE, universal_newlines=True)
    code, _, said = nmf(4, "fit", "bad.npy", "-k", "4", "-o", "bad.npz")
    assert code == 1 and said == alone.stderr.splitlines() and "X[1871,3]" in said[0], said
    assert not os.path.exists("bad.npz")


FAILURES = (
    (("fit", "none.npy", "-k", "4"), "none.npy"),
    (("fit", "x.npy", "-k", "4", "-o", "nowhere/x.npz"), "nowhere/x.npz"),
    (("fit", "x.npy", "-k", "4", "--memory-limit", "1000"), "limit"),
    (("fit", "x.npy", "--such"), "--such"))


def says_a_failure_once(words, sentence):
    code, _, said = nmf(2, *words)
    assert code in (1, 2), (words, code)
    said = [line for line in said if "stay on disk" not in line]  # what reading decided
    assert len(said) == 1 and sentence in said[0], (words, said)


def says_help_once():
    code, out, said = nmf(2, "fit", "--help")
    assert code == 0 and said == [] and out.count("usage: nmf fit") == 1, (code, out[:400], said)


def each(*commands):
    """The same of a process for each list of words, all in one run."""
    words = together.launch(1) + [NMF] + commands[0]
    for command in commands[1:]:
        words += [":", "-n", "1", NMF] + command
    begun = time.monotonic()
    process = subprocess.Popen(words, env=together.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, universal_newlines=True)
    _, err = process.communicate(input="1,2\n3,4\n", timeout=60)
    assert time.monotonic() - begun < 25, (commands, err)  # a machine with much else to do
    return process.returncode, [line for line in err.splitlines() if line.startswith("nmf")], err


FIT = ["fit", "x.npy", "-k", "4", "-o", "odd.npz"]
RANK = ["rank", "-k", "2:3", "--repeats", "2"]
# Processes that were given different things, or what only one of them can have.
ODD = (
    ((FIT, ["fit", "y.npy"] + FIT[2:]), "other data or other options"),
    ((["fit", "a.csv"] + FIT[2:], ["fit", "b.csv"] + FIT[2:]), "other data or other options"),
    ((["fit", "a.mtx", "--loss", "kl"] + FIT[2:], ["fit", "b.mtx", "--loss", "kl"] + FIT[2:]), "other data or other options"),
    ((FIT, FIT + ["--seed", "3"]), "other data or other options"),
    ((FIT, FIT + ["--checkpoint", "c"]), "other data or other options"),
    ((RANK + ["a.csv"], RANK + ["b.csv"]), "other data or other options"),
    ((RANK + ["a.csv"], RANK + ["a.csv", "--folds", "5"]), "other data or other options"),
    ((FIT, ["pca"] + FIT[1:]), "different commands"),
    ((FIT, ["fit", "none.npy"] + FIT[2:]), "none.npy"),
    ((["fit", "-", "-k", "1", "-o", "odd.npz"],) * 2, "standard input is read once"),
    ((FIT + ["--stream"],) * 2, "--stream"),
    ((FIT + ["--checkpoint", "nowhere/c"], FIT + ["--checkpoint", "nowhere/d"]), "nowhere/c"))


def refuses_what_cannot_be_one_fit(commands, sentence):
    code, said, err = each(*commands)
    assert code in (1, 2) and len(said) == 1 and sentence in said[0], (commands, code, err)
    assert not os.path.exists("odd.npz")


def keeps_one_checkpoint():
    """Each process may have a name of its own for it: the first one's is the file."""
    fit = ["fit", "x.npy", "-k", "4", "--tol", "0", "--max-iter", "30", "-q", "-o"]
    subprocess.run([NMF] + fit + ["kept.npz"], check=True)
    begun = [fit + ["two.npz", "--checkpoint", name, "--every", "0.01s", "--time-limit", "0.05"]
             for name in ("first", "second")]
    code, said, err = each(*begun)
    assert code == 0 and len(said) <= 1 and not os.path.exists("second"), err
    if os.path.exists("first"):
        code, _, err = each(*[fit + ["two.npz", "--resume", "first"]] * 2)
        assert code == 0, err
    assert model("kept.npz") == model("two.npz")


def does_without_room_for_the_model():
    """A file that may not grow: what a full disk says."""
    command = together.launch(2) + ["sh", "-c", "ulimit -f 8; exec \"$0\" \"$@\"", NMF, "fit", "x.npy", "-k", "4", "-o",
                                    "full.npz"]
    code, _, err = together.finish(together.start(command), 60)
    said = [line for line in err.splitlines() if line.startswith("nmf")]
    assert code == 1 and len(said) == 1 and "full.npz" in said[0], (code, err)
    assert not [name for name in os.listdir(".") if name.startswith("full.npz")]


def needs_its_plugin():
    environment = dict(together.environment(), NMFKIT_MPI_LIBRARY="/nonexistent/libnmfkit-mpi.so")
    run = subprocess.run(together.launch(2) + [NMF, "fit", "x.npy", "-k", "4", "-o", "copies.npz"],
                         env=environment, check=False, stderr=subprocess.PIPE, universal_newlines=True)
    said = [line for line in run.stderr.splitlines() if line.startswith("nmf")]
    assert run.returncode != 0 and len(said) == 1 and "started as 2 processes" in said[0], run.stderr
    assert not os.path.exists("copies.npz")


def stops_together():
    """A signal to one of them, and a time limit: all end with what there is."""
    process = together.start(together.launch(2) + [
        NMF, "fit", "x.npy", "-k", "6", "--tol", "0", "--max-iter", "100000000", "-o", "stopped.npz", "-v"])
    line = process.stderr.readline()
    while "iteration" not in line:
        assert line, "no iteration"
        line = process.stderr.readline()
    os.kill(together.ranks_of(process)[-1], signal.SIGTERM)
    process.communicate(timeout=60)
    assert os.path.exists("stopped.npz")
    code, _, said = nmf(2, "fit", "x.npy", "-k", "6", "--tol", "0", "--max-iter", "100000000",
                        "--time-limit", "0.3", "-o", "limited.npz")
    assert code == 0 and os.path.exists("limited.npz"), said


def make_data():
    draw = np.random.default_rng(5)
    parts = draw.random((2000, 6)) @ (draw.random((6, 60)) * (draw.random((6, 60)) < 0.4))
    np.save("x.npy", (parts + 0.1 * draw.random((2000, 60))).astype(np.float32))
    np.save("y.npy", np.load("x.npy")[:, :50])
    counts = draw.poisson(3, (40, 30)).astype(float) + 1
    for name in ("a", "b"):  # one entry is another
        np.savetxt(name + ".csv", counts, "%g", ",")
        with open(name + ".mtx", "w", encoding="ascii") as file:
            file.write("%%MatrixMarket matrix coordinate real general\n40 30 1200\n")
            file.writelines("%d %d %g\n" % (i + 1, j + 1, counts[i, j]) for i in range(40) for j in range(30))
        counts[7, 27] += 1


def main():
    together.skip_without_mpi()
    for name in os.listdir("."):  # of an earlier run
        os.remove(name)
    make_data()
    claims = [(fits_like_one,), (stops_together,), (keeps_one_checkpoint,), (alone_where_nothing_is_shared,),
              (names_places_in_the_whole,), (says_help_once,), (does_without_room_for_the_model,), (needs_its_plugin,)]
    claims += [(says_a_failure_once,) + case for case in FAILURES]
    claims += [(refuses_what_cannot_be_one_fit,) + case for case in ODD]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for claim, done in [(claim, pool.submit(*claim)) for claim in claims]:
            done.result()
            print(claim[0].__name__, *claim[2:])


main()
