"""What the tests against other programs share: running `nmf` on NumPy arrays, and saying that NumPy or
scikit-learn is missing (exit code 77: skipped)."""

import json
import os
import subprocess
import sys
import tempfile
import warnings

# On matrices this small the threads of two programs only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
try:
    import numpy as np
    import sklearn
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

warnings.filterwarnings("ignore")  # scikit-learn says when it stops at max_iter; so do we
NMF = os.environ.get("NMF")


def nmf(command, X, k, start=None, **options):
    """Runs `nmf COMMAND`; returns the arrays of its model file and its report. start: (W, H)."""
    with tempfile.TemporaryDirectory(prefix="nmf-test-") as work:
        data, model = os.path.join(work, "x.npy"), os.path.join(work, "model.npz")
        np.save(data, X)
        arguments = [NMF, command, data, "-k", str(k), "-o", model, "--json", "-", "--threads", "1"]
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            arguments += [flag] if value is True else [flag, str(value)]
        if start is not None:
            for name, factor in zip("WH", start):
                path = os.path.join(work, name + ".npy")
                np.save(path, factor)
                arguments += ["--start-" + name, path]
            arguments += ["--init", "custom"]
        result = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                timeout=300, check=False)
        assert result.returncode == 0, result.stderr
        with np.load(model) as arrays:
            return {name: arrays[name] for name in arrays.files if name != "manifest.json"}, \
                json.loads(result.stdout)


def claim(holds, sentence, *values):
    """An assertion that python -O keeps."""
    if not holds:
        raise AssertionError(sentence % values)


def main(tests):
    """Runs functions named by what they claim; all of them, whatever fails."""
    if not NMF:
        sys.exit("set NMF to the command under test")
    print("numpy %s, scikit-learn %s" % (np.__version__, sklearn.__version__))
    failed = 0
    for test in tests:
        try:
            test()
            print("ok      " + test.__name__)
        except AssertionError as error:
            failed += 1
            print("FAILED  %s: %s" % (test.__name__, error))
    sys.exit(1 if failed else 0)
