"""Pictures of what was learned, in a grid: what `nmf gallery` draws, drawn by the library, shown by
notebooks."""

import ctypes
import math
import os
import tempfile
import warnings

import numpy as np

from . import _io_library, _library
from ._dataset import FEATURE_NAMES, Dataset, set_names
from ._io_library import COLORMAPS, SCALES, io, nmf_render_bars, nmf_render_gallery, strings
from ._library import call, library
from ._matrix import Matrix, array_of, borrow

MOST_CHOSEN = 100  # pictures of data where neither grid nor rows says how many


def gallery(*panels, image_shape=None, title=None, titles=None, captions=None, grid=None,
            scale="symmetric", colormap="gray", pixel_size=0, rows=None, data=None,
            reconstruct=None, count=10, kind=None):
    """A Gallery of pictures: each panel an estimator (its components), a Dataset, an array with a
    picture in each row, or one of samples x height x width. Several panels stand side by side.
    Components that are no pictures are drawn as curves, as the channels of signatures, or as bars of
    their `count` top features; kind: "curves", "signatures", "words" or "features", where it is not seen.

    image_shape: (height, width) of the pictures; without it, a Dataset's own or the one that the
    estimator was fitted to, or square ones where features have no names.
    title: of all; titles: of each panel. captions: a text for each picture, of a single panel.
    rows: the numbers of those to draw; without it and grid, all components, 100 samples at most.
    grid: (rows, columns) of each panel. scale: "symmetric" (zero is the middle grey), "minmax" or
    "zero" (from zero up). colormap: "gray", "viridis", "magma", "cividis" or "diverging".
    reconstruct: numbers of samples of data, drawn above what the estimator makes of them.

    The pictures are those of `nmf gallery`, pixel for pixel."""
    if not panels:
        raise TypeError("gallery() needs at least one panel")
    for name, value, allowed in (("scale", scale, SCALES), ("colormap", colormap, COLORMAPS)):
        if value not in allowed:
            raise ValueError("%s = %r: must be one of %s" % (name, value, ", ".join(allowed)))
    if (reconstruct is None) != (data is None):
        raise TypeError("reconstruct and data are given together")
    if titles is not None and len(titles) != len(panels):
        raise ValueError("%d titles for %d panels" % (len(titles), len(panels)))
    look = {"scale": SCALES.index(scale), "colormap": COLORMAPS.index(colormap),
            "pixel_size": pixel_size}
    if reconstruct is not None:
        return Gallery(_reconstructed(panels, data, reconstruct, image_shape, grid), title, look, 1)
    if len(panels) == 1 and titles is None:
        titles, title = [title], None
    drawn = [_Panel(*_pictures(panel, image_shape, rows, kind), heading, captions, grid)
             for panel, heading in zip(panels, titles or [None] * len(panels))]
    if all(panel.shape is not None for panel in drawn):
        return Gallery(drawn, title, look, 0)
    if len(drawn) > 1:
        raise ValueError("components that are no pictures are drawn in a gallery of their own: one of "
                         "these has rows of %d features" % next(
                             panel.features for panel in drawn if panel.shape is None))
    return Components(drawn[0], count, kind)


def _is_estimator(panel):
    return hasattr(panel, "components_")


def _square(features):
    side = math.isqrt(features)
    return (side, side) if side * side == features else None


def _shape_of_components(estimator, image_shape):
    """None where they are no pictures."""
    known = image_shape or getattr(estimator, "image_shape_", None)
    named = hasattr(estimator, "feature_names_in_")
    return known or (None if named else _square(estimator.components_.shape[1]))


def _pictures(panel, image_shape, rows, kind=None):
    """An array with pictures in its rows, their shape, names of the features, and the rows' numbers
    where they were chosen."""
    names = getattr(panel, "feature_names_in_", None)
    limit = None if _is_estimator(panel) else MOST_CHOSEN
    if _is_estimator(panel):
        image_shape, panel = _shape_of_components(panel, image_shape), panel.components_
        if kind not in (None, "pictures"):
            image_shape = None
    else:
        if isinstance(panel, Dataset):
            image_shape, panel = image_shape or panel.image_shape, panel.data
        panel = np.asarray(panel)
        if panel.ndim == 3:
            image_shape, panel = panel.shape[1:], panel.reshape(len(panel), -1)
        if panel.ndim != 2:
            raise ValueError("pictures are rows of a matrix, or samples x height x width; this array "
                             "has %d dimensions" % panel.ndim)
        image_shape = image_shape or _square(panel.shape[1])
        if image_shape is None:
            raise ValueError("rows of %d pixels are not square pictures: give image_shape=(height, "
                             "width)" % panel.shape[1])
    if rows is not None:
        panel, limit = panel[list(rows)], None
    return panel, image_shape, names, rows, limit


def _reconstructed(panels, data, numbers, image_shape, grid):
    """Two panels: samples, and what the library makes of their W."""
    if len(panels) != 1 or not _is_estimator(panels[0]):
        raise TypeError("reconstruct is of one fitted estimator")
    estimator = panels[0]
    if isinstance(data, Dataset):
        image_shape, data = image_shape or data.image_shape, data.data
    chosen, shape, *_ = _pictures(np.asarray(data)[list(numbers)],
                                  image_shape or getattr(estimator, "image_shape_", None), None)
    model = estimator._model(estimator.transform(chosen))
    made = Matrix()
    call(library.nmf_reconstruct, model.pointer, model.content.W, made.out())
    grid = grid or (1, len(chosen))
    return [_Panel(chosen, shape, None, None, None, "Samples", None, grid),
            _Panel(array_of(made.pointer, made), shape, None, None, None,
                   type(estimator).__name__[-3:] + " reconstructions", None, grid)]


def _grid(count):
    """rows, columns: nearly square, and full."""
    columns = max(1, math.isqrt(count))
    while columns < count / columns or count % columns:
        columns += 1
    return count // columns, columns


class _Panel:
    """Rows of a matrix that are drawn together; shape None: they are no pictures."""

    def __init__(self, array, shape, names, rows, limit, title, captions, grid):
        self.matrix, self.shape, self.features = borrow(array), shape, array.shape[1]
        self.title, self.names, self.rows, self.wanted = title, names, rows, grid
        if shape is not None:
            call(library.nmf_matrix_set_image_shape, self.matrix.pointer, *shape)
        elif names is not None:
            set_names(self.matrix.pointer, FEATURE_NAMES, names)
        self.count = len(array)
        self.grid = grid or _grid(min(self.count, limit or self.count))
        self.captions = captions
        if captions is not None and len(captions) != self.grid[0] * self.grid[1]:
            raise ValueError("%d captions for a grid of %d x %d" % (len(captions), *self.grid))


def _encoded(text):
    return None if text is None else str(text).encode()


class Gallery:
    """Shown by notebooks as it is; png() gives the bytes, save(path) writes .png, .svg or .pdf."""

    def __init__(self, panels, title, look, across):
        self._panels, self._title, self._look, self._across = panels, title, look, across

    def _draw(self, path, warning):
        rows = [nmf_render_gallery(
            pictures=panel.matrix.pointer, grid_rows=panel.grid[0], grid_columns=panel.grid[1],
            title=_encoded(panel.title), **self._look,
            captions=None if panel.captions is None else strings(panel.captions))
            for panel in self._panels]
        call(io.nmf_render, (nmf_render_gallery * len(rows))(*rows), len(rows), self._across,
             _encoded(self._title), path, warning)

    def save(self, path):
        """Writes the gallery to a .png, .svg or .pdf file, by the extension of `path`."""
        warning = _library.nmf_error()
        self._draw(os.fsencode(path), ctypes.byref(warning))
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


class Components(Gallery):
    """The same of components that are no pictures."""

    def __init__(self, panel, count, kind):
        super().__init__([panel], panel.title, {}, 0)
        self._grid, self._count, self._kind = panel.wanted or (0, 0), count, kind

    def _draw(self, path, warning):
        panel, captions = self._panels[0], self._panels[0].captions
        if captions is None and panel.rows is not None:  # the numbers that they have in the model
            captions = list(panel.rows)
        bars = nmf_render_bars(
            matrix=panel.matrix.pointer, grid_rows=self._grid[0], grid_columns=self._grid[1],
            count=self._count, captions=None if captions is None else strings(captions))
        call(io.nmf_render_components, ctypes.byref(bars), _encoded(self._kind), _encoded(self._title),
             path, warning)


__all__ = ["gallery", "Gallery"]
