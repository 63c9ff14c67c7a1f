"""What is known of W and H, and what they may be: nmf_constraints from arrays, and the numbers that are options."""

import ctypes
import numbers

import numpy as np

from . import _library, _sklearn
from ._dataset import FEATURE_NAMES, set_names
from ._matrix import borrow

BOUNDS = ("lower_W", "upper_W", "lower_H", "upper_H")


def _matrix(value, name):
    if isinstance(value, np.ma.MaskedArray):
        value = value.astype(float).filled(np.nan)
    array = np.asarray(_sklearn.plain(value, None))
    if array.dtype.kind not in "fiub":
        raise ValueError("%s must be an array of numbers" % name)
    array = np.atleast_2d(array)
    if array.ndim != 2:
        raise ValueError("%s must be a number, a row or a matrix, and has %d dimensions"
                         % (name, array.ndim))
    return borrow(array.astype(np.uint8) if array.dtype == bool else array)


def fields(estimator, fixed_H=None, keep_H=None, fixed_W=None, names=None, bounds=BOUNDS):
    """Fields of nmf_options for the estimator's bounds and for known parts, and what they borrow; whether the
    known components have feature names and X's, `names`, are to be matched with them."""
    values, lent, known = {}, [], {}
    for name in bounds:
        bound = getattr(estimator, name)
        if bound is None:
            continue
        if isinstance(bound, numbers.Real):
            if not bound >= 0:
                raise ValueError("%s = %r: bounds must be >= 0" % (name, bound))
            values[name] = 0.0 if name.startswith("upper") and np.isinf(bound) else float(bound)
        else:
            known[name] = _matrix(bound, name)
    matched = False
    for name, part in (("H", fixed_H), ("keep_H", keep_H), ("W", fixed_W)):
        if part is not None:
            known[name] = _matrix(part, {"H": "fixed_H", "W": "fixed_W"}.get(name, name))
    own = None if fixed_H is None else _sklearn.names_of_columns(fixed_H)
    if own is not None and names is not None:
        set_names(known["H"].pointer, FEATURE_NAMES, own)
        matched = True
    if known:
        constraints = _library.nmf_constraints(
            struct_bytes=ctypes.sizeof(_library.nmf_constraints),
            **{name: matrix.pointer for name, matrix in known.items()})
        lent = [constraints, known]
        values["constraints"] = ctypes.addressof(constraints)
    return values, lent, matched
