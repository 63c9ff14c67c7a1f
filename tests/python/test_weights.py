"""Weights, masked arrays and missing entries from Python, against NumPy: what is minimized, what is
not looked at, and the sentences of what is refused."""

import os
import subprocess
import tempfile
import warnings

import python_test
from python_test import claim, raises

np, sp = python_test.need("numpy", "scipy.sparse")
import nmfkit  # noqa: E402
from nmfkit import NMF, PCA  # noqa: E402

RANDOM = np.random.RandomState(3 + python_test.SEED)
DATA = os.environ.get("NMFKIT_TEST_DATA")
PARTS = RANDOM.rand(40, 3) ** 3, RANDOM.rand(3, 25) ** 3
X = PARTS[0] @ PARTS[1] + 0.01 * RANDOM.rand(40, 25)
SEEN = RANDOM.rand(40, 25) < 0.75


def model_of(nmf, W):
    return W @ nmf.components_


def weighted_losses_are_what_NumPy_computes():
    weights = np.where(SEEN, 0.2 + RANDOM.rand(40, 25), 0)
    for loss in ("frobenius", "kullback-leibler"):
        nmf = NMF(3, beta_loss=loss, tol=1e-6, max_iter=3000)
        V = model_of(nmf, nmf.fit_transform(X, weights=weights))
        by_hand = (weights * (X - V) ** 2).sum() if loss == "frobenius" else \
            2 * (weights * (X * np.log(X / V) - X + V)).sum()
        claim(abs(nmf.reconstruction_err_ ** 2 - by_hand) <= 1e-6 * by_hand, "%s: %g, by hand %g",
              loss, nmf.reconstruction_err_ ** 2, by_hand)
        W = nmf.transform(X, weights=weights)
        claim(np.allclose(W @ nmf.components_, V, rtol=1e-4, atol=1e-6), "%s: transform", loss)


def ways_to_say_missing_agree():
    holes = np.where(SEEN, X, np.nan)
    masked = np.ma.array(X, mask=~SEEN)
    answers = [NMF(3, random_state=0).fit_transform(X, weights=SEEN.astype(float)),
               NMF(3, random_state=0).fit_transform(masked),
               NMF(3, random_state=0, missing="nan").fit_transform(holes)]
    for answer in answers[1:]:
        claim((answer == answers[0]).all(), "another answer")
    nmf = NMF(3, random_state=0, tol=1e-6, max_iter=3000, missing="nan").fit(holes)
    V = model_of(nmf, nmf.transform(holes))
    off = np.sqrt(((X - V)[~SEEN] ** 2).sum() / (X[~SEEN] ** 2).sum())
    claim(off < 0.05, "what was not seen is missed by %g", off)


def only_stored_entries_were_observed():
    stored = sp.csr_matrix(np.where(SEEN, X, 0))
    for form in (stored, stored.tocsc()):
        nmf = NMF(3, missing="unstored", tol=1e-6, max_iter=3000, random_state=0)
        V = model_of(nmf, nmf.fit_transform(form))
        off = np.sqrt(((X - V)[~SEEN] ** 2).sum() / (X[~SEEN] ** 2).sum())
        claim(off < 0.1, "what was not stored is missed by %g", off)


def stored_entries_count_as_their_weights_say():
    """From Python by rows and by columns, and as files of any kind from the command."""
    weights = np.where(SEEN, .2 + RANDOM.rand(40, 25), 0)
    for loss in ("frobenius", "kullback-leibler"):
        options = dict(missing="unstored", beta_loss=loss, tol=1e-6, max_iter=3000, random_state=0)
        losses = []
        for form in (sp.csr_matrix, sp.csc_matrix):
            stored, beside = form(np.where(SEEN, X, 0)), sp.csr_matrix(weights)
            nmf = NMF(3, **options)
            W = nmf.fit_transform(stored, weights=beside)
            V = model_of(nmf, W)
            by_hand = (weights * (X - V) ** 2).sum() if loss == "frobenius" else \
                2 * (weights * (X * np.log(X / V) - X + V)).sum()
            claim(abs(nmf.reconstruction_err_ ** 2 - by_hand) <= 1e-6 * by_hand, "%s: %g, by hand %g", loss,
                  nmf.reconstruction_err_ ** 2, by_hand)
            claim(np.allclose(nmf.transform(stored, weights=beside), W, atol=1e-6), "%s: transform", loss)
            losses.append(by_hand)
        claim(abs(losses[0] - losses[1]) < .05 * losses[0], "%s: by rows and by columns %s", loss, losses)
    with tempfile.TemporaryDirectory() as work:
        path = {name: os.path.join(work, name) for name in ("x.npz", "w.npz", "w.npy", "r.npy", "a.npz", "b.npz")}
        sp.save_npz(path["x.npz"], sp.csr_matrix(np.where(SEEN, X, 0)))
        sp.save_npz(path["w.npz"], sp.csc_matrix(weights))
        np.save(path["w.npy"], weights)
        for options in (("--weights", path["w.npz"]), ("--weights", path["w.npy"])):
            subprocess.run([os.environ["NMF"], "fit", path["x.npz"], "-k", "3", "--missing", "unstored", *options,
                            "--init", "random", "--max-iter", "60", "--tol", "0", "--quiet", "-o", path["a.npz"]], check=True)
            with np.load(path["a.npz"]) as model:
                V = model["W"] @ model["H"]
            nmf = NMF(3, missing="unstored", init="random", random_state=0, max_iter=60, tol=0)
            expected = model_of(nmf, nmf.fit_transform(sp.csr_matrix(np.where(SEEN, X, 0)), weights=sp.csr_matrix(weights)))
            claim((V == expected).all(), "another model by %s", options[1])


def few_ratings_are_not_overfitted():
    """Popularity as skewed as that of films, five in a hundred rated, noise 0.6: what was held out is missed by
    little more, with twice the components that there are too."""
    r = np.random.RandomState(11 + python_test.SEED)
    m, n, k = 2000, 1200, 12
    V = r.gamma(.5, 1, (m, k)) @ r.gamma(.5, 1, (k, n))
    V = np.clip(1.5 + V / V.std(), 0, 8)
    seen = np.outer(r.lognormal(0, 1.1, m), r.lognormal(0, 1.3, n))
    seen = r.rand(m, n) < np.minimum(seen * .06 / seen.mean(), .95)
    ratings = np.maximum(V + .6 * r.randn(m, n), 0).astype(np.float32)
    test = seen & (r.rand(m, n) < .2)
    known = np.nonzero(seen & ~test)
    stored = sp.csr_matrix((ratings[known], known), shape=(m, n))
    for components, most in ((k, .74), (2 * k, .79)):
        nmf = NMF(components, missing="unstored", random_state=0, max_iter=40)
        V = model_of(nmf, nmf.fit_transform(stored))
        off = np.sqrt(((ratings - V)[test] ** 2).mean())
        claim(off <= most, "%d components: what was held out is missed by %g", components, off)


def few_iterations_lead_near_the_best():
    """To one hundredth above the best losses that are known; medians of three seeds with NMFKIT_ALL_SEEDS."""
    if not DATA:
        return "NMFKIT_TEST_DATA is not set"
    faces = np.load(os.path.join(DATA, "olivetti", "olivetti.npy")).astype(np.float32) / 242
    seeds = range(3 if os.environ.get("NMFKIT_ALL_SEEDS") else 1)
    for name, best, most in (("5", 8318.7, 30), ("30", 6028.3, 35), ("weights", 13613.7, 30)):
        r = np.random.RandomState(1)
        weights = (r.rand(*faces.shape) >= float(name) / 100).astype(np.float32) if name != "weights" else \
            np.exp((r.rand(*faces.shape), r.randn(*faces.shape))[1]).astype(np.float32)
        losses = []
        for seed in seeds:
            nmf = NMF(16, init="random", random_state=seed, shrink=0, tol=0, max_iter=most)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                nmf.fit(faces, weights=weights)
            losses.append(2 * min(point.loss for point in nmf.trace_))
        claim(np.median(losses) <= 1.01 * best, "%s: %s after %d iterations, %g wanted", name, np.round(losses, 1),
              most, best)
    return None


def entries_without_noise_are_hardly_penalized():
    """What their means leave of exact entries is no noise."""
    r = np.random.RandomState(5 + python_test.SEED)
    for share in (.15, .3):
        V = (r.rand(300, 4) ** 2 @ r.rand(4, 200) ** 2).astype(np.float32)
        known = np.nonzero(r.rand(300, 200) < share)
        stored = sp.csr_matrix((V[known], known), shape=V.shape)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            nmf = NMF(4, missing="unstored", random_state=0, max_iter=1000)
            off = model_of(nmf, nmf.fit_transform(stored)) - V
        off[known] = 0
        hidden = np.sqrt((off ** 2).sum() / ((V ** 2).sum() - (V[known] ** 2).sum()))
        claim(hidden < .02, "%g seen: what was hidden is missed by %g", share, hidden)
        claim(nmf.shrink_ > 0 and any("drawn towards their means" in str(w.message) for w in said),
              "the penalty %g is not announced: %s", nmf.shrink_, [str(w.message) for w in said])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            NMF(4, missing="unstored", random_state=0, max_iter=1000, tol=1e-2, shrink=0).fit(stored)


def what_cannot_be_is_said():
    holes = np.where(SEEN, X, np.nan)
    with raises(ValueError, "NaN"):
        NMF(3).fit(holes)
    with raises(ValueError, "takes no weights"):
        NMF(3, solver="cd", missing="nan").fit(holes)
    with raises(ValueError, "40 x 24"):
        NMF(3).fit(X, weights=np.ones((40, 24)))
    with raises(ValueError, "weight[0,0] = -1"):
        NMF(3).fit(X, weights=-np.ones(X.shape))
    with raises(ValueError, "sparse"):
        NMF(3, missing="unstored").fit(X)
    stored = sp.csr_matrix(np.where(SEEN, X, 0))
    with raises(ValueError, "are sparse and store the same entries"):
        NMF(3, missing="unstored").fit(stored, weights=np.ones(X.shape))
    with raises(ValueError, "row 0 of them does not"):
        NMF(3, missing="unstored").fit(stored, weights=sp.csr_matrix(np.ones(X.shape)))
    with raises(ValueError, "missing = unstored"):
        NMF(3).fit(stored, weights=stored)
    with raises(ValueError, "NaN"):
        PCA(3).fit(holes)
    with raises(ValueError, "missing"):
        NMF(3, missing="none at all").fit(X)


def what_goes_with_x_has_its_names():
    """Entry by entry, row by row or column by column: by position it would count for another one."""
    try:
        import pandas
    except ImportError:
        return "no pandas"
    rng = np.random.RandomState(0)
    X = pandas.DataFrame(rng.rand(12, 5) + .1, index=["s%d" % i for i in range(12)], columns=list("abcde"))
    weights = pandas.DataFrame(rng.rand(12, 5), index=X.index, columns=X.columns)
    right = NMF(2, random_state=0).fit_transform(X, weights=weights)
    claim(np.array_equal(NMF(2, random_state=0).fit_transform(X, weights=weights.to_numpy()), right), "the same names")
    fitted = NMF(2, random_state=0).fit(X)
    W, H = np.ones((12, 2)), np.ones((2, 5))
    for call in (lambda: NMF(2).fit(X, weights=weights[list("edcba")]), lambda: NMF(2).fit(X, weights=weights[::-1]),
                 lambda: fitted.transform(X, weights=weights[::-1]),
                 lambda: nmfkit.select_rank(X, [1, 2], weights=weights[list("edcba")]),
                 lambda: NMF(2, init="custom").fit(X, W=pandas.DataFrame(W, index=X.index[::-1]), H=H),
                 lambda: NMF(2, init="custom").fit(X, W=W, H=pandas.DataFrame(H, columns=list("edcba"))),
                 lambda: NMF(2).fit(X, fixed_W=pandas.DataFrame(W[:, :1], index=X.index[::-1])),
                 lambda: NMF(2, lower_H=pandas.DataFrame(0 * H, columns=list("edcba"))).fit(X),
                 lambda: NMF(2, upper_W=pandas.DataFrame(9 * W, index=X.index[::-1])).fit(X)):
        with raises(ValueError, "bring them into one order"):
            call()
    learner = nmfkit.MiniBatchNMF(2, random_state=0).partial_fit(X)
    with raises(ValueError, "feature names"):
        learner.partial_fit(X[list("edcba")])
    return None


python_test.main(weighted_losses_are_what_NumPy_computes, ways_to_say_missing_agree,
                 only_stored_entries_were_observed, stored_entries_count_as_their_weights_say, few_ratings_are_not_overfitted,
                 entries_without_noise_are_hardly_penalized, few_iterations_lead_near_the_best,
                 what_cannot_be_is_said, what_goes_with_x_has_its_names)
