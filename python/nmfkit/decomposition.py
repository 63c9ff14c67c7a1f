"""In the place of sklearn.decomposition: `from nmfkit import decomposition`, or
`from nmfkit.decomposition import NMF, FastICA`. NMF, MiniBatchNMF, PCA and non_negative_factorization are
nmfkit's; every other name is scikit-learn's own, where it is installed."""

import importlib

from ._minibatch import MiniBatchNMF
from ._nmf import NMF, non_negative_factorization
from ._pca import PCA

__all__ = ["MiniBatchNMF", "NMF", "PCA", "non_negative_factorization"]


def __getattr__(name):
    if not name.startswith("__"):
        try:
            return getattr(importlib.import_module("sklearn.decomposition"), name)
        except ImportError:
            raise AttributeError("nmfkit.decomposition has no %s of its own, and scikit-learn, which may "
                                 "have one, is not installed" % name) from None
    raise AttributeError("module %r has no attribute %r" % (__name__, name))
