"""What happens in Python while the library works: progress lines, and Ctrl-C turned into a request
to stop that leaves the best result so far."""

import signal
import threading
import time

from ._library import nmf_progress_fn

try:  # the same functions without a search for enums' names, a tenth of a millisecond a fit
    from _signal import getsignal, signal as set_signal
except ImportError:
    from signal import getsignal, signal as set_signal

SECONDS_BETWEEN_LINES = 0.5


class Watch:
    """Around a call: `with Watch(verbose) as watch: call(..., watch.function, ...)`, then, once the
    result is kept, watch.deliver()."""

    def __init__(self, verbose):
        self.verbose, self.printed = verbose, -1.0
        self.signalled = self.error = self.previous = None
        self.in_main = threading.current_thread() is threading.main_thread()
        # Signals come to the main thread only; elsewhere nothing would ever ask to stop.
        needed = verbose or self.in_main
        self.function = nmf_progress_fn(self._progress) if needed else nmf_progress_fn()

    def __enter__(self):
        if self.in_main and callable(getsignal(signal.SIGINT)):
            # Trap: Python's own handler would raise inside the callback, perhaps before its first
            # line, and ctypes drops exceptions. This one only notes the signal.
            self.previous = set_signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_):
        if self.previous is not None:
            set_signal(signal.SIGINT, self.previous)

    def _note(self, number, frame):
        self.signalled = (number, frame)

    def _progress(self, point, _context):
        try:
            if self.verbose:
                self._print(point.contents)
        except BaseException as error:  # a broken pipe, say: told when the library has returned
            self.error = error
        return int(self.signalled is not None or self.error is not None)

    def _print(self, point):
        now = time.monotonic()
        if self.verbose < 2 and now < self.printed + SECONDS_BETWEEN_LINES:
            return
        self.printed = now
        known = "" if point.loss != point.loss else "  loss %.6g" % point.loss
        known += "" if point.kkt != point.kkt else "  kkt %.2e" % point.kkt
        print("iteration %5d  %8.3f s%s" % (point.iteration, point.seconds, known))

    def deliver(self):
        """What was put off: raises what the signal or the printing would have raised."""
        if self.error is not None:
            raise self.error
        if self.signalled is not None:
            self.previous(*self.signalled)
