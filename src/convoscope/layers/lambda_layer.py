"""Lambda, which there is not: what to write in its place."""

from __future__ import annotations

from typing import Any

from convoscope.errors import ConfigurationError
from convoscope.layers.base import Layer


class Lambda(Layer):
    """Not supported: a layer here is a description that any engine can compute, and a Python function is not.

    A function could not be saved, differentiated or shown, and a file that holds one runs code when it is opened.

    Examples
    --------
    >>> try:
    ...     Lambda(lambda x: x / 255)
    ... except ConfigurationError as error:
    ...     print(str(error).split(":")[0])
    Lambda is not supported
    >>> from convoscope.layers import Rescaling
    >>> Rescaling(1 / 255).compute_output_shape((None, 8, 8, 3))  # what the message says to use
    (None, 8, 8, 3)
    """

    def __init__(self, function: Any = None, *_: Any, **__: Any) -> None:
        name = getattr(function, "__name__", None)
        raise ConfigurationError(
            f"Lambda{f' ({name})' if name and name != '<lambda>' else ''} is not supported: a Python function cannot "
            "be saved, differentiated or explored. Express it with layers: Rescaling(1/255) for x / 255, "
            "Activation('relu') or ReLU(max_value=6), Normalization(mean=..., variance=...), Reshape, Permute, "
            "Cropping2D, UnitNormalization, Resizing; or apply it to the arrays before fit and predict."
        )
