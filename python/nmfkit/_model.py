"""nmf_model and what Python keeps of it: arrays and numbers, so that estimators can be pickled and
outlive the library's objects."""

import ctypes
import operator
import warnings

import numpy as np

from . import _library, _options
from ._dataset import FEATURE_NAMES, set_names
from ._library import Handle, call, library, nmf_model_content
from ._matrix import Matrix, array_of, borrow, borrow_observed
from ._watch import Watch

TRACE = np.dtype(_library.nmf_trace_point)
# What of a model is neither a factor nor an option: kept by estimators, for transform and to save.
FACTS = ("iterations", "passes", "seconds", "loss", "error", "relative_error", "kkt", "stopped",
         "threads", "kernel", "init", "fingerprint", "winning_seed", "sketch_iterations", "unit",
         "weighting", "data_transposed", "data_column_order", "shrink", "start_count",
         "winning_start", "volume", "volume_delta")


_facts_of = operator.attrgetter(*FACTS)


def trace_of(lines):
    """One record an iteration: iteration, passes, seconds, loss, kkt."""
    return np.frombuffer(bytearray(lines), TRACE).view(np.recarray)


class Model(Handle):
    """An nmf_model; `content` is the library's view of it."""

    def __init__(self):
        super().__init__(library.nmf_model_free)

    @property
    def content(self):
        content = library.nmf_model_view(self.pointer).contents
        if content.struct_bytes < ctypes.sizeof(nmf_model_content):  # it grows at its end
            raise ImportError("libnmfkit %s does not fit this package: its models have %d bytes, "
                              "fewer than %d" % (_library.version, content.struct_bytes,
                                              ctypes.sizeof(nmf_model_content)))
        return content

    def W(self):
        """samples x k; the array keeps the model alive."""
        return array_of(self.content.W, self)

    def H(self):
        """k x features. Where it is the larger factor it keeps the model alive too; else it is a
        copy, so that it is not the larger one that lives on for it."""
        content = self.content
        H = array_of(content.H, self)
        return H if content.features >= content.samples else H.copy()

    def facts(self):
        content = self.content
        facts = dict(zip(FACTS, _facts_of(content)))
        facts["idf"] = self.numbers("idf", content.features) if content.idf else None
        facts["shrink_to"] = self.numbers("shrink_to", content.k)
        if content.start_count:
            facts["start_losses"] = self.numbers("start_losses", content.start_count)
        for name, shape in (("stability", (content.k,)), ("H_low", (content.k, content.features)),
                            ("H_high", (content.k, content.features))):
            if getattr(content, name):  # of a consensus
                facts[name] = self.numbers(name, int(np.prod(shape))).reshape(shape)
        return facts

    def trace_lines(self):
        """The bytes of the trace, for trace_of."""
        content = self.content
        return ctypes.string_at(content.trace, content.trace_count * TRACE.itemsize)

    def numbers(self, name, count):
        """A copy of mean, singular_values, explained_variance or explained_variance_ratio."""
        values = getattr(self.content, name)
        return np.ctypeslib.as_array(values, (count,)).copy() if values else None


def learn(function, X, options, names=None, **observed):
    """nmf_fit or nmf_pca. X, an array or sparse matrix, is only borrowed. names: of its columns, where
    something is matched with them. observed: weights and missing, as of borrow_observed."""
    model, matrix = Model(), borrow_observed(X, **observed)
    if names is not None:
        set_names(matrix.pointer, FEATURE_NAMES, names)
    call(function, matrix.pointer, ctypes.byref(options), model.out())
    return model


def build(W, H, options, **content):
    """A model of given factors, to transform with or to save. content: fields of
    nmf_model_content; arrays of float64 for its pointers."""
    arrays = {name: np.ascontiguousarray(value, np.float64) for name, value in content.items()
              if isinstance(value, np.ndarray) and name != "trace"}
    pointers = {name: value.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
                for name, value in arrays.items()}
    trace = content.pop("trace", None)
    if trace is not None and len(trace):
        trace = np.ascontiguousarray(trace, TRACE)
        pointers["trace"] = trace.ctypes.data_as(ctypes.POINTER(_library.nmf_trace_point))
        pointers["trace_count"] = len(trace)
    matrices = borrow(H), None if W is None else borrow(W)
    described = nmf_model_content(
        struct_bytes=ctypes.sizeof(nmf_model_content), options=options, loss_kind=options.loss,
        H=matrices[0].pointer, W=None if W is None else matrices[1].pointer,
        samples=0 if W is None else len(W), features=H.shape[1],
        k=H.shape[0], precision=_options.F32 if H.dtype == np.float32 else _options.F64,
        **{**content, **pointers})
    model = Model()
    call(library.nmf_model_new, ctypes.byref(described), model.out())
    return model


def transform(H, X, options, observed={}, features=None, names=None, **content):
    """W for the rows of X: nmf_transform with a model of these components, which needs no W.
    features: the model's feature names; names: those of the columns of X, matched with them."""
    model, rows, W = build(None, H, options, **content), borrow_observed(X, **observed), Matrix()
    if features is not None and names is not None:
        set_names(model.content.H, FEATURE_NAMES, features)
        set_names(rows.pointer, FEATURE_NAMES, names)
        match = _library.nmf_feature_match()
        call(library.nmf_match_features, model.pointer, rows.pointer, ctypes.byref(options),
             ctypes.byref(match))
        if match.surplus:
            warnings.warn("%d feature%s that the model does not know %s left out" % (
                match.surplus, *(("", "is") if match.surplus == 1 else ("s", "are"))),
                          UserWarning, stacklevel=5)
    _solve(library.nmf_transform, model.pointer, rows.pointer, options, W)
    return array_of(W.pointer, W)


def _solve(function, components, rows, options, W):
    """A transform, during which signals are heard. The time limit is a fit's."""
    options.time_limit_seconds = 0
    with Watch() as watch:
        options.progress = watch.function
        call(function, components, rows, ctypes.byref(options), W.out())
    watch.deliver()


def transform_with(H, X, options, observed={}):
    """W for the rows of X with components that come from no model: nmf_transform_with."""
    components, rows, W = borrow(H), borrow_observed(X, **observed), Matrix()
    _solve(library.nmf_transform_with, components.pointer, rows.pointer, options, W)
    return array_of(W.pointer, W)
