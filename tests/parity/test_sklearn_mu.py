"""`nmf fit --solver mu` against scikit-learn's multiplicative updates from the same start, in f64: the same W
and H to 1e-8, for every beta, with and without penalties; the same number of iterations for the same
tolerance; the same reported error."""

import itertools

import parity_test
from parity_test import claim, nmf, np

from sklearn.decomposition import non_negative_factorization
from sklearn.decomposition._nmf import _beta_divergence, _initialize_nmf

BETAS = (-1, 0, 0.5, 1, 1.5, 2, 3)


def parts(m, n, seed=0):
    """Five overlapping parts and a little noise: no zeros, which beta <= 0 does not allow."""
    random = np.random.RandomState(seed)
    W = np.maximum(random.normal(size=(m, 5)), 0)
    H = np.maximum(random.normal(size=(5, n)), 0)
    return W @ H + 0.1 * random.uniform(0.1, 1, size=(m, n))


def counts(m, n):
    return np.random.RandomState(1).poisson(parts(m, n, 1)).astype(float)


def holes(m, n):
    X = counts(m, n)
    X[::4] = 0
    X[:, 2::5] = 0
    return X


DATA = {
    "parts": (parts(37, 29), 4),
    "tall, hundreds": (200 * parts(90, 12), 3),
    "wide, thousandths": (1e-3 * parts(12, 90), 3),
    "counts": (counts(40, 30), 4),
    "zero rows and columns": (holes(40, 30), 4),
}

PENALTIES = (
    dict(),
    dict(alpha_W=1e-3, alpha_H=3e-3, l1_ratio=0.5),
    dict(alpha_W=1e-2, l1_ratio=1.0),
    dict(alpha_W=0.0, alpha_H=1e-2, l1_ratio=0.0),
)


def loss(beta):
    return {2: "frobenius", 1: "kl", 0: "is"}.get(beta, "beta=%g" % beta)


def compare(name, X, k, beta, start, **options):
    W, H, iterations = non_negative_factorization(
        X, start[0].copy(), start[1].copy(), n_components=k, init="custom", solver="mu", beta_loss=beta,
        **options)
    arrays, report = nmf("fit", X, k, start=start, solver="mu", loss=loss(beta), **options)
    what = "%s, beta %g, %s" % (name, beta, options)
    claim(report["iterations"] == iterations, "%s: %d iterations and not %d", what,
          report["iterations"], iterations)
    for factor, ours, theirs in (("W", arrays["W"], W), ("H", arrays["H"], H)):
        difference = np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max())
        claim(difference <= 1e-8, "%s: %s differs by %g", what, factor, difference)
    error = _beta_divergence(X, W, H, beta, square_root=True)
    claim(abs(report["error"] - error) <= 1e-7 * max(error, np.sqrt(np.abs(X).sum())),
          "%s: error %.12g and not %.12g", what, report["error"], error)


def allowed(X, beta):
    return beta > 0 or X.min() > 0


def random_start(X, k):
    return _initialize_nmf(X, k, "random", random_state=0)


def mu_is_scikit_learn_after_any_number_of_iterations():
    for beta, (name, (X, k)), count in itertools.product(BETAS, DATA.items(), (10, 50, 100)):
        if allowed(X, beta):
            compare(name, X, k, beta, random_start(X, k), tol=0.0, max_iter=count)


def mu_has_scikit_learn_s_penalties():
    for beta, name, penalties in itertools.product(BETAS, ("parts", "counts"), PENALTIES[1:]):
        X, k = DATA[name]
        if allowed(X, beta):
            compare(name, X, k, beta, random_start(X, k), tol=0.0, max_iter=50, **penalties)


def mu_stops_where_scikit_learn_does():
    for beta, name, tol in itertools.product(BETAS, ("parts", "counts"), (1e-2, 1e-3)):
        X, k = DATA[name]
        if allowed(X, beta):
            compare(name, X, k, beta, random_start(X, k), tol=tol, max_iter=400)


def mu_does_not_mind_how_x_lies():
    X, k = DATA["parts"]
    for beta in BETAS:
        compare("by columns", np.asfortranarray(X), k, beta, random_start(X, k), tol=0.0, max_iter=20)


parity_test.main([
    mu_is_scikit_learn_after_any_number_of_iterations,
    mu_has_scikit_learn_s_penalties,
    mu_stops_where_scikit_learn_does,
    mu_does_not_mind_how_x_lies,
])
