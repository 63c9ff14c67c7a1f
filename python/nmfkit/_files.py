"""Files: what the command `nmf` reads, and the model files it reads and writes."""

import ctypes
import os
import warnings

import numpy as np

from . import _io_library, _library, _options
from ._dataset import FEATURE_NAMES, SAMPLE_NAMES, Dataset, image_shape_of, names_of, set_names
from ._io_library import io
from ._library import MODEL_PCA, call, library
from ._matrix import Matrix
from ._model import Model
from ._nmf import NMF
from ._pca import PCA
from ._sklearn import check_is_fitted


def read(path, *, image_shape=None, image_order="row", transpose=False, shuffle=None,
         sample_names=None, feature_names=None, labels=None, format=None, header=None, index=None,
         delimiter=None, decimal=None, comment=None, long=False, feature_type=None, features=0,
         memory_limit=0):
    """A Dataset from a file: .npy, .npz or .mat ("file.npz:name" chooses an array), .csv, .tsv, a
    sparse .mtx, .npz or .h5ad, a picture, a folder of pictures, a text file that lists pictures; or
    from a list of pictures and folders.

    image_shape: (height, width) of the picture in each row, where the file cannot know it.
    image_order: "column" where a row's pixels run down the picture's columns (MATLAB).
    transpose: the file's rows are features. shuffle: permute the samples as
    numpy.random.RandomState(shuffle) does. sample_names, feature_names, labels: files of names, one
    a line, in place of those that the file has. format: its name, where neither content nor name of
    the file tell. Of tables: header (True or False), index (the column of sample names: its name,
    its number from 1, or "none"), delimiter, decimal, comment, long (one entry a line); feature_type
    of cells x features of several types; features: at least so many, where the format does not say.
    memory_limit: bytes; of an .npy, or of stored members of an .npz, what takes more than half of them
    stays on disk, and more than three quarters of the memory there is where it is 0: then Dataset.data is
    an OnDisk, which fit and transform read as they need it.
    What reading decided by itself comes as a UserWarning."""
    if image_order not in ("row", "column"):
        raise ValueError("image_order = %r: must be 'row' or 'column'" % (image_order,))
    height, width = image_shape or (0, 0)
    options = _io_library.nmf_io_read_options(
        struct_bytes=ctypes.sizeof(_io_library.nmf_io_read_options), image_height=height,
        image_width=width, image_order_column=image_order == "column", transpose=bool(transpose),
        shuffle=shuffle is not None, shuffle_seed=shuffle or 0,
        header=0 if header is None else 1 if header else 2, is_long=bool(long), features=features,
        most_bytes=memory_limit // 2, **{
            name: os.fsencode(file) for name, file in (
                ("sample_names", sample_names), ("feature_names", feature_names),
                ("labels", labels), ("format", format), ("delimiter", delimiter),
                ("index", None if index is None else str(index)), ("decimal", decimal),
                ("comment", comment), ("feature_type", feature_type)) if file is not None})
    told = []
    note = _io_library.NOTE(lambda sentence, _: told.append(sentence.decode(errors="replace")))
    options.note = ctypes.cast(note, ctypes.c_void_p)
    matrix = Matrix()
    if isinstance(path, (str, bytes, os.PathLike)):
        call(io.nmf_io_read, os.fsencode(path), ctypes.byref(options), matrix.out())
    else:
        paths = [os.fsencode(one) for one in path]
        call(io.nmf_io_read_list, (ctypes.c_char_p * len(paths))(*paths), len(paths),
             ctypes.byref(options), matrix.out())
    for sentence in told:
        warnings.warn(sentence, stacklevel=2)
    return Dataset(matrix)


def save_model(model, path, W=None, *, image_shape=None, sample_names=None):
    """Writes a fitted NMF or PCA to the model file (.npz) that the command `nmf` and numpy.load
    read, with the W of its fit, or another one of as many columns. image_shape: of the pictures
    that components are, where the estimator was not fitted to a Dataset that says so."""
    if not isinstance(model, (NMF, PCA)):
        raise TypeError("only an NMF or a PCA of nmfkit can be written to a model file, and this is %s.%s"
                        % (type(model).__module__, type(model).__qualname__))
    check_is_fitted(model)
    W = getattr(model, "_W", None) if W is None else W
    if W is None:
        raise ValueError("this %s has no W of its own, as it was unpickled: give the W "
                         "that fit_transform or transform returned" % type(model).__name__)
    kept = model._model(np.asarray(W))
    content = kept.content
    features = getattr(model, "feature_names_in_", None)
    if features is not None:
        set_names(content.H, FEATURE_NAMES, features)
    if sample_names is not None:
        set_names(content.W, SAMPLE_NAMES, sample_names)
    image_shape = image_shape or getattr(model, "image_shape_", None)
    if image_shape is not None:
        call(library.nmf_matrix_set_image_shape, content.H, *image_shape)
    call(io.nmf_io_save_model, kept.pointer, os.fsencode(path))


def load_model(path):
    """The fitted estimator in a model file, an NMF or a PCA, and its W."""
    kept = Model()
    call(io.nmf_io_load_model, os.fsencode(path), kept.out())
    content = kept.content
    kind = PCA if content.kind == MODEL_PCA else NMF
    estimator = kind(**kind._parameters_of(_options.values_of(content.options)))
    estimator._keep(kept)
    estimator.n_features_in_ = content.features
    names = names_of(content.H, FEATURE_NAMES, content.features)
    if names is not None:
        estimator.feature_names_in_ = np.array(names, dtype=object)
    if image_shape_of(content.H) is not None:
        estimator.image_shape_ = image_shape_of(content.H)
    estimator._W = kept.W()
    return estimator, estimator._W


__all__ = ["read", "save_model", "load_model"]
