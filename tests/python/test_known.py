"""Known components, bounds and sums from Python; and the figure for which they are there: of counts made from
eight signatures, of which five are known, the other three are found."""

import os

import python_test
from python_test import claim, raises

np = python_test.need("numpy")
import nmfkit  # noqa: E402
from nmfkit import NMF  # noqa: E402

RANDOM = np.random.RandomState(7 + python_test.SEED)
W_TRUE, H_TRUE = RANDOM.rand(60, 4) ** 2, RANDOM.rand(4, 30) ** 3
X = W_TRUE @ H_TRUE + 0.01 * RANDOM.rand(60, 30)
DATA = os.environ.get("NMFKIT_TEST_DATA")


def known_components_stay_to_the_bit():
    for loss in ("frobenius", "kullback-leibler", "itakura-saito"):
        for dtype in (np.float64, np.float32):
            known = H_TRUE[:2].astype(dtype)
            nmf = NMF(4, fixed_H=known, beta_loss=loss, random_state=0).fit(X.astype(dtype))
            claim((nmf.components_[:2] == known).all(), "%s: they moved", loss)
            claim(nmf.components_.shape == (4, 30) and nmf.components_.dtype == dtype, "shape")
    counts = np.floor(100 * X).astype(np.uint16)
    nmf = NMF(4, fixed_H=H_TRUE[:2], random_state=0).fit(counts)
    claim((nmf.components_[:2] == H_TRUE[:2]).all(), "known in float64, data in uint16")


def all_known_is_transform():
    nmf = NMF(fixed_H=H_TRUE)
    W = nmf.fit_transform(X)
    claim(nmf.n_components_ == 4 and (nmf.components_ == H_TRUE).all(), "the components moved")
    claim((W == nmf.transform(X)).all(), "W is not transform's")
    claim((W == nmfkit.non_negative_factorization(X, H=H_TRUE, update_H=False)[0]).all(),
          "W is not that of a fit without update_H")


def entries_and_columns_can_be_known():
    part = H_TRUE.copy()
    part[:, ::3] = np.nan
    nmf = NMF(4, fixed_H=part, random_state=0).fit(X)
    kept = np.isfinite(part)
    claim((nmf.components_[kept] == H_TRUE[kept]).all(), "known entries moved")
    masked = np.ma.array(H_TRUE, mask=~kept)
    claim((NMF(4, fixed_H=masked, random_state=0).fit(X).components_ == nmf.components_).all(),
          "a masked array is something else")
    claim((NMF(4, fixed_H=H_TRUE, keep_H=kept, random_state=0).fit(X).components_
           == nmf.components_).all(), "keep_H is something else")
    W = NMF(4, random_state=0).fit_transform(X, fixed_W=W_TRUE[:, :3])
    claim((W[:, :3] == W_TRUE[:, :3]).all(), "known columns of W moved")


def bounds_and_sums_are_kept():
    nmf = NMF(4, lower_W=0.05, upper_W=[0.3, 0.4, 0.5, 0.6], upper_H=0.9, random_state=0)
    W = nmf.fit_transform(X)
    claim(W.min() >= 0.05 and (W <= [0.3, 0.4, 0.5, 0.6]).all(), "W")
    claim(nmf.components_.max() <= 0.9, "H")
    claim(np.allclose(W, nmf.transform(X), atol=1e-6), "transform forgot the bounds")
    nmf = NMF(4, simplex="W", random_state=0, max_iter=2000)
    W = nmf.fit_transform(X)
    claim(abs(W.sum(1) - 1).max() < 1e-14, "rows of W")
    claim(np.allclose(W, nmf.transform(X), atol=1e-6), "transform forgot the sums")
    nmf = NMF(4, simplex="H", random_state=0).fit(X)
    claim(abs(nmf.components_.sum(1) - 1).max() < 1e-14, "rows of H")


def features_are_matched_by_name():
    try:
        import pandas
    except ImportError:
        return "no pandas"
    names = ["f%d" % i for i in range(30)]
    known = pandas.DataFrame(H_TRUE[:2], columns=names).iloc[:, ::-1]
    nmf = NMF(4, fixed_H=known, random_state=0).fit(pandas.DataFrame(X, columns=names))
    claim((nmf.components_[:2] == H_TRUE[:2]).all(), "columns were not matched")
    with raises(ValueError, "no feature 'other'"):
        NMF(4, fixed_H=known).fit(pandas.DataFrame(X, columns=names[:-1] + ["other"]))
    return None


def what_cannot_be_is_said():
    with raises(ValueError, "the known components have 29 features"):
        NMF(4, fixed_H=H_TRUE[:, 1:]).fit(X)
    with raises(ValueError, "there are 3 components in all"):
        NMF(3, fixed_H=H_TRUE).fit(X)
    with raises(ValueError, "known H[0,0] = -"):
        NMF(4, fixed_H=-H_TRUE - 1).fit(X)
    with raises(ValueError, "at least 0.5 and at most 0.1"):
        NMF(4, lower_W=0.5, upper_W=0.1).fit(X)
    with raises(ValueError, "cannot sum to 1"):
        NMF(4, upper_W=0.1, simplex="W").fit(X)
    with raises(ValueError, "bounds must be >= 0"):
        NMF(4, lower_H=-1).fit(X)


def signatures():
    path = os.path.join(DATA, "sbs96", "COSMIC_v3.4_SBS_GRCh37.tsv")
    table = nmfkit.read(path, transpose=True)
    return {name: row for name, row in zip(table.sample_names, np.asarray(table.data, float))}


def unknown_signatures_are_found_beside_known_ones():
    if not DATA:
        return "NMFKIT_TEST_DATA is not set"
    all_of_them = signatures()
    draws = np.random.RandomState(1 + python_test.SEED)
    for known, free in ((("SBS1", "SBS5", "SBS2", "SBS13", "SBS8"), ("SBS3", "SBS18", "SBS17b")),
                        (("SBS1", "SBS5", "SBS3", "SBS40a", "SBS18"), ("SBS2", "SBS13", "SBS26"))):
        H = np.array([all_of_them[name] for name in known + free])
        activity = draws.gamma(0.5, 1500, (200, 8)) * (draws.rand(200, 8) < 0.7)
        counts = draws.poisson(activity @ H)
        nmf = NMF(8, fixed_H=H[:5], beta_loss="kullback-leibler", random_state=0, max_iter=2000)
        nmf.fit(counts.astype(np.uint16))
        found = nmf.components_
        claim((found[:5] == H[:5]).all(), "known signatures moved")
        unit = lambda A: A / np.linalg.norm(A, axis=1, keepdims=True)  # noqa: E731
        cosines = (unit(found[5:]) @ unit(H[5:]).T).max(0)
        claim(cosines.min() >= 0.95, "cosines %s", np.round(cosines, 3))
    return None


python_test.main(known_components_stay_to_the_bit, all_known_is_transform,
                 entries_and_columns_can_be_known, bounds_and_sums_are_kept,
                 features_are_matched_by_name, what_cannot_be_is_said,
                 unknown_signatures_are_found_beside_known_ones)
