"""Data to try things on: faces(), swimmer(), fetch_olivetti(), each a Dataset of uint8 pictures, and
fetch_olivetti_faces(), which gives what scikit-learn's gives."""

import ctypes
import os

import numpy as np

from . import _files, _io_library
from ._dataset import Dataset
from ._io_library import io
from ._library import call
from ._matrix import Matrix


def faces(seed=0):
    """400 generated faces of 64 x 64: 40 people (labels "person-01", ...) in 10 variations of
    light, pose, expression, glasses and hair. Needs no network."""
    matrix = Matrix()
    call(io.nmf_io_generate_faces, seed, matrix.out())
    return Dataset(matrix)


def swimmer():
    """256 stick figures of 32 x 32 with four limbs in four positions each: 16 parts and a body.
    Source: Donoho & Stodden 2003."""
    matrix = Matrix()
    call(io.nmf_io_generate_swimmer, matrix.out())
    return Dataset(matrix)


def fetch_olivetti(from_file=None):
    """The Olivetti faces: 400 pictures of 64 x 64, 40 people, ten of each in turn. Downloaded and
    verified the first time, then kept in the cache that the command uses. from_file: a local
    olivettifaces.mat instead of the network."""
    dataset = _files.read(_olivetti_file(from_file=from_file), image_shape=(64, 64))
    dataset.labels = ["person-%02d" % (1 + i // 10) for i in range(len(dataset.data))]
    return dataset


class Bunch(dict):
    """A dict whose entries are attributes too, as scikit-learn's data sets come."""

    __setattr__ = dict.__setitem__

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __dir__(self):
        return list(self)


def fetch_olivetti_faces(*, data_home=None, shuffle=False, random_state=0,
                         download_if_missing=True, return_X_y=False):
    """The Olivetti faces as scikit-learn's function of this name gives them: float32 between 0 and 1,
    and with shuffle=True in the same order for the same random_state. A Bunch of data (400 x 4096),
    images (400 x 64 x 64), target (0 to 39) and DESCR, or (data, target). data_home: a directory for
    the file in place of the command's cache."""
    path = _olivetti_file(data_home, download_if_missing)
    faces = _files.read(path, image_shape=(64, 64)).data.astype(np.float32)
    faces -= faces.min()
    faces /= faces.max()
    target = np.arange(len(faces)) // 10
    if shuffle:
        order = _random_state(random_state).permutation(len(faces))
        faces, target = faces[order], target[order]
    if return_X_y:
        return faces, target
    return Bunch(data=faces, images=faces.reshape(-1, 64, 64), target=target,
                 DESCR="The Olivetti faces, AT&T Laboratories Cambridge, 1992 to 1994: 400 grey "
                       "pictures of 40 people, 64 x 64.")


def _random_state(seed):
    """What check_random_state of scikit-learn gives."""
    if seed is None or seed is np.random:
        return np.random.mtrand._rand
    return seed if hasattr(seed, "permutation") else np.random.RandomState(seed)


def _olivetti_file(directory=None, download=True, from_file=None):
    """The path of the faces' file, which is fetched where it is not there."""
    place = (lambda name: os.path.join(os.path.expanduser(directory), name)) if directory \
        else _cache_path
    if from_file is None:
        for name in ("olivetti.npz", "olivetti.npy"):  # .npy: of an earlier version
            if os.path.exists(place(name)):
                return place(name)
        if not download:
            raise OSError("Data not found and `download_if_missing` is False")
    path = place("olivetti.npz")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    options = _io_library.nmf_io_fetch_options(
        struct_bytes=ctypes.sizeof(_io_library.nmf_io_fetch_options), output=os.fsencode(path))
    if from_file is not None:
        setattr(options, "from", os.fsencode(from_file))
    call(io.nmf_io_fetch_olivetti, ctypes.byref(options))
    return path


def _cache_path(name):
    path = ctypes.c_void_p()
    call(io.nmf_io_cache_path, name.encode(), ctypes.byref(path))
    try:
        return os.fsdecode(ctypes.string_at(path))
    finally:
        libc = ctypes.CDLL(None)
        libc.free.argtypes = (ctypes.c_void_p,)
        libc.free(path)


__all__ = ["faces", "swimmer", "fetch_olivetti", "fetch_olivetti_faces"]
