"""Fits made by several processes together, with mpi4py.

    from mpi4py import MPI
    import nmfkit.mpi
    nmfkit.mpi.attach(MPI.COMM_WORLD)
    model = nmfkit.NMF(16).fit(X)      # every process, with the same X (a numpy.memmap reads its own rows only)

H is the same in all of them; W has all samples in the first, in the others their own rows."""

import ctypes

from . import _together
from ._library import library, load, nmf_error

__all__ = ["attach", "detach", "rows"]

_plugin = None


def _mpi():
    """libnmfkit-mpi, loaded when it is first asked for."""
    global _plugin
    if _plugin is None:
        _plugin = load("nmfkit-mpi")
        _plugin.nmf_mpi_attach_at.argtypes = [ctypes.c_void_p, ctypes.POINTER(nmf_error)]
    return _plugin


def attach(comm):
    """From now on fits of this process are shared with those of `comm`, a communicator of mpi4py built with the
    MPI of libnmfkit-mpi. All processes of it call this."""
    from mpi4py import MPI
    error = nmf_error()
    if _mpi().nmf_mpi_attach_at(MPI._addressof(comm), ctypes.byref(error)) != 0:
        raise ValueError(error.message.decode())
    _together.comm = comm if comm.size > 1 else None


def detach():
    """Alone again. All processes call this."""
    _mpi().nmf_mpi_detach()
    _together.comm = None


def rows(samples, rank, size):
    """The rows of a matrix of so many samples that process `rank` of `size` reads and keeps, as a range."""
    first, count = ctypes.c_int64(), ctypes.c_int64()
    library.nmf_comm_rows.restype = None
    library.nmf_comm_rows(ctypes.c_int64(samples), ctypes.c_int64(rank), ctypes.c_int64(size),
                          ctypes.byref(first), ctypes.byref(count))
    return range(first.value, first.value + count.value)
