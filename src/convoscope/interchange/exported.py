"""What of a model is written: its graph for images of one size, and how images are prepared for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from convoscope import layers as cl
from convoscope.checks import pair
from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.layers.graph import Graph

if TYPE_CHECKING:
    from convoscope.models import network as models

#: What comes out of a file that takes bytes, by its name.
PROBABILITIES, SCORE, REFUSED = "probabilities", "none_of_these_score", "none_of_these"
#: What the names begin with of all that brings bytes into the range that the model takes.
SCALING = "preprocessing"
#: Layers that do nothing outside of training.
IDLE: tuple[type[cl.Layer], ...] = (
    cl.InputLayer,
    cl.Dropout,
    cl.SpatialDropout2D,
    cl.GaussianNoise,
    cl.GaussianDropout,
    cl.AlphaDropout,
    cl.RandomFlip,
    cl.RandomTranslation,
    cl.RandomRotation,
    cl.RandomZoom,
    cl.RandomContrast,
    cl.RandomBrightness,
    cl.RandomErasing,
)


def graph_of(model: models.Network, size: int | Sequence[int] | None, kind: str) -> Graph:
    """Return a model's graph for images of a size, by default its own.

    Parameters
    ----------
    model : Sequential or Model
    size : int or (height, width), optional
    kind : str
        What is written, with its article: ``"an ONNX file"``.

    Raises
    ------
    ConfigurationError
        If the model takes images of any size, and none is said.
    ShapeError
        If it takes images of another size only.
    """
    graph = model.graph
    if size is not None:
        wanted = pair(size, "size", "export")
        shapes = [(*wanted, shape[2]) if len(shape) == 3 else shape for shape in graph.input_shapes]
        if not model.leaves_sizes_open and tuple(shapes) != graph.input_shapes:
            raise ShapeError(f"export: {model.name!r} takes images of {graph.input_shapes[0]} only. Leave size out.")
        return graph.for_shapes(shapes)
    if model.leaves_sizes_open:
        raise ConfigurationError(
            f"export: {model.name!r} takes images of any size, but {kind} needs a fixed size. Set it: size=(224, 224)."
        )
    return graph


def preprocessing_of(model: models.Network, graph: Graph) -> Preprocessing | None:
    """Return how images are prepared for a model, if it says so; None if it takes anything but one image."""
    if model.preprocessing is None or len(graph.input_shapes) != 1:
        return None
    found = Preprocessing.from_dict(model.preprocessing)
    return found if (*graph.input_shapes[0], 1)[:3] == found.shape else None  # grey images may have no channel axis
