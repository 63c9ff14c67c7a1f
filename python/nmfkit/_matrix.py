"""Arrays of NumPy and sparse matrices of SciPy as the library's matrices and back, without copies.

The library reads uint8, uint16, float32 and float64 where they lie, with any strides, and CSR and
CSC of these and of int32; anything else (other types, the other byte order, unaligned entries) is
converted once. It never writes into what it borrows. Arrays made of its memory keep that alive.
"""

import ctypes

import numpy as np

from . import _library
from ._library import call, library

# By their numbers in nmf_dtype; the last is for sparse matrices only.
SPARSE_DTYPES = tuple(map(np.dtype, (np.uint8, np.uint16, np.float32, np.float64, np.int32)))
DTYPES = SPARSE_DTYPES[:4]
FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
KEPT = FLOATS + DTYPES[:2]  # the first is what everything else becomes


class Matrix(_library.Handle):
    """An nmf_matrix; what it borrows lives as long as it does."""

    def __init__(self, lender=None):
        super().__init__(library.nmf_matrix_free)
        self.lender = lender


class OnDisk:
    """Data that stay on disk, as nmfkit.read leaves what takes more memory than it may: shape and type of
    an array or a sparse matrix without its entries, which estimators read as they need them. Made again
    in another process by nmfkit.read; numpy.load(path, mmap_mode="r") gives entries."""

    ndim = 2

    def __init__(self, matrix):
        dense = library.nmf_matrix_dense(matrix.pointer)
        self.matrix = matrix
        self.shape, self.dtype = (dense.rows, dense.columns), SPARSE_DTYPES[dense.dtype]
        self.sparse = bool(library.nmf_matrix_is_sparse(matrix.pointer))

    def __array__(self, *_, **__):
        raise TypeError("%r has no entries in memory: estimators read it as they need it" % self)

    def __repr__(self):
        return "<OnDisk: %d x %d %s%s>" % (*self.shape, "sparse " if self.sparse else "", self.dtype)


def is_sparse(X):
    return hasattr(X, "tocsr")


def entries(X):
    """The stored entries of an array or a sparse matrix."""
    return X.data if is_sparse(X) else X


def kept_of(X):
    """The types that the library reads where they lie."""
    return KEPT + SPARSE_DTYPES[4:] if is_sparse(X) or isinstance(X, OnDisk) else KEPT


def readable(X, dtypes=DTYPES):
    """X itself if the library can read it where it lies, else a converted copy."""
    X = np.asarray(X)
    if X.dtype not in dtypes:  # also where only the byte order differs
        native = X.dtype.newbyteorder("=")
        X = X.astype(native if native in dtypes else np.float64)
    size = X.itemsize
    if not X.flags.aligned or any(stride % size for stride in X.strides):
        X = X.copy()
    return X


def address(X):
    """Where the first entry lies; X.ctypes.data is the same and makes an object for it."""
    return X.__array_interface__["data"][0]


def borrow(X):
    """A Matrix around a two-dimensional array, or a CSR or CSC matrix; that of data on disk."""
    if isinstance(X, OnDisk):
        return X.matrix
    if is_sparse(X):
        return _borrow_sparse(X)
    X = readable(X)
    matrix = Matrix(X)
    size = X.itemsize
    dense = _library.nmf_dense(address(X), DTYPES.index(X.dtype), X.shape[0], X.shape[1],
                               X.strides[0] // size, X.strides[1] // size)
    call(library.nmf_matrix_borrow, ctypes.byref(dense), matrix.out())
    return matrix


MISSING = (None, "nan", "unstored")  # by their numbers in nmf_missing


def borrow_observed(X, weights=None, missing=None):
    """borrow(X) that knows how much each entry counts and what was not observed."""
    if isinstance(X, OnDisk) and not (weights is None and missing is None):
        raise ValueError("data on disk take no weights and no missing entries: read them into memory")
    matrix = borrow(X)
    if missing is not None:
        call(library.nmf_matrix_set_missing, matrix.pointer, MISSING.index(missing))
    if weights is not None:
        lent = borrow(_beside(X, weights) if is_sparse(X) else np.asarray(weights))
        call(library.nmf_matrix_set_weights, matrix.pointer, lent.pointer)
        matrix.lender = matrix.lender, lent.lender
        lent.pointer = ctypes.c_void_p()  # the matrix frees it
    return matrix


def _beside(X, weights):
    """Sparse weights with their entries in the order of those of a sparse X, which they speak of."""
    if not is_sparse(weights):
        raise ValueError("the weights of a sparse X are sparse and store the same entries")
    kept = weights.tocsc() if X.format == "csc" else weights.tocsr()
    if not kept.has_sorted_indices:
        kept = kept.sorted_indices()
    return kept


def _labels(X, axis):
    """What the rows (axis 0) or columns of a DataFrame or a Dataset are called; None where nothing says it or they
    are only counted."""
    if hasattr(X, "feature_names"):
        return X.feature_names if axis else X.sample_names
    index = getattr(X, "columns" if axis else "index", None)
    if index is None or callable(index) or is_sparse(X):
        return None
    names = list(index)
    return None if names == list(range(len(names))) else names


def compare_names(X, other, what, axes=(0, 1)):
    """Refuses what goes with X entry by entry, row by row or column by column, where both have names and these are
    others, or in another order."""
    for axis in axes:
        a, b = _labels(X, axis), _labels(other, axis)
        if a is None or b is None or len(a) != len(b):
            continue
        for i, (mine, its) in enumerate(zip(a, b)):
            if mine != its:
                raise ValueError("%s %d is %r in X and %r in %s: bring them into one order"
                                 % ("column" if axis else "row", i, mine, its, what))


def unmask(X, weights):
    """The data of a masked array, and weights that are 0 where it is masked."""
    compare_names(X, weights, "weights")
    if not isinstance(X, np.ma.MaskedArray):
        return X, weights
    seen = ~np.ma.getmaskarray(X)
    return X.data, seen.astype(np.uint8) if weights is None else np.where(seen, weights, 0)


def _borrow_sparse(X):
    by_columns = X.format == "csc"
    values = np.ascontiguousarray(readable(X.data, SPARSE_DTYPES))
    pointers = np.ascontiguousarray(X.indptr, np.int64)  # a number a row: SciPy's may be int32
    indices = X.indices if X.indices.dtype in (np.int32, np.int64) else X.indices.astype(np.int64)
    indices = np.ascontiguousarray(indices)
    # The library sees no lengths: what it reads must be there.
    if len(pointers) != X.shape[by_columns] + 1 or not (
            0 <= pointers[-1] <= min(len(values), len(indices))):
        raise ValueError("the sparse matrix is inconsistent: %d pointers up to %d for %d x %d, %d "
                         "indices and %d entries" % (len(pointers), pointers[-1] if len(pointers)
                                                     else 0, *X.shape, len(indices), len(values)))
    matrix = Matrix((values, pointers, indices))
    sparse = _library.nmf_sparse(
        address(values), SPARSE_DTYPES.index(values.dtype), X.shape[0], X.shape[1],
        address(pointers), address(indices), indices.itemsize, by_columns)
    call(library.nmf_matrix_borrow_sparse, ctypes.byref(sparse), matrix.out())
    return matrix


class _Lent:
    """What NumPy asks for to look at memory that is not its own."""

    def __init__(self, address, dtype, shape, strides, owner):
        self.owner = owner
        self.__array_interface__ = {
            "version": 3, "data": (address or 0, False), "typestr": dtype.str, "shape": shape,
            "strides": tuple(stride * dtype.itemsize for stride in strides)}


def array_of(pointer, owner):
    """The entries of an nmf_matrix as an array, or a sparse matrix, which keeps `owner` alive; an OnDisk
    where they are not in memory."""
    if not library.nmf_matrix_is_in_memory(pointer):
        return OnDisk(owner)
    if library.nmf_matrix_is_sparse(pointer):
        return _sparse_of(library.nmf_matrix_sparse(pointer), owner)
    dense = library.nmf_matrix_dense(pointer)
    return np.asarray(_Lent(dense.data, DTYPES[dense.dtype], (dense.rows, dense.columns),
                            (dense.row_stride, dense.column_stride), owner))


def _sparse_of(sparse, owner):
    from scipy.sparse import csc_matrix, csr_matrix  # there is no other form for it

    def lent(address, dtype, count):
        return np.asarray(_Lent(address, np.dtype(dtype), (count,), (1,), owner))

    lines = sparse.columns if sparse.by_columns else sparse.rows
    pointers = lent(sparse.pointers, np.int64, lines + 1)
    stored = int(pointers[-1])
    parts = (lent(sparse.values, SPARSE_DTYPES[sparse.dtype], stored),
             lent(sparse.indices, np.int32 if sparse.index_bytes == 4 else np.int64, stored),
             pointers)
    kind = csc_matrix if sparse.by_columns else csr_matrix
    return kind(parts, shape=(sparse.rows, sparse.columns))
