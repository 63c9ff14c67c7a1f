"""The data of the benchmark, made once and kept as .npy files: every program reads the same.

faces      the 400 Olivetti faces where they are at hand ($NMFKIT_TEST_DATA/olivetti, or the
           cache of `nmf fetch olivetti`), else those of `nmf generate faces`; u8, and f32 in 0..1
faces10k   25 copies of them, each shifted by -2..2 pixels down and across (edges repeated):
           10,000 x 4096
swimmer    the 256 stick figures of `nmf generate swimmer`, u8
digits     scikit-learn's 1,797 digits of 8 x 8 pixels, f64
golub      38 samples of 5,000 genes, u16; ap: 2,246 news of 10,473 terms, tf-idf, sparse f64;
           pbmc: 500 genes of 2,638 cells, counts, sparse f32 (pbmc-dense: zeros too): where
           $NMFKIT_TEST_DATA has them
planted    20,000 x 2,000 of rank 100: W and H uniform on (0, 1) with 30 % of the entries kept,
           plus the magnitude of normal noise of a tenth of the spread; f32

piano      |STFT| of a piano playing "Mary had a little lamb", 129 x 586 f32, and its squares plus
           1e-12 (piano-power); breast21: 96 kinds of mutation in 21 cancers, counts. Only where
           $NMFKIT_TEST_DATA has piano_mary and sbs96
counts     100,000 documents of 50,000 words, sparse f32, about 13 million of them not zero: 50
           topics, each a Zipf-Mandelbrot law (rank + 2.7)^-1.07 times gamma(0.3) preferences;
           documents mix topics by Dirichlet(0.08) and have Poisson(175 gamma(4, 1/4)) words

`small` makes each a few hundred rows: for testing the machinery, not for measuring.
"""

import os
import subprocess

import matrices
import numpy


def find_olivetti():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for directory, names in ((os.environ.get("NMFKIT_TEST_DATA"), ("olivetti", "olivetti.npy")),
                             (cache, ("nmfkit", "olivetti.npz")),
                             (cache, ("nmfkit", "olivetti.npy"))):
        if directory and os.path.isfile(os.path.join(directory, *names)):
            return os.path.join(directory, *names)
    return None


def load_pictures(path):
    X = numpy.load(path)
    return X["X"] if path.endswith(".npz") else X


# Data of others, below $NMFKIT_TEST_DATA.
GIVEN = {"golub": ("golub", "golub_5000x38_u16.npy"), "ap": ("ap", "ap.mtx"),
         "ap-counts": ("ap", "ap.mtx"), "pbmc-kl": ("pbmc3k", "pbmc3k_500.mtx"),
         "pbmc-f64": ("pbmc3k", "pbmc3k_500.mtx"),
         "pbmc": ("pbmc3k", "pbmc3k_500.mtx"), "pbmc-dense": ("pbmc3k", "pbmc3k_500.mtx"), "piano": ("piano_mary", "X.npy"),
         "piano-power": ("piano_mary", "X.npy"), "breast21": ("sbs96", "breast21.npy")}
SPARSE = ("ap", "ap-counts", "pbmc", "pbmc-kl", "pbmc-f64", "counts")


def given(name):
    """The path of data that is not made here, or None."""
    directory = os.environ.get("NMFKIT_TEST_DATA")
    path = directory and os.path.join(directory, *GIVEN[name])
    return path if path and os.path.isfile(path) else None


def prepared(name):
    """That data as it is factorized: samples in rows."""
    if name == "golub":
        return numpy.ascontiguousarray(numpy.load(given(name)).T)
    if name in ("piano", "piano-power", "breast21"):
        X = numpy.load(given(name))
        if name == "piano-power":
            X = X.astype(numpy.float32) ** 2 + numpy.float32(1e-12)
        return X.astype(numpy.uint16) if name == "breast21" else X
    from scipy.io import mmread
    X = mmread(given(name)).tocsr()
    if name == "pbmc-dense":
        return numpy.ascontiguousarray(X.T.toarray(), numpy.float32)
    if name.startswith("pbmc"):
        return X.T.tocsr().astype(numpy.float64 if name == "pbmc-f64" else numpy.float32)
    if name == "ap-counts":
        return X.astype(numpy.float32)
    from sklearn.feature_extraction.text import TfidfTransformer
    return TfidfTransformer().fit_transform(X)


def shifted(pictures, down, across):
    padded = numpy.pad(pictures, ((0, 0), (2, 2), (2, 2)), mode="edge")
    return padded[:, 2 + down:66 + down, 2 + across:66 + across]


def planted(rows, columns, rank, seed=1):
    random = numpy.random.default_rng(seed)

    def factor(*shape):
        kept = random.random(shape, dtype=numpy.float32) < 0.3
        return random.random(shape, dtype=numpy.float32) * kept

    X = factor(rows, rank) @ factor(rank, columns)
    noise = random.standard_normal(X.shape, dtype=numpy.float32)
    return X + numpy.float32(0.1) * X.std() * numpy.abs(noise)


def counts(rows, columns, topics, mean, seed=1):
    from scipy.sparse import csr_matrix
    random = numpy.random.default_rng(seed)
    law = (numpy.arange(1, columns + 1) + 2.7) ** -1.07
    words = numpy.cumsum(law * random.gamma(0.3, size=(topics, columns)), axis=1)
    words /= words[:, -1:]
    mixture = numpy.cumsum(random.dirichlet(numpy.full(topics, 0.08), size=rows), axis=1)
    lengths = numpy.maximum(1, random.poisson(mean * random.gamma(4, 0.25, size=rows)))
    document = numpy.repeat(numpy.arange(rows), lengths)
    topic = numpy.empty(len(document), numpy.int16)
    for first in range(0, len(document), 1 << 20):  # a little memory at a time
        part = slice(first, first + (1 << 20))
        drawn = random.random(len(document[part]))
        topic[part] = (mixture[document[part]] < drawn[:, None]).sum(axis=1).clip(0, topics - 1)
    word = numpy.empty(len(document), numpy.int32)
    for t in range(topics):
        where = numpy.flatnonzero(topic == t)
        word[where] = numpy.searchsorted(words[t], random.random(len(where))).clip(0, columns - 1)
    ends = numpy.concatenate([[0], numpy.cumsum(lengths)])
    X = csr_matrix((numpy.ones(len(word), numpy.float32), word, ends), shape=(rows, columns))
    X.sum_duplicates()
    return X


class Datasets:
    """Paths of the data sets by name: faces, faces-u8, faces10k, faces10k-u8, planted, swimmer,
    counts, golub, ap, pbmc; the sparse ones are .npz files as SciPy writes them."""

    def __init__(self, directory, nmf, small=False):
        self.nmf, self.small = nmf, small
        olivetti = None if small else find_olivetti()
        self.is_olivetti = olivetti is not None
        self.faces_are = "Olivetti faces" if olivetti else "generated faces (nmf generate faces)"
        kind = "small" if small else "olivetti" if olivetti else "generated"
        self.directory = os.path.join(directory, "data", kind)
        self.source = olivetti
        os.makedirs(self.directory, exist_ok=True)

    def has(self, name):
        """Whether this data can be made, or is at hand."""
        return name not in GIVEN or given(name) is not None

    def path(self, name):
        path = os.path.join(self.directory, name + (".npz" if name in SPARSE else ".npy"))
        if not os.path.exists(path):
            unfinished = path + ".part"
            matrices.save(unfinished, self.make(name))
            os.replace(unfinished, path)
        return path

    def generated(self, kind):
        """What `nmf generate` gives."""
        source = os.path.join(self.directory, "generated-%s.npy" % kind)
        if not os.path.exists(source):
            subprocess.run([self.nmf, "generate", kind, "-o", source, "--quiet"], check=True)
        return numpy.load(source)

    def pictures(self):
        """The faces as u8, 400 x 4096."""
        X = load_pictures(self.source) if self.source else self.generated("faces")
        return X[::8] if self.small else X

    def make(self, name):
        if name in GIVEN:
            return prepared(name)
        if name == "swimmer":
            return self.generated("swimmer")
        if name == "digits":
            from sklearn.datasets import load_digits
            return load_digits().data
        if name == "counts":
            return counts(*((300, 200, 5, 20) if self.small else (100000, 50000, 50, 175)))
        if name == "planted":
            return planted(*((400, 200, 10) if self.small else (20000, 2000, 100)))
        X = self.pictures()
        brightest = numpy.float32(X.max())  # Olivetti: 242, as in fetch_olivetti_faces
        if name.startswith("faces10k"):
            steps = range(-1, 1) if self.small else range(-2, 3)
            cube = X.reshape(-1, 64, 64)
            X = numpy.concatenate([shifted(cube, down, across).reshape(len(X), -1)
                                   for down in steps for across in steps])
        if name.endswith("-u8"):
            return X
        return X.astype(numpy.float64 if name.endswith("-f64") else numpy.float32) / brightest
