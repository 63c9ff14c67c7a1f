"""Pickles that load in other versions: they say which version wrote them, and a keyword that is
newer than they are takes its default."""

import inspect
import warnings

from . import _library


class Versioned:
    """First of an estimator's bases. W of the fit stays out of pickles: it is as large as the data
    are long, and transform makes it again."""

    def __getstate__(self):
        state = dict(self.__dict__)
        state.pop("_W", None)
        state["_nmfkit_version"] = _library.version
        return state

    def __setstate__(self, state):
        state = dict(state)
        version = state.pop("_nmfkit_version", "0.1.0")
        for name, parameter in inspect.signature(type(self).__init__).parameters.items():
            if name != "self" and parameter.kind != parameter.VAR_KEYWORD:
                state.setdefault(name, parameter.default)
        if _major(version) > _major(_library.version):
            warnings.warn("this %s was pickled by nmfkit %s, which is newer than %s"
                          % (type(self).__name__, version, _library.version), UserWarning,
                          stacklevel=2)
        self.__dict__.update(state)


def _major(version):
    return tuple(int(part) for part in version.split(".")[:2])
