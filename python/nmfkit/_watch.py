"""What happens in Python while the library works: progress lines, and signals. A signal's handler
runs as it would elsewhere; what it raises (KeyboardInterrupt on Ctrl-C, a time-out of an alarm) is
turned into a request to stop that leaves the best result so far, and raised again behind the call."""

import signal
import threading
import time

from ._library import nmf_progress_fn

try:  # the same functions without a search for enums' names, a tenth of a millisecond a fit
    from _signal import getsignal, signal as set_signal
except ImportError:
    from signal import getsignal, signal as set_signal

SECONDS_BETWEEN_LINES = 0.5
SIGNALS = sorted(set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP})


class Watch:
    """Around a call: `with Watch(verbose) as watch: call(..., watch.function, ...)`, then, once the
    result is kept, watch.deliver()."""

    def __init__(self, verbose=0):
        self.verbose, self.printed, self.told = verbose, -1.0, 0
        self.error = None
        self.previous = {}  # signal -> its handler, while ours stands in its place
        self.in_main = threading.current_thread() is threading.main_thread()
        # Signals come to the main thread only; elsewhere nothing would ever ask to stop.
        needed = verbose or self.in_main
        self.function = nmf_progress_fn(self._progress) if needed else nmf_progress_fn()

    def __enter__(self):
        if self.in_main:
            # Trap: a handler that raises would do so inside the callback, perhaps before its first
            # line, and ctypes drops exceptions. Ours catches them.
            for number in SIGNALS:
                handler = getsignal(number)
                if callable(handler):
                    self.previous[number] = handler
                    set_signal(number, self._handle)
        return self

    def __exit__(self, _type, error, _traceback):
        for number, handler in self.previous.items():
            if getsignal(number) == self._handle:  # unless a handler has set another
                set_signal(number, handler)
        if self.error is not None and error is not None:  # stopped before there was a result
            raise self.error from None

    def _handle(self, number, frame):
        try:
            self.previous[number](number, frame)
        except BaseException as error:
            self.error = error

    def _progress(self, point, _context):
        try:
            if self.verbose and self._is_news(point.contents):
                self._print(point.contents)
        except BaseException as error:  # a broken pipe, say: told when the library has returned
            self.error = error
        return int(self.error is not None)

    def _is_news(self, point):
        """Long passes ask in between, with what is known already."""
        if point.loss != point.loss:
            return False
        told, self.told = self.told, point.iteration
        return point.iteration == 0 or told != point.iteration

    def _print(self, point):
        now = time.monotonic()
        if self.verbose < 2 and now < self.printed + SECONDS_BETWEEN_LINES:
            return
        self.printed = now
        known = "" if point.loss != point.loss else "  loss %.6g" % point.loss
        known += "" if point.kkt != point.kkt else "  kkt %.2e" % point.kkt
        print("iteration %5d  %8.3f s%s" % (point.iteration, point.seconds, known))

    def end(self, words):
        """The last line of a verbose fit."""
        if self.verbose:
            print(words)

    def deliver(self):
        """What was put off: raises what a signal's handler or the printing raised."""
        if self.error is not None:
            raise self.error
