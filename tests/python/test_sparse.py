"""Sparse input is the dense input of the same entries, read where it lies."""

import os
import sys
import tempfile

import python_test
from python_test import claim, raises

np, sparse = python_test.need("numpy", "scipy.sparse")
import nmfkit  # noqa: E402
from nmfkit import NMF, PCA, _matrix  # noqa: E402


def counts(form="csr", dtype="f8", m=80, n=60):
    random = np.random.RandomState(0)
    X = sparse.random(m, n, 0.2, random_state=random, format=form)
    X.data = np.ceil(200 * X.data)
    return X.astype(dtype)


def fitted(X, **more):
    nmf = NMF(4, random_state=0, init="random", sketch=0, tol=0, max_iter=5, **more)
    return nmf.fit_transform(X), nmf


def every_form_gives_the_dense_answer():
    for dtype, form in ((d, f) for d in ("u1", "u2", "i4", "f4", "f8") for f in ("csr", "csc")):
        X = counts(form, dtype)
        W, nmf = fitted(X)
        expected, dense = fitted(X.toarray() if dtype != "i4" else X.toarray().astype("f4"))
        close = 1e-9 if dtype == "f8" else 1e-3
        claim(W.dtype == expected.dtype, "%s: %s", dtype, W.dtype)
        difference = np.abs(W @ nmf.components_ - expected @ dense.components_).max()
        claim(difference <= close * 200, "%s %s: %g", dtype, form, difference)
        claim(abs(nmf.reconstruction_err_ - dense.reconstruction_err_)
              <= close * dense.reconstruction_err_, "%s %s: error", dtype, form)
        again = NMF(4, random_state=0).fit(X)
        claim(np.allclose(again.transform(X[5:6]), again.transform(X)[5:6], rtol=1e-6), "one row")


def other_types_and_orders_are_taken():
    X = counts()
    expected, _ = fitted(X)
    for other in (X.tocoo(), X.tolil(), X.astype("i8"), sparse.csr_array(X)):
        claim(np.array_equal(fitted(other)[0], expected), "%s", type(other))
    shuffled = X.copy()
    for i in range(X.shape[0]):
        row = slice(X.indptr[i], X.indptr[i + 1])
        shuffled.indices[row], shuffled.data[row] = X.indices[row][::-1], X.data[row][::-1]
    shuffled.has_sorted_indices = False
    claim(np.allclose(fitted(shuffled)[0], expected, rtol=1e-9, atol=1e-12), "unsorted indices")
    claim(np.array_equal(shuffled.indices[row], X.indices[row][::-1]), "indices were sorted in place")
    wide = X.copy()
    wide.indices, wide.indptr = X.indices.astype("i8"), X.indptr.astype("i8")
    claim(np.array_equal(fitted(wide)[0], expected), "64-bit indices")
    twice = X.tocoo()
    twice = sparse.coo_matrix((np.r_[twice.data, twice.data] / 2,
                               (np.r_[twice.row, twice.row], np.r_[twice.col, twice.col])), X.shape)
    order = np.argsort(twice.row, kind="stable")
    repeated = sparse.csr_matrix((twice.data[order], twice.col[order], 2 * X.indptr), X.shape)
    claim(repeated.nnz == 2 * X.nnz, "entries are stored twice")
    claim(np.array_equal(fitted(repeated)[0], expected), "repeated entries")


def entries_are_not_copied_and_let_go():
    X = counts(dtype="f4")
    before = [sys.getrefcount(part) for part in (X, X.data, X.indices, X.indptr)]
    matrix = _matrix.borrow(X)
    claim(matrix.lender[0] is X.data and np.shares_memory(matrix.lender[2], X.indices), "copied")
    del matrix
    fitted(X)
    after = [sys.getrefcount(part) for part in (X, X.data, X.indices, X.indptr)]
    claim(before == after, "%s, %s", before, after)


def inconsistent_matrices_are_refused():
    def broken(**parts):
        X = counts()
        for name, value in parts.items():
            setattr(X, name, value)
        return X

    X = counts()
    for bad in (broken(indptr=X.indptr[:-5]), broken(data=X.data[:-5]),
                broken(indices=X.indices[:-5])):
        with raises(ValueError, ""):
            _matrix.borrow(bad)
    outside = X.copy()
    outside.indices[7] = 10 ** 6
    with raises(ValueError, "1000000"):
        NMF(2).fit(outside)
    for value, words in ((np.nan, "Input X contains NaN"), (-1, "Negative values in data passed"),
                         (np.inf, "Input X contains infinity")):
        with raises(ValueError, words):
            NMF(2).fit(broken(data=np.where(np.arange(X.nnz) == 9, value, X.data)))


def pca_keeps_it_sparse():
    X = counts()
    scores = PCA(3, random_state=0).fit(X).transform(X)
    expected = PCA(3, random_state=0).fit(X.toarray()).transform(X.toarray())
    claim(np.abs(scores - expected).max() <= 1e-6 * np.abs(expected).max(), "scores")


def sparse_files_are_read():
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "x.npz")
        X = counts()
        sparse.save_npz(path, X)
        read = nmfkit.read(path).data
        claim(sparse.issparse(read) and (read != X).nnz == 0, "%r", read)
        W = NMF(2, random_state=0).fit_transform(read)
        claim(np.array_equal(W, NMF(2, random_state=0).fit_transform(X)), "the same fit")


python_test.main(every_form_gives_the_dense_answer, other_types_and_orders_are_taken,
                 entries_are_not_copied_and_let_go, inconsistent_matrices_are_refused,
                 pca_keeps_it_sparse, sparse_files_are_read)
