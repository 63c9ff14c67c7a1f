"""NMF as its users see it: scikit-learn's attributes and words, what is beyond them, and results
that do not depend on how X is stored."""

import inspect
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings

import python_test
from python_test import claim, raises, warns

np = python_test.need("numpy")
import nmfkit  # noqa: E402
from nmfkit import NMF, _sklearn, non_negative_factorization  # noqa: E402


def parts(m=60, n=40, seed=0):
    random = np.random.RandomState(seed)
    return np.abs(random.randn(m, 5)) @ np.abs(random.randn(5, n)) + 0.1 * random.rand(m, n)


X = parts()


def attributes_say_what_was_found():
    nmf = NMF(4, random_state=0)
    W = nmf.fit_transform(X)
    H = nmf.components_
    claim(W.shape == (60, 4) and H.shape == (4, 40) and nmf.n_components_ == 4, "shapes")
    claim((W >= 0).all() and (H >= 0).all(), "a negative entry")
    error = np.linalg.norm(X - W @ H)
    claim(abs(nmf.reconstruction_err_ - error) <= 1e-10 * error, "error %g", error)
    claim(nmf.stopped_ == "converged" and 0 <= nmf.kkt_ <= nmf.tol, "kkt %g", nmf.kkt_)
    claim(nmf.n_features_in_ == 40 and 1 <= nmf.n_iter_ <= nmf.max_iter, "numbers")
    claim(len(nmf.trace_) == nmf.n_iter_, "a trace of %d lines", len(nmf.trace_))
    claim((np.diff(nmf.trace_.loss) <= 1e-9 * nmf.trace_.loss[:-1]).all(), "the loss rose")
    claim((np.diff(nmf.trace_.seconds) >= 0).all() and nmf.trace_.passes[-1] >= nmf.n_iter_,
          "seconds and passes")
    claim(list(nmf.get_feature_names_out()) == ["nmf0", "nmf1", "nmf2", "nmf3"], "names")
    claim(np.array_equal(nmf.inverse_transform(W), W @ H), "inverse_transform")
    claim(np.array_equal(nmf.inverse_transform(W=W), nmf.inverse_transform(Xt=W)), "its spellings")


def the_trace_is_put_together_when_it_is_asked_for():
    claim(not hasattr(NMF(4), "trace_"), "an estimator that is not fitted has a trace")
    nmf = NMF(4, random_state=0).fit(X)
    again = pickle.loads(pickle.dumps(nmf))
    claim(np.array_equal(again.trace_.loss, nmf.trace_.loss) and len(nmf.trace_) == nmf.n_iter_,
          "a pickled estimator's trace")
    nmf.trace_.loss[0] = -1
    claim(nmf.trace_.loss[0] > 0, "a caller wrote into the estimator's trace")


def names_of_features_are_forgotten_by_a_fit_without_them():
    nmf = NMF(4, random_state=0).fit(X)
    nmf.feature_names_in_ = np.array(["gene %d" % j for j in range(X.shape[1])], dtype=object)
    if not _sklearn.IS_HERE:
        return "no scikit-learn, whose names these are"
    nmf.fit(X[:, :30])
    claim(not hasattr(nmf, "feature_names_in_") and nmf.n_features_in_ == 30, "names, number")
    return None


def the_signature_is_scikit_learn_s_and_the_option_table_s():
    parameters = list(inspect.signature(NMF).parameters)
    claim(parameters[:12] == ["n_components", "init", "solver", "beta_loss", "tol", "max_iter",
                              "random_state", "alpha_W", "alpha_H", "l1_ratio", "verbose",
                              "shuffle"], "%s", parameters)
    claim({"starts", "time_limit", "threads", "precision"} <= set(parameters), "%s", parameters)
    claim(set(NMF().get_params()) == set(parameters), "get_params")
    function = list(inspect.signature(non_negative_factorization).parameters)
    claim(function[:7] == ["X", "W", "H", "n_components", "init", "update_H", "solver"], "%s",
          function)
    claim("stop after this time" in NMF.__doc__, "help is in the class's documentation")
    with raises(TypeError, "unexpected keyword argument 'strats'"):
        NMF(strats=3)


def transform_is_the_fit_s_own_w_and_looks_at_each_row_alone():
    for dtype in (np.float64, np.float32, np.uint8):
        data = (20 * X).astype(dtype)
        nmf = NMF(4, random_state=0)
        W = nmf.fit_transform(data)
        claim(W.dtype == (np.float64 if dtype == np.float64 else np.float32), "%s", W.dtype)
        claim(np.array_equal(nmf.transform(data), W), "transform of the fitted %s", dtype)
        claim(np.array_equal(nmf.transform(data[7:8]), W[7:8]), "one row of %s", dtype)
        again = pickle.loads(pickle.dumps(nmf))
        claim(np.array_equal(again.transform(data), W), "after pickling")


def the_same_seed_gives_the_same_factors_and_another_other_ones():
    def fit(seed, **more):
        return NMF(4, random_state=seed, init="random", max_iter=20, **more).fit(X).components_

    claim(np.array_equal(fit(3), fit(3)), "seed 3 twice")
    claim(not np.array_equal(fit(3), fit(4)), "seeds 3 and 4")
    claim(np.array_equal(fit(np.random.RandomState(5)), fit(np.random.RandomState(5))), "generator")
    claim(np.array_equal(fit(3, threads=1), fit(3, threads=3)), "threads")
    np.random.seed(0)
    first = fit(None), fit(None)
    np.random.seed(0)
    claim(np.array_equal(fit(None), first[0]) and not np.array_equal(*first), "NumPy's generator")


def several_starts_keep_the_best():
    one = min(NMF(6, init="random", random_state=seed).fit(X).reconstruction_err_
              for seed in (2, 3, 4))
    best = NMF(6, init="random", random_state=2, starts=3).fit(X).reconstruction_err_
    claim(best <= one * (1 + 1e-6), "%g is not the best, %g", best, one)


def a_time_limit_stops_the_fit():
    nmf = NMF(20, random_state=0, time_limit=0.02, tol=0, max_iter=10 ** 6, init="random")
    nmf.fit(parts(400, 300, 1) ** 2)
    claim(nmf.stopped_ == "time-limit" and nmf.trace_.seconds[-1] < 2, "%s", nmf.stopped_)


def an_unfinished_fit_warns():
    warning = "Maximum number of iterations 2 reached. Increase it to improve convergence."
    with warns(_sklearn.ConvergenceWarning, warning):
        NMF(5, max_iter=2, tol=1e-9, random_state=0).fit(X)


def verbose_prints_iterations():
    script = ("import numpy; from nmfkit import NMF; "
              "NMF(3, verbose=2, random_state=0).fit(numpy.eye(9) + 1)")
    done = subprocess.run([sys.executable, "-c", script], env=environment(), text=True,
                          stdout=subprocess.PIPE, check=True)
    claim("iteration     1" in done.stdout and "loss" in done.stdout, "%r", done.stdout)


def environment():
    return dict(os.environ, PYTHONPATH=os.path.join(python_test.SOURCE, "python"))


def a_start_of_the_caller_s_is_used():
    random = np.random.RandomState(0)
    W, H = random.rand(60, 3), random.rand(3, 40)
    for solver in ("auto", "cd"):
        nmf = NMF(init="custom", solver=solver, max_iter=1, tol=0)
        ours = nmf.fit_transform(X, W=W, H=H)
        claim(ours.shape == W.shape and nmf.n_components_ == 3, "'auto' is the start's number")
        claim(np.array_equal(ours, NMF(3, init="custom", solver=solver, max_iter=1, tol=0)
                             .fit_transform(X, W=W, H=H)), "twice the same")
    with warns(RuntimeWarning, "When init!='custom', provided W or H are ignored."):
        NMF(3, random_state=0).fit_transform(X, W=W, H=H)
    with raises(ValueError, "Array with wrong shape passed to NMF (input H)"):
        NMF(4, init="custom").fit(X, W=W, H=H)
    with raises(TypeError, "should have the same dtype as X"):
        NMF(init="custom").fit(X, W=W, H=H.astype("f4"))


def wrong_input_is_refused_in_scikit_learn_s_words():
    def entry(value):
        bad = X.copy()
        bad[3, 4] = value
        return bad

    for solver in ("auto", "cd"):
        nmf = NMF(2, solver=solver, random_state=0)
        for data, words in ((entry(np.nan), "Input X contains NaN"),
                            (entry(np.inf), "Input X contains infinity"),
                            (entry(-1), "Negative values in data passed to NMF (input X)"),
                            (X[0], "Expected 2D array, got 1D array instead"),
                            (X[:0], "Found array with 0 sample(s)"),
                            (X[:, :0], "Found array with 0 feature(s)"),
                            (X[None], "Found array with dim 3"),
                            (X * 1j, "Complex data not supported"),
                            ([["a", "b"], ["c", "d"]], "could not convert string to float")):
            with raises(ValueError, words):
                nmf.fit(data)
    with raises(ValueError, "X[3,4] = -1"):  # and where it is
        NMF(2).fit(entry(-1))
    fitted = NMF(2, random_state=0).fit(X)
    with raises(ValueError, "X has 39 features, but NMF is expecting 40 features as input"):
        fitted.transform(X[:, 1:])
    with raises(ValueError, "Negative values in data"):
        fitted.transform(-X)
    with raises(ValueError, "Input X contains NaN"):
        fitted.transform(entry(np.nan))
    with raises(_sklearn.NotFittedError, "This NMF instance is not fitted yet"):
        NMF(2).transform(X)


def wrong_parameters_are_refused_in_scikit_learn_s_words():
    for params, words in (
            (dict(tol=-1), "The 'tol' parameter of NMF must be a float in the range [0, inf). Got "
                           "-1 instead."),
            (dict(n_components=0), "The 'n_components' parameter of NMF must be an int in the "
                                   "range [1, inf)"),
            (dict(n_components=2.5), "Got 2.5 instead"),
            (dict(init="svd"), "The 'init' parameter of NMF must be a str among {"),
            (dict(solver="als"), "Got 'als' instead"),
            (dict(l1_ratio=1.5), "a float in the range [0, 1]. Got 1.5"),
            (dict(alpha_H="half"), "The 'alpha_H' parameter"),
            (dict(max_iter=0), "The 'max_iter' parameter"),
            (dict(random_state="x"), "The 'random_state' parameter"),
            (dict(starts=0), "The 'starts' parameter of NMF must be an int in the range [1, "
                             "1000000] or None. Got 0 instead."),
            (dict(precision="f16"), "The 'precision' parameter"),
            (dict(beta_loss="poisson"), "The 'beta_loss' parameter of NMF must be a str among {"),
            (dict(solver="cd", beta_loss=1.0), "Invalid beta_loss parameter: solver 'cd' does not "
                                               "handle beta_loss = 1.0"),
            (dict(n_components=50, init="nndsvd"),
             "init = 'nndsvd' can only be used when n_components <= min(n_samples, n_features)")):
        with raises(ValueError, words):
            NMF(**params).fit(X)


def nothing_is_nothing_times_nothing():
    nmf = NMF(2)
    W = nmf.fit_transform(np.zeros((4, 3)))
    claim(not W.any() and not nmf.components_.any() and nmf.reconstruction_err_ == 0, "zeros")
    claim(nmf.n_iter_ == 1, "%d iterations", nmf.n_iter_)


def the_function_is_the_class():
    W, H, iterations = non_negative_factorization(X, n_components=4, random_state=0)
    nmf = NMF(4, random_state=0)
    claim(np.array_equal(W, nmf.fit_transform(X)) and np.array_equal(H, nmf.components_), "factors")
    claim(iterations == nmf.n_iter_, "iterations")
    fixed, same, _ = non_negative_factorization(X, H=H, update_H=False)
    claim(np.array_equal(same, H), "H is kept")
    claim(np.abs(fixed - W).max() <= 1e-8 * W.max(), "W for the given H")
    with warns(RuntimeWarning, "When update_H=False, the provided initial W is not used."):
        non_negative_factorization(X, W, H, update_H=False)


def kullback_leibler_is_minimized_by_default():
    data = np.random.RandomState(1).poisson(3 * X).astype(float)
    ours = NMF(4, beta_loss="kullback-leibler", random_state=0, max_iter=500)
    W = ours.fit_transform(data)
    model = W @ ours.components_
    known = data > 0
    divergence = np.sum(data[known] * np.log(data[known] / model[known])) - data.sum() + model.sum()
    claim(abs(ours.reconstruction_err_ ** 2 / 2 - divergence) <= 1e-8 * divergence, "sqrt(2 D)")
    claim(ours.stopped_ == "converged" and ours.kkt_ <= ours.tol, "%s", ours.stopped_)
    rule = NMF(4, beta_loss="kullback-leibler", random_state=0, solver="mu", tol=1e-6,
               max_iter=5000).fit(data)
    claim(ours.reconstruction_err_ <= rule.reconstruction_err_ * (1 + 1e-3), "%g, by 'mu' %g",
          ours.reconstruction_err_, rule.reconstruction_err_)
    claim(np.array_equal(ours.transform(data[5:6]), ours.transform(data)[5:6]), "one row")
    with raises(ValueError, "When beta_loss <= 0 and X contains zeros"):
        NMF(4, beta_loss="itakura-saito").fit(data * (data > 2))


def ctrl_c_stops_within_a_second_and_leaves_the_best_result():
    nmf = NMF(30, random_state=0, tol=0, max_iter=10 ** 8, init="random", sketch=0)
    seconds = []

    def interrupt():
        time.sleep(0.3)
        seconds.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        nmf.fit(parts(500, 400, 3) ** 2)
        claim(False, "the fit ended by itself")
    except KeyboardInterrupt:
        seconds.append(time.monotonic())
    thread.join()
    claim(seconds[1] - seconds[0] < 1, "stopped after %g s", seconds[1] - seconds[0])
    claim(nmf.stopped_ == "interrupted" and np.isfinite(nmf.components_).all(), "the result")
    claim(signal.getsignal(signal.SIGINT) is signal.default_int_handler, "the handler is back")


def accelerate_maps_named_solvers_and_says_so_once():
    counts = np.random.RandomState(0).poisson(10 * X).astype(float)
    how = dict(n_components=4, solver="mu", beta_loss="kullback-leibler", random_state=0)
    auto = NMF(**{**how, "solver": "auto"}).fit(counts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slow = NMF(**how).fit(counts)
    try:
        nmfkit.accelerate()
        with warns(UserWarning, "solver='mu' is solved as 'auto'"):
            fast = NMF(**how).fit(counts)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again = NMF(**how).fit(counts)
    finally:
        nmfkit.accelerate(False)
    claim(fast.get_params()["solver"] == "mu", "the parameter stays")
    claim(np.array_equal(fast.components_, auto.components_), "it is auto's result")
    claim(np.array_equal(again.components_, auto.components_), "and the second time")
    claim(fast.reconstruction_err_ <= slow.reconstruction_err_, "%g after %g",
          fast.reconstruction_err_, slow.reconstruction_err_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        after = NMF(**how).fit(counts)
    claim(np.array_equal(after.components_, slow.components_), "scikit-learn's rule is back")


python_test.main(
    accelerate_maps_named_solvers_and_says_so_once, attributes_say_what_was_found, the_trace_is_put_together_when_it_is_asked_for,
    names_of_features_are_forgotten_by_a_fit_without_them,
    the_signature_is_scikit_learn_s_and_the_option_table_s,
    transform_is_the_fit_s_own_w_and_looks_at_each_row_alone,
    the_same_seed_gives_the_same_factors_and_another_other_ones, several_starts_keep_the_best,
    a_time_limit_stops_the_fit, an_unfinished_fit_warns, verbose_prints_iterations,
    a_start_of_the_caller_s_is_used, wrong_input_is_refused_in_scikit_learn_s_words,
    wrong_parameters_are_refused_in_scikit_learn_s_words, nothing_is_nothing_times_nothing,
    the_function_is_the_class, kullback_leibler_is_minimized_by_default,
    ctrl_c_stops_within_a_second_and_leaves_the_best_result)
