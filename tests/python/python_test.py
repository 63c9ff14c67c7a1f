"""What the tests of the Python package share. Exit code 77 says that NumPy, or what else a test
needs, is missing."""

import contextlib
import importlib
import os
import sys
import time
import traceback
import warnings

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # these matrices are small
sys.path.insert(0, os.path.join(SOURCE, "python"))
SEED = int(os.environ.get("NMFKIT_SEED", "0"))  # others than 0 draw other data by the same laws


def need(*modules):
    """Imports what a test cannot do without, or says so and leaves."""
    try:
        found = [importlib.import_module(module) for module in modules]
    except ImportError as missing:
        print("skipped: %s" % missing)
        sys.exit(77)
    return found[0] if len(found) == 1 else found


def claim(holds, sentence, *values):
    """An assertion that python -O keeps."""
    if not holds:
        raise AssertionError(sentence % values)


@contextlib.contextmanager
def raises(kinds, words):
    try:
        yield
    except kinds as error:
        claim(words in str(error), "%r does not say %r", str(error), words)
        return
    raise AssertionError("%r was not raised" % words)


@contextlib.contextmanager
def warns(kind, words):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    said = [str(warning.message) for warning in caught if issubclass(warning.category, kind)]
    claim(any(words in sentence for sentence in said), "%r is not among %r", words, said)


def main(*tests):
    """Runs functions named by what they claim; all of them, whatever fails. One that returns a
    sentence was skipped for that reason."""
    failed = 0
    for test in tests:
        begin = time.monotonic()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # max_iter is small on purpose
                reason = test()
            print("%s %s%s (%.2f s)" % ("skipped" if reason else "ok     ", test.__name__,
                                        ": " + reason if reason else "",
                                        time.monotonic() - begin), flush=True)
        except Exception:
            failed += 1
            print("FAILED  %s\n%s" % (test.__name__, traceback.format_exc()), flush=True)
    sys.exit(1 if failed else 0)
