"""How X is stored makes no difference to the result, and X is neither copied nor changed."""

import os
import subprocess
import sys
import tempfile
import threading

import python_test
from python_test import claim

np = python_test.need("numpy")
from nmfkit import NMF, _matrix  # noqa: E402

RANDOM = np.random.RandomState(0)
WHOLE = RANDOM.poisson(RANDOM.gamma(2, 3, (50, 4)) @ RANDOM.gamma(1, 1, (4, 30))).clip(0, 255)


def fitted(X):
    return NMF(3, random_state=0, max_iter=30).fit_transform(X)


def every_layout_gives_the_same_factors():
    for dtype in ("u1", "u2", "f4", "f8"):
        X = WHOLE.astype(dtype)
        expected = fitted(X)
        wide = np.zeros((100, 90), dtype)
        wide[::2, ::3] = X
        backwards = X[::-1, ::-1].copy()[::-1, ::-1]
        read_only = X.copy()
        read_only.flags.writeable = False
        for name, other in (("strided", wide[::2, ::3]), ("backwards", backwards),
                            ("read-only", read_only)):
            claim(np.array_equal(other, X), "%s is not the same data", name)
            claim(np.array_equal(fitted(other), expected), "%s %s", name, dtype)


def f_order_gives_the_same_factors_up_to_rounding():
    for dtype, close in (("u1", 1e-4), ("f4", 1e-4), ("f8", 1e-12)):
        nmf = NMF(3, random_state=0, init="random", sketch=0, tol=0, max_iter=3)
        expected = nmf.fit_transform(WHOLE.astype(dtype))
        other = nmf.fit_transform(WHOLE.astype(dtype, order="F"))
        claim(np.abs(other - expected).max() <= close * expected.max(), "%s", dtype)


def other_types_are_converted():
    for dtype in (">f8", ">f4", "i4", "i8", "f2", "?"):
        X = (WHOLE > 5 if dtype == "?" else WHOLE % 100).astype(dtype)
        claim(np.array_equal(fitted(X), fitted(X.astype("f8"))), "%s", dtype)
    records = np.zeros(50, [("flag", "u1"), ("row", "f8", 30)])  # entries 1 byte off their size
    records["row"] = WHOLE
    claim(not records["row"].flags.aligned, "NumPy packs records")
    claim(np.array_equal(fitted(records["row"]), fitted(WHOLE.astype("f8"))), "unaligned")
    claim(np.array_equal(fitted(WHOLE.tolist()), fitted(WHOLE.astype("f8"))), "lists")


def a_memory_mapped_file_is_read_in_place():
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "x.npy")
        np.save(path, WHOLE.astype("u1"))
        mapped = np.load(path, mmap_mode="r")
        claim(np.array_equal(fitted(mapped), fitted(WHOLE.astype("u1"))), "memory-mapped")
        del mapped


def what_the_library_can_read_is_not_copied():
    for dtype in ("u1", "u2", "f4", "f8"):
        for X in (WHOLE.astype(dtype), WHOLE.astype(dtype, order="F"), WHOLE.astype(dtype)[::2]):
            claim(_matrix.readable(X) is X, "%s was copied", dtype)
            before = X.copy()
            fitted(X)
            claim(np.array_equal(X, before), "%s was changed", dtype)


def arrays_are_let_go_after_a_fit_and_kept_during_it():
    X = WHOLE.astype("f8")
    before = sys.getrefcount(X)
    nmf = NMF(3, random_state=0)
    W = nmf.fit_transform(X)
    nmf.transform(X)
    claim(sys.getrefcount(X) == before, "%d references more", sys.getrefcount(X) - before)
    kept = W.copy()
    del nmf
    claim(np.array_equal(W, kept), "W outlives the estimator")

    held = [np.tile(X, (20, 20))]
    results = []
    thread = threading.Thread(target=lambda data: results.append(
        NMF(8, random_state=0, tol=0, max_iter=40, sketch=0).fit_transform(data)),
        args=(held[0],))
    thread.start()
    held.clear()  # the fit now has the only reference
    thread.join()
    again = NMF(8, random_state=0, tol=0, max_iter=40, sketch=0).fit_transform(np.tile(X, (20, 20)))
    claim(np.array_equal(results[0], again), "the array was deleted during the fit")


TWO_GIGABYTES = """
import numpy, resource
from nmfkit import NMF
X = numpy.empty((500000, 4000), numpy.uint8)
X[:] = numpy.arange(4000) % 251  # all of it written, so that all of it is there before the fit
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
NMF(1, init="random", max_iter=1, tol=0, random_state=0, sketch=0).fit(X)
print(1024 * (peak() - before))
"""


def two_gigabytes_of_bytes_need_little_more():
    """Peak memory, of a process of its own, of fitting 2 GB of uint8, beside X."""
    with open("/proc/meminfo", encoding="ascii") as file:
        available = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    if available < 4e6 or "libasan" in os.environ.get("LD_PRELOAD", ""):
        return "less than 4 GB of memory available, or a sanitizer"
    environment = dict(os.environ, PYTHONPATH=os.path.join(python_test.SOURCE, "python"))
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", TWO_GIGABYTES], env=environment,
                          text=True, stdout=subprocess.PIPE, check=True)
    print("        %.0f MB beside X" % (int(done.stdout) / 1e6))
    claim(int(done.stdout) < 0.3e9, "%s bytes beside X", done.stdout)
    return None


python_test.main(
    every_layout_gives_the_same_factors, f_order_gives_the_same_factors_up_to_rounding,
    other_types_are_converted, a_memory_mapped_file_is_read_in_place,
    what_the_library_can_read_is_not_copied,
    arrays_are_let_go_after_a_fit_and_kept_during_it, two_gigabytes_of_bytes_need_little_more)
