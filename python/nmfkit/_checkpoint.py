"""A fit's checkpoint in a file: NMF's checkpoint=, every= and resume=."""

import contextlib
import ctypes
import os
import signal
import threading
import warnings

from ._library import STOPPED, call

# While a fit keeps a checkpoint, these have one written; after the first two the fit ends, and the process as
# it would have.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGUSR1")
                if hasattr(signal, name))


class _Signals:
    """Stands in for the default handlers, which end the process; those of the caller's stay."""

    def __init__(self, watch):
        self.watch, self.asked, self.ending, self.ours = watch, False, None, []

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self.ours = [number for number in SIGNALS
                         if signal.getsignal(number) == signal.SIG_DFL]
        for number in self.ours:
            signal.signal(number, self._handle)
        return self

    def _handle(self, number, frame):
        if number == getattr(signal, "SIGUSR1", None):
            self.asked = True
        else:
            self.ending = number
            self.watch.error = SystemExit(128 + number)  # which stops the fit

    def wanted(self):
        asked, self.asked = self.asked, False
        return asked

    def __exit__(self, *_):
        for number in self.ours:
            signal.signal(number, signal.SIG_DFL)
        if self.ending is not None:
            os.kill(os.getpid(), self.ending)


@contextlib.contextmanager
def kept(path, every, resume, watch):
    """Around a call of nmf_fit that `watch` watches: yields the hook for options.checkpoints (None without a path), and a
    function to be told what the fit stopped by."""
    if path is None and not isinstance(resume, (str, bytes, os.PathLike)):
        if resume:
            raise ValueError("resume=True goes on from the file of checkpoint=, which is missing")
        yield None, lambda stopped: None
        return
    from . import _io_library
    io = _io_library.io
    if resume is True:  # the first of several runs finds nothing to go on from
        resume = path if os.path.exists(path) else None
    with _Signals(watch) as signals:
        told = []
        note = _io_library.NOTE(lambda sentence, _: told.append(sentence.decode(errors="replace")))
        wanted = _io_library.WANTED(lambda _: int(signals.wanted()))
        wishes = _io_library.nmf_io_checkpoint_options(
            struct_bytes=ctypes.sizeof(_io_library.nmf_io_checkpoint_options),
            path=None if path is None else os.fsencode(path),
            resume=os.fsencode(resume) if resume else None, every_seconds=every,
            wanted=wanted, note=note)
        file = ctypes.c_void_p()
        call(io.nmf_io_checkpoint_open, ctypes.byref(wishes), ctypes.byref(file))

        def ended(stopped):
            if STOPPED[stopped] not in ("interrupted", "time-limit"):
                io.nmf_io_checkpoint_remove(file)

        try:
            yield io.nmf_io_checkpoint_hook(file), ended
        finally:
            io.nmf_io_checkpoint_close(file)
        for sentence in told:
            warnings.warn(sentence, UserWarning, stacklevel=5)
