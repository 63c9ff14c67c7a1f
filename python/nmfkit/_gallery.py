"""Pictures of what was learned, in a grid: drawn by the library, shown by notebooks."""

import ctypes
import math
import os
import tempfile
import warnings

import numpy as np

from . import _io_library, _library
from ._dataset import Dataset
from ._io_library import COLORMAPS, SCALES, io, nmf_render_gallery, strings
from ._library import call, library
from ._matrix import borrow


def gallery(*panels, image_shape=None, title=None, titles=None, captions=None, grid=None,
            scale=None, colormap="gray", pixel_size=0):
    """A Gallery of pictures: each panel an estimator (its components), a Dataset, an array with a
    picture in each row, or one of samples x height x width. Several panels stand side by side.

    image_shape: (height, width) of the pictures; without it, a Dataset's own, or square ones.
    title: of all; titles: of each panel. captions: a text for each picture, of a single panel.
    grid: (rows, columns) of each panel. scale: "symmetric" (zero is the middle grey), "minmax" or
    "zero" (from zero up); without it, components and signed data are symmetric, the rest minmax.
    colormap: "gray", "viridis", "magma", "cividis" or "diverging"."""
    if not panels:
        raise TypeError("gallery() needs at least one panel")
    for name, value, allowed in (("scale", scale, SCALES), ("colormap", colormap, COLORMAPS)):
        if value is not None and value not in allowed:
            raise ValueError("%s = %r: must be one of %s" % (name, value, ", ".join(allowed)))
    titles = titles or [None] * len(panels)
    if len(titles) != len(panels):
        raise ValueError("%d titles for %d panels" % (len(titles), len(panels)))
    drawn = [_Panel(panel, image_shape, grid, heading, captions, scale)
             for panel, heading in zip(panels, titles)]
    return Gallery(drawn, title, COLORMAPS.index(colormap), pixel_size)


def _pictures(panel, image_shape):
    """The panel as an array, pictures in rows, and their shape."""
    if hasattr(panel, "components_"):
        panel = panel.components_
    if isinstance(panel, Dataset):
        image_shape = image_shape or panel.image_shape
        panel = panel.data
    panel = np.asarray(panel)
    if panel.ndim == 3:
        image_shape, panel = panel.shape[1:], panel.reshape(len(panel), -1)
    if panel.ndim != 2:
        raise ValueError("pictures are rows of a matrix, or samples x height x width; this array "
                         "has %d dimensions" % panel.ndim)
    if image_shape is None:
        side = math.isqrt(panel.shape[1])
        if side * side != panel.shape[1]:
            raise ValueError("rows of %d pixels are not square pictures: give image_shape=(height, "
                             "width)" % panel.shape[1])
        image_shape = side, side
    return panel, image_shape


def _grid(count):
    """rows, columns: nearly square, and full."""
    columns = max(1, math.isqrt(count))
    while columns < count / columns or count % columns:
        columns += 1
    return count // columns, columns


class _Panel:
    def __init__(self, panel, image_shape, grid, title, captions, scale):
        array, shape = _pictures(panel, image_shape)
        if scale is None:
            signed = hasattr(panel, "components_") or array.min() < 0
            scale = "symmetric" if signed else "minmax"
        self.scale = SCALES.index(scale)
        self.matrix, self.title = borrow(array), title
        call(library.nmf_matrix_set_image_shape, self.matrix.pointer, *shape)
        self.grid = grid or _grid(len(array))
        self.captions = captions
        if captions is not None and len(captions) != self.grid[0] * self.grid[1]:
            raise ValueError("%d captions for a grid of %d x %d" % (len(captions), *self.grid))


class Gallery:
    """Shown by notebooks as it is; png() gives the bytes, save(path) writes .png, .svg or .pdf."""

    def __init__(self, panels, title, colormap, pixel_size):
        self._panels, self._title = panels, title
        self._look = {"colormap": colormap, "pixel_size": pixel_size}

    def save(self, path):
        """Writes the gallery to a .png, .svg or .pdf file, by the extension of `path`."""
        rows = [nmf_render_gallery(
            pictures=panel.matrix.pointer, grid_rows=panel.grid[0], grid_columns=panel.grid[1],
            title=None if panel.title is None else str(panel.title).encode(), scale=panel.scale,
            captions=None if panel.captions is None else strings(panel.captions), **self._look)
            for panel in self._panels]
        warning = _library.nmf_error()
        title = None if self._title is None else str(self._title).encode()
        call(io.nmf_render, (nmf_render_gallery * len(rows))(*rows), len(rows), 0, title,
             os.fsencode(path), ctypes.byref(warning))
        if warning.message:
            warnings.warn(warning.message.decode("utf-8", "replace"), UserWarning, stacklevel=2)

    def png(self):
        """The bytes of the picture."""
        with tempfile.TemporaryDirectory(prefix="nmfkit-") as directory:
            path = os.path.join(directory, "gallery.png")
            self.save(path)
            with open(path, "rb") as file:
                return file.read()

    def _repr_png_(self):
        return self.png()


__all__ = ["gallery", "Gallery"]
