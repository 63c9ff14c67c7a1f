"""PCA has scikit-learn's attributes and values, up to the signs of components."""

import pickle

import python_test
from python_test import claim, raises

np, reference = python_test.need("numpy", "sklearn.decomposition")
from nmfkit import PCA  # noqa: E402

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(80, 30) * 0.8 ** np.arange(30) + RANDOM.randn(30)


def close(ours, theirs, what, tolerance=1e-8):
    difference = np.abs(np.asarray(ours) - theirs).max()
    claim(difference <= tolerance * max(1.0, np.abs(theirs).max()), "%s: %g", what, difference)


def attributes_are_scikit_learn_s():
    for n_components in (None, 4, 0.8):
        for whiten in (False, True):
            ours, theirs = PCA(n_components, whiten=whiten, random_state=0), \
                reference.PCA(n_components, whiten=whiten, svd_solver="full")
            scores, expected = ours.fit_transform(X), theirs.fit_transform(X)
            claim(ours.n_components_ == theirs.n_components_, "%r components", ours.n_components_)
            signs = np.sign(np.sum(ours.components_ * theirs.components_, axis=1))
            close(ours.components_, theirs.components_ * signs[:, None], "components_")
            close(scores, expected * signs, "scores")
            close(ours.transform(X[3:9]), theirs.transform(X[3:9]) * signs, "transform")
            close(ours.inverse_transform(scores), theirs.inverse_transform(expected), "inverse")
            for name in ("mean_", "explained_variance_", "explained_variance_ratio_",
                         "singular_values_", "noise_variance_", "n_samples_", "n_features_in_"):
                close(getattr(ours, name), getattr(theirs, name), name)
            names = [list(pca.get_feature_names_out()) for pca in (ours, theirs)]
            claim(names[0] == names[1], "%s", names)


def the_sign_rule_is_a_choice():
    v, u = PCA(5, pca_sign="v").fit(X).components_, PCA(5, pca_sign="u")
    scores = u.fit_transform(X)
    claim((v[np.arange(5), np.abs(v).argmax(axis=1)] > 0).all(), "largest loadings")
    claim((scores[np.abs(scores).argmax(axis=0), np.arange(5)] > 0).all(), "largest scores")


def bytes_are_read_in_place_and_estimators_pickled():
    data = (30 * np.abs(X)).astype("u1")
    pca = PCA(3, random_state=0)
    scores = pca.fit_transform(data)
    claim(scores.dtype == np.float32, "%s", scores.dtype)
    close(scores, pickle.loads(pickle.dumps(pca)).transform(data), "after pickling", 1e-5)


def wrong_use_is_refused():
    with raises(ValueError, "n_components=31 must be between 0 and min(n_samples, n_features)=30"):
        PCA(31).fit(X)
    with raises(ValueError, "Input X contains NaN"):
        PCA(2).fit(np.where(X > 1, np.nan, X))
    with raises(ValueError, "The 'n_components' parameter of PCA must be an int"):
        PCA("most").fit(X)
    with raises(ValueError, "X has 29 features, but PCA is expecting 30 features as input"):
        PCA(2).fit(X).transform(X[:, 1:])


python_test.main(attributes_are_scikit_learn_s, the_sign_rule_is_a_choice,
                 bytes_are_read_in_place_and_estimators_pickled, wrong_use_is_refused)
