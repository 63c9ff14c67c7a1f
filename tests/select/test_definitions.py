"""What nmf_rank and nmf_consensus say against their definitions, computed with NumPy, SciPy and
scikit-learn from the same held-out losses and the same replicates."""

import os
import sys

try:
    import numpy as np
    from scipy import sparse, stats
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_samples, silhouette_score
except ImportError:
    sys.exit(77)
sys.path.insert(0, os.path.join(os.environ["NMFKIT_SOURCE_DIR"], "python"))
import nmfkit  # noqa: E402


def claim(truth, words, *values):
    if not truth:
        raise AssertionError(words % values if values else words)


def planted(k, seed, m=120, n=80, mean=4.0):
    r = np.random.RandomState(seed)
    W = r.exponential(1, (m, k)) * (r.rand(m, k) < .5)
    H = r.exponential(1, (k, n)) * (r.rand(k, n) < .5)
    V = W @ H
    return r.poisson(V * mean / V.mean()).astype(np.float32)


def the_table_is_what_its_losses_say():
    X = planted(4, 1)
    for loss in ("frobenius", "kl"):
        found = nmfkit.select_rank(X, [2, 3, 4, 5], loss=loss, threads=2)
        table, ks = found.table, list(found.table.k)
        claim(ks == [1, 2, 3, 4, 5], "ranks %s", ks)
        L = np.array([found.losses[k] for k in ks])
        total = L.sum((1, 2))
        claim(np.allclose(table.loss, total, rtol=1e-12), "losses")
        best = int(total.argmin())
        D = L - L[best]
        rows, folds = D.sum(1), D.sum(2)
        se = np.maximum(np.sqrt(rows.shape[1]) * rows.std(1, ddof=1),
                        np.sqrt(folds.shape[1]) * folds.std(1, ddof=1))
        claim(np.allclose(table.standard_error, se, rtol=1e-9, atol=1e-12), "errors %s %s",
              table.standard_error, se)
        within = [k for k, d, s in zip(ks, total - total[best], se) if d <= s]
        claim(found.predicts == within[0] and found.best == ks[best], "predicts %d", found.predicts)
        r, wins = np.random.RandomState(0), np.zeros(len(ks))
        for _ in range(4000):
            w = np.bincount(r.randint(0, L.shape[2], L.shape[2]), minlength=L.shape[2])
            q = np.bincount(r.randint(0, L.shape[1], L.shape[1]), minlength=L.shape[1])
            wins[np.einsum("krm,r,m->k", L, q, w).argmin()] += 1 / 4000
        claim(np.abs(table.p_best - wins).max() < 0.08, "P(best) %s %s", table.p_best, wins)
        folds = L.shape[1]
        members = table.p_best >= stats.norm.sf(stats.t.ppf(.95, folds - 1) * np.sqrt(folds / (folds - 1)))
        members[best] = True
        claim(found.set == [k for k, i in zip(ks, members) if i], "set %s", found.set)
        claim(abs(table.mean_silhouette[2] - found.silhouettes[3].mean()) < 1e-12, "silhouettes")
        claim(found.predicts == 4, "%s: predicts %d", loss, found.predicts)


def dense_and_sparse_give_the_same_answer():
    """Of counts of mean 4 a rank above wins a hundredth of the draws, which five folds cannot tell from the best (their
    limit is .009); of counts of mean 10 it wins none."""
    for mean, members in ((4.0, [3, 4]), (10.0, [3])):
        X = planted(3, 2, mean=mean)
        for loss in ("frobenius", "kl"):
            a = nmfkit.select_rank(X, [2, 3, 4], loss=loss)
            for form in (sparse.csr_matrix, sparse.csc_matrix):
                other = nmfkit.select_rank(form(X), [2, 3, 4], loss=loss)
                claim(np.allclose(a.table.loss, other.table.loss, rtol=5e-3), "%s: %s %s", loss, a.table.loss,
                      other.table.loss)
                claim(a.set == other.set == members, "mean %g, %s: sets %s %s", mean, loss, a.set, other.set)
                claim(a.predicts == other.predicts == 3, "predicts %d %d", a.predicts, other.predicts)


def unit(rows):
    return rows / np.sqrt((rows ** 2).sum(1, keepdims=True))


def a_consensus_is_cnmfs():
    X = planted(5, 3)
    found = nmfkit.consensus(X, 5, replicates=30, loss="kl", perturb="poisson")
    again = nmfkit.consensus(X, 5, replicates=30, loss="kl", perturb="poisson", threads=1)
    claim((found.median == again.median).all() and (found.components_ == again.components_).all(),
          "other bits with one thread")
    S = unit(found.spectra)
    d = np.sqrt(np.maximum(0, 2 - 2 * S @ S.T))
    neighbours = int(.3 * 30)
    density = np.sort(d, 1)[:, :neighbours + 1].sum(1) / neighbours
    claim(np.allclose(density, found.density, atol=1e-6), "density")
    kept = density < .5
    claim(found.kept == kept.sum() and ((found.cluster >= 0) == kept).all(), "kept")
    labels = KMeans(5, n_init=10, random_state=1).fit_predict(S[kept])
    medians = np.array([np.median(S[kept][labels == j], 0) for j in range(5)])
    medians /= medians.sum(1, keepdims=True)
    order = [int(np.abs(medians - m).sum(1).argmin()) for m in found.median]
    claim(sorted(order) == list(range(5)), "clusters %s", order)
    worst = np.abs(medians[order] - found.median).max()
    claim(worst < 1e-6, "medians differ by %g", worst)
    claim(abs(silhouette_score(S[kept], labels) - found.silhouette) < 1e-6, "silhouette")
    each = silhouette_samples(S[kept], labels)
    own = [each[labels == j].mean() for j in order]
    claim(np.allclose(own, found.silhouettes, atol=1e-6), "silhouettes %s %s", own,
          found.silhouettes)
    for q, values in ((5, found.low), (95, found.high)):
        scale = np.array([np.median(S[kept][labels == j], 0).sum() for j in range(5)])
        expected = np.array([np.percentile(S[kept][labels == j], q, axis=0) for j in range(5)])
        claim(np.allclose((expected / scale[:, None])[order], values, atol=1e-6), "quantiles")
    claim((found.stability > .8).all() and found.unconverged == 0, "stability %s", found.stability)
    claim(found.components_.shape == (5, 80) and found.usages.shape == (120, 5), "shapes")
    claim(np.allclose(found.spectra.shape, (150, 80)), "replicates")


def the_model_is_refitted():
    X = planted(3, 4, m=60, n=40, mean=20).astype(np.float64)
    found = nmfkit.consensus(X, 3, replicates=12)
    R = X - found.usages @ found.components_
    claim(abs(found.loss - .5 * (R ** 2).sum()) < 1e-9 * found.loss, "loss %g", found.loss)
    fit = nmfkit.NMF(3, random_state=0).fit(X)
    claim(found.loss < 1.02 * .5 * fit.reconstruction_err_ ** 2, "refit %g", found.loss)
    # Usages of the consensus: each row solves its own problem.
    gradient = (found.usages @ found.components_ - X) @ found.components_.T
    scale = np.abs(X @ found.components_.T).max()
    claim(np.abs(np.where(found.usages > 0, gradient, np.minimum(gradient, 0))).max() < 1e-6 * scale,
          "usages are not solved")


def scores_are_a_regression_of_z_scores():
    X = planted(3, 5).astype(np.float64)
    found = nmfkit.consensus(X, 3, replicates=10, loss="kl")
    H = found.median
    # The usages that scores were made from: of the medians, rows of sum 1.
    usage = nmfkit.NMF(3, init="random", beta_loss="kullback-leibler", max_iter=1, random_state=0)
    usage.fit(X)
    usage.components_ = np.ascontiguousarray(H)
    W = usage.transform(X)
    W /= np.maximum(W.sum(1, keepdims=True), 1e-300)
    deviation = X.std(0)
    Z = (X - X.mean(0)) / np.where(deviation > 0, deviation, 1)
    expected = np.linalg.lstsq(W, Z, rcond=None)[0]
    claim(np.allclose(expected, found.scores, atol=1e-4), "scores differ by %g",
          np.abs(expected - found.scores).max())


def bad_arguments_are_refused():
    X = planted(2, 6, m=20, n=15)
    for call in (lambda: nmfkit.select_rank(X, [0, 2]), lambda: nmfkit.select_rank(X, [2, 99]),
                 lambda: nmfkit.select_rank(-X), lambda: nmfkit.consensus(X, 2, perturb="no"),
                 lambda: nmfkit.consensus(X, 2, replicates=1), lambda: nmfkit.select_rank(X, loss="x"),
                 lambda: nmfkit.consensus(X, 2, replicates=8, density_threshold=1e-12)):
        try:
            call()
        except ValueError:
            continue
        raise AssertionError("accepted")


for test in (the_table_is_what_its_losses_say, dense_and_sparse_give_the_same_answer,
             a_consensus_is_cnmfs, the_model_is_refitted, scores_are_a_regression_of_z_scores,
             bad_arguments_are_refused):
    test()
    print("ok", test.__name__)
