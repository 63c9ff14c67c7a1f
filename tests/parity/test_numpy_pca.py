"""`nmf pca` against NumPy's SVD: variance ratios to 1e-6 (exact) and 1e-4 (randomized), components to 1e-4 up to
the stated sign rule; whitening and means against scikit-learn's PCA."""

import itertools

import parity_test
from parity_test import claim, nmf, np

from sklearn.decomposition import PCA


def spectrum(m, n, seed=0):
    """Signed data whose leading variances lie apart, so that components are defined; uncentred."""
    random = np.random.RandomState(seed)
    U = np.linalg.qr(random.normal(size=(m, min(m, n))))[0]
    V = np.linalg.qr(random.normal(size=(n, min(m, n))))[0]
    return U * (30 * 0.7 ** np.arange(min(m, n)) + 0.05) @ V.T + random.normal(size=n)


DATA = {
    "tall": (spectrum(300, 40), 6),
    "wide": (spectrum(40, 300), 6),
    "square": (spectrum(80, 80), 8),
    "all components": (spectrum(30, 12), 12),
    "large mean": (spectrum(200, 50) + 1000, 5),
    "one feature": (spectrum(30, 1), 1),
}


def svd(X, k):
    mean = X.mean(axis=0)
    U, S, V = np.linalg.svd(X - mean, full_matrices=False)
    return mean, U[:, :k], S[:k], V[:k], S[:k] ** 2 / np.sum(S ** 2)


def signed(U, V, rule):
    """The largest entry by magnitude of each component (v) or of each column of scores (u) is positive."""
    rows = V if rule == "v" else U.T
    signs = np.sign(rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)])
    return U * signs, V * signs[:, None]


SOLVERS = {"exact": 1e-6, "randomized": 1e-4}  # and what their variance ratios are good to


def figures_are_numpy_s():
    turns = itertools.cycle("CF")
    for (name, (X, k)), solver, dtype in itertools.product(DATA.items(), SOLVERS, ("f8", "f4")):
        stored = np.asarray(X, dtype=dtype, order=next(turns))
        mean, _, S, _, ratio = svd(stored.astype("f8"), k)
        arrays, _ = nmf("pca", stored, k, pca_solver=solver)
        what = "%s, %s, %s" % (name, solver, dtype)
        difference = np.abs(arrays["explained_variance_ratio"] - ratio).max()
        claim(difference <= SOLVERS[solver], "%s: ratios differ by %g", what, difference)
        claim(np.abs(arrays["mean"] - mean).max() <= 1e-6 * np.abs(mean).max(), "%s: mean", what)
        claim(np.abs(arrays["singular_values"] - S).max() <= 1e-4 * S[0], "%s: singular values", what)
        claim(np.allclose(arrays["explained_variance"], arrays["singular_values"] ** 2 / (len(X) - 1)),
              "%s: explained variance", what)


def components_are_numpy_s_by_either_sign_rule():
    for (name, (X, k)), solver, rule in itertools.product(DATA.items(), SOLVERS, "vu"):
        _, U, S, V, _ = svd(X, k)
        U, V = signed(U, V, rule)
        arrays, _ = nmf("pca", X, k, pca_solver=solver, pca_sign=rule)
        what = "%s, %s, rule %s" % (name, solver, rule)
        difference = np.abs(arrays["H"] - V).max()
        claim(difference <= 1e-4, "%s: components differ by %g", what, difference)
        difference = np.abs(arrays["W"] - U * S).max() / S[0]
        claim(difference <= 1e-4, "%s: scores differ by %g", what, difference)


def whitened_scores_are_scikit_learn_s():
    for name, (X, k) in DATA.items():
        theirs = PCA(k, whiten=True, svd_solver="full").fit(X)
        scores = theirs.transform(X)
        arrays, _ = nmf("pca", X, k, pca_solver="exact", whiten=True)
        signs = np.sign(np.sum(arrays["H"] * theirs.components_, axis=1))
        difference = np.abs(arrays["W"] - scores * signs).max()
        claim(difference <= 1e-4, "%s: whitened scores differ by %g", name, difference)


parity_test.main([
    figures_are_numpy_s,
    components_are_numpy_s_by_either_sign_rule,
    whitened_scores_are_scikit_learn_s,
])
