"""One measured fit through Python, of scikit-learn or of our package, for run.py: peer.py REQUEST,
a JSON object with

  data     .npy or .npz file   model   .npz file to write W, H and mean to
  package  whose estimators    kind    "nmf" or "pca"
  params   keywords of the estimator

Prints one line of JSON. As with bench_fit, the clock runs from data in memory to finished factors,
something tiny is fitted before, so that nothing is imported or started in the measured time, and a
short fit is repeated and its median taken.
"""

import importlib
import json
import os
import sys
import time
import warnings

import matrices
import numpy
import sklearn

PYTHON = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python")


MOST_FITS, ENOUGH_SECONDS = 9, 0.5  # as in bench_fit.c


def status_bytes(key):
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(key):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 0


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass


def blas():
    try:
        import threadpoolctl
    except ImportError:
        return "unknown BLAS"
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool.get("user_api") == "blas"]
    found = ["%s %s, %d threads" % (pool.get("internal_api"), pool.get("version"),
                                    pool["num_threads"]) for pool in pools]
    return "; ".join(found) or "a BLAS without threads"


def main():
    request = json.loads(sys.argv[1])
    sys.path.append(PYTHON)
    kind = getattr(importlib.import_module(request["package"]), request["kind"].upper())
    X = matrices.load(request["data"])
    warnings.simplefilter("ignore")  # "maximum number of iterations reached" is what is asked for
    tiny = (1.0 + numpy.arange(64 * 32, dtype=X.dtype).reshape(64, 32) * 7 % 13).astype(X.dtype)
    kind(**dict(request["params"], n_components=2)).fit_transform(tiny)
    forget_peak()
    before = status_bytes("VmRSS:")
    fits, beside = [], []
    while len(fits) < MOST_FITS and sum(fits) < ENOUGH_SECONDS:
        estimator = kind(**request["params"])
        begin = time.perf_counter()
        W = estimator.fit_transform(X)
        fits.append(time.perf_counter() - begin)
        beside.append(fits[-1] - getattr(estimator, "_facts", {"seconds": 0.0})["seconds"])
    seconds = sorted(fits)[len(fits) // 2]
    fit_bytes = status_bytes("VmHWM:") - before

    mean = getattr(estimator, "mean_", numpy.zeros(0))
    numpy.savez(request["model"], W=W, H=estimator.components_, mean=mean)
    facts = getattr(estimator, "_facts", None)  # ours alone has them
    more = {name: facts[name] for name in ("passes", "sketch_iterations")} if facts else {}
    if facts:
        more["beside"] = sorted(beside)[len(beside) // 2]
    print(json.dumps({
        **more, "seconds": seconds,
        "iterations": int(getattr(estimator, "n_iter_", 0)),
        "x_bytes": matrices.stored_bytes(X), "fit_bytes": fit_bytes,
        "version": "scikit-learn %s, numpy %s, %s" % (sklearn.__version__, numpy.__version__,
                                                      blas()),
    }))


if __name__ == "__main__":
    main()
