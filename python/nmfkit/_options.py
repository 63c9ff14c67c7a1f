"""The library's options as Python keywords: names, defaults, bounds and help from its own table."""

import ctypes
import inspect
import numbers
from dataclasses import dataclass

from . import _library

FIT, PCA, TRANSFORM = 1, 2, 4  # NMF_SCOPE_*
INT, REAL, FLAG, ENUM = range(4)  # nmf_option_kind
F32, F64 = 1, 2  # nmf_precision


@dataclass(frozen=True)
class Option:
    keyword: str     # the command's flag, "time-limit", as Python writes it
    field: str       # of nmf_options
    kind: int
    scope: int
    default: object
    lowest: object
    highest: object
    names: tuple     # of an enum
    help: str

    def encode(self, value):
        """The value as the struct has it."""
        if self.kind == ENUM:
            return self.names.index(value)
        if self._decides() and isinstance(value, str):
            return {"auto": -1, "off": 0}[value]
        return {INT: int, REAL: float, FLAG: bool}[self.kind](value)

    def _decides(self):
        """-1 leaves it to the library: 'auto' and 'off' are the words for -1 and 0."""
        return self.kind == INT and self.lowest == -1

    def decode(self, value):
        return self.names[value] if self.kind == ENUM else value

    def allows(self, value):
        if self.kind == ENUM:
            return isinstance(value, str) and value in self.names
        if self.kind == FLAG:
            return isinstance(value, bool)
        if self._decides() and isinstance(value, str):
            return value in ("auto", "off")
        kind = numbers.Integral if self.kind == INT else numbers.Real
        return isinstance(value, kind) and self.lowest <= value <= self.highest

    def allowed(self):
        if self.kind == ENUM:
            return "a str among {%s}" % ", ".join(map(repr, self.names))
        if self.kind == FLAG:
            return "a bool"
        if self._decides():
            return "'auto', 'off' or an int in the range [1, %s]" % self.highest
        return "%s in the range [%s, %s]" % ("an int" if self.kind == INT else "a float",
                                             self.lowest, self.highest)


def _option(row):
    kind = row.kind
    names = tuple(row.names[i].decode() for i in range(row.name_count)) if kind == ENUM else ()
    default = row.value
    if kind == ENUM:
        default = names[int(default)]
    elif kind != REAL:
        default = bool(default) if kind == FLAG else int(default)
    whole = kind == INT
    return Option(row.flag.decode().replace("-", "_"), row.field.decode(), kind, row.scope, default,
                  row.lowest_integer if whole else row.lowest,
                  row.highest_integer if whole else row.highest, names, row.help.decode())


# What is not in the table.
HEAD = ("start_W", "start_H", "progress", "progress_context", *(name for name, _ in _library.HOOKS.values()))
OPTIONS = {option.field: option for option in map(_option, _library.option_rows())}


def _defaults():
    options = _library.nmf_options(struct_bytes=ctypes.sizeof(_library.nmf_options))
    for field, option in OPTIONS.items():
        setattr(options, field, option.encode(option.default))
    return options


DEFAULTS = _defaults()


def make(**values):
    """An nmf_options with these fields, and the defaults elsewhere. A None is a default too."""
    options = _library.nmf_options.from_buffer_copy(DEFAULTS)
    for field, value in values.items():
        option = OPTIONS.get(field)
        if option is None and field not in HEAD:  # ctypes would take any name
            raise AttributeError("nmf_options has no field %r" % field)
        if option is None:
            setattr(options, field, value)
        elif value is not None and value is not option.default:
            setattr(options, field, option.encode(value))
    return options


def values_of(options):
    """field -> value of an nmf_options."""
    return {field: option.decode(getattr(options, field)) for field, option in OPTIONS.items()}


def beyond(scope, known):
    """A class decorator: scikit-learn's keywords, written out in __init__, are followed by every
    option of this scope whose field is not in `known`. __init__ stores what it is given in
    **options through store_options."""
    def decorate(cls):
        added = [option for option in OPTIONS.values()
                 if option.scope & scope and option.field not in known]
        signature = inspect.signature(cls.__init__)
        written = [parameter for parameter in signature.parameters.values()
                   if parameter.kind != inspect.Parameter.VAR_KEYWORD]
        cls.__init__.__signature__ = signature.replace(parameters=written + [
            inspect.Parameter(option.keyword, inspect.Parameter.KEYWORD_ONLY,
                              default=option.default) for option in added])
        cls._own_options = added
        cls.__doc__ += "\n\n    Beyond scikit-learn's keywords:\n\n" + "\n".join(
            "    %s=%r\n        %s" % (option.keyword, option.default, option.help)
            for option in added) + "\n"
        return cls
    return decorate


def store_options(estimator, given):
    for option in estimator._own_options:
        setattr(estimator, option.keyword, given.pop(option.keyword, option.default))
    for keyword in given:
        raise TypeError("%s.__init__() got an unexpected keyword argument %r"
                        % (type(estimator).__name__, keyword))


def own_values(estimator):
    """field -> value of the options that store_options kept."""
    return {option.field: getattr(estimator, option.keyword) for option in estimator._own_options}


def own_keywords(cls, values):
    """The reverse: keyword -> value, for values as of values_of."""
    return {option.keyword: values[option.field] for option in cls._own_options}
