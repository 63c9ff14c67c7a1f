"""What a file or a generator gives: the matrix and what is known about its rows and columns."""

import numpy as np

from . import _library
from ._library import call, library
from ._matrix import array_of

SAMPLE_NAMES, FEATURE_NAMES, LABELS = range(3)  # nmf_names


def names_of(pointer, which, count):
    """Names in an nmf_matrix, or None."""
    if not library.nmf_matrix_has_names(pointer, which):
        return None
    return [library.nmf_matrix_name(pointer, which, i).decode("utf-8", "replace")
            for i in range(count)]


def set_names(pointer, which, names):
    texts = (_library.c_char_p * len(names))(*(str(name).encode() for name in names))
    call(library.nmf_matrix_set_names, pointer, which, texts)


def image_shape_of(pointer):
    height = library.nmf_matrix_image_height(pointer)
    return (height, library.nmf_matrix_image_width(pointer)) if height else None


class Dataset:
    """data: samples x features, an array in the file's own type, or an OnDisk. sample_names, feature_names and
    labels: lists, or None. image_shape: (height, width) where each row is a picture, or None."""

    def __init__(self, matrix):
        pointer = matrix.pointer
        self.data = array_of(pointer, matrix)
        rows, columns = self.data.shape
        self.sample_names = names_of(pointer, SAMPLE_NAMES, rows)
        self.feature_names = names_of(pointer, FEATURE_NAMES, columns)
        self.labels = names_of(pointer, LABELS, rows)
        self.image_shape = image_shape_of(pointer)

    @property
    def images(self):
        """The pictures, samples x height x width: a view of data."""
        if self.image_shape is None:
            raise AttributeError("this data does not say what shape its pictures have")
        return self.data.reshape((-1,) + self.image_shape)

    @property
    def target(self):
        """The labels as numbers from 0, in their sorted order."""
        if self.labels is None:
            raise AttributeError("this data has no labels")
        return np.unique(self.labels, return_inverse=True)[1]

    def __repr__(self):
        known = ["%d x %d %s" % (*self.data.shape, self.data.dtype)]
        known += ["pictures of %d x %d" % self.image_shape] if self.image_shape else []
        known += [what.replace("_", " ") for what in ("sample_names", "feature_names", "labels")
                  if getattr(self, what) is not None]
        return "<Dataset: %s>" % ", ".join(known)
