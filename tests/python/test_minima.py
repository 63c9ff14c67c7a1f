"""How low fits get: as low in the smallest units as in ordinary ones, no higher than scikit-learn where data are small
and noisy; and however many components there are, transform of the fitted data is the fit's own W."""

import python_test
from python_test import claim

np = python_test.need("numpy")

from nmfkit import NMF  # noqa: E402


def low_rank(m=40, n=30, rank=5):
    random = np.random.RandomState(0)
    return np.abs(random.randn(m, rank)) @ np.abs(random.randn(rank, n))


def relative_error(X, W, H, root):
    """Of data that were divided by root^2: the factors are brought back first, so that no square leaves the range."""
    return np.linalg.norm(X - (W * root) @ (H * root)) / np.linalg.norm(X)


def the_unit_of_the_data_is_no_matter():
    """Units of powers of 4, whose roots round nothing: the factors are those of the data as they were, times the root."""
    X = low_rank()
    for loss, exponents in (("frobenius", (-345, -500, 500)), (3.0, (-330,)), (20.0, (-100,)),
                            ("kullback-leibler", (-500,))):
        for number in (np.float64, np.float32):
            if number is np.float32:
                exponents = [e // 10 for e in exponents]
            ordinary = NMF(5, beta_loss=loss, random_state=0, max_iter=300)
            W = ordinary.fit_transform(X.astype(number))
            right = relative_error(X, W, ordinary.components_, 1.0)
            claim(right < (0.05 if loss != 20.0 else 0.3), "%s: relative error %g", loss, right)
            for exponent in exponents:
                root = 2.0 ** -exponent
                tiny = (X.astype(number) * number(2.0 ** exponent) * number(2.0 ** exponent)).astype(number)
                nmf = NMF(5, beta_loss=loss, random_state=0, max_iter=300)
                W = nmf.fit_transform(tiny)
                error = relative_error(X, W.astype(float), nmf.components_.astype(float), root)
                claim(np.isfinite(nmf.kkt_), "%s, 4^%d: residual %s", loss, exponent, nmf.kkt_)
                claim(abs(error - right) < 1e-6, "%s, 4^%d, %s: relative error %g, not %g", loss, exponent,
                      number.__name__, error, right)


def transform_is_w_with_more_components_than_the_rank():
    random = np.random.RandomState(0)
    counts = random.poisson(2, (60, 40)).astype(np.uint8)
    mixed = np.abs(random.randn(60, 5)) @ np.abs(random.randn(5, 40)) + 0.1 * random.rand(60, 40)
    for k, X, how in ((5, mixed, {"solver": "jmm"}), (50, mixed, {"solver": "jmm"}), (50, counts, {"beta_loss": 1.5}),
                      (50, mixed.astype(np.float32), {"beta_loss": 1.5})):
        for seed in range(1):
            nmf = NMF(k, random_state=seed, max_iter=400, **how)
            W = nmf.fit_transform(X)
            claim(np.isfinite(W).all() and np.isfinite(nmf.components_).all(), "k = %d, %s: finite", k, how)
            claim(np.array_equal(nmf.transform(X), W), "k = %d, %s, seed %d", k, how, seed)


def divergence(X, V):
    V = np.maximum(V, 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(X > 0, X * np.log(X / V) - X + V, V).sum()


def small_counts_end_no_higher_than_scikit_learn_s_minimum():
    """One start leads into one valley, and where fits take milliseconds there are several: scikit-learn's, from its own
    start and followed to its end, is never lower by more than what either leaves at its end."""
    try:
        from sklearn.decomposition import NMF as Theirs
    except ImportError:
        return "no scikit-learn"
    worst = 0.0
    for case in range(9):
        random = np.random.RandomState(case)
        m, n, k = ((30, 20, 3), (50, 25, 4), (40, 40, 5))[case % 3]
        means = random.gamma(0.5, 1, (m, k)) @ random.gamma(0.5, 2, (k, n)) + 0.2
        X = random.poisson(means).astype(float)
        X = X[X.sum(1) > 0][:, X.sum(0) > 0]
        ours = NMF(k, beta_loss="kullback-leibler", random_state=0)
        own = divergence(X, ours.fit_transform(X) @ ours.components_)
        theirs = Theirs(k, beta_loss="kullback-leibler", solver="mu", init="nndsvda", tol=1e-7, max_iter=3000)
        their = divergence(X, theirs.fit_transform(X) @ theirs.components_)
        worst = max(worst, own / their - 1)
    claim(worst < 1e-3, "%.2f %% above scikit-learn's", 100 * worst)
    return None


python_test.main(
    the_unit_of_the_data_is_no_matter,
    transform_is_w_with_more_components_than_the_rank,
    small_counts_end_no_higher_than_scikit_learn_s_minimum,
)
