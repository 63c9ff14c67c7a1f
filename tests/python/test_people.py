"""What people do with the package beside fitting arrays: tables with names, data sets, pickles of
other versions, files that are not there, signals, and what scikit-learn's PCA has beside transform."""

import os
import pickle
import re
import signal
import subprocess
import sys
import tempfile
import warnings

import python_test
from python_test import claim, raises

np = python_test.need("numpy")
import nmfkit  # noqa: E402
from nmfkit import NMF, PCA, _sklearn  # noqa: E402

RANDOM = np.random.RandomState(0)
X = RANDOM.poisson(2, (30, 6)).astype(float)
NAMES = list("abcdef")


class Frame:
    """As much of a DataFrame as the package looks at."""

    def __init__(self, values, columns):
        self.values, self.columns = np.asarray(values), list(columns)
        self.shape, self.dtype = self.values.shape, self.values.dtype

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)


def frame(values, columns):
    try:
        import pandas
    except ImportError:
        return Frame(values, columns)
    return pandas.DataFrame(values, columns=columns)


def columns_are_matched_by_name():
    for kind in (NMF, PCA):
        fitted = kind(2, random_state=0).fit(frame(X, NAMES))
        claim(list(fitted.feature_names_in_) == NAMES, "the names of the fit")
        right = fitted.transform(frame(X, NAMES))
        claim(np.array_equal(right, fitted.transform(frame(X[:, ::-1], NAMES[::-1]))), "reversed")
        more = np.column_stack([X[:, 3:], 9 * np.ones(len(X)), X[:, :3]])
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            W = fitted.transform(frame(more, NAMES[3:] + ["other"] + NAMES[:3]))
        claim(np.array_equal(right, W), "with another one between them")
        claim(any("1 feature that the model does not know is left out" in str(w.message) for w in said),
              "the surplus one is counted")
        with raises(ValueError, "lack 1 of the model's 6 features: 'c'"):
            fitted.transform(frame(np.delete(X, 2, 1), list("abdef")))
        with raises(ValueError, "none of the data's 6 feature names"):
            fitted.transform(frame(X, list("uvwxyz")))
    zeros = X.copy()
    zeros[:, 2] = 0
    nmf = NMF(2, random_state=0, missing_features="zero").fit(frame(X, NAMES))
    claim(np.array_equal(nmf.transform(frame(np.delete(X, 2, 1), list("abdef"))),
                         nmf.transform(frame(zeros, NAMES))), "taken as zero")
    nmf = NMF(2, random_state=0, match="position").fit(frame(X, NAMES))
    claim(np.array_equal(nmf.transform(frame(X, list("uvwxyz"))),
                         nmf.transform(frame(X, NAMES))), "by position")


def data_sets_are_data():
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "x.csv")
        with open(path, "w", encoding="ascii") as file:
            file.write("," + ",".join(NAMES) + "\n")
            for i, row in enumerate(X):
                file.write("s%d," % i + ",".join(map(str, row)) + "\n")
        data = nmfkit.read(path)
        nmf = NMF(2, random_state=0)
        W = nmf.fit_transform(data)
        claim(list(nmf.feature_names_in_) == NAMES, "its names")
        claim(np.array_equal(W, NMF(2, random_state=0).fit_transform(data.data)), "its entries")
        claim(np.array_equal(nmf.transform(data), W), "transform takes it too")
        nmfkit.save_model(nmf, os.path.join(work, "m.npz"))
        again, kept = nmfkit.load_model(os.path.join(work, "m.npz"))
        claim(np.array_equal(kept, W) and list(again.feature_names_in_) == NAMES, "and files")
        claim(np.array_equal(again.transform(frame(X[:, ::-1], NAMES[::-1])), W), "its names match")


def what_cannot_be_is_said():
    nmf = NMF(2, random_state=0).fit(X)
    with raises(FileNotFoundError, "missing.npy"):
        nmfkit.read("missing.npy")
    with raises(TypeError, "only an NMF or a PCA of nmfkit"):
        nmfkit.save_model(object(), "m.npz")
    with raises(ValueError, "has no W of its own"):
        nmfkit.save_model(pickle.loads(pickle.dumps(nmf)), "m.npz")
    with raises(ValueError, "W is missing"):
        NMF(2, init="custom").fit_transform(X, H=np.ones((2, 6)))
    with raises(ValueError, "masked"):
        PCA(2).fit(np.ma.masked_greater(X, 3))
    claim(NMF(2, random_state=0, sketch="off").fit(X).n_iter_ > 0, "sketch='off'")
    with raises(ValueError, "'auto', 'off' or an int"):
        NMF(2, sketch="of").fit(X)


def pickles_of_older_versions_load():
    nmf = NMF(2, random_state=0).fit(X)
    state = nmf.__getstate__()
    claim(state.pop("_nmfkit_version") and "_W" not in state, "a version, and no W")
    del state["weighting"]  # as before there was one
    older = NMF.__new__(NMF)
    older.__setstate__(state)
    claim(older.weighting == "none", "a newer keyword takes its default")
    claim(np.array_equal(older.transform(X), nmf.transform(X)), "and it transforms")


class Late(Exception):
    pass


def what_a_signal_handler_raises_comes_out_of_fit():
    def late(*_):
        raise Late()

    heard = []
    for handler, expected in ((late, Late), (lambda *_: heard.append(1), None)):
        before = signal.signal(signal.SIGALRM, handler)
        nmf = NMF(30, random_state=0, init="random", tol=0, max_iter=10 ** 6, sketch=0,
                  time_limit=3.0)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            nmf.fit(np.abs(RANDOM.randn(1500, 800)))
            claim(expected is None and heard, "the handler's exception was lost")
            claim(nmf.stopped_ == "time-limit", "a handler that only listens stops nothing")
        except Late:
            # On a machine that others use the alarm may come before the first result.
            claim(expected is Late and getattr(nmf, "stopped_", "interrupted") == "interrupted",
                  "and the best so far is kept")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            claim(signal.signal(signal.SIGALRM, before) is handler, "the handler is put back")


def pca_is_a_probabilistic_model():
    if not _sklearn.IS_HERE:
        return "scikit-learn is not here"
    from sklearn.decomposition import PCA as Theirs
    for k in (2, 5):
        ours, theirs = PCA(k).fit(X), Theirs(k, svd_solver="full").fit(X)
        for name in ("get_covariance", "get_precision"):
            claim(np.allclose(getattr(ours, name)(), getattr(theirs, name)()), "%s", name)
        claim(np.allclose(ours.score_samples(X), theirs.score_samples(X)), "score_samples")
        claim(abs(ours.score(X) - theirs.score(X)) < 1e-9, "score")
    low = RANDOM.randn(200, 3) @ RANDOM.randn(3, 10) + 0.1 * RANDOM.randn(200, 10)
    ours, theirs = PCA("mle").fit(low), Theirs("mle", svd_solver="full").fit(low)
    claim(ours.n_components_ == theirs.n_components_ == 3, "mle: %d", ours.n_components_)
    return None


def said_by(source):
    """What a Python of its own prints."""
    return subprocess.run([sys.executable, "-c", source], text=True, stdout=subprocess.PIPE, check=True,
                          env={**os.environ, "PYTHONPATH": os.path.join(python_test.SOURCE, "python")}).stdout


def help_describes_every_parameter_without_scikit_learn():
    said = said_by("import sys; sys.modules['sklearn'] = None\n"
                   "import inspect, re, nmfkit\n"
                   "for kind in (nmfkit.NMF, nmfkit.PCA, nmfkit.MiniBatchNMF):\n"
                   "    print(kind.__name__, [name for name in list(inspect.signature(kind).parameters)\n"
                   "                          if not re.search(r'\\b%s\\b' % name, kind.__doc__)])\n")
    claim(said == "NMF []\nPCA []\nMiniBatchNMF []\n", "not described: %s", said)


def masked_entries_are_missing_ones():
    masked = np.ma.array(X, mask=np.arange(X.size).reshape(X.shape) % 7 == 0)
    holes = masked.filled(np.nan)
    claim(np.array_equal(NMF(2, random_state=0).fit(masked).components_,
                         NMF(2, random_state=0, missing="nan").fit(holes).components_), "they are others")


def verbose_prints_now_and_then_and_the_end():
    lines = said_by("import numpy, nmfkit; nmfkit.NMF(3, verbose=1, random_state=0).fit(numpy.eye(9) + 1)").splitlines()
    claim(1 <= len(lines) <= 4 and re.match(r"converged: \d+ iterations, relative error", lines[-1]), "%s", lines)


def pca_takes_sparse_data_and_says_so():
    scipy_sparse, base = python_test.need("scipy.sparse", "sklearn.base")
    sparse = scipy_sparse.csr_matrix(np.where(X > 1, X, 0))
    claim(np.allclose(PCA(2).fit(sparse).explained_variance_, PCA(2).fit(sparse.toarray()).explained_variance_,
                      rtol=1e-6), "another answer")
    if hasattr(base.BaseEstimator, "__sklearn_tags__"):
        claim(PCA().__sklearn_tags__().input_tags.sparse, "the tag")
    else:
        claim("sparse" in PCA()._get_tags()["X_types"], "the tag")


python_test.main(help_describes_every_parameter_without_scikit_learn, masked_entries_are_missing_ones,
                 verbose_prints_now_and_then_and_the_end, pca_takes_sparse_data_and_says_so,
                 columns_are_matched_by_name, data_sets_are_data, what_cannot_be_is_said,
                 pickles_of_older_versions_load, what_a_signal_handler_raises_comes_out_of_fit,
                 pca_is_a_probabilistic_model)
