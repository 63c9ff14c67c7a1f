"""One page of a model: made by the library, shown by notebooks, saved as a file."""

import ctypes
import html
import json
import os
import tempfile
import time

import numpy as np

from . import _library
from ._dataset import FEATURE_NAMES, LABELS, SAMPLE_NAMES, Dataset, set_names
from ._io_library import io
from ._library import call, library
from ._matrix import borrow_observed, unmask
from ._nmf import NMF

LANGUAGES = ("en", "zh")


class nmf_render_report_options(ctypes.Structure):
    _fields_ = [("struct_bytes", ctypes.c_size_t), ("X", ctypes.c_void_p),
                ("labels", ctypes.POINTER(ctypes.c_char_p)), ("title", ctypes.c_char_p),
                ("command", ctypes.c_char_p), ("rank_json", ctypes.c_char_p),
                ("language", ctypes.c_char_p), ("kind", ctypes.c_char_p),
                ("most_samples", ctypes.c_int64), ("created_seconds", ctypes.c_int64)]


_library.declare(io, {
    "nmf_render_report": (ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(nmf_render_report_options),
                          ctypes.c_char_p, _library.ERROR),
})


def report(model, X=None, *, W=None, labels=None, sample_names=None, feature_names=None,
           image_shape=None, title=None, lang="en", kind=None, rank=None, max_samples=None,
           weights=None):
    """A Report of a fitted NMF: one HTML page that needs no network.

    X: what it was fitted to, an array, a sparse matrix or a Dataset, whose names, labels and image
    shape are then known; the page shows originals, residuals, and PCA beside NMF. W: of
    fit_transform; without it, transform(X). One of the two is needed.
    labels: the samples' classes. image_shape: (height, width) where rows are pictures. title: what
    the data is called. lang: "en" or "zh", in which the page opens. kind: "pictures", "signatures",
    "curves", "words" or "features", where it is not seen from the components. rank: what
    `nmf rank --json` wrote, as a dict or the file's path. max_samples: how many are shown of more.
    weights: how much each entry of X counts, as in fit; what has weight 0, what a masked array masks
    and what the model's missing= says was not observed is shown as a hole and left out of errors."""
    if not isinstance(model, NMF):
        raise TypeError("report() is of a fitted NMF, not of %s" % type(model).__name__)
    if lang not in LANGUAGES:
        raise ValueError("lang = %r: must be one of %s" % (lang, ", ".join(LANGUAGES)))
    if isinstance(X, Dataset):
        labels, image_shape = _first(labels, X.labels), _first(image_shape, X.image_shape)
        sample_names = _first(sample_names, X.sample_names)
        feature_names = _first(feature_names, X.feature_names)
        X = X.data
    if X is None and W is None:
        raise TypeError("report() needs X or W: an estimator keeps neither")
    if feature_names is None:
        feature_names = getattr(X, "columns", getattr(model, "feature_names_in_", None))
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    image_shape = _first(image_shape, getattr(model, "image_shape_", None))
    X, weights = unmask(X, weights)
    kept = model._model(np.asarray(model.transform(X, weights=weights) if W is None else W))
    content = kept.content
    for owner, which, names, count in ((content.H, FEATURE_NAMES, feature_names, content.features),
                                       (content.W, SAMPLE_NAMES, sample_names, content.samples),
                                       (content.W, LABELS, labels, content.samples)):
        if names is not None:
            if len(names) != count:
                raise ValueError("%d names for %d rows or columns" % (len(names), count))
            set_names(owner, which, names)
    if image_shape is not None:
        call(library.nmf_matrix_set_image_shape, content.H, *image_shape)
    data = None if X is None else borrow_observed(X, **model._observed(weights))
    return Report(kept, data, title, lang, kind, rank, max_samples)


def _first(given, known):
    return known if given is None else given


def _rank_text(rank):
    if rank is None:
        return None
    if isinstance(rank, dict):
        return json.dumps(rank).encode()
    with open(rank, "rb") as file:
        return file.read()


class Report:
    """Shown by notebooks as it is; save(path) writes the page, html() gives its text."""

    def __init__(self, model, X, title, lang, kind, rank, max_samples):
        self._model, self._X = model, X
        self._options = {"title": None if title is None else str(title).encode(),
                         "language": lang.encode(), "kind": None if kind is None else kind.encode(),
                         "rank_json": _rank_text(rank), "most_samples": max_samples or 0}

    def save(self, path):
        """Writes the page to a file."""
        options = nmf_render_report_options(
            struct_bytes=ctypes.sizeof(nmf_render_report_options), created_seconds=int(time.time()),
            X=None if self._X is None else self._X.pointer, **self._options)
        call(io.nmf_render_report, self._model.pointer, ctypes.byref(options), os.fsencode(path))

    def html(self):
        """The page's text."""
        with tempfile.TemporaryDirectory(prefix="nmfkit-") as directory:
            path = os.path.join(directory, "report.html")
            self.save(path)
            with open(path, encoding="utf-8") as file:
                return file.read()

    def _repr_html_(self):
        return ('<iframe srcdoc="%s" style="width:100%%;height:800px;border:1px solid #ccc" '
                'title="nmfkit report"></iframe>' % html.escape(self.html()))


__all__ = ["report", "Report"]
