"""The data of the benchmark, made once and kept as .npy files: every program reads the same.

faces      the 400 Olivetti faces where they are at hand ($NMFKIT_TEST_DATA/olivetti, or the
           cache of `nmf fetch olivetti`), else those of `nmf generate faces`; u8, and f32 in 0..1
faces10k   25 copies of them, each shifted by -2..2 pixels down and across (edges repeated):
           10,000 x 4096
planted    20,000 x 2,000 of rank 100: W and H uniform on (0, 1) with 30 % of the entries kept,
           plus the magnitude of normal noise of a tenth of the spread; f32

`small` makes each a few hundred rows: for testing the machinery, not for measuring.
"""

import os
import subprocess

import numpy


def find_olivetti():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for directory, names in ((os.environ.get("NMFKIT_TEST_DATA"), ("olivetti", "olivetti.npy")),
                             (cache, ("nmfkit", "olivetti.npy"))):
        if directory and os.path.isfile(os.path.join(directory, *names)):
            return os.path.join(directory, *names)
    return None


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


class Datasets:
    """Paths of the data sets by name: faces, faces-u8, faces10k, faces10k-u8, planted."""

    def __init__(self, directory, nmf, small=False):
        self.nmf, self.small = nmf, small
        olivetti = None if small else find_olivetti()
        self.is_olivetti = olivetti is not None
        self.faces_are = "Olivetti faces" if olivetti else "generated faces (nmf generate faces)"
        kind = "small" if small else "olivetti" if olivetti else "generated"
        self.directory = os.path.join(directory, "data", kind)
        self.source = olivetti
        os.makedirs(self.directory, exist_ok=True)

    def path(self, name):
        path = os.path.join(self.directory, name + ".npy")
        if not os.path.exists(path):
            unfinished = path + ".part"
            with open(unfinished, "wb") as file:
                numpy.save(file, self.make(name))
            os.replace(unfinished, path)
        return path

    def pictures(self):
        """The faces as u8, 400 x 4096."""
        source = self.source
        if source is None:
            source = os.path.join(self.directory, "generated.npy")
            if not os.path.exists(source):
                subprocess.run([self.nmf, "generate", "faces", "-o", source, "--quiet"], check=True)
        X = numpy.load(source)
        return X[::8] if self.small else X

    def make(self, name):
        if name == "planted":
            return planted(*((400, 200, 10) if self.small else (20000, 2000, 100)))
        X = self.pictures()
        brightest = numpy.float32(X.max())  # Olivetti: 242, as in fetch_olivetti_faces
        if name.startswith("faces10k"):
            steps = range(-1, 1) if self.small else range(-2, 3)
            cube = X.reshape(-1, 64, 64)
            X = numpy.concatenate([shifted(cube, down, across).reshape(len(X), -1)
                                   for down in steps for across in steps])
        return X if name.endswith("-u8") else X.astype(numpy.float32) / brightest
