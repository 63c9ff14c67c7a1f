"""`nmf fit --solver cd` against scikit-learn's NMF from the same start, in f64: the same W and H to 1e-8 and
the same number of iterations; and our nndsvd start against its definition with an exact SVD."""

import itertools

import parity_test
from parity_test import claim, nmf, np

from sklearn.decomposition import non_negative_factorization
from sklearn.decomposition._nmf import _initialize_nmf


def parts(m, n, seed=0):
    """Five overlapping parts and a little noise, as faces and spectra have."""
    random = np.random.RandomState(seed)
    W = np.maximum(random.normal(size=(m, 5)), 0)
    H = np.maximum(random.normal(size=(5, n)), 0)
    return W @ H + 0.1 * random.uniform(size=(m, n))


def holes(m, n):
    X = parts(m, n, 1)
    X[::4] = 0
    X[:, 2::5] = 0
    return X


def uniform(m, n):
    return np.random.RandomState(2).uniform(size=(m, n))


DATA = {
    "parts": (parts(90, 70), 5),
    "tall": (parts(300, 20), 4),
    "wide": (parts(20, 300), 4),
    "uniform, k = 20": (uniform(60, 50), 20),
    "k = 1": (parts(40, 30), 1),
    "zero rows and columns": (holes(80, 60), 6),
    "more components than features": (uniform(30, 8), 11),
    "one row": (uniform(1, 20), 1),
    "one column": (uniform(20, 1), 1),
}

PENALTIES = (
    dict(),
    dict(alpha_W=1e-3),
    dict(alpha_W=1e-3, l1_ratio=1.0),
    dict(alpha_W=1e-3, alpha_H=3e-3, l1_ratio=0.5),
    dict(alpha_W=0.0, alpha_H=1e-2, l1_ratio=0.3),
    dict(alpha_W=1e-2, alpha_H=0.0, l1_ratio=0.9),
)


def compare(name, X, k, start, **options):
    W0, H0 = start
    W, H, iterations = non_negative_factorization(X, W0.copy(), H0.copy(), n_components=k, init="custom",
                                                  solver="cd", **options)
    arrays, report = nmf("fit", X, k, start=start, solver="cd", **options)
    what = "%s, %s" % (name, options)
    # With tol 0 scikit-learn ends before max_iter only where every projected gradient is 0, to the last
    # bit: whether a row that is solved gets there is rounding's, and differs between processors.
    at_rest = options["tol"] == 0 and iterations < options["max_iter"]
    claim(report["iterations"] == iterations or at_rest, "%s: %d iterations and not %d", what,
          report["iterations"], iterations)
    for factor, ours, theirs in (("W", arrays["W"], W), ("H", arrays["H"], H)):
        difference = np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max())
        claim(difference <= 1e-8, "%s: %s differs by %g", what, factor, difference)
    error = np.linalg.norm(X - W @ H)
    claim(abs(report["error"] - error) <= 1e-8 * max(error, np.linalg.norm(X)),
          "%s: error %.12g and not %.12g", what, report["error"], error)


def random_start(X, k, seed):
    return _initialize_nmf(X, k, "random", random_state=seed)


def cd_is_scikit_learn_until_max_iter():
    for (name, (X, k)), order in itertools.product(DATA.items(), "CF"):
        compare(name, np.asarray(X, order=order), k, random_start(X, k, 0), tol=0.0, max_iter=60)


def cd_stops_where_scikit_learn_does():
    for tol, (name, (X, k)) in itertools.product((1e-2, 1e-3), DATA.items()):
        compare(name, X, k, random_start(X, k, 1), tol=tol, max_iter=300)


def cd_has_scikit_learn_s_penalties():
    names = ("parts", "uniform, k = 20", "zero rows and columns")
    for name, penalties, order in itertools.product(names, PENALTIES, "CF"):
        X, k = DATA[name]
        compare(name, np.asarray(X, order=order), k, random_start(X, k, 2), tol=1e-3, max_iter=100,
                **penalties)


def cd_follows_from_svd_starts_too():
    X, k = DATA["parts"]
    for init in ("nndsvd", "nndsvda", "nndsvdar"):
        compare(init, X, k, _initialize_nmf(X, k, init, random_state=0), tol=1e-4, max_iter=100)


# --- the starts ------------------------------------------------------------------------------------


def nndsvd(X, k):
    """Boutsidis & Gallopoulos 2008 with an exact SVD."""
    U, S, V = np.linalg.svd(X, full_matrices=False)
    W, H = np.zeros((X.shape[0], k)), np.zeros((k, X.shape[1]))
    W[:, 0], H[0] = np.sqrt(S[0]) * np.abs(U[:, 0]), np.sqrt(S[0]) * np.abs(V[0])
    for j in range(1, k):
        sides = [(np.maximum(s * U[:, j], 0), np.maximum(s * V[j], 0)) for s in (1, -1)]
        u, v = max(sides, key=lambda side: np.linalg.norm(side[0]) * np.linalg.norm(side[1]))
        mu = np.linalg.norm(u) * np.linalg.norm(v)
        W[:, j] = np.sqrt(S[j] * mu) * u / np.linalg.norm(u)
        H[j] = np.sqrt(S[j] * mu) * v / np.linalg.norm(v)
    return W, H


def first_iterate(X, start):
    """What scikit-learn's rule makes of a start in one iteration: where starts can be seen from outside."""
    return non_negative_factorization(X, start[0].copy(), start[1].copy(), n_components=start[1].shape[0],
                                      init="custom", solver="cd", tol=0.0, max_iter=1)[:2]


def the_nndsvd_start_is_the_definition_s():
    """One cd iteration from our start, from the exact one, and from scikit-learn's. Singular vectors come to
    rest as the square root of their values do, which a start wants to 1e-3 of sigma^2."""
    for name in ("parts", "tall", "wide", "zero rows and columns"):
        X, k = DATA[name]
        k = min(k, 5)
        arrays, _ = nmf("fit", X, k, solver="cd", init="nndsvd", tol=0.0, max_iter=1)
        ours = arrays["W"] @ arrays["H"]
        for whose, start in (("exact", nndsvd(X, k)),
                             ("scikit-learn's", _initialize_nmf(X, k, "nndsvd", random_state=0))):
            W, H = first_iterate(X, start)
            difference = np.linalg.norm(ours - W @ H) / np.linalg.norm(X)
            claim(difference <= 5e-3, "%s: from our start and the %s: %g apart", name, whose, difference)


def the_default_fit_is_at_least_as_good():
    """Our default and scikit-learn's, given as many iterations as it likes."""
    for name in ("parts", "tall", "wide", "uniform, k = 20"):
        X, k = DATA[name]
        W, H, _ = non_negative_factorization(X, n_components=k, init="nndsvda", max_iter=2000, tol=1e-4)
        theirs = np.linalg.norm(X - W @ H)
        ours = nmf("fit", X, k, init="nndsvda")[1]["error"]
        claim(ours <= 1.01 * theirs, "%s: error %g; scikit-learn has %g", name, ours, theirs)


parity_test.main([
    cd_is_scikit_learn_until_max_iter,
    cd_stops_where_scikit_learn_does,
    cd_has_scikit_learn_s_penalties,
    cd_follows_from_svd_starts_too,
    the_nndsvd_start_is_the_definition_s,
    the_default_fit_is_at_least_as_good,
])
