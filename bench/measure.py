"""Runs one measured fit, ours or scikit-learn's, in a process of its own, and judges both results
with the same ruler in double precision: ||X - WH|| / ||X||, or the divergence of WH from X."""

import csv
import json
import os
import subprocess
import sys
import time

import matrices
import numpy


def sparse_error(X, W, H):
    """Entries that are not stored leave (WH)^2: all of ||WH||^2 less the stored entries' part."""
    left, whole = numpy.sum((W.T @ W) * (H @ H.T)), 0.0
    turned = numpy.ascontiguousarray(H.T)
    for first in range(0, X.shape[0], 1000):
        block = X[first:first + 1000]
        x = block.data.astype(numpy.float64)
        rows = numpy.repeat(numpy.arange(first, first + block.shape[0]), numpy.diff(block.indptr))
        left += numpy.sum(x * (x - 2 * numpy.einsum("ij,ij->i", W[rows], turned[block.indices])))
        whole += numpy.sum(x ** 2)
    return float(numpy.sqrt(left / whole))


def relative_error(X, W, H, mean):
    """For PCA (mean has entries) of the centred data."""
    W, H = W.astype(numpy.float64), H.astype(numpy.float64)
    if hasattr(X, "tocsr") and not mean.size:
        return sparse_error(X.tocsr(), W, H)
    centre = X.mean(axis=0, dtype=numpy.float64) if mean.size else 0.0
    left = whole = 0.0
    for rows, block in matrices.in_blocks(X):
        whole += numpy.sum((block - centre) ** 2)
        left += numpy.sum((block - W[rows] @ H - (mean if mean.size else 0.0)) ** 2)
    return float(numpy.sqrt(left / whole))


def divergence(X, W, H, beta):
    """D_beta(X || WH), what the losses kl (1), is (0) and beta minimize, in double precision."""
    W, H = W.astype(numpy.float64), H.astype(numpy.float64)
    total = 0.0
    for rows, x in matrices.in_blocks(X):
        y = numpy.maximum(W[rows] @ H, 1e-300)
        if beta == 1:
            total += numpy.sum(x * numpy.log(numpy.where(x > 0, x, y) / y) - x + y)
        elif beta == 0:
            total += numpy.sum(x / y - numpy.log(x / y) - 1)
        else:
            terms = x ** beta - beta * x * y ** (beta - 1) + (beta - 1) * y ** beta
            total += numpy.sum(terms) / (beta * (beta - 1))
    return float(total)


class Programs:
    """The programs under measurement, all with the same number of threads."""

    def __init__(self, build, directory, threads):
        self.nmf = os.path.join(build, "nmf")
        self.bench_fit = os.path.join(build, "bench", "bench_fit")
        self.model = os.path.join(directory, "model.npz")
        self.csv = os.path.join(directory, "nmf-bench.csv")
        self.threads = threads
        kernels = os.environ.get("BENCH_KERNELS")
        self.environment = dict(os.environ, OPENBLAS_NUM_THREADS=str(threads),
                                OMP_NUM_THREADS=str(threads), NMFKIT_LIBRARY=build)
        if kernels:
            self.environment["NMFKIT_KERNELS"] = kernels
        if kernels == "avx2":  # what an AVX2 machine has, on the other side too
            self.environment.setdefault("OPENBLAS_CORETYPE", "Haswell")

    def call(self, command, **more):
        environment = dict(self.environment, **more)
        done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE,
                              check=False)
        if done.returncode != 0:
            sys.exit("bench: failed with %d: %s" % (done.returncode, " ".join(command)))
        return done.stdout

    def judged(self, data, output, beta=2):
        result = json.loads(output)
        with numpy.load(self.model) as model:
            mean = model["mean"] if "mean" in model.files else numpy.zeros(0)
            X = matrices.load(data, mmap_mode="r")
            result["error"] = (relative_error(X, model["W"], model["H"], mean) if beta == 2 else
                               divergence(X, model["W"], model["H"], beta))
        os.remove(self.model)
        return result

    def ours(self, data, options, target=None, beta=2):
        command = [self.bench_fit, data, "--model", self.model, "--threads", str(self.threads)]
        if target is not None:
            command += ["--target" if beta == 2 else "--target-loss", repr(target)]
        return self.judged(data, self.call(command + [str(option) for option in options]), beta)

    def peer(self, data, kind, params, package="sklearn.decomposition"):
        """A fit through Python; package: whose NMF or PCA."""
        request = {"data": data, "model": self.model, "kind": kind, "params": params,
                   "package": package}
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
        return self.judged(data, self.call([sys.executable, script, json.dumps(request)]),
                           params.get("beta_loss", 2))

    def consensus(self, data, k, replicates, options):
        """`nmf consensus`: its table of one rank, with seconds from data in memory to what replicates agree on."""
        table = self.model + ".json"
        self.call([self.nmf, "consensus", data, "-k", str(k), "--replicates", str(replicates), "--threads",
                   str(self.threads), "--json", table, "-o", self.model + ".nmf.npz", "--quiet", *options])
        with open(table, encoding="utf-8") as file:
            return json.load(file)

    def beside(self, name):
        """Another program of this folder."""
        return os.path.join(os.path.dirname(self.bench_fit), name)

    def scan(self, shape, storage, threads):
        """bench_scan's line: seconds and bytes of the reading that validates X."""
        return json.loads(self.call([self.beside("bench_scan"), *shape.split("x"), storage,
                                     str(threads)]))

    def gather(self, data, ranks):
        """bench_gather's lines: seconds of an iteration and of its limit, for each k."""
        command = [self.beside("bench_gather"), data]
        lines = self.call(command + [str(k) for k in ranks]).splitlines()
        return [json.loads(line) for line in lines]

    def now(self):
        """GFLOP/s of multiply-adds that all threads have together at this moment."""
        return float(self.passes("now")[0]["gflops"])

    def passes(self, *arguments, kernels=""):
        """The lines of `nmf bench`'s CSV; `kernels` as in NMFKIT_KERNELS."""
        more = {"NMFKIT_KERNELS": kernels} if kernels else {}
        self.call([self.nmf, "bench", "--quiet", "-o", self.csv, *arguments], **more)
        with open(self.csv, encoding="ascii", newline="") as file:
            return list(csv.DictReader(file))


class Machine:
    """Others may use the machine too: its cores are lent, or shared by two programs' threads. What all threads have
    together right before a run and right after it, against the most that was seen, tells whether the run had the
    whole machine; one that had not is made again. Both sides are judged alike, and never by their times."""

    WHOLE = 0.85      # of the most, as in bench_limits.h
    FIRST = 10        # looks before the first run
    TRIES = 3         # of a run
    PATIENCE = 5      # seconds before a run
    LONG = 5          # seconds of a run that is not repeated: what disturbs comes and goes in it
    ALTOGETHER = 600  # seconds that waiting and repeating may take

    def __init__(self, now):
        self.now = now       # as Programs.now; None: nothing is looked at
        self.most = self.spent = 0.0
        self.runs = self.again = self.disturbed = 0

    def is_whole(self):
        rate = self.now()
        self.most = max(self.most, rate)
        return rate >= self.WHOLE * self.most

    def wait(self):
        begin = time.monotonic()
        while not self.is_whole() and time.monotonic() - begin < self.PATIENCE and self.spent < self.ALTOGETHER:
            time.sleep(0.1)
        self.spent += time.monotonic() - begin

    def measured(self, run, *arguments):
        """What run(*arguments) gives, as soon as the machine was whole around it."""
        if self.now is None:
            return run(*arguments)
        for _ in range(0 if self.runs else self.FIRST):
            self.is_whole()
        self.runs += 1
        for tried in range(1, self.TRIES + 1):
            self.wait()
            begin = time.monotonic()
            result = run(*arguments)
            took = time.monotonic() - begin
            if self.is_whole():
                return result
            if tried == self.TRIES or took > self.LONG or self.spent > self.ALTOGETHER:
                break
            self.again += 1
            self.spent += took
        self.disturbed += 1
        return result
