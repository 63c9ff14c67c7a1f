"""solver='cd' and 'mu' with the same random_state are scikit-learn's NMF: the same components, the
same number of iterations, for every init, loss and kind of matrix."""

import itertools

import python_test
from python_test import claim

np, sparse, theirs = python_test.need("numpy", "scipy.sparse", "sklearn.decomposition")
from nmfkit import NMF, non_negative_factorization  # noqa: E402
from sklearn.decomposition._nmf import _initialize_nmf  # noqa: E402

INITS = (None, "random", "nndsvd", "nndsvda", "nndsvdar")
# Relative to a factor's largest entry. In float32 scikit-learn adds its own rounding, which depends on the
# processor: how far it is from its float64 result from the same start is known, and counts beside this.
CLOSE = {"f8": 1e-8, "f4": 1e-5}
# Of ours to that result: the rounding of the start and of what is returned.
OURS = 1e-6


def parts(m, n, seed):
    random = np.random.RandomState(seed)
    return np.abs(random.randn(m, 4)) @ np.abs(random.randn(4, n)) + 0.2 * random.rand(m, n)


def compare(X, dtype, what, **params):
    params = dict(dict(n_components=5, random_state=3, max_iter=60, tol=1e-3), **params)
    ours, reference = NMF(**params), theirs.NMF(**params)
    W, expected = ours.fit_transform(X), reference.fit_transform(X)
    claim(ours.n_iter_ == reference.n_iter_, "%s: %d iterations and not %d", what, ours.n_iter_,
          reference.n_iter_)
    exact = without_rounding(X, params) if dtype == "f4" else (None, None)
    for name, factor, other, true in (("W", W, expected, exact[0]),
                                      ("components_", ours.components_, reference.components_, exact[1])):
        claim(factor.dtype == other.dtype, "%s: %s of %s", what, name, factor.dtype)
        allowed = CLOSE[dtype]
        if true is not None:
            claim(apart(factor, true) <= OURS, "%s: %s is %g from the rule's", what, name,
                  apart(factor, true))
            allowed += apart(other, true)
        claim(apart(factor, other) <= allowed, "%s: %s differs by %g", what, name, apart(factor, other))
    scale = np.sqrt(sum_of_squares(X))
    difference = abs(ours.reconstruction_err_ - reference.reconstruction_err_)
    claim(difference <= CLOSE[dtype] * scale, "%s: error differs by %g", what, difference)


def apart(factor, other):
    return np.abs(factor - other.astype("f8")).max() / np.abs(other).max()


def without_rounding(X, params):
    """scikit-learn's W and H in float64, from the start that it makes of a float32 X."""
    rest = dict(params)
    k, init, seed = rest.pop("n_components"), rest.pop("init", None), rest.pop("random_state")
    W, H = _initialize_nmf(X, k, init or "nndsvda", random_state=seed)
    return theirs.non_negative_factorization(X.astype("f8"), W.astype("f8"), H.astype("f8"),
                                             n_components=k, init="custom", **rest)[:2]


def sum_of_squares(X):
    return X.multiply(X).sum() if sparse.issparse(X) else np.sum(X * X, dtype="f8")


def dense_cd_from_every_start():
    for init, dtype, order in itertools.product(INITS, CLOSE, "CF"):
        X = np.asarray(parts(50, 40, 0), dtype=dtype, order=order)
        compare(X, dtype, "cd, %s, %s, %s" % (init, dtype, order), solver="cd", init=init)


def dense_mu_from_every_start():
    for init, dtype in itertools.product(INITS, CLOSE):
        X = parts(50, 40, 1).astype(dtype)
        compare(X, dtype, "mu, %s, %s" % (init, dtype), solver="mu", init=init)


def dense_mu_with_every_loss():
    for loss in ("kullback-leibler", "itakura-saito", 1, 0, 0.5, 1.5, 2.5, -0.5):
        compare(parts(40, 30, 2), "f8", "mu, loss %s" % loss, solver="mu", init="nndsvda",
                beta_loss=loss)


def sparse_from_every_start():
    for init, dtype, form, solver in itertools.product(INITS, CLOSE, ("csr", "csc"), ("cd", "mu")):
        X = sparse.random(60, 45, 0.2, random_state=4, format=form, dtype=dtype)
        compare(X, dtype, "%s, %s, %s, %s" % (solver, init, dtype, form), solver=solver, init=init)


def sparse_mu_with_every_loss():
    """Trap: scikit-learn 1.2.1 pairs the entries of a CSC matrix with those of another order where
    the loss is not Frobenius, and its factors are not those of the same CSR matrix; ours are."""
    X = sparse.random(60, 45, 0.2, random_state=5, format="csr")
    full = sparse.csr_matrix(parts(20, 11, 5))  # every entry stored
    for loss, data in ((loss, data) for loss in ("kullback-leibler", 1.5, 0.5)
                       for data in (X, full)):
        params = dict(solver="mu", beta_loss=loss)
        compare(data, "f8", "mu, loss %s" % loss, **params)
        ours = [NMF(5, random_state=3, max_iter=60, tol=1e-3, **params).fit(form).components_
                for form in (data, data.tocsc())]
        claim(np.abs(ours[0] - ours[1]).max() <= 1e-8, "loss %s: CSC is not CSR", loss)


def penalties_and_integers():
    X = parts(50, 40, 6)
    for solver in ("cd", "mu"):
        for more in (dict(alpha_W=1e-2), dict(alpha_W=1e-2, l1_ratio=1.0),
                     dict(alpha_W=1e-3, alpha_H=1e-2, l1_ratio=0.4)):
            compare(X, "f8", "%s, %s" % (solver, more), solver=solver, **more)
        compare((50 * X).astype("i4"), "f8", "%s of integers" % solver, solver=solver)
        compare((9 * X).astype("u1"), "f8", "%s of bytes" % solver, solver=solver)


def a_generator_is_drawn_from_in_the_same_order():
    X = parts(50, 40, 7)
    for init in ("random", "nndsvdar"):
        ours, reference = np.random.RandomState(8), np.random.RandomState(8)
        for _ in range(2):  # the second fit goes on where the first ended
            H = NMF(4, solver="cd", init=init, random_state=ours, max_iter=9).fit(X).components_
            expected = theirs.NMF(4, init=init, random_state=reference, max_iter=9).fit(X)
            claim(np.abs(H - expected.components_).max() <= 1e-8, "%s", init)


def the_function_is_theirs():
    X = parts(50, 40, 9)
    ours = non_negative_factorization(X, n_components=4, solver="cd", random_state=0, max_iter=50)
    expected = theirs.non_negative_factorization(X, n_components=4, random_state=0, max_iter=50)
    claim(ours[2] == expected[2] and np.allclose(ours[0], expected[0], 1e-8, 1e-8), "factors")


python_test.main(
    dense_cd_from_every_start, dense_mu_from_every_start, dense_mu_with_every_loss,
    sparse_from_every_start, sparse_mu_with_every_loss, penalties_and_integers,
    a_generator_is_drawn_from_in_the_same_order, the_function_is_theirs)
