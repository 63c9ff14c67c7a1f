"""libnmfkit-io through ctypes: files, generated data and galleries. Loaded when first needed."""

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

from ._library import ERROR, OUT, declare, load

io = load("nmfkit-io")

ROW_BY_ROW, COLUMN_BY_COLUMN = 0, 1  # nmf_io_read_options.image_order_column
SCALES = ("symmetric", "minmax", "zero")  # NMF_RENDER_SCALE_NAMES
COLORMAPS = ("gray", "viridis", "magma", "cividis", "diverging")


class nmf_io_read_options(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("image_height", c_int64), ("image_width", c_int64),
                ("image_order_column", c_int), ("transpose", c_int), ("shuffle", c_int),
                ("shuffle_seed", c_uint32), ("sample_names", c_char_p),
                ("feature_names", c_char_p), ("labels", c_char_p), ("format", c_char_p),
                ("header", c_int), ("index", c_char_p), ("delimiter", c_char_p),
                ("decimal", c_char_p), ("comment", c_char_p), ("is_long", c_int),
                ("feature_type", c_char_p), ("features", c_int64), ("first_index", c_int),
                ("note", c_void_p), ("note_context", c_void_p), ("most_bytes", c_int64),
                ("watch", c_void_p), ("watch_context", c_void_p), ("vectors", c_int)]


NOTE = ctypes.CFUNCTYPE(None, c_char_p, c_void_p)  # nmf_io_read_options.note


WANTED = ctypes.CFUNCTYPE(c_int, c_void_p)  # nmf_io_checkpoint_options.wanted


class nmf_io_checkpoint_options(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("path", c_char_p), ("resume", c_char_p),
                ("every_seconds", ctypes.c_double), ("wanted", WANTED),
                ("wanted_context", c_void_p), ("note", NOTE), ("note_context", c_void_p)]


class nmf_io_fetch_options(ctypes.Structure):
    _fields_ = [("struct_bytes", c_size_t), ("url", c_char_p), ("sha256", c_char_p),
                ("from", c_char_p), ("output", c_char_p), ("progress", c_void_p),
                ("progress_context", c_void_p)]


class nmf_render_gallery(ctypes.Structure):
    _fields_ = [("pictures", c_void_p), ("first", c_int64), ("grid_rows", c_int64),
                ("grid_columns", c_int64), ("title", c_char_p), ("captions", POINTER(c_char_p)),
                ("scale", c_int), ("colormap", c_int), ("pixel_size", c_int64),
                ("row_labels", POINTER(c_char_p))]


class nmf_render_bars(ctypes.Structure):
    _fields_ = [("matrix", c_void_p), ("grid_rows", c_int64), ("grid_columns", c_int64),
                ("count", c_int64), ("captions", POINTER(c_char_p))]


declare(io, {
    "nmf_io_read": (c_int, c_char_p, POINTER(nmf_io_read_options), OUT, ERROR),
    "nmf_io_read_list": (c_int, POINTER(c_char_p), c_int64, POINTER(nmf_io_read_options), OUT,
                         ERROR),
    "nmf_io_save_model": (c_int, c_void_p, c_char_p, ERROR),
    "nmf_io_load_model": (c_int, c_char_p, OUT, ERROR),
    "nmf_io_checkpoint_open": (c_int, POINTER(nmf_io_checkpoint_options), OUT, ERROR),
    "nmf_io_checkpoint_hook": (c_void_p, c_void_p),
    "nmf_io_checkpoint_remove": (None, c_void_p),
    "nmf_io_checkpoint_close": (None, c_void_p),
    "nmf_io_generate_faces": (c_int, c_uint64, OUT, ERROR),
    "nmf_io_generate_swimmer": (c_int, OUT, ERROR),
    "nmf_io_fetch_olivetti": (c_int, POINTER(nmf_io_fetch_options), ERROR),
    "nmf_io_cache_path": (c_int, c_char_p, OUT, ERROR),
    "nmf_render_components": (c_int, POINTER(nmf_render_bars), c_char_p, c_char_p, c_char_p, ERROR,
                              ERROR),
    "nmf_render": (c_int, POINTER(nmf_render_gallery), c_int64, c_int64, c_char_p, c_char_p, ERROR,
                   ERROR),
})


def strings(texts):
    """A C array of strings from texts, of which any may be None."""
    return (c_char_p * len(texts))(*(None if text is None else str(text).encode()
                                     for text in texts))
