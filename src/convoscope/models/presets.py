"""The lessons' networks by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers import Conv2D, Dense, Dropout, Flatten, InputLayer, Layer, MaxPooling2D, Rescaling
from convoscope.layers.arguments import Shape, fraction, integer, shape as as_shape
from convoscope.models.sequential import Sequential

#: Below this many pixels a side, the convolutions pad: two of them with poolings would leave next to nothing.
SMALL_IMAGE = 16


def build_preset(
    name: str,
    input_shape: Sequence[int],
    classes: int,
    *,
    filters: int | Sequence[int] | None = None,
    dropout: float = 0.0,
    scale: float | None = None,
    augmentation: Sequence[Layer] = (),
    seed: int | None = None,
) -> Sequential:
    """Build one of the lessons' networks.

    ========== ====================================================================================================
    perceptron Flatten, Dense softmax
    dense      Flatten, Dense 128 ReLU, Dense softmax
    cnn-1      Conv2D 32 3×3 ReLU, MaxPooling2D 2×2, then as dense. On 28×28×1 pixels and 10 classes: 693,962 parameters
    cnn-2      twice Conv2D 64 3×3 ReLU, MaxPooling2D 2×2, then as dense. On 28×28×1 and 10 classes: 243,786 parameters
    ========== ====================================================================================================

    Parameters
    ----------
    name : {"perceptron", "dense", "cnn-1", "cnn-2"}
    input_shape : tuple of int
        One image: (height, width, channels). Images with a side below 16 pixels get ``padding="same"`` in the
        convolutions, which would shrink them away otherwise (8×8 digits).
    classes : int
        How many outputs, at least 2.
    filters : int or sequence of int, optional
        In place of the lesson's number of filters: one for all convolutions, or one for each.
    dropout : float
        Above 0, a Dropout follows the last pooling (if there is one) and another the dense layer of 128; 0.2 to 0.5,
        for instance 0.4.
    scale : float, optional
        Begin with ``Rescaling(scale)``: 1/255 for 8-bit images as they are.
    augmentation : sequence of Layer
        What comes next, before the network: layers that vary the images in training.
    seed : int, optional
        See `Sequential`.

    Examples
    --------
    >>> build_preset("cnn-2", (28, 28, 1), 10).count_params()
    243786
    >>> build_preset("cnn-1", (28, 28, 1), 10).count_params()
    693962
    """
    if name not in _STACKS:
        raise unknown_name("preset", name, _STACKS)
    shape = as_shape(input_shape, "input_shape", f"Preset {name}")
    units = integer(classes, "classes", f"Preset {name}", minimum=2)
    convolutions = _convolutions(name, shape, filters)
    stack = _STACKS[name](convolutions, units, fraction(dropout, "dropout", f"Preset {name}"))
    first = [] if scale is None else [Rescaling(scale)]
    return Sequential([InputLayer(shape), *first, *augmentation, *stack], name=name, seed=seed)


def preset_names() -> list[str]:
    """Return the names that `build_preset` takes.

    Examples
    --------
    >>> preset_names()
    ['perceptron', 'dense', 'cnn-1', 'cnn-2']
    """
    return list(_STACKS)


def _perceptron(convolutions: list[Layer], classes: int, dropout: float) -> list[Layer]:
    if dropout:
        raise ConfigurationError(
            f"Preset perceptron has no place for dropout={dropout}: it stands between layers with weights, and a "
            "perceptron has only one. Leave it out, or take the preset dense."
        )
    return [Flatten(), Dense(classes, activation="softmax")]


def _dense(convolutions: list[Layer], classes: int, dropout: float) -> list[Layer]:
    hidden = [Dense(128, activation="relu"), *_dropout(dropout)]
    return [Flatten(), *hidden, Dense(classes, activation="softmax")]


def _convolutional(convolutions: list[Layer], classes: int, dropout: float) -> list[Layer]:
    return [*convolutions, *_dropout(dropout), *_dense([], classes, dropout)]


_STACKS: dict[str, Callable[[list[Layer], int, float], list[Layer]]] = {
    "perceptron": _perceptron,
    "dense": _dense,
    "cnn-1": _convolutional,
    "cnn-2": _convolutional,
}
_FILTERS: dict[str, tuple[int, ...]] = {"cnn-1": (32,), "cnn-2": (64, 64)}


def _dropout(rate: float) -> list[Layer]:
    return [Dropout(rate)] if rate else []


def _convolutions(name: str, shape: Shape, filters: int | Sequence[int] | None) -> list[Layer]:
    usual = _FILTERS.get(name, ())
    if filters is None:
        numbers: Sequence[int] = usual
    elif not usual:
        raise ConfigurationError(f"Preset {name} has no convolutions, so filters={filters!r} means nothing there.")
    else:
        numbers = [filters] * len(usual) if isinstance(filters, int) else list(filters)
    if len(numbers) != len(usual):
        raise ConfigurationError(
            f"Preset {name} has {len(usual)} convolution{'s' if len(usual) > 1 else ''}, but filters={filters!r} gives "
            f"{len(numbers)} numbers. Give one number for all, or one for each."
        )
    padding = "same" if min(shape[:2]) < SMALL_IMAGE else "valid"
    layers: list[Layer] = []
    for number in numbers:
        layers += [Conv2D(number, 3, padding=padding, activation="relu"), MaxPooling2D(2)]
    return layers
