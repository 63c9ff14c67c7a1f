"""scikit-learn's tutorials, decompositions of faces and topic extraction, run from its documentation (Debian's
python-sklearn-doc) with only their imports changed. Each is run with scikit-learn's classes too: ours must
end as low. The newsgroups, which the second one downloads, are stood in for by texts of this test's own.

It takes half a minute of a processor, most of it in scikit-learn's other classes, and is run where NMFKIT_TUTORIALS
is set; it needs python-sklearn-doc and python3-matplotlib, which nothing else does."""

import gzip
import os
import re
import sys
import tempfile
import types
import warnings

import python_test
from python_test import claim

if not os.environ.get("NMFKIT_TUTORIALS"):
    print("skipped: NMFKIT_TUTORIALS is not set")
    sys.exit(77)
np, sklearn, matplotlib = python_test.need("numpy", "sklearn", "matplotlib")
matplotlib.use("Agg")
import sklearn.decomposition  # noqa: E402

import nmfkit.decomposition  # noqa: E402

PLACES = ("/usr/share/doc/python-sklearn-doc/examples", os.environ.get("NMFKIT_SKLEARN_EXAMPLES", ""))
DATA = os.environ.get("NMFKIT_TEST_DATA", "")

# All that is changed: whole lines.
OURS = {
    "from sklearn import decomposition": "from nmfkit import decomposition",
    "from sklearn.datasets import fetch_olivetti_faces": "from nmfkit.datasets import fetch_olivetti_faces",
    "from sklearn.decomposition import NMF, MiniBatchNMF, LatentDirichletAllocation":
        "from nmfkit.decomposition import NMF, MiniBatchNMF, LatentDirichletAllocation",
}
STAND_IN = {"from sklearn.datasets import fetch_20newsgroups": "from stand_in import fetch_20newsgroups"}


def source_of(path):
    for place in PLACES:
        for name, opened in ((path, open), (path + ".gz", gzip.open)):
            if place and os.path.exists(os.path.join(place, name)):
                with opened(os.path.join(place, name), "rt", encoding="utf-8") as file:
                    return file.read()
    return None


def run(source, changes):
    """The script's names, after it was run in a folder of its own."""
    lines = source.split("\n")
    for was, now in changes.items():
        claim(lines.count(was) == 1, "the tutorial no longer says %r", was)
        lines[lines.index(was)] = now
    names = {"__name__": "__main__"}
    before, out = os.getcwd(), sys.stdout
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        os.chdir(folder)
        sys.stdout = nowhere
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile("\n".join(lines), "tutorial", "exec"), names)
        finally:
            sys.stdout = out
            os.chdir(before)
            matplotlib.pyplot.close("all")
    return names


def relative_error(X, model):
    product = model.transform(X) @ model.components_
    return np.linalg.norm(X - product) / np.linalg.norm(X.toarray() if hasattr(X, "toarray") else X)


def faces_are_decomposed():
    source = source_of("decomposition/plot_faces_decomposition.py")
    if source is None:
        return "python-sklearn-doc is not installed"
    if not os.path.exists(os.path.join(DATA, "olivetti", "olivettifaces.mat")):
        return "NMFKIT_TEST_DATA has no olivetti/olivettifaces.mat"
    wanted = {was: now for was, now in OURS.items() if was in source.split("\n")}
    claim(len(wanted) == 2, "%s", wanted)
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        try:  # what a download leaves
            nmfkit.datasets.fetch_olivetti(os.path.join(DATA, "olivetti", "olivettifaces.mat"))
            names = run(source, wanted)
        finally:
            os.environ.pop("XDG_CACHE_HOME")
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before
    nmf, pca, faces = names["nmf_estimator"], names["pca_estimator"], names["faces"]
    claim(type(nmf) is nmfkit.NMF and type(pca) is nmfkit.PCA, "%s, %s", type(nmf), type(pca))
    claim(type(names["ica_estimator"]) is sklearn.decomposition.FastICA, "the others are scikit-learn's")
    claim(nmf.components_.shape == pca.components_.shape == (6, 4096), "six galleries of six")
    theirs = sklearn.decomposition.NMF(n_components=6, tol=5e-3).fit(faces)
    claim(relative_error(faces, nmf) <= relative_error(faces, theirs), "NMF: %.5f, scikit-learn %.5f",
          relative_error(faces, nmf), relative_error(faces, theirs))
    variance = sklearn.decomposition.PCA(6, svd_solver="full").fit(names["faces_centered"])
    claim(np.allclose(pca.explained_variance_, variance.explained_variance_, rtol=1e-3), "PCA: %s",
          pca.explained_variance_)
    return None


def texts():
    """2000 documents of ten planted topics of 60 words each, among 400 words of all."""
    rng = np.random.RandomState(0)
    words = np.array(["".join(rng.choice(list("bdfgklmnprstvz"), 3)) + "o%s" % "abcdefghij"[i % 10]
                      + "".join(rng.choice(list("aeiou"), 2)) for i in range(1000)])
    documents = []
    for _ in range(2000):
        topics = rng.choice(10, 2, replace=False)
        chosen = [words[60 * topic + int(59 * rng.rand() ** 2)] for topic in rng.choice(topics, 50)]
        chosen += list(words[600 + rng.randint(400, size=30)])
        documents.append(" ".join(chosen))
    return documents


def topics_are_extracted():
    source = source_of("applications/plot_topics_extraction_with_nmf_lda.py")
    if source is None:
        return "python-sklearn-doc is not installed"
    claim(re.search(r"mbnmf = MiniBatchNMF\(", source), "MiniBatchNMF's lines are there")
    stand_in = types.ModuleType("stand_in")
    stand_in.fetch_20newsgroups = lambda **asked: (texts(), None)
    sys.modules["stand_in"] = stand_in
    wanted = {was: now for was, now in OURS.items() if was in source.split("\n")}
    claim(len(wanted) == 1, "%s", wanted)
    try:
        names = run(source, {**wanted, **STAND_IN})
    finally:
        del sys.modules["stand_in"]
    nmf, batches = names["nmf"], names["mbnmf"]  # the last of each: under Kullback-Leibler
    claim(type(nmf) is nmfkit.NMF and type(batches) is nmfkit.MiniBatchNMF, "%s", type(batches))
    claim(type(names["lda"]) is sklearn.decomposition.LatentDirichletAllocation, "the other is scikit-learn's")
    asked = {name: value for name, value in nmf.get_params().items()
             if name in sklearn.decomposition.NMF().get_params()}
    theirs = sklearn.decomposition.NMF(**asked).fit(names["tfidf"])
    claim(nmf.reconstruction_err_ <= 1.0001 * theirs.reconstruction_err_, "NMF: %.5f, scikit-learn %.5f",
          nmf.reconstruction_err_, theirs.reconstruction_err_)
    words = names["tfidf_feature_names"][np.argsort(-nmf.components_, axis=1)[:, :10]]
    claim(len(np.unique(words)) > 80, "topics share their words: %s", words[:, :3])
    return None


if __name__ == "__main__":
    python_test.main(faces_are_decomposed, topics_are_extracted)
