"""How many components, and which come back: nmf_rank and nmf_consensus."""

import ctypes
from ctypes import POINTER, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint64, c_void_p

import numpy as np

from . import _library, _options
from ._library import ERROR, OUT, Handle, call, declare, library, nmf_options
from ._matrix import array_of, borrow, borrow_observed, unmask

PERTURBATIONS = ("starts", "poisson", "bootstrap", "uniform", "folds")


class nmf_rank_progress(ctypes.Structure):
    _fields_ = [("k", c_int64), ("fits_done", c_int64), ("fits_planned", c_int64),
                ("seconds", c_double)]


nmf_rank_progress_fn = ctypes.CFUNCTYPE(c_int, POINTER(nmf_rank_progress), c_void_p)


class nmf_rank_options(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("ks", POINTER(c_int64)), ("ks_count", c_int64),
                ("max_k", c_int64), ("folds", c_int64), ("repeats", c_int64), ("starts", c_int64),
                ("known", c_void_p), ("progress", nmf_rank_progress_fn),
                ("progress_context", c_void_p), ("keep_loss", c_int)]


class nmf_rank_row(ctypes.Structure):
    _fields_ = [("k", c_int64), ("loss", c_double), ("error", c_double), ("difference", c_double),
                ("standard_error", c_double), ("p_best", c_double), ("worst_silhouette", c_double),
                ("mean_silhouette", c_double), ("returning", c_int64), ("training_loss", c_double),
                ("dispersion", c_double), ("fits", c_int64), ("iterations", c_int64),
                ("in_set", c_int), ("stable", c_int), ("silhouettes", POINTER(c_double)),
                ("cosines", POINTER(c_double)), ("losses", POINTER(c_double))]


class nmf_rank_content(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("options", nmf_options), ("samples", c_int64),
                ("features", c_int64), ("folds", c_int64), ("repeats", c_int64),
                ("starts", c_int64), ("max_k", c_int64), ("table_rows", c_int64),
                ("fingerprint", c_uint64), ("held_out_squares", c_double), ("tie", c_double),
                ("rows", POINTER(nmf_rank_row)), ("row_count", c_int64), ("best", c_int64),
                ("predicts", c_int64), ("set_lowest", c_int64), ("set_highest", c_int64),
                ("largest_stable", c_int64), ("has_structure", c_int), ("open_ended", c_int),
                ("agree", c_int), ("are_counts", c_int), ("dispersion", c_double),
                ("fits", c_int64), ("seconds", c_double), ("stopped", c_int),
                ("prediction", c_char_p), ("stability", c_char_p), ("advice", c_char_p),
                ("loss_by_data", c_int)]


class nmf_consensus_options(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("replicates", c_int64), ("perturbation", c_int),
                ("density_threshold", c_double), ("neighborhood", c_double),
                ("progress", nmf_rank_progress_fn), ("progress_context", c_void_p)]


class nmf_consensus_content(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("model", c_void_p), ("samples", c_int64),
                ("features", c_int64), ("k", c_int64), ("replicates", c_int64),
                ("perturbation", c_int), ("density_threshold", c_double),
                ("neighborhood", c_double), ("spectra", c_void_p), ("density", POINTER(c_double)),
                ("cluster", POINTER(c_int64)), ("kept", c_int64), ("median", POINTER(c_double)),
                ("low", POINTER(c_double)), ("high", POINTER(c_double)),
                ("members", POINTER(c_int64)), ("silhouettes", POINTER(c_double)),
                ("silhouette", c_double), ("stability", POINTER(c_double)),
                ("worst_stability", c_double), ("mean_stability", c_double),
                ("scores", POINTER(c_double)),
                ("spectra_of_shares", POINTER(c_double)), ("loss", c_double), ("relative_error", c_double),
                ("unconverged", c_int64), ("seconds", c_double), ("stopped", c_int)]


declare(library, {
    "nmf_rank": (c_int, c_void_p, POINTER(nmf_options), POINTER(nmf_rank_options), OUT, ERROR),
    "nmf_rank_view": (POINTER(nmf_rank_content), c_void_p),
    "nmf_rank_free": (None, c_void_p),
    "nmf_consensus": (c_int, c_void_p, POINTER(nmf_options), POINTER(nmf_consensus_options), OUT,
                      ERROR),
    "nmf_consensus_view": (POINTER(nmf_consensus_content), c_void_p),
    "nmf_consensus_free": (None, c_void_p),
})


def _copy(values, *shape):
    return np.ctypeslib.as_array(values, shape).copy()


def _fields_of(keywords, scope):
    """nmf_options' fields for keywords of `scope`."""
    allowed = {option.keyword: option for option in _options.OPTIONS.values()
               if option.scope & scope}
    fields = {}
    for keyword, value in keywords.items():
        option = allowed.get(keyword)
        if option is None:
            raise TypeError("unexpected keyword argument %r" % keyword)
        if not option.allows(value):
            raise ValueError("The %r parameter must be %s. Got %r instead."
                             % (keyword, option.allowed(), value))
        fields[option.field] = value
    return fields


class _Asked:
    """Around a call: what a signal's handler raises asks the library to stop. Ctrl-C leaves what is known
    by then, and is raised where that is nothing; anything else is raised in any case."""

    def __init__(self):
        from ._watch import Watch
        self.watch = Watch(0)
        self.function = nmf_rank_progress_fn(
            lambda _point, _context: int(self.watch.error is not None))

    def call(self, function, *arguments):
        try:
            with self.watch:
                call(function, *arguments)
        finally:
            if not isinstance(self.watch.error, KeyboardInterrupt):
                self.watch.deliver()


class RankResult:
    """What select_rank found. `prediction`, `stability` and `advice` say it in words; `table` has a row
    for each k that was tried: k, loss, error, difference, standard_error, p_best, worst_silhouette,
    mean_silhouette, returning, training_loss, dispersion, fits, iterations, in_set, stable.

    best: k of the smallest held-out loss; predicts: the smallest k within one standard error of it;
    set: those that cannot be told from the best; stable: those whose components all return;
    losses, silhouettes, cosines: k -> array."""

    def __init__(self, content, handle):
        names = [name for name, *_ in nmf_rank_row._fields_[:-3]]
        rows = [content.rows[i] for i in range(content.row_count)]
        kinds = {c_int64: np.int64, c_double: np.float64, c_int: np.bool_}
        dtype = [(name, kinds[kind]) for name, kind in nmf_rank_row._fields_[:-3]]
        self.table = np.array([tuple(getattr(row, name) for name in names) for row in rows],
                              dtype).view(np.recarray)
        shape = content.repeats, content.table_rows
        self.losses = {row.k: _copy(row.losses, *shape) for row in rows}
        self.silhouettes = {row.k: _copy(row.silhouettes, row.k) for row in rows}
        self.cosines = {row.k: _copy(row.cosines, row.k) for row in rows}
        self.set = [row.k for row in rows if row.in_set]
        self.stable = [row.k for row in rows if row.stable]
        for name in ("best", "predicts", "largest_stable", "folds", "repeats", "starts", "fits",
                     "seconds", "dispersion", "fingerprint"):
            setattr(self, name, getattr(content, name))
        for name in ("has_structure", "open_ended", "agree", "are_counts", "loss_by_data"):
            setattr(self, name, bool(getattr(content, name)))
        for name in ("prediction", "stability", "advice"):
            setattr(self, name, getattr(content, name).decode())
        self.stopped = _library.STOPPED[content.stopped]
        self.loss = _options.OPTIONS["loss"].decode(content.options.loss)
        self._handle = handle

    def __str__(self):
        lines = ["  k    error   +- se/loss  P(best)   worst   mean"]
        for row in self.table:
            relative = row.standard_error / row.loss if row.loss else 0.0
            lines.append("%3d %s %.5f  %9.2g  %7.2f  %6.2f  %5.2f"
                         % (row.k, "*" if row.in_set else " ", row.error, relative, row.p_best,
                            row.worst_silhouette, row.mean_silhouette))
        return "\n".join([*lines, self.prediction, self.stability] +
                         ([self.advice] if self.advice else []))

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_handle"}


def select_rank(X, ks=None, *, max_k=0, folds=0, repeats=0, starts=0, known=None, random_state=0,
                weights=None, missing=None, **options):
    """How many components X has, by held-out entries; a RankResult.

    ks: numbers of components to try (k = 1 is tried beside them); None: found by themselves, up to max_k.
    folds, repeats, starts: 0 is the library's default (10, 5, 3). known: an earlier RankResult of the same
    question, whose ranks are not fitted again. options: loss, beta, threads, precision, time_limit,
    memory_limit. Where no loss is given, whole numbers are judged as what they spread like, by squares or by the
    Kullback-Leibler divergence; the answer's loss says which. weights, missing="nan", masked arrays: as of a fit. Ctrl-C keeps what is known."""
    asked, handle = _Asked(), Handle(library.nmf_rank_free)
    matrix = borrow_observed(*unmask(X, weights), missing=missing)
    values = _options.make(seed=int(random_state or 0), **_fields_of(options, 8))
    wishes = nmf_rank_options(struct_bytes=ctypes.sizeof(nmf_rank_options), max_k=max_k,
                              folds=folds, repeats=repeats, starts=starts,
                              progress=asked.function, keep_loss="loss" in options)
    if ks is not None:
        wanted = np.unique(np.asarray(list(ks), np.int64))
        wishes.ks, wishes.ks_count = wanted.ctypes.data_as(POINTER(c_int64)), len(wanted)
    if known is not None:
        if getattr(known, "_handle", None) is None:
            raise ValueError("known must be a RankResult of this process")
        wishes.known = known._handle.pointer
    asked.call(library.nmf_rank, matrix.pointer, ctypes.byref(values), ctypes.byref(wishes),
               handle.out())
    return RankResult(library.nmf_rank_view(handle.pointer).contents, handle)


class Consensus:
    """What many fits agree on. components_ (k x features) and usages (samples x k): the model, refitted to
    X; median, low, high: the consensus spectra (each of sum 1) and their 5 % and 95 % quantiles; stability,
    silhouettes, members: k; scores: k x features;
    spectra_of_shares: refitted to usages whose rows sum to 1; spectra: the replicates' components, with their local
    density and cluster (-1: left out). Components come in the order of their share in the usages."""

    def __init__(self, content):
        k, n, count = content.k, content.features, content.replicates * content.k
        for name in ("k", "replicates", "kept", "silhouette", "worst_stability", "mean_stability",
                     "loss", "relative_error", "unconverged", "seconds", "density_threshold",
                     "neighborhood"):
            setattr(self, name, getattr(content, name))
        for name in ("median", "low", "high", "scores", "spectra_of_shares"):
            setattr(self, name, _copy(getattr(content, name), k, n))
        for name in ("members", "silhouettes", "stability"):
            setattr(self, name, _copy(getattr(content, name), k))
        self.density, self.cluster = _copy(content.density, count), _copy(content.cluster, count)
        self.spectra = array_of(content.spectra, None)[:count].copy()
        model = library.nmf_model_view(content.model).contents
        self.usages = array_of(model.W, None).copy()
        self.components_ = array_of(model.H, None).copy()
        self.perturbation = PERTURBATIONS[content.perturbation]
        self.stopped = _library.STOPPED[content.stopped]


def consensus(X, n_components, *, replicates=0, perturb="starts", density_threshold=0.0,
              neighborhood=0.0, random_state=0, **options):
    """The components that come back in many fits of X; a Consensus. cNMF's definitions, with its defaults:
    100 replicates, density threshold 0.5, neighbourhoods of 0.3 of the replicates (0: these defaults).
    perturb: "starts", "poisson", "bootstrap", "uniform" or "folds". options: those of a fit, loss="kl" for counts."""
    if perturb not in PERTURBATIONS:
        raise ValueError("The 'perturb' parameter must be a str among {%s}. Got %r instead."
                         % (", ".join(map(repr, PERTURBATIONS)), perturb))
    asked, handle, matrix = _Asked(), Handle(library.nmf_consensus_free), borrow(X)
    values = _options.make(k=int(n_components), seed=int(random_state or 0),
                           **_fields_of(options, _options.FIT))
    wishes = nmf_consensus_options(struct_bytes=ctypes.sizeof(nmf_consensus_options),
                                   replicates=replicates,
                                   perturbation=PERTURBATIONS.index(perturb),
                                   density_threshold=density_threshold, neighborhood=neighborhood,
                                   progress=asked.function)
    asked.call(library.nmf_consensus, matrix.pointer, ctypes.byref(values), ctypes.byref(wishes),
               handle.out())
    return Consensus(library.nmf_consensus_view(handle.pointer).contents)
