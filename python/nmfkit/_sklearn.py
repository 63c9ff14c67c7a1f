"""What of scikit-learn is here: its base classes, warning and input checks where it is installed,
small ones of the same behaviour and words where it is not."""

import inspect

import numpy as np

from . import _together
from ._dataset import Dataset
from ._matrix import FLOATS, OnDisk, entries, is_sparse

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.exceptions import ConvergenceWarning, NotFittedError
    from sklearn.utils.extmath import randomized_svd
    IS_HERE = True
except ImportError:
    IS_HERE = False


if not IS_HERE:
    class ConvergenceWarning(UserWarning):
        """The fit stopped before it converged."""

    class NotFittedError(ValueError, AttributeError):
        """fit has not been called."""

    class BaseEstimator:
        """get_params and set_params, as scikit-learn's tools expect them."""

        @classmethod
        def _get_param_names(cls):
            return sorted(name for name, parameter in
                          inspect.signature(cls.__init__).parameters.items()
                          if name != "self" and parameter.kind != parameter.VAR_KEYWORD)

        def get_params(self, deep=True):
            return {name: getattr(self, name) for name in self._get_param_names()}

        def set_params(self, **params):
            for name, value in params.items():
                if name not in self._get_param_names():
                    raise ValueError("Invalid parameter %r for estimator %r. Valid parameters are: "
                                     "%r." % (name, self, self._get_param_names()))
                setattr(self, name, value)
            return self

        def __repr__(self):
            parameters = inspect.signature(type(self).__init__).parameters
            changed = ["%s=%r" % (name, value) for name, value in self.get_params().items()
                       if value is not parameters[name].default]
            return "%s(%s)" % (type(self).__name__, ", ".join(changed))

    class TransformerMixin:
        """Nothing: both estimators have a fit_transform of their own."""

    class ClassNamePrefixFeaturesOutMixin:
        def get_feature_names_out(self, input_features=None):
            check_is_fitted(self)
            prefix = type(self).__name__.lower()
            return np.array(["%s%d" % (prefix, i) for i in range(self._n_features_out)],
                            dtype=object)


def check_is_fitted(estimator):
    if not hasattr(estimator, "components_"):
        raise NotFittedError(
            "This %s instance is not fitted yet. Call 'fit' with appropriate arguments before "
            "using this estimator." % type(estimator).__name__)


def random_state(seed):
    """A RandomState for an int, a RandomState or None, which is NumPy's global one."""
    if seed is None or seed is np.random:
        return np.random.mtrand._rand
    return seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)


def draw_seed(seed):
    """An int of the library's from a RandomState, or from NumPy's global one for None."""
    return int(random_state(_together.seed(seed)).randint(2 ** 31 - 1))


# ---- input ----

FORMS = ("csr", "csc")  # of sparse matrices; others become the first


def _checked_by_sklearn(estimator, X, reset, dtypes):
    settings = {"reset": reset, "accept_sparse": FORMS, "dtype": [dtype.type for dtype in dtypes]}
    if hasattr(estimator, "_validate_data"):
        return estimator._validate_data(X, force_all_finite=False, **settings)
    from sklearn.utils.validation import validate_data  # 1.6 and later
    return validate_data(estimator, X, ensure_all_finite=False, **settings)


def _checked_here(estimator, X, reset, dtypes):
    name = type(estimator).__name__
    if is_sparse(X):
        X = X if X.format in FORMS else X.tocsr()
    else:
        X = np.asarray(X)
    if X.dtype.kind == "c":
        raise ValueError("Complex data not supported\n%s\n" % X)
    if X.dtype not in dtypes:
        X = X.astype(dtypes[0])
    if X.ndim < 2:
        raise ValueError(
            "Expected 2D array, got %s array instead:\narray=%s.\nReshape your data either using "
            "array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it "
            "contains a single sample." % ("1D" if X.ndim else "scalar", X))
    if X.ndim > 2:
        raise ValueError("Found array with dim %d. %s expected <= 2." % (X.ndim, name))
    for size, what in zip(X.shape, ("sample", "feature")):
        if size < 1:
            raise ValueError("Found array with 0 %s(s) (shape=%s) while a minimum of 1 is required "
                             "by %s." % (what, X.shape, name))
    if reset:
        estimator.n_features_in_ = X.shape[1]
    elif X.shape[1] != estimator.n_features_in_:
        raise ValueError("X has %d features, but %s is expecting %d features as input"
                         % (X.shape[1], name, estimator.n_features_in_))
    return X


def _is_fine(estimator, X, reset, dtypes):
    """Nothing to convert, to compare or to say, as is most often so: a plain array or sparse matrix
    without names for its features, to be learned from."""
    if not reset or hasattr(estimator, "feature_names_in_"):
        return False
    if type(X) is not np.ndarray and not (is_sparse(X) and getattr(X, "format", "") in FORMS):
        return False
    return X.dtype in dtypes and X.ndim == 2 and min(X.shape) > 0


def names_of_columns(X):
    """The feature names of a DataFrame (texts throughout) or of a Dataset, else None."""
    if isinstance(X, Dataset):
        return X.feature_names
    columns = getattr(X, "columns", None)
    if columns is None or is_sparse(X):
        return None
    names = list(columns)
    return names if names and all(isinstance(name, str) for name in names) else None


def plain(X, estimator):
    """The array in a Dataset; masked entries, which nothing here leaves out, are refused."""
    if isinstance(X, Dataset):
        return X.data
    if isinstance(X, np.ma.MaskedArray):
        if np.ma.is_masked(X):
            raise ValueError("%s does not take masked entries: fill them in (X.filled(value)), or "
                             "drop the samples that have them" % type(estimator).__name__)
        return X.data
    return X


def check_weights(estimator, W):
    """What transform gave, or a W of its shape: a column for each component."""
    shape, k = np.shape(W), len(estimator.components_)
    if len(shape) != 2 or shape[1] != k:
        raise ValueError("X has shape %s, but inverse_transform takes what transform gives: a column for "
                         "each of the %d components of %s" % (shape, k, type(estimator).__name__))


def check_new(estimator, X, dtypes):
    """New data for a fitted estimator: the array, and its feature names where both sides have some,
    which are then the library's to match, in whatever order they stand."""
    names, fitted = names_of_columns(X), getattr(estimator, "feature_names_in_", None)
    X = plain(X, estimator)
    if names is None or fitted is None:
        return check_input(estimator, X, False, dtypes), None
    if isinstance(X, OnDisk):
        return X, names
    if not is_sparse(X):
        X = np.asarray(X)
    if X.dtype not in dtypes:
        X = X.astype(dtypes[0])
    if is_sparse(X) and X.format not in FORMS:
        X = X.tocsr()
    return X, names


def _compare_features(estimator, names):
    """Features of more data, which are paired by position, are called as those before."""
    fitted = getattr(estimator, "feature_names_in_", None)
    if names is None or fitted is None or list(fitted) == names:
        return
    there = set(names)
    missing = [name for name in fitted if name not in there]
    raise ValueError("The feature names should match those that were passed during fit%s"
                     % (": %r is missing" % missing[0] if missing else ", in the same order"))


def check_input(estimator, X, reset, dtypes):
    """X as an array of one of the types, else converted to the first, with n_features_in_ and
    feature_names_in_ noted or compared, and a Dataset's image_shape noted. Its entries are left to the library, which looks at them
    anyway: see refuse_unusable."""
    names = names_of_columns(X)
    if reset:
        estimator.__dict__.pop("image_shape_", None)
        if isinstance(X, Dataset) and X.image_shape is not None:
            estimator.image_shape_ = X.image_shape
    X = _check_input(estimator, plain(X, estimator), reset, dtypes)
    if not reset:
        _compare_features(estimator, names)
    if reset and names is not None:
        estimator.feature_names_in_ = np.asarray(names, dtype=object)
    elif reset and not IS_HERE and hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_
    return X


def _check_on_disk(estimator, X, reset, dtypes):
    """Its type and its width: the rest is the library's to find as it reads."""
    if X.dtype not in dtypes:
        raise TypeError("%r would have to be converted to %s: solver='auto' reads it as it is"
                        % (X, dtypes[0]))
    if reset:
        estimator.n_features_in_ = X.shape[1]
    elif X.shape[1] != estimator.n_features_in_:
        raise ValueError("X has %d features, but %s is expecting %d features as input"
                         % (X.shape[1], type(estimator).__name__, estimator.n_features_in_))
    return X


def _check_input(estimator, X, reset, dtypes):
    if isinstance(X, OnDisk):
        return _check_on_disk(estimator, X, reset, dtypes)
    if _is_fine(estimator, X, reset, dtypes):
        estimator.n_features_in_ = X.shape[1]
        return X
    check = _checked_by_sklearn if IS_HERE else _checked_here
    return check(estimator, X, reset, dtypes)


def refuse_unusable(estimator, X, signed=False, detail=""):
    """Says in scikit-learn's words what of X cannot be factorized; returns if nothing. detail: the
    library's sentence, which names the entry."""
    if isinstance(X, OnDisk):
        if detail:
            raise ValueError(detail)
        return
    name, values = type(estimator).__name__, entries(X)
    detail = detail and ": " + detail
    if X.dtype in FLOATS and not np.isfinite(np.sum(values)) and not np.isfinite(values).all():
        if np.isnan(values).any():
            way = "" if signed else "say missing='nan', which takes them as not observed; or "
            raise ValueError("Input X contains NaN.\n%s does not accept missing values encoded as "
                             "NaN natively; %sfill them in, or drop the samples that have them%s"
                             % (name, way, detail or "."))
        raise ValueError("Input X contains infinity or a value too large for %r%s"
                         % (X.dtype, detail or "."))
    if not signed and values.size and values.min() < 0:
        raise ValueError("Negative values in data passed to %s (input X)%s" % (name, detail))
