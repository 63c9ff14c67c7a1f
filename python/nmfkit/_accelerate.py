"""accelerate(): scripts that spell out scikit-learn's solvers get the library's own."""

import warnings

PARITY = ("cd", "mu")  # scikit-learn's rules, which are otherwise followed to the letter
_state = {"on": False, "said": False}


def accelerate(on=True):
    """From here on, NMF(solver="cd") and NMF(solver="mu") are solved as solver="auto" is: to the same
    loss or a lower one in a fraction of the time, but not along scikit-learn's steps, and with `tol`
    meaning the KKT residual. For scripts and libraries that name a solver only because scikit-learn
    asks for it (as it does for every loss but Frobenius). Parameters are kept as they were given;
    the first fit says once what is done. accelerate(False) ends it."""
    _state["on"] = bool(on)


def solver_of(solver):
    """The solver that stands for this one."""
    if not _state["on"] or solver not in PARITY:
        return solver
    if not _state["said"]:
        _state["said"] = True
        warnings.warn("nmfkit.accelerate() is on: solver=%r is solved as 'auto', with tol as a bound of "
                      "the KKT residual" % solver, UserWarning, stacklevel=4)
    return "auto"
