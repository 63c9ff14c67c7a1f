"""NMF and non_negative_factorization with scikit-learn's signature, attributes, warnings and words
(those of 1.2, and what today's versions spell otherwise); the arithmetic is the library's."""

import inspect
import numbers
import warnings

import numpy as np

from . import _checks, _known, _options, _pickles, _sklearn, _start
from ._accelerate import PARITY, solver_of
from ._checkpoint import kept
from ._library import STOPPED, NmfError, library
from ._matrix import FLOATS, OnDisk, borrow, compare_names, entries, kept_of, unmask
from ._model import build, learn, trace_of, transform, transform_with
from ._options import OPTIONS
from ._watch import Watch

BETA = {"frobenius": 2.0, "kullback-leibler": 1.0, "itakura-saito": 0.0}
LOSS = {2.0: "frobenius", 1.0: "kl", 0.0: "is"}  # our names, in the same order
SOLVERS = OPTIONS["solver"].names
INITS = tuple(name for name in OPTIONS["init"].names if name != "auto")
# What a fit learned beside the components and transform needs.
LEARNED = ("unit", "weighting", "idf", "shrink", "shrink_to")

PARAMETERS = {
    "n_components": (_checks.whole(1), _checks.among("auto"), _checks.NONE),
    "init": (_checks.among(*INITS), _checks.NONE),
    "solver": (_checks.among(*SOLVERS),),
    "beta_loss": (_checks.among(*BETA), _checks.ANY_REAL),
    "tol": (_checks.real(0),),
    "max_iter": (_checks.whole(1),),
    "random_state": (_checks.SEED,),
    "alpha_W": (_checks.real(0),),
    "alpha_H": (_checks.real(0), _checks.among("same")),
    "l1_ratio": (_checks.real(0, 1),),
    "verbose": (_checks.VERBOSE,),
    "shuffle": (_checks.BOOLEAN,),
    "missing": (_checks.among("nan", "unstored"), _checks.NONE),
    "checkpoint": (_checks.PATH, _checks.NONE),
    "every": (_checks.real(0),),
    "resume": (_checks.BOOLEAN, _checks.PATH, _checks.NONE),
}
# Options of the library that these parameters stand for.
SPOKEN_FOR = ("k", "init", "solver", "loss", "beta", "tol", "max_iter", "seed", "alpha_W",
              "alpha_H", "l1_ratio")


@_options.beyond(_options.FIT | _options.TRANSFORM, SPOKEN_FOR)
class NMF(_pickles.Versioned, _sklearn.ClassNamePrefixFeaturesOutMixin, _sklearn.TransformerMixin,
          _sklearn.BaseEstimator):
    """Non-negative matrix factorization: X ~ W H with W, H >= 0.

    The parameters, attributes and methods of sklearn.decomposition.NMF. X may be an array in C or F
    order, of uint8, uint16, float32 or float64 entries, which is read where it lies; other types
    are converted to float64. The factors are float64 for float64 data, else float32.

    solver='auto', the default, is the library's own; 'cd' and 'mu' follow scikit-learn rule for
    rule and start from its random numbers. Components come by how much of W H each adds, largest first;
    with 'cd', 'mu' and init='custom' in the order of the start. transform solves each row's problem to
    its end, so that a row's answer does not depend on the other rows.

    missing='nan' says that NaN in X was not observed, 'unstored' that of a sparse X only the stored
    entries were; fit, fit_transform and transform also take weights= and masked arrays.
    n_components: how many parts, known ones included; 'auto', the default, takes as many as a given H or
        fixed_H has, or as X has features.
    fixed_H: components that are known, an array, DataFrame or Dataset of features as X has (matched by name
        where both have names): the first of components_, which stay what they are to the bit; the others are
        learned. NaN in it, and where keep_H is 0, is an entry that is not known. fit also takes fixed_W, the
        known first columns of W.
    lower_W, upper_W, lower_H, upper_H: what entries of W and H may be: a number, a row or a whole array.
    init: how W and H start: 'random', 'nndsvd', 'nndsvda', 'nndsvdar', 'lrc', 'spa' and 'snpa' (pure
        samples, for unmixing; with simplex='W' the volume of H is penalized too: volume=) or 'custom' (W
        and H of fit_transform); None leaves it to the library.
    beta_loss: 'frobenius', 'kullback-leibler' (counts), 'itakura-saito' (power spectra), or the
        exponent of a beta-divergence.
    tol: stop when the scale-free KKT residual is below it ('cd', 'mu': scikit-learn's rules).
    max_iter: stop after as many iterations at the latest.
    random_state: seed of every random number: an int, a RandomState, or None for NumPy's own.
    alpha_W, alpha_H: penalties on W (times the features) and on H (times the samples; 'same' is
        alpha_W). l1_ratio: the share of L1 in them, the rest is L2.
    verbose: 1 prints an iteration every half second, and the end; 2 prints every iteration.
    shuffle: accepted; coordinates are visited in order.

    checkpoint: a file that keeps where the fit stands, every so many seconds and when SIGTERM, SIGHUP
        or SIGUSR1 come (those whose handlers are Python's defaults); it goes with the end of the fit.
    resume: a file to go on from, with the same data and parameters, to the very result that the fit
        would have had; True: checkpoint's, if it is there.

    X may be a DataFrame or a Dataset of nmfkit: their feature names are kept, and transform matches
    the columns of new data with them; a Dataset of pictures leaves their shape in image_shape_.

    Attributes beside scikit-learn's: trace_ (a record an iteration: iteration, passes, seconds,
    loss, kkt), stopped_ ("converged", "stalled", "max-iter", "time-limit", "interrupted"), kkt_,
    the scale-free KKT residual, start_losses_, of several starts the loss of each when they were
    compared, and the strengths of penalties that a fit takes by itself: shrink_ (where few entries are
    observed; a UserWarning says so) and volume_ (unmixing), 0 where it took none. Ctrl-C stops a fit, leaves
    the best factors so far in the
    estimator, and raises KeyboardInterrupt."""

    def __init__(self, n_components="auto", *, init=None, solver="auto", beta_loss="frobenius",
                 tol=1e-4, max_iter=200, random_state=None, alpha_W=0.0, alpha_H="same",
                 l1_ratio=0.0, verbose=0, shuffle=False, missing=None, checkpoint=None, every=60.0,
                 resume=None, fixed_H=None, keep_H=None, lower_W=None, upper_W=None, lower_H=None,
                 upper_H=None, **options):
        self.n_components = n_components
        self.init = init
        self.solver = solver
        self.beta_loss = beta_loss
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.verbose = verbose
        self.shuffle = shuffle
        self.missing = missing
        self.checkpoint = checkpoint
        self.every = every
        self.resume = resume
        self.fixed_H = fixed_H
        self.keep_H = keep_H
        self.lower_W = lower_W
        self.upper_W = upper_W
        self.lower_H = lower_H
        self.upper_H = upper_H
        _options.store_options(self, options)

    # ---- fit ----

    def fit(self, X, y=None, **params):
        """Learns the components of X; params: W and H, the start of init='custom', weights and fixed_W."""
        self.fit_transform(X, **params)
        return self

    def fit_transform(self, X, y=None, W=None, H=None, weights=None, fixed_W=None):
        """Learns the components of X (components_) and returns W, samples x components. weights, of
        X's shape: how much each entry counts; what has weight 0, and what a masked array masks, was
        not observed and is not looked at. fixed_W: the first columns of W, where they are known."""
        self._check_parameters()
        self._compare_names(X, fixed_W, W, H)
        X, weights = unmask(X, weights)
        observed = self._observed(weights)
        known, lent, matched = _known.fields(self, self.fixed_H, self.keep_H, fixed_W,
                                             _sklearn.names_of_columns(X))
        names = _sklearn.names_of_columns(X) if matched else None
        X = _sklearn.check_input(self, X, reset=True, dtypes=self._dtypes(X))
        with Watch(self.verbose) as watch:
            model = self._factorize(X, W, H, watch, observed, known, names)
        del lent  # borrowed till here
        self._keep(model)
        watch.end("%s: %d iterations, relative error %.6g" % (
            self.stopped_, self.n_iter_, self._facts["relative_error"]))
        self._W = W = model.W()
        if self._follows():
            self.components_ = self.components_.astype(X.dtype, copy=False)
            self._W = W = W.astype(X.dtype, copy=False)
        watch.deliver()
        self._say_if_shrunk()
        self._warn_if_unfinished()
        return W

    def _compare_names(self, X, fixed_W=None, W=None, H=None):
        """What is paired with X's rows or columns by position has their names, or none."""
        for value, name, axis in ((fixed_W, "fixed_W", 0), (W, "W", 0), (H, "H", 1),
                                  *((getattr(self, bound), bound, bound.endswith("H"))
                                    for bound in _known.BOUNDS)):
            compare_names(X, value, name, (axis,))
        compare_names(self.fixed_H, self.keep_H, "keep_H", (1,))

    def _check_parameters(self):
        _checks.check_parameters(self, PARAMETERS)
        if self.solver in ("cd", "hals") and self._beta() != 2:
            raise ValueError("Invalid beta_loss parameter: solver %r does not handle beta_loss = %r"
                             % (self.solver, self.beta_loss))
        if self.solver == "mu" and self.init == "nndsvd":
            warnings.warn(
                "The multiplicative update ('mu') solver cannot update zeros present in the "
                "initialization, and so leads to poorer results when used jointly with "
                "init='nndsvd'. You may try init='nndsvda' or init='nndsvdar' instead.",
                UserWarning, stacklevel=3)
        if solver_of(self.solver) == "cd" and self.shuffle:
            warnings.warn("shuffle=True is not followed: coordinates are visited in order",
                          UserWarning, stacklevel=3)

    def _observed(self, weights):
        """What is known of the entries, for the library; {}: each counts once."""
        observed = {"weights": weights, "missing": self.missing}
        observed = {name: value for name, value in observed.items() if value is not None}
        if observed and self._is_parity():
            raise ValueError("solver=%r takes no weights and no missing entries: solver='auto' does"
                             % self.solver)
        return observed

    def _dtypes(self, X):
        """scikit-learn turns integers into float64; its rules are followed on the same numbers."""
        X = _sklearn.plain(X, self)
        return FLOATS if self._is_parity() else kept_of(X)

    def _follows(self):
        """scikit-learn's rule, in float64 whatever X is: its own float32 results differ from that by
        its rounding, and no rounding of ours is added."""
        return self._is_parity() and self.precision == "auto"

    def _is_parity(self):
        """Whether a rule of scikit-learn's is followed: it begins where its NMF begins and warns when
        it does."""
        return solver_of(self.solver) in PARITY

    def _beta(self):
        known = isinstance(self.beta_loss, str)
        return BETA[self.beta_loss] if known else float(self.beta_loss)

    def _components(self, X, H=None):
        if isinstance(self.n_components, numbers.Integral):
            return int(self.n_components)
        if self.n_components == "auto" and self.fixed_H is not None:
            return len(_sklearn.plain(self.fixed_H, self))
        return len(H) if self.n_components == "auto" and H is not None else X.shape[1]

    def _loss_options(self):
        beta = self._beta()
        if beta in LOSS:
            return {"loss": LOSS[beta]}
        return {"loss": "beta", "beta": beta}

    def _make_options(self, k, **more):
        """alpha_W and so on, the loss, and the library's own options."""
        return _options.make(
            k=k, solver=solver_of(self.solver), tol=min(self.tol, 1.0), max_iter=self.max_iter,
            alpha_W=self.alpha_W, alpha_H=-1.0 if self.alpha_H == "same" else self.alpha_H,
            l1_ratio=self.l1_ratio, **self._loss_options(), **_options.own_values(self), **more)

    def _refuse_zeros(self, X):
        if self._beta() > 0 or isinstance(X, OnDisk):
            return
        stored = entries(X)
        if stored.size < X.shape[0] * X.shape[1] or (stored.size and stored.min() == 0):
            raise ValueError("When beta_loss <= 0 and X contains zeros, the solver may diverge. "
                             "Please add small values to X, or use a positive beta_loss.")

    def _begin(self, X, W, H):
        """k, the start's options, and what these borrow."""
        if self.init == "custom":
            k = "auto" if self.n_components == "auto" else self._components(X)
            if W is None or H is None:
                raise ValueError("init='custom' begins at a W and an H of the caller's, and %s "
                                 "missing; a fit of W for a given H is non_negative_factorization("
                                 "X, H=H, update_H=False)"
                                 % ("both are" if W is H else "W is" if W is None else "H is"))
            H = _start.check_custom(H, (k, X.shape[1]), "NMF (input H)")
            W = _start.check_custom(W, (X.shape[0], len(H)), "NMF (input W)")
            if X.dtype in FLOATS and (H.dtype != X.dtype or W.dtype != X.dtype):
                raise TypeError("H and W should have the same dtype as X. Got H.dtype = %s and "
                                "W.dtype = %s." % (H.dtype, W.dtype))
            return len(H), W, H
        if W is not None or H is not None:
            warnings.warn("When init!='custom', provided W or H are ignored. Set init='custom' to "
                          "use them as initialization.", RuntimeWarning, stacklevel=5)
        k = self._components(X)
        if self.init not in (None, "random") and k > min(X.shape):
            raise ValueError("init = '%s' can only be used when n_components <= "
                             "min(n_samples, n_features)" % self.init)
        if self._is_parity() and self.starts in (None, 1):
            return (k,) + _start.draw(X, k, self.init, self.random_state)
        return k, None, None

    def _seed(self, is_needed):
        if isinstance(self.random_state, numbers.Integral):
            return int(self.random_state)
        return _sklearn.draw_seed(self.random_state) if is_needed else 0

    def _factorize(self, X, W, H, watch, observed, known={}, names=None):
        if self._is_parity():  # the start is drawn from X
            _sklearn.refuse_unusable(self, X)
        if not observed:
            self._refuse_zeros(X)
        k, W, H = self._begin(X, W, H)
        start = {"init": self.init or "auto", "seed": self._seed(is_needed=W is None)}
        if W is not None:
            lent = borrow(W), borrow(H)
            start.update(init="custom", start_W=lent[0].pointer, start_H=lent[1].pointer)
        options = self._make_options(k, progress=watch.function, **start, **known)
        if self._follows():
            options.precision = _options.F64
        try:
            with kept(self.checkpoint, self.every, self.resume, watch) as (hook, ended):
                options.checkpoints = hook
                model = learn(library.nmf_fit, X, options, names, **observed)
                ended(model.content.stopped)
                return model
        except NmfError as error:
            if error.kind != "data" or observed:
                raise
            _sklearn.refuse_unusable(self, X, detail=str(error))
            if isinstance(X, OnDisk) or entries(X).any():
                raise
            # As scikit-learn has it: nothing is nothing times nothing.
            dtype = X.dtype if X.dtype in FLOATS else np.float32
            return build(np.zeros((X.shape[0], k), dtype), np.zeros((k, X.shape[1]), dtype),
                         options, iterations=1)

    def _keep(self, model):
        self._facts = facts = model.facts()
        self.components_ = model.H()
        self.n_components_ = len(self.components_)
        self.reconstruction_err_ = facts["error"]
        self.n_iter_ = facts["iterations"]
        self._trace_lines = model.trace_lines()
        self.stopped_ = STOPPED[facts["stopped"]]
        self.kkt_ = facts["kkt"]
        self.shrink_ = facts["shrink"]
        self.volume_ = facts["volume"]

    def _say_if_shrunk(self):
        """A penalty that nobody asked for is announced."""
        if self.shrink_ > 0 and self.shrink == OPTIONS["shrink"].default:
            warnings.warn("Few entries are observed: rows of W and of H are drawn towards their means, so that the "
                          "fit does not follow noise (shrink_ = %.3g); shrink=0 does not, another number sets how "
                          "strongly." % self.shrink_, UserWarning, stacklevel=3)

    @property
    def trace_(self):
        """One record an iteration, put together when it is asked for: few look at it, and every
        fit of a small X would wait for it."""
        if not hasattr(self, "_trace_lines"):
            raise AttributeError("%r object has no attribute 'trace_': it is not fitted yet"
                                 % type(self).__name__)
        return trace_of(self._trace_lines)

    @property
    def start_losses_(self):
        """Of a fit from several starts the loss of each when they were compared, else None."""
        if not hasattr(self, "_facts"):
            raise AttributeError("%r object has no attribute 'start_losses_': it is not fitted yet"
                                 % type(self).__name__)
        return self._facts.get("start_losses")

    def _warn_if_unfinished(self):
        unfinished = (self.n_iter_ == self.max_iter if self._is_parity()
                      else self.stopped_ == "max-iter")
        if unfinished and self.tol > 0:
            warnings.warn("Maximum number of iterations %d reached. Increase it to improve "
                          "convergence." % self.max_iter, _sklearn.ConvergenceWarning, stacklevel=3)

    # ---- use ----

    def transform(self, X, weights=None):
        """W of the rows of X for the learned components; weights as of fit_transform."""
        _sklearn.check_is_fitted(self)
        for bound in _known.BOUNDS[:2]:
            compare_names(X, getattr(self, bound), bound, (0,))
        X, weights = unmask(X, weights)
        observed = self._observed(weights)
        X, names = _sklearn.check_new(self, X, kept_of(_sklearn.plain(X, self)))
        return self._solve(X, self.components_, observed=observed, names=names)

    def _solve(self, X, H, fitted=True, observed={}, names=None):
        """W for the components of the fit, with what else the fit learned, or for any others."""
        if not observed:
            self._refuse_zeros(X)
        known, _lent, _ = _known.fields(self, bounds=_known.BOUNDS[:2])
        options = self._make_options(len(H), **known)
        try:
            if not fitted:
                return transform_with(H, X, options, observed)
            facts = getattr(self, "_facts", {})  # components_ may have been set by hand
            return transform(H, X, options, observed, names=names,
                             features=getattr(self, "feature_names_in_", None),
                             **{name: facts[name] for name in LEARNED if name in facts})
        except NmfError as error:
            if error.kind == "data" and not observed:
                _sklearn.refuse_unusable(self, X, detail=str(error))
            raise

    def inverse_transform(self, X=None, *, Xt=None, W=None):
        """W H for a W as of transform; scikit-learn has called the argument W, Xt and X."""
        _sklearn.check_is_fitted(self)
        given = [value for value in (X, Xt, W) if value is not None]
        if len(given) != 1:
            raise TypeError("inverse_transform() takes exactly one of X, Xt and W")
        _sklearn.check_weights(self, given[0])
        return given[0] @ self.components_

    def report(self, X=None, **more):
        """A page that shows what was learned and how far to trust it: nmfkit.report(self, X, ...)."""
        from ._report import report
        return report(self, X, **more)

    # ---- model files ----

    def _model(self, W):
        """An nmf_model of this estimator and the W that its fit found."""
        H = self.components_
        numbers_only = {name: value for name, value in _known.fields(self)[0].items()
                        if name in _known.BOUNDS}
        options = self._make_options(len(H), init=self.init or "auto",
                                     seed=self._facts["winning_seed"], **numbers_only)
        return build(np.asarray(W, H.dtype), H, options, trace=self.trace_, **self._facts)

    @classmethod
    def _parameters_of(cls, values):
        """The keywords that stand for these options."""
        named = {name: loss for loss, name in zip(BETA, LOSS.values())}
        return {"n_components": values["k"], "solver": values["solver"], "tol": values["tol"],
                "init": None if values["init"] == "auto" else values["init"],
                "beta_loss": named.get(values["loss"], values["beta"]),
                "max_iter": values["max_iter"], "random_state": values["seed"],
                "alpha_W": values["alpha_W"], "l1_ratio": values["l1_ratio"],
                "alpha_H": "same" if values["alpha_H"] < 0 else values["alpha_H"],
                **{name: values[name] or None for name in _known.BOUNDS},
                **_options.own_keywords(cls, values)}

    @property
    def _n_features_out(self):
        return len(self.components_)

    def _more_tags(self):  # scikit-learn until 1.5
        return {"requires_positive_X": True, "preserves_dtype": [np.float64, np.float32]}

    def __sklearn_tags__(self):  # from 1.6
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def non_negative_factorization(X, W=None, H=None, n_components="auto", *, init=None, update_H=True,
                               **params):
    """W, H and the number of iterations of NMF(n_components, init=init, **params) on X. With
    update_H=False only W is sought, for the given H."""
    nmf = NMF(n_components, init=init, **params)
    nmf._check_parameters()
    X = _sklearn.check_input(nmf, X, reset=True, dtypes=nmf._dtypes(X))
    if update_H:
        W = nmf.fit_transform(X, W=W, H=H)
        return W, nmf.components_, nmf.n_iter_
    if W is not None:
        warnings.warn("When update_H=False, the provided initial W is not used.", RuntimeWarning,
                      stacklevel=2)
    k = nmf._components(X, H)
    if H is None:
        raise ValueError("update_H=False seeks W for a given H, and H is missing")
    H = _start.check_custom(H, (k, X.shape[1]), "NMF (input H)")
    if X.dtype in FLOATS and H.dtype != X.dtype:
        raise TypeError("H should have the same dtype as X. Got H.dtype = %s." % H.dtype)
    return nmf._solve(X, H, fitted=False), H, 1


def _signature():
    """The function's own parameters, then those of the class: for help and completion."""
    own = list(inspect.signature(non_negative_factorization).parameters.values())[:-1]
    known = {parameter.name for parameter in own}
    more = [parameter for name, parameter in inspect.signature(NMF).parameters.items()
            if name not in known]
    return inspect.Signature(own + more)


non_negative_factorization.__signature__ = _signature()
