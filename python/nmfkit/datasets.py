"""Data to try things on: faces(), swimmer(), fetch_olivetti(), each a Dataset of uint8 pictures."""

import ctypes
import os

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
    path = _cache_path("olivetti.npy")
    if from_file is not None or not os.path.exists(path):
        options = _io_library.nmf_io_fetch_options(
            struct_bytes=ctypes.sizeof(_io_library.nmf_io_fetch_options))  # output: the cache
        if from_file is not None:
            setattr(options, "from", os.fsencode(from_file))
        call(io.nmf_io_fetch_olivetti, ctypes.byref(options))
    dataset = _files.read(path, image_shape=(64, 64))
    dataset.labels = ["person-%02d" % (1 + i // 10) for i in range(len(dataset.data))]
    return dataset


def _cache_path(name):
    path = ctypes.c_void_p()
    call(io.nmf_io_cache_path, name.encode(), ctypes.byref(path))
    try:
        return os.fsdecode(ctypes.string_at(path))
    finally:
        libc = ctypes.CDLL(None)
        libc.free.argtypes = (ctypes.c_void_p,)
        libc.free(path)


__all__ = ["faces", "swimmer", "fetch_olivetti"]
