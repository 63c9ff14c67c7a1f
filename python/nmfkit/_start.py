"""Starts with scikit-learn's random numbers, for solver 'cd' and 'mu': from the same random_state
its NMF and ours begin at the same W and H. Other solvers use the library's own starts, which suit
any unit of X. Source of nndsvd: Boutsidis & Gallopoulos 2008; the numbers are drawn in the order in
which scikit-learn 1.2 draws them."""

import numpy as np

from . import _sklearn, _together
from ._sklearn import random_state


def check_custom(A, shape, whom):
    """A start given by the caller; 'auto' in shape fits any size."""
    if A is None:
        raise ValueError("A start needs both W and H: the one passed to %s is None" % whom)
    A = A.toarray() if hasattr(A, "toarray") else np.asarray(A)
    if A.ndim != 2:
        raise ValueError("Expected 2D array, got %dD array instead" % A.ndim)
    if any(expected not in ("auto", size) for expected, size in zip(shape, A.shape)):
        raise ValueError("Array with wrong shape passed to %s. Expected %s, but got %s "
                         % (whom, shape, A.shape))
    if not np.isfinite(A).all():
        raise ValueError("Input contains NaN or infinity, passed to %s" % whom)
    if A.min() < 0:
        raise ValueError("Negative values in data passed to %s" % whom)
    if A.max() == 0:
        raise ValueError("Array passed to %s is full of zeros." % whom)
    return A


def draw(X, k, init, seed):
    """W, H of an init by name; None is nndsvda where k allows it. None, None where only the library
    can make the start: without scikit-learn there is no randomized SVD with its numbers."""
    seed = _together.seed(seed)
    if init is None:
        init = "nndsvda" if k <= min(X.shape) else "random"
    if init == "random":
        return _half_normal(X, k, seed)
    if not _sklearn.IS_HERE:
        return None, None
    W, H = _nndsvd(*_sklearn.randomized_svd(X, k, random_state=seed))
    if init == "nndsvda":
        fill = X.mean()
        W[W == 0] = fill
        H[H == 0] = fill
    if init == "nndsvdar":
        random, scale = random_state(seed), X.mean()
        for factor in (W, H):
            holes = factor == 0
            factor[holes] = abs(scale * random.standard_normal(size=holes.sum()) / 100)
    return W, H


def _half_normal(X, k, seed):
    random, scale = random_state(seed), np.sqrt(X.mean() / k)
    H = scale * random.standard_normal(size=(k, X.shape[1])).astype(X.dtype, copy=False)
    W = scale * random.standard_normal(size=(X.shape[0], k)).astype(X.dtype, copy=False)
    return np.abs(W), np.abs(H)


def _nndsvd(U, S, V):
    """Each pair of singular vectors gives the half, positive or negative, that carries more."""
    W, H = np.zeros_like(U), np.zeros_like(V)
    W[:, 0] = np.sqrt(S[0]) * np.abs(U[:, 0])
    H[0] = np.sqrt(S[0]) * np.abs(V[0])
    for j in range(1, len(S)):
        halves = [(np.maximum(sign * U[:, j], 0), np.maximum(sign * V[j], 0)) for sign in (1, -1)]
        norms = [(np.sqrt(u @ u), np.sqrt(v @ v)) for u, v in halves]
        best = 0 if norms[0][0] * norms[0][1] > norms[1][0] * norms[1][1] else 1
        (u, v), (u_norm, v_norm) = halves[best], norms[best]
        length = np.sqrt(S[j] * (u_norm * v_norm))
        W[:, j] = length * (u / u_norm)
        H[j] = length * (v / v_norm)
    W[W < 1e-6] = 0
    H[H < 1e-6] = 0
    return W, H
