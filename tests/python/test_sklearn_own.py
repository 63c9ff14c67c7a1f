"""scikit-learn's own tests of NMF and MiniBatchNMF, read from where it is installed, pass with our NMF,
MiniBatchNMF and non_negative_factorization in the place of its own; sklearn_tests_not_applying.txt lists the others
with reasons. And check_estimator, its test of any estimator, passes."""

import fnmatch
import importlib.util
import os
import sys
import tempfile

import python_test
from python_test import claim

_, sklearn, pytest = python_test.need("numpy", "sklearn", "pytest")
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

import nmfkit  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = {"from sklearn.decomposition import NMF, MiniBatchNMF":
        "from nmfkit import NMF, MiniBatchNMF",
        "from sklearn.decomposition import non_negative_factorization":
        "from nmfkit import non_negative_factorization"}


def not_applying():
    """pattern -> reason."""
    with open(os.path.join(HERE, "sklearn_tests_not_applying.txt"), encoding="ascii") as file:
        lines = [line.split(None, 1) for line in file if not line.startswith("#")]
    return {pattern: reason.strip() for pattern, reason in lines}


class Chooser:
    """A pytest plugin: leaves out what does not apply, counts the rest."""

    def __init__(self):
        self.patterns, self.used, self.passed, self.failed = not_applying(), set(), [], []

    def pytest_collection_modifyitems(self, items):
        kept = []
        for item in items:
            matching = {pattern for pattern in self.patterns
                        if fnmatch.fnmatchcase(item.name, pattern.replace("[", "[[]"))}
            self.used |= matching
            if not matching:
                kept.append(item)
        items[:] = kept

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.when == "call":
            self.passed.append(report.nodeid)


def scikit_learn_s_own_tests_pass():
    if sklearn.__version__ != "1.2.1":
        return "the list is for scikit-learn 1.2.1, here is %s" % sklearn.__version__
    spec = importlib.util.find_spec("sklearn.decomposition.tests.test_nmf")
    if spec is None:
        return "scikit-learn is installed without its tests"
    with open(spec.origin, encoding="utf-8") as file:
        source = file.read()
    for theirs, ours in OURS.items():
        claim(source.count(theirs) == 1, "no line %r", theirs)
        source = source.replace(theirs, ours)
    chooser = Chooser()
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "test_their_nmf.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        pytest.main(["-q", "-x" if "-x" in sys.argv else "-q", "--tb=short", "-p",
                     "no:cacheprovider", "--rootdir", work, path], plugins=[chooser])
    print("%d tests of scikit-learn's passed" % len(chooser.passed))
    claim(not chooser.failed, "%d fail: %s", len(chooser.failed), chooser.failed)
    claim(len(chooser.passed) >= 160, "only %d were run", len(chooser.passed))
    unused = set(chooser.patterns) - chooser.used
    claim(not unused, "no test is named %s", unused)
    return None


def check_estimator_passes():
    for estimator in (nmfkit.NMF(), nmfkit.MiniBatchNMF(), nmfkit.PCA()):
        check_estimator(estimator)


python_test.main(scikit_learn_s_own_tests_pass, check_estimator_passes)
