"""The value range of the images that a model takes."""

from __future__ import annotations

from convoscope.layers import Rescaling
from convoscope.models.network import Network


def largest_value_of(model: Network) -> float:
    """Return the largest value of the images that a model takes; the smallest is 0.

    It is what the model's file says; else what its first layer, a Rescaling, turns into 1; else 1.

    Examples
    --------
    >>> import convoscope as cs
    >>> conv = cs.layers.Conv2D(1, 3)
    >>> largest_value_of(cs.Sequential([cs.layers.Rescaling(1 / 127.5, offset=-1, input_shape=(8, 8, 1)), conv]))
    255.0
    """
    if model.preprocessing is not None:
        return float(model.preprocessing["max_value"])
    first = model.graph.calls[0].layer
    return float(round((1 - first.offset) / first.scale)) if isinstance(first, Rescaling) and first.scale else 1.0
