"""`plot_model`: a network as a picture, drawn without graphviz."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, NoReturn

from convoscope.checks import flag, integer
from convoscope.drawing.files import make_folder
from convoscope.drawing.network.content import Shown, content_of
from convoscope.drawing.network.rendering import png, svg, width_of
from convoscope.drawing.network.scene import Scene, scene_of
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.paths import user_path
from convoscope.storage import write_atomically

__all__ = ["NetworkPicture", "model_to_dot", "plot_model"]

_DIRECTIONS = {"TB": False, "LR": True}


@dataclass(frozen=True)
class NetworkPicture:
    """A network's picture, which a notebook shows. ``svg`` and ``png`` are its files' contents."""

    scene: Scene
    dpi: int

    @property
    def svg(self) -> str:
        """The text of an SVG file."""
        return svg(self.scene)

    @property
    def png(self) -> bytes:
        """The bytes of a PNG file."""
        return png(self.scene, self.dpi)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return f"<picture of a network with {len(self.scene.boxes)} boxes>"


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] | None = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> NetworkPicture:
    """Draw a network, with a box for each layer, branches side by side, and shortcuts in grey.

    Parameters
    ----------
    model : Sequential or Model
        It must be built.
    to_file : path, optional
        A file name that ends in ``.png`` or ``.svg``; with None, no file is written.
    show_shapes : bool
        Whether boxes show the shapes of their inputs and outputs, without the batch axis.
    show_dtype, show_layer_names, show_layer_activations, show_trainable : bool
        What else is shown for each layer; whether it is trainable only if it has weights.
    rankdir : {"TB", "LR"}
        From top to bottom, or from left to right.
    expand_nested : bool
        Whether nested models are drawn as a frame with their layers instead of one box.
    dpi : int
        Pixels per inch of a PNG, in which text is a sixth of an inch high.

    Returns
    -------
    NetworkPicture
        Shows itself in a notebook.

    Raises
    ------
    NotReadyError
        If the model does not know its input's shape yet.

    Examples
    --------
    >>> from convoscope.layers import Conv2D, Dense, Flatten, Input
    >>> from convoscope.models import Sequential
    >>> model = Sequential([Input((28, 28, 1)), Conv2D(64, 3), Flatten(), Dense(10)])
    >>> plot_model(model, to_file=None, show_shapes=True)
    <picture of a network with 4 boxes>
    """
    if not isinstance(rankdir, str) or rankdir not in _DIRECTIONS:
        raise unknown_name("rankdir of plot_model", rankdir, list(_DIRECTIONS))
    shown = Shown(
        shapes=flag(show_shapes, "show_shapes", "plot_model"),
        dtype=flag(show_dtype, "show_dtype", "plot_model"),
        names=flag(show_layer_names, "show_layer_names", "plot_model"),
        activations=flag(show_layer_activations, "show_layer_activations", "plot_model"),
        trainable=flag(show_trainable, "show_trainable", "plot_model"),
        nested=flag(expand_nested, "expand_nested", "plot_model"),
    )
    resolution = integer(dpi, "dpi", "plot_model", minimum=10, maximum=2400)
    scene = scene_of(content_of(model, shown), width_of, sideways=_DIRECTIONS[rankdir])
    picture = NetworkPicture(scene, resolution)
    if to_file is not None:
        _write(picture, to_file)
    return picture


def _write(picture: NetworkPicture, to_file: str | os.PathLike[str]) -> None:
    path = user_path(to_file)
    contents = {".png": lambda: picture.png, ".svg": lambda: picture.svg.encode()}
    if path.suffix.lower() not in contents:
        raise ConfigurationError(f"plot_model writes .png and .svg files, but to_file is {str(path)!r}.")
    make_folder(path.parent)
    write_atomically(path, [contents[path.suffix.lower()]()])


def model_to_dot(*args: Any, **options: Any) -> NoReturn:
    """Not supported: Keras' graph for graphviz. Networks are drawn without it here; the error says what to use.

    Examples
    --------
    >>> from convoscope import Sequential, layers
    >>> try:
    ...     model_to_dot(Sequential([layers.Dense(2, input_shape=(3,))]))
    ... except ConfigurationError as error:
    ...     print(str(error).split(",")[0])
    model_to_dot is not supported
    """
    raise ConfigurationError(
        "model_to_dot is not supported, because networks are drawn without graphviz. plot_model(model, 'model.svg') "
        "draws the network, and notebooks display its return value."
    )
