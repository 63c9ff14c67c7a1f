"""The package in processes as they are: several threads, forks, thousands of fits, scikit-learn's
tools around it, and no scikit-learn at all."""

import multiprocessing
import os
import subprocess
import sys
import threading
import time

import python_test
from python_test import claim

np = python_test.need("numpy")
from nmfkit import NMF  # noqa: E402

RANDOM = np.random.RandomState(0)
X = np.abs(RANDOM.randn(80, 5)) @ np.abs(RANDOM.randn(5, 50)) + 0.1 * RANDOM.rand(80, 50)


def fitted(seed):
    return NMF(4, random_state=seed, init="random").fit_transform(X)


def eight_threads_at_once_get_what_one_gets():
    expected = [fitted(seed) for seed in range(8)]
    results = [[None] * 5 for _ in range(8)]

    def work(seed):
        for turn in range(5):
            results[seed][turn] = fitted(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(8):
        claim(all(np.array_equal(W, expected[seed]) for W in results[seed]), "thread %d", seed)


def other_threads_run_during_a_fit():
    """The GIL is released: a thread of Python code gets on with its work meanwhile."""
    steps, done = [0], threading.Event()

    def count():
        while not done.is_set():
            steps[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    begin = time.monotonic()
    big = np.abs(RANDOM.randn(600, 400))
    NMF(20, random_state=0, init="random", tol=0, max_iter=10 ** 6, time_limit=0.3, sketch=0,
        threads=1).fit(big)
    seconds = time.monotonic() - begin
    done.set()
    thread.join()
    claim(steps[0] > 20, "%d steps in %g s", steps[0], seconds)


def a_fork_goes_on_with_the_same_results():
    expected = [fitted(seed) for seed in range(4)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for W, same in zip(pool.map(fitted, range(4)), expected):
            claim(np.array_equal(W, same), "in a forked process")
    claim(np.array_equal(fitted(1), expected[1]), "in the parent")


def a_fork_in_the_middle_of_a_fit_harms_neither():
    expected, results = fitted(2), []
    busy = threading.Thread(target=lambda: results.append(
        [NMF(8, random_state=0, tol=0, max_iter=300, init="random", sketch=0).fit_transform(X)
         for _ in range(3)]))
    busy.start()
    children = []
    for _ in range(4):
        time.sleep(0.01)
        child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(fitted(2), expected) else 1)
        children.append(child)
    codes = [os.waitpid(child, 0)[1] for child in children]
    busy.join()
    claim(codes == [0] * 4, "children ended with %s", codes)
    claim(all(np.array_equal(W, results[0][0]) for W in results[0]), "the parent's fits")


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def a_thousand_fits_need_no_more_memory_than_fifty():
    data = X.astype(np.float32)

    def fits(count):
        for seed in range(count):
            nmf = NMF(4, random_state=seed, tol=1e-2, threads=1 + (seed % 20 == 0)).fit(data)
            nmf.transform(data[:10])
            try:
                nmf.transform(-data)
            except ValueError:
                pass

    fits(50)
    before = resident_bytes()
    fits(1000)
    grown = resident_bytes() - before
    claim(grown < 2 ** 20 or "libasan" in os.environ.get("LD_PRELOAD", ""), "%d bytes more", grown)


def a_fit_costs_less_than_a_millisecond_beside_the_arithmetic():
    tiny = X[:10, :8].copy()
    nmf = NMF(2, random_state=0, tol=0.5, max_iter=1, threads=1)
    nmf.fit(tiny)
    spent = []
    for _ in range(30):
        begin = time.perf_counter()
        nmf.fit(tiny)
        spent.append(time.perf_counter() - begin - nmf._facts["seconds"])
    print("        %.2f ms a fit beside the arithmetic" % (1e3 * min(spent)))
    claim(min(spent) < 1e-3 or "libasan" in os.environ.get("LD_PRELOAD", ""), "%g ms",
          1e3 * min(spent))


def scikit_learn_s_tools_take_it():
    try:
        import joblib
        from sklearn.base import clone
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import MinMaxScaler
    except ImportError as missing:
        return str(missing)
    nmf = clone(NMF(3, random_state=0, starts=2))
    claim(nmf.starts == 2 and repr(nmf) == "NMF(n_components=3, random_state=0, starts=2)", "%r",
          nmf)
    scaled = make_pipeline(MinMaxScaler(), nmf).fit_transform(X)
    claim(scaled.shape == (80, 3), "a pipeline")
    search = GridSearchCV(NMF(random_state=0), {"n_components": [1, 4]}, n_jobs=2, cv=2,
                          scoring=minus_error)
    claim(search.fit(X).best_params_["n_components"] == 4, "%s", search.best_params_)
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(fit_of)(seed) for seed in range(3))
    claim(all(np.array_equal(W, fitted(seed)) for seed, W in enumerate(found)), "joblib")
    return None


def minus_error(nmf, data, _=None):
    return -np.linalg.norm(data - nmf.inverse_transform(nmf.transform(data)))


def fit_of(seed):
    """Of the package, not of this script, which the workers do not import."""
    from nmfkit import NMF as Own
    return Own(4, random_state=seed, init="random").fit_transform(X)


WITHOUT_SKLEARN = """
import sys
sys.modules["sklearn"] = None
sys.modules["scipy"] = None
import pickle, numpy as np
from nmfkit import NMF, PCA, non_negative_factorization
X = np.abs(np.random.RandomState(0).randn(30, 12))
nmf = NMF(3, random_state=0, tol=1e-3)
W = nmf.fit_transform(X)
assert np.array_equal(pickle.loads(pickle.dumps(nmf)).transform(X), W)
assert repr(nmf) == "NMF(n_components=3, random_state=0, tol=0.001)", repr(nmf)
assert NMF(**nmf.set_params(tol=0.01).get_params()).tol == 0.01
assert list(nmf.get_feature_names_out()) == ["nmf0", "nmf1", "nmf2"]
assert NMF(2, solver="cd", init="random", random_state=0).fit(X).n_components_ == 2
assert NMF(2, solver="cd", random_state=0, max_iter=500).fit(X).stopped_ == "converged"
assert PCA(2).fit_transform(X).shape == (30, 2)
for bad, words in ((-X, "Negative values"), (X[0], "Expected 2D array, got 1D"),
                   (X[:0], "Found array with 0 sample(s)"), (X[None], "Found array with dim 3"),
                   (X * np.nan, "Input X contains NaN"), (X * 1j, "Complex data not supported")):
    try:
        nmf.fit(bad)
        raise SystemExit("accepted: " + words)
    except ValueError as error:
        assert words in str(error), error
try:
    nmf.transform(X[:, 1:])
    raise SystemExit("accepted 11 features")
except ValueError as error:
    assert "X has 11 features, but NMF is expecting 12 features as input" in str(error), error
try:
    nmf.set_params(tool=1)
    raise SystemExit("accepted a parameter that is none")
except ValueError as error:
    assert "Invalid parameter 'tool'" in str(error), error
try:
    NMF(2).transform(X)
    raise SystemExit("transformed unfitted")
except AttributeError as error:
    assert "not fitted yet" in str(error), error
"""


def scikit_learn_is_not_needed():
    environment = dict(os.environ, PYTHONPATH=os.path.join(python_test.SOURCE, "python"))
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", WITHOUT_SKLEARN], text=True,
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    claim(done.returncode == 0, "%s", done.stdout)


if __name__ == "__main__":  # joblib's workers import this file
    python_test.main(
        eight_threads_at_once_get_what_one_gets, other_threads_run_during_a_fit,
        a_fork_goes_on_with_the_same_results, a_fork_in_the_middle_of_a_fit_harms_neither,
        a_thousand_fits_need_no_more_memory_than_fifty,
        a_fit_costs_less_than_a_millisecond_beside_the_arithmetic, scikit_learn_s_tools_take_it,
        scikit_learn_is_not_needed)
