"""Sparse files against SciPy: whatever its writers write is read as it is, and whatever `nmf convert` writes
SciPy reads; weightings against scikit-learn's TfidfTransformer and the definition of scanpy's normalize_total
followed by log1p; `nmf top` and `nmf assign` against NumPy and scikit-learn's scores."""

import gzip
import json
import os
import subprocess
import tempfile

import parity_test
from parity_test import NMF, claim, np

import scipy.io
import scipy.optimize
import scipy.sparse as sp
from sklearn.datasets import dump_svmlight_file
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

EPSILON = np.finfo(np.float32).eps


def run(work, *words):
    result = subprocess.run([NMF, *map(str, words)], cwd=work, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, timeout=300, check=False)
    claim(result.returncode == 0, "nmf %s: %s", " ".join(map(str, words)), result.stderr)
    return result.stdout


def counts(m=60, n=90, parts=4, seed=0):
    """Documents of `parts` kinds, of which each uses words of its own, and their kinds."""
    random = np.random.RandomState(seed)
    kinds = random.randint(parts, size=m)
    rates = np.where(np.arange(n) % (parts + 1) == kinds[:, None], 1.5, 0.15)
    return sp.csr_matrix(random.poisson(rates)), kinds


def read(path):
    if path.endswith(".npz"):
        return sp.load_npz(path)
    return sp.csr_matrix(np.load(path)) if path.endswith(".npy") else scipy.io.mmread(path)


def write(path, matrix, layout):
    if path.endswith(".npz"):
        sp.save_npz(path, matrix.asformat(layout), compressed=layout == "csc")
    elif layout == "dense":
        scipy.io.mmwrite(path, matrix.toarray(), precision=17)
    else:
        scipy.io.mmwrite(path, matrix.asformat(layout), precision=17)


def matrices():
    whole, _ = counts()
    yield "counts", whole
    yield "large counts", whole * 70000
    yield "small integers", whole.astype(np.int16)
    yield "bytes", whole.astype(np.uint8)
    yield "truths", whole.astype(bool)
    yield "f32", (whole * 0.3).astype(np.float32)
    yield "f64", whole * (1 / 3)
    yield "one entry", sp.csr_matrix(([2.5], ([3], [1])), shape=(7, 4))
    yield "empty rows and columns", sp.csr_matrix(np.diag([0, 1.5, 0, 2, 0]))


def scipys_files_and_ours_go_both_ways():
    with tempfile.TemporaryDirectory(prefix="nmf-test-") as work:
        for name, matrix in matrices():
            for source, layout in (("a.npz", "csr"), ("a.npz", "csc"), ("a.npz", "coo"), ("a.mtx", "coo"),
                                   ("a.mtx", "csc"), ("a.mtx", "dense")):
                if matrix.dtype == bool and source == "a.mtx":
                    continue  # mmwrite has no truths
                write(os.path.join(work, source), matrix, layout)
                targets = {"csr": ["b.npz", "b.mtx"], "csc": ["b.npz", "b.mtx.gz"], "dense": ["b.mtx"]}
                for target in targets.get(layout, ["b.npz", "b.npy"]):
                    run(work, "convert", source, "-o", target)
                    back = read(os.path.join(work, target))
                    claim(abs(back.astype(matrix.dtype) - matrix).max() == 0, "%s, %s %s to %s: entries differ", name,
                          layout, source, target)


def other_texts_are_read_as_they_are_meant():
    whole, kinds = counts()
    with tempfile.TemporaryDirectory(prefix="nmf-test-") as work:
        for name, zero_based in (("one.svm", False), ("zero.txt", True)):
            dump_svmlight_file(whole * 0.5, kinds, os.path.join(work, name), zero_based=zero_based)
            run(work, "convert", name, "-o", "b.npz")
            with np.load(os.path.join(work, "b.npz")) as arrays:
                claim(arrays["labels"].tolist() == [str(k) for k in kinds], "the labels of %s differ", name)
            back = sp.load_npz(os.path.join(work, "b.npz"))
            claim(abs(back - whole[:, :back.shape[1]] * 0.5).max() == 0, "%s differs", name)
        os.mkdir(os.path.join(work, "cells"))
        with gzip.open(os.path.join(work, "cells", "matrix.mtx.gz"), "wb") as file:
            scipy.io.mmwrite(file, whole.T.tocsc().astype(np.int32))
        with gzip.open(os.path.join(work, "cells", "features.tsv.gz"), "wt") as file:
            file.writelines("ID%d\tgene%d\tGene Expression\n" % (j, j) for j in range(whole.shape[1]))
        entries = whole.tocoo()
        with gzip.open(os.path.join(work, "docword.x.txt.gz"), "wt") as file:
            file.write("%d\n%d\n%d\n" % (*whole.shape, whole.nnz))
            file.writelines("%d %d %d\n" % (i + 1, j + 1, v)
                            for i, j, v in zip(entries.row, entries.col, entries.data))
        with gzip.open(os.path.join(work, "vocab.x.txt.gz"), "wt") as file:
            file.writelines("gene%d\n" % j for j in range(whole.shape[1]))
        for name in ("cells", "docword.x.txt.gz"):
            run(work, "convert", name, "-o", "b.npz")
            claim(abs(sp.load_npz(os.path.join(work, "b.npz")) - whole).max() == 0, "%s differs", name)
            with np.load(os.path.join(work, "b.npz")) as arrays:
                claim(arrays["feature_names"][3] == "gene3", "the names of %s differ", name)


def tfidf(matrix):
    return TfidfTransformer().fit(matrix)


def weightings_are_those_of_the_references():
    whole, _ = counts()
    whole = sp.vstack([whole, sp.csr_matrix((1, whole.shape[1]), dtype=whole.dtype)])  # an empty document
    sums = np.maximum(np.asarray(whole.sum(axis=1)), 1e-300)
    expected = {
        "tfidf": tfidf(whole).transform(whole).toarray(),
        "log1p-cp10k": np.log1p(whole.toarray() / sums * 1e4),
        "sqrt": np.sqrt(whole.toarray()),
        "none": whole.toarray(),
    }
    with tempfile.TemporaryDirectory(prefix="nmf-test-") as work:
        for kind in (np.uint8, np.float32, np.float64):
            sp.save_npz(os.path.join(work, "csr.npz"), whole.astype(kind))
            sp.save_npz(os.path.join(work, "csc.npz"), whole.astype(kind).tocsc())
            np.save(os.path.join(work, "dense.npy"), whole.astype(kind).toarray())
            for source in ("csr.npz", "csc.npz", "dense.npy"):
                for weighting, wanted in expected.items():
                    run(work, "convert", source, "-o", "out.npy", "--weighting", weighting)
                    got = np.load(os.path.join(work, "out.npy"))
                    epsilon = np.finfo(np.float64 if kind == np.float64 else np.float32).eps
                    claim(np.all(abs(got - wanted) <= 4 * epsilon * abs(wanted)),
                          "%s of %s as %s differs by up to %g", weighting, source, kind.__name__,
                          abs(got - wanted).max())


def new_documents_are_weighted_by_the_fits_idf():
    whole, _ = counts()
    new, _ = counts(m=15, seed=1)
    with tempfile.TemporaryDirectory(prefix="nmf-test-") as work:
        sp.save_npz(os.path.join(work, "x.npz"), whole)
        sp.save_npz(os.path.join(work, "new.npz"), new)
        learned = tfidf(whole)
        sp.save_npz(os.path.join(work, "weighted.npz"), learned.transform(new).astype(np.float32))
        run(work, "fit", "x.npz", "-k", 4, "--weighting", "tfidf", "-o", "m.npz")
        with np.load(os.path.join(work, "m.npz")) as model:
            claim(np.allclose(model["idf"], learned.idf_, rtol=1e-14), "the model's idf is another")
            manifest = json.loads(model["manifest.json"])
        claim(manifest["weighting"] == "tfidf", "the manifest says %s", manifest["weighting"])
        run(work, "transform", "m.npz", "new.npz", "-o", "W.npy")
        run(work, "transform", "m.npz", "weighted.npz", "--weighting", "none", "-o", "V.npy")
        W, V = (np.load(os.path.join(work, name)) for name in ("W.npy", "V.npy"))
        claim(np.allclose(W, V, rtol=0, atol=1000 * EPSILON * V.max()), "transform weighed otherwise")


def top_features_are_the_largest_of_each_row():
    whole, _ = counts()
    names = ["word%02d" % j for j in range(whole.shape[1])]
    with tempfile.TemporaryDirectory(prefix="nmf-test-") as work:
        sp.save_npz(os.path.join(work, "x.npz"), whole)
        with open(os.path.join(work, "words.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(names))
        run(work, "fit", "x.npz", "-k", 4, "--feature-names", "words.txt", "-o", "m.npz")
        with np.load(os.path.join(work, "m.npz")) as model:
            W, H = model["W"].astype(float), model["H"].astype(float)
        lines = [line.split("\t") for line in run(work, "top", "m.npz", "-n", 5).splitlines()]
        claim(lines[0] == ["component", "rank", "feature", "weight"], "the header is %s", lines[0])
        order = np.argsort(-H, axis=1, kind="stable")[:, :5]
        claim([line[2] for line in lines[1:]] == [names[j] for j in order.ravel()], "the words differ")
        weights = np.take_along_axis(H, order, axis=1).ravel()
        claim(np.allclose([float(line[3]) for line in lines[1:]], weights, rtol=1e-8), "weights differ")
        report = json.loads(run(work, "top", "m.npz", "-n", 5, "--json", "-"))
        parts = W.sum(axis=0) * H.sum(axis=1)
        claim(np.allclose([part["share"] for part in report], parts / parts.sum(), rtol=1e-6),
              "the shares are %s", [part["share"] for part in report])
        claim([f["name"] for f in report[0]["features"]] == [names[j] for j in order[0]], "the report differs")


def accuracy(labels, groups):
    table = np.zeros((max(labels) + 1, max(groups) + 1))
    np.add.at(table, (labels, groups), 1)
    return table[scipy.optimize.linear_sum_assignment(-table)].sum() / len(labels)


def agreement_is_scikit_learns():
    whole, kinds = counts(m=300, seed=2)
    random = np.random.RandomState(3)
    labellings = {
        "the truth": kinds,
        "part of the truth": np.where(random.rand(300) < 0.6, kinds, random.randint(9, size=300)),
        "one class": np.zeros(300, int),
        "each its own": np.arange(300),
        "two of many": kinds // 2,
    }
    with tempfile.TemporaryDirectory(prefix="nmf-test-") as work:
        sp.save_npz(os.path.join(work, "x.npz"), whole)
        run(work, "fit", "x.npz", "-k", 6, "-o", "m.npz")
        with np.load(os.path.join(work, "m.npz")) as model:
            parts = model["W"].astype(float) * np.linalg.norm(model["H"].astype(float), axis=1)
        for name, labels in labellings.items():
            np.save(os.path.join(work, "labels.npy"), labels)
            report = json.loads(run(work, "assign", "m.npz", "--labels", "labels.npy", "-o", "a.npz",
                                    "--json", "-"))
            with np.load(os.path.join(work, "a.npz")) as arrays:
                shares, groups = arrays["shares"], arrays["component"]
            claim(np.allclose(shares, parts / parts.sum(axis=1, keepdims=True), atol=1e-7), "shares differ")
            claim(np.array_equal(groups, shares.argmax(axis=1)), "components are not the largest shares")
            for key, wanted in (("nmi", normalized_mutual_info_score(labels, groups)),
                                ("ari", adjusted_rand_score(labels, groups)),
                                ("accuracy", accuracy(labels, groups))):
                claim(abs(report[key] - wanted) <= 1e-8, "%s: %s is %g and not %g", name, key, report[key],
                      wanted)
        lines = run(work, "assign", "m.npz").splitlines()
        claim(lines[0].split("\t") == ["sample", "component", "share", *"012345"], "header %s", lines[0])
        claim([int(line.split("\t")[1]) for line in lines[1:]] == groups.tolist(), "the table differs")


if __name__ == "__main__":
    parity_test.main([
        scipys_files_and_ours_go_both_ways,
        other_texts_are_read_as_they_are_meant,
        weightings_are_those_of_the_references,
        new_documents_are_weighted_by_the_fits_idf,
        top_features_are_the_largest_of_each_row,
        agreement_is_scikit_learns,
    ])
