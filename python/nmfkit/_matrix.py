"""Arrays of NumPy and SciPy as matrices of the library's and back, without copies.

The library reads uint8, uint16, float32 and float64 where they lie, with any strides; anything else
(other types, the other byte order, unaligned entries) is converted once. It never writes into what
it borrows. Arrays made of the library's memory keep it alive.
"""

import ctypes

import numpy as np

from . import _library
from ._library import call, library

DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32), np.dtype(np.float64))
FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
KEPT = FLOATS + DTYPES[:2]  # the first is what everything else becomes


class Matrix(_library.Handle):
    """An nmf_matrix; what it borrows lives as long as it does."""

    def __init__(self, lender=None):
        super().__init__(library.nmf_matrix_free)
        self.lender = lender


def readable(X):
    """X itself if the library can read it where it lies, else a converted copy."""
    X = np.asarray(X)
    if X.dtype not in DTYPES:  # also where only the byte order differs
        native = X.dtype.newbyteorder("=")
        X = X.astype(native if native in DTYPES else np.float64)
    size = X.itemsize
    if not X.flags.aligned or any(stride % size for stride in X.strides):
        X = X.copy()
    return X


def borrow(X):
    """A Matrix around a two-dimensional array."""
    if hasattr(X, "tocsr"):
        raise NotImplementedError("sparse matrices are not supported yet; give X.toarray()")
    X = readable(X)
    matrix = Matrix(X)
    size = X.itemsize
    dense = _library.nmf_dense(X.ctypes.data, DTYPES.index(X.dtype), X.shape[0], X.shape[1],
                               X.strides[0] // size, X.strides[1] // size)
    call(library.nmf_matrix_borrow, ctypes.byref(dense), matrix.out())
    return matrix


class _Lent:
    """What NumPy asks for to look at memory that is not its own."""

    def __init__(self, pointer, owner):
        dense = library.nmf_matrix_dense(pointer)
        dtype = DTYPES[dense.dtype]
        self.owner = owner
        self.__array_interface__ = {
            "version": 3, "data": (dense.data or 0, False), "typestr": dtype.str,
            "shape": (dense.rows, dense.columns),
            "strides": (dense.row_stride * dtype.itemsize, dense.column_stride * dtype.itemsize)}


def array_of(pointer, owner):
    """The entries of an nmf_matrix as an array, which keeps `owner` alive."""
    return np.asarray(_Lent(pointer, owner))
