"""Networks as functions with Keras' signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from convoscope.applications.arguments import IMAGENET
from convoscope.layers.symbols import Symbol
from convoscope.models import Model

_ABOUT = """

    Parameters
    ----------
    include_top : bool
        Whether the classifier is part of it.
    weights : {"imagenet", None} or path
        Trained on ImageNet, drawn at random, or from a file: one of Keras or of `save_weights`, or one of PyTorch.
    input_tensor : Symbol, optional
        What goes in, in place of an input of the network's own.
    input_shape : tuple of int, optional
        Height, width and channels. Left out they are those of ImageNet with the classifier, and without it images of
        any size with 3 channels.
    pooling : {"avg", "max"}, optional
        Without the classifier: how each feature map becomes one value. Left out, the feature maps come out.
    classes : int
        With the classifier, and other weights than ImageNet's: how many classes there are.
    classifier_activation : str or None
        None returns scores before the softmax.
    name : str, optional
        The model's name.

    Returns
    -------
    Model

    Raises
    ------
    ConfigurationError, ShapeError
        The arguments do not fit each other, or a file's weights do not fit the network.
    MissingFileError, DownloadError
        The ImageNet weights are not there; the message says how to get them.
    FileFormatError
        A file of weights is damaged, or has more in it than tensors.
    """


class NetworkFunction(Protocol):
    """A network, made as in Keras."""

    __name__: str

    def __call__(
        self,
        include_top: bool = True,
        weights: Any = IMAGENET,
        input_tensor: Symbol | None = None,
        input_shape: tuple[int | None, ...] | None = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = None,
    ) -> Model:
        """Return the network."""


def network_function(name: str, build: Callable[..., Model], summary: str) -> NetworkFunction:
    """Return the function of a network.

    Parameters
    ----------
    name : str
        The function's.
    build : callable
        Makes the network of the same arguments, all of them given by their names.
    summary : str
        The first paragraph of its documentation.
    """

    def network(
        include_top: bool = True,
        weights: Any = IMAGENET,
        input_tensor: Symbol | None = None,
        input_shape: tuple[int | None, ...] | None = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = None,
    ) -> Model:
        return build(
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            name=name,
        )

    network.__name__ = network.__qualname__ = name
    network.__module__ = build.__module__
    network.__doc__ = f"{summary}{_ABOUT}"
    return network
