"""libnmfkit through ctypes: where it is found, and its structs and functions, declared once.

Classes have the names of the C structs they mirror, and tests/python/test_layout.py compares every
offset with what a C compiler says. nmf_options is not declared at all: its fields are those of the
library's own table, nmf_option_table. Calls release the GIL.
"""

import ctypes
import ctypes.util
import errno
import os
import sysconfig
from ctypes import POINTER, c_char, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint64, c_void_p

HERE = os.path.dirname(os.path.abspath(__file__))
SOVERSION = "0.2"  # of the libraries that this package speaks to; cmake/Libraries.cmake


# ---- where it is ----

def candidates(name):
    """Paths of lib<name> in the order they are tried; a bare name asks the system's loader."""
    versioned, plain = "lib%s.so.%s" % (name, SOVERSION), "lib%s.so" % name
    wanted = os.environ.get("NMFKIT_LIBRARY")
    if wanted:  # libnmfkit itself, or the directory it is in; asked for, so nothing else will do
        directory = wanted if os.path.isdir(wanted) else os.path.dirname(wanted)
        if name == "nmfkit" and directory != wanted:
            return [wanted]
        return [os.path.join(directory, versioned), os.path.join(directory, plain)]
    source = os.path.dirname(os.path.dirname(HERE))
    paths = [os.path.join(HERE, "lib", versioned)]  # a wheel
    if os.path.exists(os.path.join(source, "include", "nmfkit", "options.def")):
        paths.append(os.path.join(source, "build", "release", plain))
    above = HERE
    for _ in range(3):  # PREFIX/lib/python3/dist-packages/nmfkit: PREFIX/lib, or below it
        above = os.path.dirname(above)
        paths.append(os.path.join(above, versioned))
        paths.append(os.path.join(above, sysconfig.get_config_var("MULTIARCH") or "", versioned))
    return paths + [versioned]


def load(name):
    tried = candidates(name)
    for path in tried:
        if os.sep in path and not os.path.exists(path):
            continue
        try:
            return ctypes.CDLL(path)
        except OSError as error:
            if os.sep in path:
                raise ImportError("%s was found but not loaded: %s" % (path, error)) from None
    where = ("in NMFKIT_LIBRARY = %s" % os.environ["NMFKIT_LIBRARY"]
             if os.environ.get("NMFKIT_LIBRARY") else "beside the package, in build/release, or "
             "installed; run `make`, or set NMFKIT_LIBRARY to lib%s.so" % name)
    raise ImportError("lib%s was not found %s" % (name, where))


library = load("nmfkit")


# ---- structs ----

class nmf_error(ctypes.Structure):
    _fields_ = [("status", c_int), ("message", c_char * 512)]


class nmf_dense(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("dtype", c_int), ("rows", c_int64), ("columns", c_int64),
                ("row_stride", c_int64), ("column_stride", c_int64)]


class nmf_sparse(ctypes.Structure):
    _fields_ = [("values", c_void_p), ("dtype", c_int), ("rows", c_int64), ("columns", c_int64),
                ("pointers", c_void_p), ("indices", c_void_p), ("index_bytes", c_int),
                ("by_columns", c_int)]


class nmf_trace_point(ctypes.Structure):
    _fields_ = [("iteration", c_int64), ("passes", c_int64), ("seconds", c_double),
                ("loss", c_double), ("kkt", c_double)]


class nmf_option_info(ctypes.Structure):
    _fields_ = [("field", c_char_p), ("flag", c_char_p), ("metavar", c_char_p), ("help", c_char_p),
                ("names", POINTER(c_char_p)), ("name_count", c_int64), ("kind", c_int),
                ("scope", c_int), ("value", c_double), ("lowest", c_double),
                ("highest", c_double), ("offset", c_size_t), ("lowest_integer", c_int64),
                ("highest_integer", c_int64)]


nmf_progress_fn = ctypes.CFUNCTYPE(c_int, POINTER(nmf_trace_point), c_void_p)


def option_rows():
    """The library's table of options, as a list of nmf_option_info."""
    library.nmf_option_table.restype = POINTER(nmf_option_info)
    count = c_int64()
    table = library.nmf_option_table(ctypes.byref(count))
    return [table[i] for i in range(count.value)]


OPTION_TYPES = (c_int64, c_double, c_int, c_int)  # of nmf_option_kind: int, real, flag, enum


class nmf_constraints(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("H", c_void_p), ("keep_H", c_void_p),
                ("W", c_void_p), ("lower_W", c_void_p), ("upper_W", c_void_p),
                ("lower_H", c_void_p), ("upper_H", c_void_p)]


# What no table lists, each behind an option.
HOOKS = {"missing_features": ("checkpoints", c_void_p), "upper_H": ("constraints", c_void_p),
         "volume": ("memory_taken_bytes", c_int64)}


def _option_fields():
    for row in sorted(option_rows(), key=lambda row: row.offset):
        name = row.field.decode()
        yield name, OPTION_TYPES[row.kind]
        if name in HOOKS:
            yield HOOKS[name]


class nmf_options(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("start_W", c_void_p), ("start_H", c_void_p),
                ("progress", nmf_progress_fn), ("progress_context", c_void_p),
                *_option_fields()]


class nmf_model_content(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("kind", c_int), ("loss_kind", c_int),
                ("options", nmf_options), ("W", c_void_p), ("H", c_void_p),
                ("mean", POINTER(c_double)), ("singular_values", POINTER(c_double)),
                ("explained_variance", POINTER(c_double)),
                ("explained_variance_ratio", POINTER(c_double)),
                ("trace", POINTER(nmf_trace_point)), ("trace_count", c_int64),
                ("samples", c_int64), ("features", c_int64), ("k", c_int64),
                ("iterations", c_int64), ("passes", c_int64), ("seconds", c_double),
                ("loss", c_double), ("error", c_double), ("relative_error", c_double),
                ("kkt", c_double), ("stopped", c_int), ("threads", c_int64), ("precision", c_int),
                ("kernel", c_char * 16), ("init", c_char * 16), ("fingerprint", c_uint64),
                ("winning_seed", c_uint64), ("sketch_iterations", c_int64), ("unit", c_double),
                ("weighting", c_int), ("idf", POINTER(c_double)), ("data_transposed", c_int),
                ("data_column_order", c_int), ("stability", POINTER(c_double)),
                ("H_low", POINTER(c_double)), ("H_high", POINTER(c_double)),
                ("shrink", c_double), ("shrink_to", POINTER(c_double)),
                ("start_count", c_int64), ("winning_start", c_int64),
                ("start_losses", POINTER(c_double)),
                ("volume", c_double), ("volume_delta", c_double)]


class nmf_feature_match(ctypes.Structure):
    _fields_ = [("how", c_int), ("data_named", c_int), ("model_named", c_int),
                ("reordered", c_int), ("shared", c_int64), ("missing", c_int64),
                ("surplus", c_int64)]


class nmf_online_options(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("half_life_rows", c_double), ("block_rows", c_int64),
                ("first_rows", c_int64)]


class nmf_online_state(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("rows", c_int64), ("learned", c_int64),
                ("blocks", c_int64), ("loss", c_double), ("relative_error", c_double),
                ("mean_loss", c_double)]


class nmf_minibatch_how(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("rho", c_double), ("solve_iterations", c_int64),
                ("solve_tol", c_double), ("keeps_H", c_int)]


class nmf_minibatch_said(ctypes.Structure):
    _fields_ = [("cost", c_double), ("change", c_double)]


STOPPED = ("converged", "stalled", "max-iter", "time-limit", "interrupted")
MODEL_NMF, MODEL_PCA = 0, 1

for _row in option_rows():
    if getattr(nmf_options, _row.field.decode()).offset != _row.offset:
        raise ImportError("libnmfkit %s does not fit this package: its options are laid out "
                          "differently" % ctypes.c_char_p(library.nmf_version()).value)


# ---- calls ----

class NmfError(ValueError):
    """Bad data or arguments; `kind` is the library's name for the status ("data", "shape")."""

    def __init__(self, message, kind="argument"):
        super().__init__(message)
        self.kind = kind


# nmf_status: what Python calls such an error.
FILE = 5
_ERRORS = {4: MemoryError, 7: NotImplementedError, 8: ArithmeticError,
           9: ConnectionError, 10: KeyboardInterrupt, 11: TimeoutError}


def _file_error(message):
    """The OSError whose words the message ends in: FileNotFoundError, PermissionError, ..."""
    for number in (errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOTDIR, errno.ENOSPC):
        if message.endswith(os.strerror(number)):
            kind = type(OSError(number, ""))
            error = kind(message)
            error.errno = number
            return error
    return OSError(message)


def call(function, *arguments):
    """Calls a function that ends in an nmf_error and returns an nmf_status."""
    error = nmf_error()
    status = function(*arguments, ctypes.byref(error))
    if status == 0:
        return
    message = error.message.decode("utf-8", "replace")
    if status == FILE:
        raise _file_error(message)
    if status in _ERRORS:
        raise _ERRORS[status](message)
    raise NmfError(message, library.nmf_status_name(status).decode())


def declare(loaded, functions):
    """functions: name -> (result, argument, ...); those that return an nmf_status say c_int."""
    for name, (result, *arguments) in functions.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments


OUT, ERROR = POINTER(c_void_p), POINTER(nmf_error)
declare(library, {
    "nmf_version": (c_char_p,),
    "nmf_status_name": (c_char_p, c_int),
    "nmf_matrix_borrow": (c_int, POINTER(nmf_dense), OUT, ERROR),
    "nmf_matrix_borrow_sparse": (c_int, POINTER(nmf_sparse), OUT, ERROR),
    "nmf_matrix_free": (None, c_void_p),
    "nmf_matrix_dense": (nmf_dense, c_void_p),
    "nmf_matrix_is_sparse": (c_int, c_void_p),
    "nmf_matrix_is_in_memory": (c_int, c_void_p),
    "nmf_matrix_sparse": (nmf_sparse, c_void_p),
    "nmf_matrix_set_names": (c_int, c_void_p, c_int, POINTER(c_char_p), ERROR),
    "nmf_matrix_name": (c_char_p, c_void_p, c_int, c_int64),
    "nmf_matrix_has_names": (c_int, c_void_p, c_int),
    "nmf_matrix_set_weights": (c_int, c_void_p, c_void_p, ERROR),
    "nmf_matrix_set_missing": (c_int, c_void_p, c_int, ERROR),
    "nmf_matrix_set_image_shape": (c_int, c_void_p, c_int64, c_int64, ERROR),
    "nmf_matrix_image_height": (c_int64, c_void_p),
    "nmf_matrix_image_width": (c_int64, c_void_p),
    "nmf_fit": (c_int, c_void_p, POINTER(nmf_options), OUT, ERROR),
    "nmf_pca": (c_int, c_void_p, POINTER(nmf_options), OUT, ERROR),
    "nmf_transform": (c_int, c_void_p, c_void_p, POINTER(nmf_options), OUT, ERROR),
    "nmf_match_features": (c_int, c_void_p, c_void_p, POINTER(nmf_options),
                           POINTER(nmf_feature_match), ERROR),
    "nmf_reconstruct": (c_int, c_void_p, c_void_p, OUT, ERROR),
    "nmf_transform_with": (c_int, c_void_p, c_void_p, POINTER(nmf_options), OUT, ERROR),
    "nmf_online_open": (c_int, c_int64, POINTER(nmf_options), POINTER(nmf_online_options), OUT,
                        ERROR),
    "nmf_online_push": (c_int, c_void_p, c_void_p, ERROR),
    "nmf_online_epoch": (c_int, c_void_p, c_void_p, c_int, c_void_p, ERROR),
    "nmf_online_view": (nmf_online_state, c_void_p),
    "nmf_online_model": (c_int, c_void_p, OUT, ERROR),
    "nmf_online_free": (None, c_void_p),
    "nmf_minibatch_open": (c_int, c_void_p, POINTER(nmf_options), OUT, ERROR),
    "nmf_minibatch_step": (c_int, c_void_p, c_void_p, c_void_p, POINTER(nmf_minibatch_how),
                           POINTER(nmf_minibatch_said), ERROR),
    "nmf_minibatch_components": (None, c_void_p, c_void_p),
    "nmf_minibatch_free": (None, c_void_p),
    "nmf_model_view": (POINTER(nmf_model_content), c_void_p),
    "nmf_model_new": (c_int, POINTER(nmf_model_content), OUT, ERROR),
    "nmf_model_free": (None, c_void_p),
})
version = library.nmf_version().decode()


class Handle:
    """An object of the library's, freed with the last reference to this one."""

    def __init__(self, free):
        self.pointer, self._free = c_void_p(), free

    def out(self):
        return ctypes.byref(self.pointer)

    def __del__(self):
        if self.pointer:
            self._free(self.pointer)
