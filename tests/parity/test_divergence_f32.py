"""Divergences in f32 end where f64 does: a fit in f64 that begins where the one in f32 ended, and goes on
until nothing moves, finds less than 1e-4 of D to gain. Made-up counts and powers, and the data sets
that NMFKIT_TEST_DATA has. (Two fits from one start need not end in the same valley.)"""

import os

import parity_test
from parity_test import claim, nmf, np

DATA = os.environ.get("NMFKIT_TEST_DATA", "")


def counts(m, n, k):
    random = np.random.RandomState(0)
    return random.poisson(3 * random.gamma(0.5, size=(m, k)) @ random.gamma(0.5, size=(k, n)))


def given(*path):
    """Samples in rows, or None."""
    path = os.path.join(DATA, *path)
    if not DATA or not os.path.isfile(path):
        return None
    if path.endswith(".mtx"):
        from scipy.io import mmread
        return mmread(path).toarray()
    X = np.load(path)
    return X.reshape(len(X), -1)


def f32_ends_where_f64_does(X, k, name, **loss):
    X, loss = np.ascontiguousarray(X).astype(np.float32), loss or {"loss": "kl"}
    arrays, single = nmf("fit", X, k, precision="f32", tol=1e-7, max_iter=5000, **loss)
    start = [arrays[factor].astype(float) for factor in "WH"]
    double = nmf("fit", X.astype(float), k, start=start, tol=1e-7, max_iter=3000, **loss)[1]
    single, double = single["error"] ** 2 / 2, double["error"] ** 2 / 2
    claim(single <= (1 + 1e-4) * double, "%s, k = %d: D %.9g, and f64 goes on to %.9g", name, k,
          single, double)


def sparse_and_dense_counts():
    f32_ends_where_f64_does(counts(120, 80, 4), 4, "counts")
    f32_ends_where_f64_does(counts(60, 200, 6) * (np.arange(200) % 3 == 0), 5, "counts, zero columns")


def powers_and_other_losses():
    X = counts(90, 120, 4) + 1e-3
    f32_ends_where_f64_does(X ** 2, 4, "powers", loss="is")
    for beta in (0.5, 1.5, 3):
        f32_ends_where_f64_does(X, 4, "counts, beta %g" % beta, loss="beta", beta=beta)


def spectra_and_mutations():
    for path, ranks in ((("piano_mary", "X.npy"), (4,)), (("sbs96", "breast21.npy"), (4, 5))):
        X = given(*path)
        for k in ranks if X is not None else ():
            f32_ends_where_f64_does(X, k, path[0])


def power_spectra():
    X = given("piano_mary", "X.npy")
    if X is not None:
        X = X.astype(np.float32) ** 2 + np.float32(1e-12)
        f32_ends_where_f64_does(X, 4, "power of piano_mary", loss="is")


def digits_and_genes():
    X = given("digits8x8", "digits.npy")
    if X is not None:
        f32_ends_where_f64_does(X, 10, "digits")
    X = given("golub", "golub_5000x38_u16.npy")
    for k in (3, 5) if X is not None else ():
        f32_ends_where_f64_does(X.T, k, "golub")


def cells_and_news():
    X = given("pbmc3k", "pbmc3k_500.mtx")
    if X is not None:
        f32_ends_where_f64_does(X.T, 9, "pbmc3k")
    X = given("ap", "ap.mtx")
    if X is not None:
        f32_ends_where_f64_does(X[::2, X.sum(axis=0) > 50], 20, "ap")


def scenes():
    X = given("samson", "Y_u16.npy")
    if X is not None:
        f32_ends_where_f64_does(X.T[::4], 3, "samson")


def faces():
    X = given("olivetti", "olivetti.npy")
    for k in (6, 16) if X is not None else ():
        f32_ends_where_f64_does(X / np.float32(242), k, "faces")
    if X is not None:  # many components, on a quarter of the pixels for time's sake
        f32_ends_where_f64_does(X.reshape(400, 64, 64)[:, ::2, ::2].reshape(400, -1), 49, "faces")


if __name__ == "__main__":
    parity_test.main((sparse_and_dense_counts, powers_and_other_losses, spectra_and_mutations,
                      power_spectra, digits_and_genes, cells_and_news, scenes, faces))
