"""Parameters checked in scikit-learn's words: "The 'tol' parameter of NMF must be a float in the
range [0, inf). Got -1 instead." """

import numbers
import os

import numpy as np


class InvalidParameterError(ValueError, TypeError):
    """A parameter outside what it may be."""


def whole(lowest):
    return (lambda value: isinstance(value, numbers.Integral) and value >= lowest,
            "an int in the range [%d, inf)" % lowest)


def real(lowest, highest=None):
    def allows(value):
        return (isinstance(value, numbers.Real) and value >= lowest and
                (highest is None or value <= highest))
    return allows, "a float in the range [%d, %s" % (
        lowest, "inf)" if highest is None else "%d]" % highest)


def fraction():
    return (lambda value: isinstance(value, numbers.Real) and 0 < value < 1,
            "a float in the range (0, 1)")


def among(*names):
    return (lambda value: isinstance(value, str) and value in names,
            "a str among {%s}" % ", ".join(map(repr, names)))


def instance(kind, words):
    return lambda value: isinstance(value, kind), words


PATH = instance((str, bytes, os.PathLike), "a path")
NONE = (lambda value: value is None, "None")
BOOLEAN = instance((bool, np.bool_), "an instance of 'bool'")
ANY_REAL = instance(numbers.Real, "an instance of 'float'")
SEED = (lambda value: value is None or isinstance(value, np.random.RandomState) or
        value is np.random or (isinstance(value, numbers.Integral) and 0 <= value < 2 ** 32),
        "an int in the range [0, 4294967295], an instance of 'numpy.random.mtrand.RandomState' or "
        "None")
VERBOSE = (lambda value: isinstance(value, (bool, np.bool_)) or
           (isinstance(value, numbers.Integral) and value >= 0),
           "an int in the range [0, inf) or an instance of 'bool'")


def _refuse(name, words, value, whose):
    most = ", ".join(words[:-1])
    raise InvalidParameterError(
        "The %r parameter of %s must be %s. Got %r instead."
        % (name, whose, most + " or " + words[-1] if most else words[-1], value))


def check_parameters(estimator, allowed, caller=None):
    """allowed: parameter -> kinds, of which its value must be one."""
    whose = caller or type(estimator).__name__
    for name, kinds in allowed.items():
        value = getattr(estimator, name)
        if not any(allows(value) for allows, _ in kinds):
            _refuse(name, [words for _, words in kinds], value, whose)
    for option in estimator._own_options:  # None: the default
        value = getattr(estimator, option.keyword)
        if value is option.default or value is None or option.allows(value):
            continue
        _refuse(option.keyword, [option.allowed(), NONE[1]], value, whose)
