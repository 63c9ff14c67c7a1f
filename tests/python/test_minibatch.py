"""MiniBatchNMF: scikit-learn's rule step for step, and the library's own, which is told from it by what
it reaches, how soon, and by what it does not depend on."""

import pickle

import python_test
from python_test import claim, raises

np = python_test.need("numpy")
import nmfkit  # noqa: E402
from nmfkit import MiniBatchNMF  # noqa: E402

random = np.random.RandomState(5)
X = random.gamma(0.3, size=(700, 6)) @ random.gamma(0.3, size=(6, 40)) + 0.1 * random.rand(700, 40)


def error(W, H, data):
    return np.linalg.norm(data - W @ H)


def steps_are_scikit_learn_s():
    """From the same start, whatever the loss, the penalties and how batches are divided."""
    try:
        from sklearn.decomposition import MiniBatchNMF as theirs
    except ImportError:
        return "no scikit-learn to compare with"
    settings = [
        {}, {"beta_loss": "kullback-leibler"}, {"beta_loss": "itakura-saito"}, {"beta_loss": 1.5},
        {"alpha_W": 0.01, "alpha_H": 0.02, "l1_ratio": 0.5}, {"fresh_restarts": True},
        {"forget_factor": 0.3, "init": "random"}]
    for more in settings:
        kept = dict(n_components=4, batch_size=128, max_iter=6, random_state=3, **more)
        a, b = theirs(**kept), MiniBatchNMF(solver="mu", **kept)
        W, ours = a.fit_transform(X), b.fit_transform(X)
        claim(a.n_steps_ == b.n_steps_, "%s: %d steps, not %d", more, b.n_steps_, a.n_steps_)
        claim(np.allclose(a.components_, b.components_, rtol=1e-7, atol=1e-10), "H differs: %s", more)
        if not more.get("fresh_restarts"):  # ours solves W to its end
            claim(np.allclose(W, ours, rtol=1e-7, atol=1e-10), "W differs: %s", more)
            claim(abs(a.reconstruction_err_ / b.reconstruction_err_ - 1) < 1e-9, "error: %s", more)
        c, d = theirs(**kept), MiniBatchNMF(solver="mu", **kept)
        for at in range(0, 700, 100):
            c.partial_fit(X[at:at + 100])
            d.partial_fit(X[at:at + 100])
        claim(np.allclose(c.components_, d.components_, rtol=1e-7, atol=1e-10),
              "H of partial_fit differs: %s", more)
    return None


def fit_is_partial_fit_of_the_same_batches():
    """With scikit-learn's rule, where W is made anew for each batch."""
    W, H = random.rand(700, 4), random.rand(4, 40)
    one = MiniBatchNMF(4, init="custom", solver="mu", batch_size=100, max_iter=2, tol=0,
                       max_no_improvement=None, fresh_restarts=True, random_state=0)
    one.fit(X, W=W.copy(), H=H.copy())
    other = MiniBatchNMF(4, init="custom", solver="mu", batch_size=100, tol=0, random_state=0,
                         forget_factor=0.7 ** (1 / 7))
    for _ in range(2):
        for at in range(0, 700, 100):
            other.partial_fit(X[at:at + 100], W=W[:100].copy(), H=H.copy())
    claim(one.n_steps_ == other.n_steps_ == 14, "%d and %d steps", one.n_steps_, other.n_steps_)
    claim(np.allclose(one.components_, other.components_, rtol=1e-9), "H differs")


def batches_do_not_matter_and_one_reading_is_nearly_all():
    best = nmfkit.NMF(6, random_state=0).fit(X).reconstruction_err_
    first = None
    for size in (1, 33, 700):
        model = MiniBatchNMF(6, random_state=0)
        for at in range(0, 700, size):
            model.partial_fit(X[at:at + size])
        H = model.components_
        claim(first is None or np.array_equal(H, first), "H depends on batches of %d", size)
        first = H
    claim(error(model.transform(X), first, X) < 1.02 * best, "one reading is not enough")
    model = MiniBatchNMF(6, random_state=0, max_iter=3)
    W = model.fit_transform(X)
    claim(error(W, model.components_, X) < 1.005 * best, "three readings are not enough")
    claim(abs(model.reconstruction_err_ / error(W, model.components_, X) - 1) < 1e-9, "error")


def errors_of_sparse_data_are_those_of_all_entries():
    """Stored as they should be, stored twice each, and data that are as good as met."""
    sparse = python_test.need("scipy.sparse")
    chance = np.random.RandomState(4)
    counts = chance.poisson(0.3, (90, 50)).astype(float)
    twice = sparse.csr_matrix(counts)
    twice = sparse.csr_matrix((np.repeat(twice.data / 2, 2), np.repeat(twice.indices, 2), 2 * twice.indptr), twice.shape)
    met = np.zeros((90, 50))
    for part in range(3):
        met[30 * part:30 * part + 30, 15 * part:15 * part + 15] = np.outer(1 + chance.rand(30), 1 + chance.rand(15))
    for data, k in ((sparse.csr_matrix(counts), 4), (sparse.csc_matrix(counts), 4), (twice, 4), (sparse.csr_matrix(met), 3)):
        model = MiniBatchNMF(k, random_state=0, max_iter=20)
        W, dense = model.fit_transform(data.copy()), data.toarray()
        true = error(W, model.components_, dense)
        claim(abs(model.reconstruction_err_ - true) <= 1e-9 * true + 1e-13 * np.linalg.norm(dense),
              "error %.12g, not %.12g", model.reconstruction_err_, true)


def a_tenth_of_the_readings_reach_what_scikit_learn_s_rule_does():
    """Of words, whose spectrum is flat, and of parts; what they end with, and when they think that they are there."""
    chance = np.random.RandomState(2)
    topics = chance.dirichlet(np.full(600, 0.05), 12)
    counts = chance.poisson(60 * chance.dirichlet(np.full(12, 0.2), 500) @ topics).astype(float)
    words = counts * np.log(500 / (1 + (counts > 0).sum(0)))[None, :].clip(0)
    words /= np.maximum(np.linalg.norm(words, axis=1), 1e-9)[:, None]
    for data, k in ((words, 10), (X, 6)):
        theirs = MiniBatchNMF(k, random_state=0, solver="mu", batch_size=128, max_no_improvement=None, tol=0)
        W = theirs.fit_transform(data)
        reached, readings = error(W, theirs.components_, data) ** 2, theirs.n_iter_
        ours = MiniBatchNMF(k, random_state=0)
        W = ours.fit_transform(data)
        claim(ours.n_iter_ < ours.max_iter, "%d readings and no end", ours.n_iter_)
        claim(error(W, ours.components_, data) ** 2 <= 1.0001 * reached, "it ends above, after %d readings", ours.n_iter_)
        ours = MiniBatchNMF(k, random_state=0, max_iter=readings // 10, tol=0)
        W = ours.fit_transform(data)
        claim(error(W, ours.components_, data) ** 2 <= reached, "%d readings: %.6g, %.6g in %d", ours.n_iter_,
              error(W, ours.components_, data) ** 2, reached, readings)


def what_half_life_forgets():
    later = X[:, ::-1]
    errors = []
    for half_life in (None, 200):
        model = MiniBatchNMF(6, random_state=0, half_life=half_life)
        for data in (X, X, later, later):
            model.partial_fit(data)
        errors.append(error(model.transform(later), model.components_, later))
    claim(errors[1] < 0.9 * errors[0], "forgetting is of no use: %s", errors)


def estimators_are_pickled_and_go_on():
    model = MiniBatchNMF(4, random_state=0).partial_fit(X[:300])
    other = pickle.loads(pickle.dumps(model))
    claim(np.array_equal(model.components_, other.components_), "H differs")
    other.partial_fit(X[300:])
    claim(other.components_.shape == (4, 40) and other.n_steps_ == 2, "it did not go on")
    model = MiniBatchNMF(4, random_state=0).fit(X[:300])
    model.partial_fit(X[300:])
    claim(model.components_.shape == (4, 40), "it did not go on from a fit")


def what_it_refuses():
    with raises(ValueError, "'half_life' parameter of MiniBatchNMF must be"):
        MiniBatchNMF(2, half_life=-1).fit(X)
    with raises(ValueError, "Negative values in data passed to MiniBatchNMF"):
        MiniBatchNMF(2).partial_fit(-X)
    with raises(ValueError, "features"):
        MiniBatchNMF(2).partial_fit(X).partial_fit(X[:, :5])
    with raises(AttributeError, "not fitted yet"):
        MiniBatchNMF(2).components_


python_test.main(steps_are_scikit_learn_s, fit_is_partial_fit_of_the_same_batches,
                 batches_do_not_matter_and_one_reading_is_nearly_all,
                 errors_of_sparse_data_are_those_of_all_entries,
                 a_tenth_of_the_readings_reach_what_scikit_learn_s_rule_does, what_half_life_forgets,
                 estimators_are_pickled_and_go_on, what_it_refuses)
