"""nmfkit: non-negative matrix factorization, a drop-in for sklearn.decomposition.NMF.

    from nmfkit import NMF
    W = NMF(n_components=6).fit_transform(X)

See docs/python.md for what changes when you change the import, and what you gain."""

import importlib

from ._accelerate import accelerate
from ._library import version as __version__
from ._minibatch import MiniBatchNMF
from ._nmf import NMF, non_negative_factorization
from ._pca import PCA
from ._select import consensus, select_rank

# Files and pictures need more libraries, which are loaded when they are first asked for.
_LATER = {"read": "._files", "load_model": "._files", "save_model": "._files",
          "gallery": "._gallery", "report": "._report"}

__all__ = ["MiniBatchNMF", "NMF", "PCA", "accelerate", "consensus", "non_negative_factorization", "select_rank",
           "datasets", "decomposition", *_LATER]


def __getattr__(name):
    if name in ("datasets", "decomposition"):
        return importlib.import_module("." + name, __name__)
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name], __name__), name)
    raise AttributeError("module %r has no attribute %r" % (__name__, name))


def __dir__():
    return sorted({*globals(), *__all__})
