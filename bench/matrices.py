"""The benchmark's matrices as files: arrays in .npy, sparse matrices in .npz as SciPy has them."""

import numpy


def load(path, mmap_mode=None):
    if not path.endswith(".npz"):
        return numpy.load(path, mmap_mode=mmap_mode)
    from scipy.sparse import load_npz
    return load_npz(path)


def save(path, X):
    with open(path, "wb") as file:
        if not hasattr(X, "tocsr"):
            numpy.save(file, X)
            return
        from scipy.sparse import save_npz
        save_npz(file, X, compressed=False)


def stored_bytes(X):
    """Of an array, or of a sparse matrix's three."""
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes if hasattr(X, "tocsr") else X.nbytes


def in_blocks(X, rows=1000):
    """(slice, those rows in double precision) one after the other."""
    for first in range(0, X.shape[0], rows):
        block = slice(first, first + rows)
        dense = X[block].toarray() if hasattr(X, "tocsr") else X[block]
        yield block, numpy.asarray(dense, dtype=numpy.float64)
