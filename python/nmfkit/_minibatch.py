"""MiniBatchNMF with scikit-learn's signature, attributes and words; the arithmetic is the library's:
nmf_online, which learns from exact sums, or nmf_minibatch, which is scikit-learn's rule."""

import ctypes
import warnings

import numpy as np

from . import _checks, _library, _options, _sklearn
from ._library import Handle, call, library, nmf_minibatch_how, nmf_minibatch_said
from ._matrix import DTYPES, FLOATS, borrow, is_sparse
from ._model import Model, build
from ._nmf import BETA, INITS, NMF

PARAMETERS = {
    "n_components": (_checks.whole(1), _checks.among("auto"), _checks.NONE),
    "init": (_checks.among(*INITS), _checks.NONE),
    "batch_size": (_checks.whole(1),),
    "beta_loss": (_checks.among(*BETA), _checks.ANY_REAL),
    "tol": (_checks.real(0),),
    "max_no_improvement": (_checks.whole(1), _checks.NONE),
    "max_iter": (_checks.whole(1),),
    "alpha_W": (_checks.real(0),),
    "alpha_H": (_checks.real(0), _checks.among("same")),
    "l1_ratio": (_checks.real(0, 1),),
    "forget_factor": (_checks.real(0, 1),),
    "fresh_restarts": (_checks.BOOLEAN,),
    "fresh_restarts_max_iter": (_checks.whole(1),),
    "transform_max_iter": (_checks.whole(1), _checks.NONE),
    "random_state": (_checks.SEED,),
    "verbose": (_checks.VERBOSE,),
    "solver": (_checks.among("auto", "mu"),),
    "half_life": (_checks.real(0), _checks.NONE),
}
KEPT = ("threads", "precision", "memory_limit_bytes")  # of the library's own options
OTHERS = tuple(field for field in _options.OPTIONS if field not in KEPT)


class Online(Handle):
    """An nmf_online."""

    def __init__(self, features, options, how):
        super().__init__(library.nmf_online_free)
        call(library.nmf_online_open, features, ctypes.byref(options), ctypes.byref(how),
             self.out())

    def model(self):
        model = Model()
        call(library.nmf_online_model, self.pointer, model.out())
        return model

    @property
    def state(self):
        return library.nmf_online_view(self.pointer)


class Batches(Handle):
    """An nmf_minibatch."""

    def __init__(self, H, options):
        super().__init__(library.nmf_minibatch_free)
        self.shape, self.said = H.shape, nmf_minibatch_said()
        lent = borrow(H)  # for as long as the call lasts
        call(library.nmf_minibatch_open, lent.pointer, ctypes.byref(options), self.out())

    def step(self, X, W, **how):
        """One batch; W, an array that is written to, or None."""
        lent = borrow(X)
        wishes = nmf_minibatch_how(struct_bytes=ctypes.sizeof(nmf_minibatch_how), **how)
        call(library.nmf_minibatch_step, self.pointer, lent.pointer,
             None if W is None else W.ctypes.data, ctypes.byref(wishes), ctypes.byref(self.said))
        return self.said

    def H(self):
        H = np.empty(self.shape)
        library.nmf_minibatch_components(self.pointer, H.ctypes.data)
        return H


def _is_little(gain, before, least):
    """Whether what readings are still to gain is below `least`, where each gains as much less than the one before it as
    the last one did. A single one may gain nothing: the first goes by rows that it has not seen, the next by those it has."""
    if max(gain, before) <= 0.05 * least:
        return True
    return 0 < gain < min(before, least) and gain * gain <= least * (before - gain)


@_options.beyond(_options.FIT | _options.TRANSFORM, OTHERS)
class MiniBatchNMF(NMF):
    """Non-negative matrix factorization, learned from some samples at a time: X ~ W H.

    The parameters, attributes and methods of sklearn.decomposition.MiniBatchNMF; what NMF says of X holds
    here too.

    solver='auto', the default, learns from exact sums: for each block of samples W is solved for the H there
    is, and H then minimizes the loss for all samples seen, as W'X and W'W tell. It reads blocks
    of its own size, so that results depend on the order of the samples, and not on batch_size. fit goes over
    X again and again, each time in place of what a sample added before, until all further
    readings would lower the loss by less than tol, as their gains shrink; partial_fit takes samples that are seen once.
    solver='mu' is scikit-learn's rule, multiplicative steps with forgotten sums, batch by batch and from the same
    start; so is 'auto' where only that is defined: for losses other than Frobenius, with
    forget_factor=0, where H follows one batch alone, and with a penalty on one factor alone.

    n_components: how many parts; None: as many as features.
    init, beta_loss, alpha_W, alpha_H, l1_ratio, random_state, verbose: as NMF's.
    tol: fit ends when further readings would gain less; max_iter: readings of X at the most.
    half_life: of partial_fit with 'auto': after so many samples what was learned from one counts half; None or
        0: all count alike. forget_factor is the same for 'mu', for a whole X.
    batch_size, max_no_improvement, forget_factor, fresh_restarts, fresh_restarts_max_iter: of 'mu'.
    transform_max_iter: accepted; transform solves each sample to its end.

    Attributes: components_, n_components_, reconstruction_err_, n_iter_ (readings of X), n_steps_ (batches of
    batch_size), and losses_: of each reading, or each batch that was pushed, for a sample, before it was
    learned from."""

    def __init__(self, n_components=None, *, init=None, batch_size=1024, beta_loss="frobenius",
                 tol=1e-4, max_no_improvement=10, max_iter=200, alpha_W=0.0, alpha_H="same",
                 l1_ratio=0.0, forget_factor=0.7, fresh_restarts=False,
                 fresh_restarts_max_iter=30, transform_max_iter=None, random_state=None, verbose=0,
                 solver="auto", half_life=None, **options):
        self.n_components = n_components
        self.init = init
        self.batch_size = batch_size
        self.beta_loss = beta_loss
        self.tol = tol
        self.max_no_improvement = max_no_improvement
        self.max_iter = max_iter
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.forget_factor = forget_factor
        self.fresh_restarts = fresh_restarts
        self.fresh_restarts_max_iter = fresh_restarts_max_iter
        self.transform_max_iter = transform_max_iter
        self.random_state = random_state
        self.verbose = verbose
        self.solver = solver
        self.half_life = half_life
        _options.store_options(self, options)

    # ---- what NMF asks ----

    # What it does not take.
    starts = missing = fixed_H = keep_H = None
    lower_W = upper_W = lower_H = upper_H = None

    def _check_parameters(self):
        _checks.check_parameters(self, PARAMETERS)

    def _is_parity(self):
        alphas = self.alpha_W, self.alpha_W if self.alpha_H == "same" else self.alpha_H
        one_sided = (alphas[0] > 0) != (alphas[1] > 0)  # which has no minimum to go to
        return (self.solver == "mu" or self._beta() != 2 or self.forget_factor == 0 or one_sided)

    def _components(self, X, H=None):
        if self.n_components in (None, "auto"):
            return X.shape[1] if H is None else len(H)
        return int(self.n_components)

    # ---- fit ----

    def fit_transform(self, X, y=None, W=None, H=None):
        """Learns the components of X (components_) and returns W, samples x components."""
        self._check_parameters()
        X = _by_rows(_sklearn.check_input(self, X, reset=True, dtypes=FLOATS))
        self._refuse(X)
        self._forget()
        k, W, H = self._begin(X, W, H)
        W = self._fit_batches(X, W, H) if self._is_parity() else self._fit_epochs(X, k, H)
        if self.n_iter_ == self.max_iter and self.tol > 0:
            warnings.warn("Maximum number of iterations %d reached. Increase it to improve "
                          "convergence." % self.max_iter, _sklearn.ConvergenceWarning,
                          stacklevel=2)
        return W

    def partial_fit(self, X, y=None, W=None, H=None):
        """Learns from these samples, as a batch of many that are seen once. W and H: the start of
        init='custom', of the first call."""
        first = not hasattr(self, "n_steps_")
        if first:
            self._check_parameters()
        X = _by_rows(_sklearn.check_input(self, X, reset=first, dtypes=FLOATS))
        self._refuse(X)
        if first:
            self._forget()
        if self._is_parity():
            return self._learn_batch(X, W, H, first)
        if first or self._learner is None:  # after a fit: from its components on
            k, _, H = (len(self.components_), None, self._kept_H) if not first else (
                self._begin(X, W, H))
            self._learner = self._open(X, k, H, self._precision(X))
        before = self._learner.state.blocks
        lent = borrow(X)
        call(library.nmf_online_push, self._learner.pointer, lent.pointer)
        state = self._learner.state
        self.n_steps_ += 1
        self._tell(self.n_steps_, state.loss if state.blocks > before else None)
        self._kept_H, self._dtype = None, X.dtype  # components_ asks for what was learned
        return self

    @property
    def components_(self):
        """k x features. Of samples that were pushed it is made when it is asked for."""
        learner = self.__dict__.get("_learner")
        if self.__dict__.get("_kept_H") is None and learner is not None:
            model = learner.model()
            self._facts = model.facts()
            self._kept_H = model.H().astype(self._dtype)
        H = self.__dict__.get("_kept_H")
        if H is None:
            raise AttributeError("%r object has no attribute 'components_': it is not fitted yet"
                                 % type(self).__name__)
        return H

    @components_.setter
    def components_(self, H):
        self._kept_H = H

    @property
    def n_components_(self):
        return len(self.components_)

    def _refuse(self, X):
        _sklearn.refuse_unusable(self, X)
        self._refuse_zeros(X)

    def _forget(self):
        self._learner = self._kept_H = None
        self.__dict__.pop("_facts", None)
        self.n_steps_, self.losses_ = 0, []

    def _tell(self, step, loss):
        if loss is None:
            return
        self.losses_.append(loss)
        if self.verbose:
            print("Minibatch step %d: mean batch cost: %.6g" % (step, loss))

    def transform(self, X):
        """W of the rows of X for the learned components, each solved to its end."""
        _sklearn.check_is_fitted(self)
        X, names = _sklearn.check_new(self, X, FLOATS)
        return self._solve(X, self.components_, names=names)

    def _model(self, W):
        H = self.components_
        return build(np.asarray(W, H.dtype), H, self._make_options(len(H)),
                     iterations=self.n_steps_, unit=getattr(self, "_facts", {}).get("unit", 0.0))

    def __getstate__(self):
        """What was pushed is not kept, but what was learned from it."""
        if self.__dict__.get("_learner") is not None:
            self.components_  # noqa: B018  made now
        return {**super().__getstate__(), "_learner": None}

    # ---- exact sums ----

    def _precision(self, X):
        """Small data in f32 are no quicker than in f64, which leaves no rounding of ours."""
        if self.precision != "auto":
            return np.float64 if self.precision == "f64" else np.float32
        small = X.shape[0] * X.shape[1] <= 1 << 20
        return np.float64 if X.dtype == np.float64 or small else np.float32

    def _open(self, X, k, H, dtype):
        how = _library.nmf_online_options(
            struct_bytes=ctypes.sizeof(_library.nmf_online_options),
            half_life_rows=float(self.half_life or 0))
        start = {"init": self.init or "auto", "seed": self._seed(is_needed=H is None)}
        lent = None if H is None else borrow(np.ascontiguousarray(H))
        if lent is not None:
            start.update(init="custom", start_H=lent.pointer)
        options = self._make_options(k, **start)
        # The fit that the first samples begin with is one of its own.
        for name in ("solver", "max_iter"):
            setattr(options, name, getattr(_options.DEFAULTS, name))
        options.tol = min(max(self.tol, _options.DEFAULTS.tol), 1.0)
        options.precision = _options.F64 if dtype == np.float64 else _options.F32
        learner = Online(X.shape[1], options, how)
        learner.lent = lent
        return learner

    def _fit_epochs(self, X, k, H):
        dtype = np.dtype(self._precision(X))
        learner, lent, before, gained = self._open(X, k, H, dtype), borrow(X), None, 0
        W = np.zeros((X.shape[0], k), dtype)
        for self.n_iter_ in range(1, self.max_iter + 1):
            call(library.nmf_online_epoch, learner.pointer, lent.pointer, DTYPES.index(dtype),
                 W.ctypes.data)
            state = learner.state
            self.n_steps_ += -(-X.shape[0] // min(self.batch_size, X.shape[0]))
            self._tell(self.n_steps_, state.mean_loss)
            if before is not None and self.tol > 0:
                gain = before - state.mean_loss
                if _is_little(gain, gained, self.tol * state.mean_loss):
                    break
                gained = gain
            if state.relative_error ** 2 <= 4 * np.finfo(dtype).eps:  # nothing is left but rounding
                break
            before = state.mean_loss
        model = learner.model()
        self._facts = model.facts()
        self.components_ = model.H().astype(X.dtype)
        W = self.transform(X)
        self.reconstruction_err_ = self._error(X, W)
        return W

    def _error(self, X, W):
        """sqrt(2 D), without the penalties."""
        if self._beta() == 2 and is_sparse(X) and getattr(X, "has_canonical_format", False):
            square, whole = _square_of_stored(X, W, self.components_)
            if square > 1e-6 * whole:  # below it rounding of the whole shows
                return float(np.sqrt(square))
        options = self._make_options(len(self.components_))
        options.alpha_W = options.alpha_H = 0
        measuring = Batches(np.asarray(self.components_, np.float64), options)
        said = measuring.step(X, np.array(W, np.float64, order="C"), keeps_H=2)
        return float(np.sqrt(max(2 * said.cost * X.shape[0], 0)))

    # ---- scikit-learn's rule ----

    def _rho(self, samples):
        return self.forget_factor ** (min(self.batch_size, samples) / samples)

    def _anew(self):
        return {"solve_iterations": self.fresh_restarts_max_iter, "solve_tol": float(self.tol)}

    def _learn_batch(self, X, W, H, first):
        if first or self._learner is None:
            _, W, H = (None, None, self.components_) if not first else self._begin(X, W, H)
            self._learner = Batches(np.array(H, np.float64),
                                    self._make_options(len(H)))
            self._learner.rho = self._rho(X.shape[0])
        said = self._learner.step(X, None, rho=self._learner.rho, **self._anew())
        self.n_steps_ += 1
        self._tell(self.n_steps_, said.cost)
        self.components_ = self._learner.H().astype(X.dtype, copy=False)
        return self

    def _fit_batches(self, X, W, H):
        samples, size = X.shape[0], min(self.batch_size, X.shape[0])
        batches = [slice(at, min(at + size, samples)) for at in range(0, samples, size)]
        lent = [X[batch] for batch in batches]
        W = np.array(W, np.float64, order="C")
        self._learner = Batches(np.array(H, np.float64), self._make_options(len(H)))
        self._learner.rho = self._rho(samples)
        watch = Convergence(self, samples)
        for self.n_steps_ in range(1, self.max_iter * len(batches) + 1):
            number = (self.n_steps_ - 1) % len(batches)
            said = self._learner.step(
                lent[number], W[batches[number]], rho=self._learner.rho,
                **(self._anew() if self.fresh_restarts else {}))
            self._tell(self.n_steps_, said.cost)
            if watch.ends(lent[number].shape[0], said):
                break
        self.n_iter_ = -(-self.n_steps_ // len(batches))
        self.components_ = self._learner.H().astype(X.dtype, copy=False)
        if self.fresh_restarts:
            W = self.transform(X)
        W = np.asarray(W, X.dtype)
        self.reconstruction_err_ = self._error(X, W)
        return W

    def _more_tags(self):
        return {"requires_positive_X": True, "preserves_dtype": [np.float64, np.float32]}


def _by_rows(X):
    """Rows side by side. A few entries are read as quickly with their zeros, and to the same bits then."""
    if not is_sparse(X):
        return X
    return X.toarray() if X.shape[0] * X.shape[1] <= 1 << 18 else X.tocsr()


def _square_of_stored(X, W, H):
    """||X - W H||^2 and ||X||^2 from the stored entries: ||X||^2 - 2 <X H', W> + <W'W, H H'>."""
    W, H = np.asarray(W, np.float64), np.asarray(H, np.float64)
    whole = float(np.square(X.data, dtype=np.float64).sum())
    return whole - 2 * float(np.sum((X @ H.T) * W)) + float(np.sum((W.T @ W) * (H @ H.T))), whole


class Convergence:
    """scikit-learn's reasons to stop: H comes to rest, or the smoothed cost has not improved for so
    many batches."""

    def __init__(self, estimator, samples):
        self.tol, self.most = estimator.tol, estimator.max_no_improvement
        self.samples, self.steps, self.failures = samples, 0, 0
        self.smoothed = self.lowest = None

    def ends(self, size, said):
        self.steps += 1
        if self.steps == 1:
            return False
        share = min(size / (self.samples + 1), 1)
        self.smoothed = said.cost if self.smoothed is None else (
            self.smoothed * (1 - share) + said.cost * share)
        if self.tol > 0 and said.change <= self.tol:
            return True
        if self.lowest is None or self.smoothed < self.lowest:
            self.lowest, self.failures = self.smoothed, 0
        else:
            self.failures += 1
        return self.most is not None and self.failures >= self.most
