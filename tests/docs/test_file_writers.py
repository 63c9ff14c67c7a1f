"""Files written by other programs are read right: each row of the table "Written by others" of docs/files.md is a
program that writes the same small table, which `nmf convert` reads; what the row says is kept is what came back the
same. Rows of programs that are not installed are taken from the document as they stand.

NMFKIT_WRITE_TABLES=1 writes the rows anew."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = os.environ["NMFKIT_SOURCE_DIR"], os.environ["NMFKIT_BUILD_DIR"]
DOCUMENT = os.path.join(SOURCE, "docs", "files.md")
BEGIN, END = "<!-- written by others: begin -->\n", "<!-- written by others: end -->\n"
try:
    import numpy as np
except ImportError:
    print("skipped: no numpy")
    sys.exit(77)

SAMPLES = ["s one", "s-2", "Ü3", "4", "s,5"]
FEATURES = ["alpha", "beta;1", "gamma 2", "d\"4"]
PLAIN_SAMPLES, PLAIN_FEATURES = ["a", "b", "c", "d", "e"], ["w", "x", "y", "z"]
LABELS = ["2", "1", "2", "3", "1"]
X = np.round(np.arange(20).reshape(5, 4) * 1.37 % 5, 2)
X[X < 1.2] = 0
COUNTS = np.floor(X * 3).astype(int)


class Missing(Exception):
    """The program is not here."""


def module(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        raise Missing(name) from None


def program(*command, **how):
    if shutil.which(command[0]) is None:
        raise Missing(command[0])
    done = subprocess.run(command, capture_output=True, text=True, **how)
    if done.returncode != 0:
        if "no package called" in done.stderr:
            raise Missing(command[0])
        raise AssertionError("%s: %s" % (command[0], done.stderr))


def r(script):
    program("Rscript", "--vanilla", "-e", script)


R_TABLE = ("X <- matrix(c(%s), 5, 4, byrow=TRUE, dimnames=list(c('a','b','c','d','e'), c('w','x','y','z')));"
           % ",".join(map(repr, X.ravel().tolist())))


# ---- who writes what: a function of the path; what of the table it writes ----

def frame(plain=False):
    pandas = module("pandas")
    return pandas.DataFrame(X, index=PLAIN_SAMPLES if plain else SAMPLES,
                            columns=PLAIN_FEATURES if plain else FEATURES)


def numpy_npz(path):
    np.savez(path, X=X)


def scipy_npz(layout):
    def write(path):
        sparse = module("scipy.sparse")
        sparse.save_npz(path, sparse.csr_matrix(X).asformat(layout))
    return write


def pandas_csv(plain=False, **how):
    def write(path):
        if str(path).endswith(".zst"):
            module("zstandard")
        frame(plain).to_csv(path, **how)
    return write


def savemat(**how):
    def write(path):
        module("scipy.io").savemat(path, {"fea": X, "gnd": np.array([[2.0], [1], [2], [3], [1]])}, **how)
    return write


def savemat_sparse(path):
    sparse = module("scipy.sparse")
    module("scipy.io").savemat(path, {"fea": sparse.csc_matrix(X)})


def h5py_mat(path):
    with module("h5py").File(path, "w") as file:
        file["fea"] = X.T  # MATLAB's order of indices is the other way round
        file["fea"].attrs["MATLAB_class"] = np.bytes_("double")


def octave(how, sparse=False):
    def write(path):
        rows = ";".join(" ".join(map(repr, row)) for row in X.tolist())
        program("octave-cli", "--eval", "fea = [%s]; %s save('%s', '%s', 'fea')"
                % (rows, "fea = sparse(fea);" if sparse else "", how, path))
    return write


def mmwrite(matrix_of):
    def write(path):
        module("scipy.io").mmwrite(path, matrix_of(module("scipy.sparse")), precision=17)
    return write


def anndata(sparse, **how):
    def write(path):
        ann, pandas = module("anndata"), module("pandas")
        made = ann.AnnData(getattr(module("scipy.sparse"), sparse + "_matrix")(X) if sparse else X,
                           obs=pandas.DataFrame(index=SAMPLES), var=pandas.DataFrame(index=FEATURES), dtype=X.dtype)
        made.write_h5ad(path, **how)
    return write


def svmlight(path):
    module("sklearn.datasets").dump_svmlight_file(X, np.array(LABELS, int), path, zero_based=False)


VALUES, NAMED, PLAIN = {"values"}, {"values", "samples", "features"}, {"values", "plain"}
WRITERS = [
    # extension, writer, function, what is kept, options of nmf
    (".npy", "`numpy.save`", lambda path: np.save(path, X), VALUES, ""),
    (".npz", "`numpy.savez`", numpy_npz, VALUES, ""),
    (".npz", "`scipy.sparse.save_npz`, csr", scipy_npz("csr"), VALUES, ""),
    (".npz", "`scipy.sparse.save_npz`, csc", scipy_npz("csc"), VALUES, ""),
    (".npz", "`scipy.sparse.save_npz`, coo", scipy_npz("coo"), VALUES, ""),
    (".csv", "`numpy.savetxt`", lambda path: np.savetxt(path, X, delimiter=","), VALUES, ""),
    (".txt", "`numpy.savetxt`, blanks", lambda path: np.savetxt(path, X), VALUES, ""),
    (".csv", "pandas `to_csv`", pandas_csv(), NAMED, ""),
    (".csv", "pandas `to_csv(index=False)`", pandas_csv(index=False), {"values", "features"}, ""),
    (".csv", "pandas `to_csv(header=False)`", pandas_csv(header=False), {"values", "samples"}, ""),
    (".csv", "pandas `to_csv(sep=';', decimal=',')`", pandas_csv(sep=";", decimal=","), NAMED, ""),
    (".tsv", "pandas `to_csv(sep='\\t')`", pandas_csv(sep="\t"), NAMED, ""),
    (".csv.gz", "pandas `to_csv`", pandas_csv(), NAMED, ""),
    (".csv.xz", "pandas `to_csv`", pandas_csv(), NAMED, ""),
    (".csv.zst", "pandas `to_csv`", pandas_csv(), NAMED, ""),
    (".csv", "pandas `to_csv(encoding='utf-8-sig')`", pandas_csv(encoding="utf-8-sig"), NAMED, ""),
    (".csv", "pandas `to_csv(encoding='latin-1')`", pandas_csv(encoding="latin-1"), NAMED, ""),
    (".csv", "R `write.csv`", lambda path: r(R_TABLE + "write.csv(X, '%s')" % path), PLAIN, ""),
    (".txt", "R `write.table`", lambda path: r(R_TABLE + "write.table(X, '%s')" % path), PLAIN, ""),
    (".tsv", "R `write.table(sep='\\t', quote=FALSE)`",
     lambda path: r(R_TABLE + "write.table(X, '%s', sep='\\t', quote=FALSE)" % path), PLAIN, ""),
    (".mat", "`scipy.io.savemat`, with labels beside", savemat(), {"values", "labels"}, "--labels PATH:gnd"),
    (".mat", "`scipy.io.savemat(do_compression=True)`", savemat(do_compression=True), VALUES, ""),
    (".mat", "`scipy.io.savemat`, sparse", savemat_sparse, VALUES, ""),
    (".mat", "h5py, as version 7.3", h5py_mat, VALUES, ""),
    (".mat", "Octave `save -v6`", octave("-v6"), VALUES, ""),
    (".mat", "Octave `save -v7`", octave("-v7"), VALUES, ""),
    (".mat", "Octave `save -v7`, sparse", octave("-v7", sparse=True), VALUES, ""),
    (".mtx", "`scipy.io.mmwrite`, sparse", mmwrite(lambda sparse: sparse.coo_matrix(X)), VALUES, ""),
    (".mtx", "`scipy.io.mmwrite`, dense", mmwrite(lambda sparse: X), VALUES, ""),
    (".mtx", "R `Matrix::writeMM`",
     lambda path: r(R_TABLE + "library(Matrix); writeMM(Matrix(X, sparse=TRUE), '%s')" % path), VALUES, ""),
    (".h5ad", "anndata `write_h5ad`, dense", anndata(None), NAMED, ""),
    (".h5ad", "anndata `write_h5ad`, sparse", anndata("csr"), NAMED, ""),
    (".h5ad", "anndata `write_h5ad(compression='lzf')`, csc", anndata("csc", compression="lzf"), NAMED, ""),
    (".svm", "`sklearn.datasets.dump_svmlight_file`", svmlight, {"values", "labels"}, "--features 4"),
]


# ---- reading it back ----

def dense(file):
    if "X" in file:
        return file["X"]
    sparse = module("scipy.sparse")
    made = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix}[file["format"].item().decode()]
    return made((file["data"], file["indices"], file["indptr"]), file["shape"]).toarray()


def texts(file, name):
    return [str(value) for value in file[name]] if name in file else None


def check(extension, writer, write, kept, options):
    with tempfile.TemporaryDirectory() as work:
        path, back = os.path.join(work, "x" + extension), os.path.join(work, "back.npz")
        write(path)
        done = subprocess.run([os.path.join(BUILD, "nmf"), "convert", path, "-o", back] +
                              options.replace("PATH", path).split(), capture_output=True, text=True)
        where = "%s by %s" % (extension, writer)
        assert done.returncode == 0, "%s: %s" % (where, done.stderr)
        with np.load(back) as file:
            got = dense(file)
            assert got.shape == X.shape and (got == X).all(), "%s: %r" % (where, got)
            names = (PLAIN_SAMPLES, PLAIN_FEATURES) if "plain" in kept else (SAMPLES, FEATURES)
            for name, values in (("sample", names[0]), ("feature", names[1])):
                if name + "s" in kept or "plain" in kept:
                    assert texts(file, name + "_names") == values, \
                        "%s: %s names %r, not %r" % (where, name, texts(file, name + "_names"), values)
            if "labels" in kept:
                assert [str(float(t)) for t in texts(file, "labels")] == [str(float(t)) for t in LABELS], \
                    "%s: labels %r" % (where, texts(file, "labels"))


def row(extension, writer, kept):
    words = ["numbers"]
    if "plain" in kept or "samples" in kept:
        words.append("sample names")
    if "plain" in kept or "features" in kept:
        words.append("feature names")
    if "labels" in kept:
        words.append("labels")
    return "| `%s` | %s | %s |\n" % (extension, writer, ", ".join(words))


def main():
    with open(DOCUMENT, encoding="utf-8") as file:
        document = file.read()
    between = re.compile(re.escape(BEGIN) + "(.*?)" + re.escape(END), re.S)
    told = between.search(document)
    assert told, "docs/files.md has no table of writers"
    lines = told.group(1).splitlines(keepends=True)
    made, missing = lines[:2], []
    for extension, writer, write, kept, options in WRITERS:
        line = row(extension, writer, kept)
        try:
            check(extension, writer, write, kept, options)
        except Missing as what:
            missing.append("%s (%s)" % (writer, what))
            if line not in lines:
                continue
        made.append(line)
    if os.environ.get("NMFKIT_WRITE_TABLES"):
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(between.sub(lambda _: BEGIN + "".join(made) + END, document))
        lines = made
    assert made == lines, "docs/files.md says\n%s\nbut these were read\n%s" % (
        "".join(set(lines) - set(made)), "".join(set(made) - set(lines)))
    if missing:
        print("not here: " + ", ".join(missing))


main()
