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
        Whether the classifier is included.
    weights : {{"imagenet", None}} or path
        Trained on ImageNet, drawn at random, or from a file: one of Keras or of `save_weights`, or one of PyTorch.
    input_tensor : Symbol, optional
        The input, if the network should not create its own.
    input_shape : tuple of int, optional
        Height, width and channels. If left out, they are those of ImageNet with the classifier, and images of any size
        with 3 channels without it.
    pooling : {{"avg", "max"}}, optional
        Without the classifier: how each feature map becomes one value. If left out, the output is the feature maps.
    classes : int
        How many classes the classifier has; only 1000 with the weights of ImageNet.
    classifier_activation : str or None
        None returns the scores before the softmax.
    name : str, optional
        The model's name.

    Returns
    -------
    Model

    Raises
    ------
    ConfigurationError, ShapeError
        If the arguments contradict each other, or a file's weights do not fit the network.
    MissingFileError, DownloadError
        If the ImageNet weights are missing; the message says how to get them.
    FileFormatError
        If a file of weights is damaged, or contains more than tensors.

    Examples
    --------
    The features, one value for each map, and the number of weights, which are random here:

    >>> base = {name}(include_top=False, weights=None, pooling="avg")
    >>> base.output_shape, base.count_params()
    ((None, {features}), {count})
    """

#: What the examples of networks show: the number of features and of weights, without the classifier.
_SHOWN = {
    "EfficientNetLite0": (1280, 3_413_024),
    "EfficientNetLite1": (1280, 4_189_344),
    "EfficientNetLite2": (1280, 4_869_168),
    "EfficientNetLite3": (1280, 6_992_768),
    "EfficientNetLite4": (1280, 11_837_936),
    "InceptionV3": (2048, 21_802_784),
    "ResNet18": (512, 11_186_112),
    "ResNet34": (512, 21_301_696),
    "ResNet50": (2048, 23_587_712),
    "SqueezeNet": (512, 722_496),
    "VGG16": (512, 14_714_688),
    "VGG19": (512, 20_024_384),
}


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
    features, count = _SHOWN[name]
    network.__doc__ = f"{summary}{_ABOUT.format(name=name, features=features, count=count)}"
    return network
