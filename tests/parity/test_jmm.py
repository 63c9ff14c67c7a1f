"""Joint majorization-minimization against its formulas in NumPy (Marmin, Goulart & Fevotte 2023), from the
same start in f64: the loss of each pair that X was read with, and H after the last iteration, for many
betas, with and without penalties, for X by rows and by columns (where H moves first), dense and sparse.
Extrapolation begins after the third iteration: these three are the plain updates."""


import parity_test
from parity_test import claim, nmf, np

ITERATIONS = 3
LOSSES = [("kl", {}, 1), ("is", {}, 0), ("frobenius", {}, 2)] + \
    [("beta", {"beta": beta}, beta) for beta in (-1, 0.5, 1.5, 2.5, 3)]
PENALTIES = [{}, {"alpha_W": 0.02, "alpha_H": 0.01, "l1_ratio": 1.0},
             {"alpha_W": 0.02, "alpha_H": 0.03, "l1_ratio": 0.0},
             {"alpha_W": 0.01, "alpha_H": 0.02, "l1_ratio": 0.4}]


def divergence(X, V, beta):
    if beta == 1:
        return np.sum(np.where(X > 0, X * np.log(np.where(X > 0, X, 1) / V), 0) - X + V)
    if beta == 0:
        return np.sum(X / V - np.log(X / V) - 1)
    return np.sum((X ** beta - beta * X * V ** (beta - 1) + (beta - 1) * V ** beta)
                  / (beta * (beta - 1)))


def moved(x, num, den, beta, l1, l2):
    """x times the minimizer of the majorizer with its penalties."""
    if beta == 1 and l2 > 0:  # the root of l2 y^2 + (den + l1) y - x num
        b = den + l1
        return 2 * x * num / (b + np.sqrt(b * b + 4 * l2 * x * num))
    gamma = 1 / (max(beta, 2 if l2 > 0 else 1) - min(beta - 1, 1))
    return x * (num / (den + l1 + l2 * x)) ** gamma


def joint(X, W, H, beta, of_W, of_H):
    """One iteration; of_W, of_H: the penalties (l1, l2)."""
    V = W @ H
    R, S = X * V ** (beta - 2), V ** (beta - 1)
    new_W = moved(W, R @ H.T, S @ H.T, beta, *of_W)
    u = new_W / W
    a = W * u ** (beta - 1) if beta <= 2 else new_W
    b = W * u ** beta if beta >= 1 else new_W
    return new_W, moved(H, a.T @ R, b.T @ S, beta, *of_H)


def objective(X, W, H, beta, of_W, of_H):
    return divergence(X, W @ H, beta) + sum(
        l1 * factor.sum() + 0.5 * l2 * (factor ** 2).sum()
        for factor, (l1, l2) in ((W, of_W), (H, of_H)))


def penalties_of(shape, alpha_W=0.0, alpha_H=0.0, l1_ratio=0.0):
    (m, n) = shape
    return tuple((size * alpha * l1_ratio, size * alpha * (1 - l1_ratio))
                 for size, alpha in ((n, alpha_W), (m, alpha_H)))


def iterate(X, W, H, beta, of_W, of_H, H_first):
    """The losses of the pairs that are read with, and the last pair."""
    losses = []
    for _ in range(ITERATIONS):
        losses.append(objective(X, W, H, beta, of_W, of_H))
        if H_first:
            H, W = (factor.T for factor in joint(X.T, H.T, W.T, beta, of_H, of_W))
        else:
            W, H = joint(X, W, H, beta, of_W, of_H)
    claim(all(now <= before for before, now in zip(losses, losses[1:])),
          "beta %g: the formulas themselves rise: %s", beta, losses)
    return losses, W, H


def problem():
    random = np.random.RandomState(0)
    X = random.poisson(3 * random.gamma(0.5, size=(70, 4)) @ random.gamma(0.5, size=(4, 45))) + 0.0
    W, H = random.uniform(0.5, 2, (70, 4)), random.uniform(0.5, 2, (4, 45))
    return X, W, H


def agree(X, start, loss, options, beta, penalty, H_first):
    name = "%s %s, %s, %s" % (loss, options, penalty, "columns" if H_first else "rows")
    of_W, of_H = penalties_of(X.shape, **penalty)
    stored = np.asfortranarray(X) if H_first else X
    arrays, report = nmf("fit", stored, 4, start=start, solver="jmm", loss=loss, tol=0,
                         max_iter=ITERATIONS, **options, **penalty)
    losses, _, H = iterate(X, *start, beta, of_W, of_H, H_first)
    claim(report["iterations"] == ITERATIONS, "%s: %d iterations", name, report["iterations"])
    told = arrays["trace"][:ITERATIONS - 1, 3]
    claim(np.allclose(told, losses[:-1], rtol=1e-12, atol=0), "%s: losses %s, by the formulas %s",
          name, told, losses)
    claim(report["objective"] <= losses[-1], "%s: ends at %g, the pair before has %g", name,
          report["objective"], losses[-1])
    ours = arrays["H"] / np.linalg.norm(arrays["H"], axis=1, keepdims=True)
    theirs = H / np.linalg.norm(H, axis=1, keepdims=True)
    if penalty:  # scales are held by penalties, else balanced
        ours, theirs = arrays["H"], H
    claim(np.allclose(ours, theirs, rtol=1e-9, atol=1e-12), "%s: H is off by %g", name,
          np.abs(ours - theirs).max())


def every_loss_and_penalty_follows_the_formulas():
    X, W, H = problem()
    for loss, options, beta in LOSSES:
        for penalty in PENALTIES:
            for H_first in (False, True):
                agree(X + (0.1 if beta <= 0 else 0), (W, H), loss, options, beta, penalty, H_first)


def by_columns_is_by_rows_for_kl():
    """Which factor moves first changes the scales of components only."""
    X, W, H = problem()
    fits = [nmf("fit", stored, 4, start=(W, H), solver="jmm", loss="kl", tol=0, max_iter=ITERATIONS)[0]
            for stored in (X, np.asfortranarray(X))]
    for name in "WH":
        claim(np.allclose(fits[0][name], fits[1][name], rtol=1e-9, atol=1e-12), "%s is off by %g", name,
              np.abs(fits[0][name] - fits[1][name]).max())


def zeros_of_a_given_start_stay():
    X, W, H = problem()
    W[::3, 1] = H[2, ::5] = 0
    for loss in ("kl", "frobenius"):
        given = nmf("fit", X, 4, start=(W, H), solver="jmm", loss=loss, max_iter=20)[0]
        claim((given["H"][2, ::5] == 0).all(), "%s: a zero of H has moved", loss)


if __name__ == "__main__":
    parity_test.main((every_loss_and_penalty_follows_the_formulas, by_columns_is_by_rows_for_kl,
                      zeros_of_a_given_start_stay))
