"""Unmixing as users do it: scenes made by the law of hyperspectral ones, and samson, a real one whose truth is known."""

import itertools
import os

import python_test
from python_test import claim

np = python_test.need("numpy")
from nmfkit import NMF  # noqa: E402

DATA = os.environ.get("NMFKIT_TEST_DATA")


def angles(H, spectra):
    """Of each spectrum (a row) with the row of H that stands for it, and these rows, in the best order."""
    unit = lambda A: A / np.maximum(np.linalg.norm(A, axis=1, keepdims=True), 1e-300)  # noqa: E731
    between = np.arccos(np.clip(unit(spectra) @ unit(H).T, -1, 1))
    orders = itertools.permutations(range(len(H)))
    order = min(orders, key=lambda p: sum(between[c, p[c]] for c in range(len(spectra))))
    return np.array([between[c, order[c]] for c in range(len(spectra))]), list(order)


def judge(name, nmf, W, spectra, shares, most, least):
    found, order = angles(nmf.components_.astype(float), spectra)
    agree = [np.corrcoef(W[:, order[c]], shares[:, c])[0, 1] for c in range(len(spectra))]
    claim(abs(W.sum(1) - 1).max() < 1e-5, "%s: shares do not sum to one", name)
    claim(found.mean() <= most, "%s: a mean angle of %.4f (%s)", name, found.mean(), np.round(found, 3))
    claim(min(agree) >= least, "%s: shares agree by %s", name, np.round(agree, 3))


def samson_is_unmixed():
    if not DATA:
        return "NMFKIT_TEST_DATA is not set"
    folder = os.path.join(DATA, "samson")
    X = np.load(os.path.join(folder, "Y_u16.npy")).T
    spectra = np.load(os.path.join(folder, "E_true.npy")).T
    shares = np.load(os.path.join(folder, "A_true.npy")).T
    for init, form, step in (("spa", X, 1), ("snpa", X[::3].astype(np.float32) / 1402, 3)):
        nmf = NMF(3, init=init, simplex="W", random_state=0, max_iter=1000)
        W = nmf.fit_transform(form)
        judge("samson, %s" % init, nmf, W, spectra, shares[::step], .08, .93)
    return None


def scene(seed, k, pixels=2000, bands=80, darkest=.3, pure=1.0, light=.03, noise=.005):
    """Smooth spectra of different brightness; shares with `pure` the purest; light that varies."""
    r = np.random.RandomState(seed + python_test.SEED)
    b = np.linspace(0, 1, bands)
    spectra = np.array([sum(r.rand() * np.exp(-(b - c) ** 2 / (2 * w ** 2)) for c, w in
                            zip(r.rand(4), r.uniform(.05, .3, 4))) + .05 for _ in range(k)])
    spectra *= (np.linspace(1, darkest, k) / spectra.max(1))[:, None]
    shares = r.dirichlet(np.full(k, .4), 20 * pixels)
    shares = shares[shares.max(1) <= pure][:pixels]
    X = shares @ spectra * (1 + light * r.uniform(-1, 1, len(shares)))[:, None]
    return np.maximum(X + noise * r.randn(*X.shape), 0).astype(np.float32), spectra, shares


def scenes_are_unmixed():
    for seed in range(3 if os.environ.get("NMFKIT_ALL_SEEDS") else 1):
        for k, pure in ((3, .9), (5, 1.0)):
            X, spectra, shares = scene(seed, k, pure=pure)
            of_light = shares * spectra.sum(1)
            of_light /= of_light.sum(1, keepdims=True)
            for weighting, truth in (("none", of_light), ("raw", shares)):
                nmf = NMF(k, init="snpa", simplex="W", weighting=weighting, random_state=0, max_iter=1000)
                judge("k = %d, purest %g, seed %d, %s" % (k, pure, seed, weighting), nmf, nmf.fit_transform(X),
                      spectra, truth, .08, .93)
                claim(nmf.volume_ > 0, "no volume")


python_test.main(samson_is_unmixed, scenes_are_unmixed)
