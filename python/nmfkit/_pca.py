"""PCA with scikit-learn's signature and attributes; the arithmetic is the library's."""

import math
import numbers

import numpy as np

from . import _checks, _options, _pickles, _sklearn
from ._library import MODEL_PCA, NmfError, library
from ._matrix import kept_of
from ._model import build, learn, transform
from ._watch import Watch

# Its names for how, and ours. Both exact ways of scikit-learn's are one here.
SOLVERS = {"auto": "auto", "full": "exact", "covariance_eigh": "exact", "arpack": "exact",
           "randomized": "randomized"}
PARAMETERS = {
    "n_components": (_checks.whole(1), _checks.fraction(), _checks.among("mle"), _checks.NONE),
    "copy": (_checks.BOOLEAN,),
    "whiten": (_checks.BOOLEAN,),
    "svd_solver": (_checks.among(*SOLVERS),),
    "tol": (_checks.real(0),),
    "iterated_power": (_checks.whole(0), _checks.among("auto")),
    "n_oversamples": (_checks.whole(1),),
    "power_iteration_normalizer": (_checks.among("auto", "QR", "LU", "none"),),
    "random_state": (_checks.SEED,),
}
VARIANCES = ("singular_values", "explained_variance", "explained_variance_ratio")
SPOKEN_FOR = ("k", "whiten", "pca_solver", "seed",
              "tol", "alpha_W", "l1_ratio")  # the last: of an NMF's transform


@_options.beyond(_options.PCA | _options.TRANSFORM, SPOKEN_FOR)
class PCA(_pickles.Versioned, _sklearn.ClassNamePrefixFeaturesOutMixin, _sklearn.TransformerMixin,
          _sklearn.BaseEstimator):
    """Principal component analysis: X ~ W H + mean, the rows of H orthonormal.

    The parameters, attributes and methods of sklearn.decomposition.PCA.
    Arrays and sparse matrices are read where they lie, never copied or written to, whatever `copy`
    says; tol, iterated_power, n_oversamples and power_iteration_normalizer are accepted and have no
    effect. pca_sign='v' makes the largest entry of each component positive, as scikit-learn does
    from 1.5 on; 'u' that of each score, as before.

    n_components: how many; None: as many as there can be; a share below 1: as many as explain it; 'mle': as
        many as Minka's estimate says.
    whiten: scores are divided by their standard deviations.
    svd_solver: 'auto', 'full', 'arpack' or 'randomized'; the library has one way that is exact and one in a sketch.
    random_state: seed of the sketch: an int, a RandomState, or None for NumPy's own."""

    def __init__(self, n_components=None, *, copy=True, whiten=False, svd_solver="auto", tol=0.0,
                 iterated_power="auto", n_oversamples=10, power_iteration_normalizer="auto",
                 random_state=None, **options):
        self.n_components = n_components
        self.copy = copy
        self.whiten = whiten
        self.svd_solver = svd_solver
        self.tol = tol
        self.iterated_power = iterated_power
        self.n_oversamples = n_oversamples
        self.power_iteration_normalizer = power_iteration_normalizer
        self.random_state = random_state
        _options.store_options(self, options)

    # ---- fit ----

    def fit(self, X, y=None):
        """Learns the principal components of X."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Learns the principal components of X and returns its scores."""
        _checks.check_parameters(self, PARAMETERS)
        X = _sklearn.check_input(self, X, reset=True,
                                 dtypes=kept_of(_sklearn.plain(X, self)))
        least = min(X.shape)
        wanted = least if self.n_components is None else self.n_components
        whole = isinstance(wanted, numbers.Integral)
        if whole and wanted > least:
            raise ValueError("n_components=%r must be between 0 and min(n_samples, n_features)=%r "
                             "with svd_solver=%r" % (wanted, least, self.svd_solver))
        try:
            options = self._make_options(wanted if whole else least)
            with Watch() as watch:
                options.progress = watch.function
                model = learn(library.nmf_pca, X, options)
            watch.deliver()
        except NmfError as error:
            if error.kind == "data":
                _sklearn.refuse_unusable(self, X, signed=True, detail=str(error))
            raise
        self._keep(model)
        if wanted == "mle":
            if X.shape[0] < X.shape[1]:
                raise ValueError("n_components='mle' is only supported if n_samples >= n_features")
            self._shorten(_likeliest_rank(self.explained_variance_, X.shape[0]))
        elif not whole:
            cumulated = np.cumsum(self.explained_variance_ratio_)
            self._shorten(int(np.searchsorted(cumulated, wanted, side="right")) + 1)
        self._W = model.W()[:, :self.n_components_]
        return self._W

    def _make_options(self, k):
        seed = self.random_state
        if not isinstance(seed, numbers.Integral):
            seed = _sklearn.draw_seed(seed)
        return _options.make(k=int(k), whiten=self.whiten, pca_solver=SOLVERS[self.svd_solver],
                             seed=seed, **_options.own_values(self))

    def _keep(self, model):
        content = model.content
        self._facts = model.facts()
        self.components_ = model.H()
        self.n_components_ = len(self.components_)
        self.n_samples_ = content.samples
        dtype = self.components_.dtype
        self.mean_ = model.numbers("mean", content.features).astype(dtype)
        for name in VARIANCES:
            setattr(self, name + "_", model.numbers(name, content.k).astype(dtype))
        share = float(np.sum(self.explained_variance_ratio_))
        explained = float(np.sum(self.explained_variance_))
        left = min(content.samples, content.features) - content.k
        # What is left of the variance, spread over the components left out.
        self.noise_variance_ = (max(explained / share - explained, 0.0) / left
                                if left > 0 and share > 0 else 0.0)

    def _shorten(self, k):
        """The k leading components of all."""
        dropped = self.explained_variance_[k:]
        self.noise_variance_ = float(np.mean(dropped)) if len(dropped) else 0.0
        for name in ("components",) + VARIANCES:
            setattr(self, name + "_", getattr(self, name + "_")[:k])
        self.n_components_ = len(self.components_)

    # ---- use ----

    def transform(self, X):
        """The scores of the rows of X."""
        _sklearn.check_is_fitted(self)
        X, names = _sklearn.check_new(self, X, kept_of(_sklearn.plain(X, self)))
        try:
            return transform(self.components_, X, self._make_options(self.n_components_),
                             names=names, features=getattr(self, "feature_names_in_", None),
                             **self._content())
        except NmfError as error:
            if error.kind == "data":
                _sklearn.refuse_unusable(self, X, signed=True, detail=str(error))
            raise

    def inverse_transform(self, X):
        """The rows that have these scores."""
        _sklearn.check_is_fitted(self)
        X = np.asarray(X)
        _sklearn.check_weights(self, X)
        if self.whiten:
            X = X * np.sqrt(self.explained_variance_)
        return X @ self.components_ + self.mean_

    # ---- the probabilistic model: Tipping & Bishop 1999 ----

    def get_covariance(self):
        """The covariance of the features: what the components explain, and equal noise."""
        _sklearn.check_is_fitted(self)
        H, above = self.components_, self._above_noise()
        return (H.T * above) @ H + self.noise_variance_ * np.eye(H.shape[1])

    def get_precision(self):
        """Its inverse, from the k x k matrix of the components (Woodbury's identity)."""
        _sklearn.check_is_fitted(self)
        H, noise = self.components_, self.noise_variance_
        if noise == 0:
            return np.linalg.inv(self.get_covariance())
        above = self._above_noise()
        return (np.eye(H.shape[1]) - (H.T * (above / (above + noise))) @ H) / noise

    def _above_noise(self):
        return np.maximum(self.explained_variance_ - self.noise_variance_, 0)

    def score_samples(self, X):
        """The log likelihood of each row of X."""
        _sklearn.check_is_fitted(self)
        X, names = _sklearn.check_new(self, X, kept_of(_sklearn.plain(X, self)))
        if names is not None and list(names) != list(self.feature_names_in_):
            raise ValueError("score_samples wants the features of the fit in their order")
        X = (X.toarray() if hasattr(X, "toarray") else X) - self.mean_
        precision = self.get_precision()
        return -0.5 * ((X * (X @ precision)).sum(axis=1) + X.shape[1] * np.log(2 * np.pi)
                       - np.linalg.slogdet(precision)[1])

    def score(self, X, y=None):
        """Their mean."""
        return float(np.mean(self.score_samples(X)))

    # ---- model files ----

    def _content(self):
        """What an nmf_model of PCA has beside the factors."""
        return {"kind": MODEL_PCA, "mean": self.mean_,
                **{name: getattr(self, name + "_") for name in VARIANCES}, **self._facts}

    def _model(self, W):
        """An nmf_model of this estimator and the scores that its fit found."""
        H = self.components_
        return build(np.asarray(W, H.dtype), H, self._make_options(len(H)), **self._content())

    @classmethod
    def _parameters_of(cls, values):
        """The keywords that stand for these options."""
        solver = "full" if values["pca_solver"] == "exact" else values["pca_solver"]
        return {"n_components": values["k"], "whiten": values["whiten"] != 0, "svd_solver": solver,
                "random_state": values["seed"], **_options.own_keywords(cls, values)}

    @property
    def _n_features_out(self):
        return len(self.components_)

    def _more_tags(self):  # scikit-learn until 1.5
        return {"preserves_dtype": [np.float64, np.float32], "X_types": ["2darray", "sparse"]}

    def __sklearn_tags__(self):  # from 1.6
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _likeliest_rank(spectrum, samples):
    """The number of components of the largest evidence for these variances.
    Source: Minka 2000, "Automatic choice of dimensionality for PCA"."""
    features = len(spectrum)
    evidence = np.full(features, -np.inf)
    logs = np.log(np.maximum(spectrum, np.finfo(float).tiny))
    for k in range(1, features):
        if spectrum[k - 1] < 1e-15:
            break
        evidence[k] = _evidence(np.asarray(spectrum, float), logs, k, samples)
    return int(np.argmax(evidence)) if np.isfinite(evidence).any() else 1


def _evidence(spectrum, logs, k, samples):
    features = len(spectrum)
    rest = max(float(spectrum[k:].mean()), 1e-15)
    prior = -k * math.log(2) + sum(
        math.lgamma((features - i) / 2) - math.log(math.pi) * (features - i) / 2
        for i in range(k))
    fit = -samples / 2 * (logs[:k].sum() + math.log(rest) * (features - k))
    free = features * k - k * (k + 1) / 2
    smoothed = np.where(np.arange(features) < k, spectrum, rest)
    curvature = 0.0
    for i in range(k):
        gaps = (spectrum[i] - spectrum[i + 1:]) * (1 / smoothed[i + 1:] - 1 / smoothed[i])
        curvature += np.log(np.maximum(gaps, np.finfo(float).tiny)).sum() + (
            features - i - 1) * math.log(samples)
    return (prior + fit + math.log(2 * math.pi) * (free + k) / 2 - curvature / 2
            - k * math.log(samples) / 2)
