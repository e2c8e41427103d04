"""The lessons' networks by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.checks import fraction, integer, shape as as_shape
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    InputLayer,
    Layer,
    MaxPooling2D,
    MinPooling2D,
    Rescaling,
)
from convoscope.layers.counting import counted_afresh
from convoscope.models.sequential import Sequential

#: Below this many pixels a side, the convolutions pad: two of them with poolings would leave next to nothing.
SMALL_IMAGE = 16
POOLINGS = ("max", "average", "min", "stride")
_POOLING_LAYERS: dict[str, Callable[[int], Layer]] = {
    "max": MaxPooling2D,
    "average": AveragePooling2D,
    "min": MinPooling2D,
}


@dataclass(frozen=True)
class _Preset:
    """The filters of its convolutions, one number for each, and the units of its dense layer, 0 for none."""

    filters: tuple[int, ...]
    dense_units: int


_PRESETS = {
    "perceptron": _Preset((), 0),
    "dense": _Preset((), 128),
    "cnn-1": _Preset((32,), 128),
    "cnn-2": _Preset((64, 64), 128),
}


def build_preset(
    name: str,
    input_shape: Sequence[int],
    classes: int,
    *,
    filters: int | Sequence[int] | None = None,
    convolutions: int | None = None,
    kernel_size: int | None = None,
    pooling: str | None = None,
    dense_units: int | None = None,
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
        The number of outputs, at least 2.
    filters : int or sequence of int, optional
        Instead of the lesson's number of filters: one for all convolutions, or one for each.
    convolutions : int, optional
        How many convolutions, each with its pooling, instead of the lesson's one or two. With 0, the network is dense.
    kernel_size : int, optional
        The side of their kernels, instead of 3.
    pooling : {"max", "average", "min", "stride"}, optional
        What halves the image after each convolution: the kind of pooling or, with ``"stride"``, the convolution itself,
        which then moves by 2 pixels.
    dense_units : int, optional
        Units of the dense layer, instead of 128.
    dropout : float
        If above 0, a Dropout follows the last pooling (if there is one), and another the dense layer; 0.2 to 0.5 is
        usual.
    scale : float, optional
        Begin with ``Rescaling(scale)``: 1/255 for 8-bit images as they are.
    augmentation : sequence of Layer
        Layers that vary the images in training, before the network.
    seed : int, optional
        See `Sequential`.

    Examples
    --------
    >>> build_preset("cnn-2", (28, 28, 1), 10).count_params()
    243786
    >>> build_preset("cnn-1", (28, 28, 1), 10).count_params()
    693962
    >>> build_preset("cnn-2", (28, 28, 1), 10, convolutions=0).count_params()
    101770
    """
    check_preset(
        name,
        filters=filters,
        convolutions=convolutions,
        kernel_size=kernel_size,
        pooling=pooling,
        dense_units=dense_units,
        dropout=dropout,
    )
    preset, place = _PRESETS[name], f"Preset {name}"
    shape = as_shape(input_shape, "input_shape", place)
    units = integer(classes, "classes", place, minimum=2)
    rate = fraction(dropout, "dropout", place)
    size = 3 if kernel_size is None else kernel_size
    halving = "max" if pooling is None else pooling
    numbers = _filters(name, preset.filters, filters, convolutions)
    with counted_afresh():
        first = [] if scale is None else [Rescaling(scale)]
        padding = "same" if min(shape[:2]) < SMALL_IMAGE else "valid"
        images = [layer for number in numbers for layer in _stage(number, size, halving, padding)]
        return Sequential(
            [
                *(InputLayer(shape), *first, *augmentation),
                *(*images, *_dropout(rate if images else 0.0), Flatten()),
                *_hidden(preset.dense_units if dense_units is None else dense_units, rate),
                Dense(units, activation="softmax"),
            ],
            name=name,
            seed=seed,
        )


def check_preset(name: str, *, dense_units: int | None = None, dropout: float = 0.0, **of_convolutions: Any) -> None:
    """Check what can be known without an image: whether there is such a preset, and whether it has what is set.

    Parameters
    ----------
    name, dense_units, dropout, **of_convolutions
        See `build_preset`.
    """
    if name not in _PRESETS:
        raise unknown_name("preset", name, _PRESETS)
    preset = _PRESETS[name]
    rate = fraction(dropout, "dropout", f"Preset {name}")
    if not preset.filters:
        _refuse(name, "no convolutions", **of_convolutions)
    if not preset.dense_units:
        _refuse(name, "no dense layer before its last", dense_units=dense_units)
        _refuse_dropout(name, rate)
    pooling = of_convolutions.get("pooling")
    if pooling is not None and pooling not in POOLINGS:
        raise unknown_name("pooling", pooling, POOLINGS)


def preset_names() -> list[str]:
    """Return the names that `build_preset` takes.

    Examples
    --------
    >>> preset_names()
    ['perceptron', 'dense', 'cnn-1', 'cnn-2']
    """
    return list(_PRESETS)


def _filters(
    name: str, usual: tuple[int, ...], filters: int | Sequence[int] | None, convolutions: int | None
) -> list[int]:
    """Return the number of filters of each convolution; where there are more than usual, the rest are as the last."""
    wanted = len(usual) if convolutions is None else integer(convolutions, "convolutions", f"Preset {name}", minimum=0)
    if isinstance(filters, int):
        return [filters] * wanted
    if filters is None:
        return [usual[min(place, len(usual) - 1)] for place in range(wanted)]
    numbers = list(filters)
    if len(numbers) != wanted:
        raise ConfigurationError(
            f"Preset {name} has {wanted} convolution{'s' if wanted != 1 else ''}, but filters={filters!r} gives "
            f"{len(numbers)} numbers. Give one number for all, or one for each."
        )
    return numbers


def _stage(filters: int, kernel_size: int, pooling: str, padding: str) -> list[Layer]:
    """Return a convolution and what halves its image."""
    strides = 2 if pooling == "stride" else 1
    convolution = Conv2D(filters, kernel_size, strides=strides, padding=padding, activation="relu")
    return [convolution] if pooling == "stride" else [convolution, _POOLING_LAYERS[pooling](2)]


def _hidden(units: int, dropout: float) -> list[Layer]:
    return [Dense(units, activation="relu"), *_dropout(dropout)] if units else []


def _dropout(rate: float) -> list[Layer]:
    return [Dropout(rate)] if rate else []


def _refuse(name: str, lacking: str, **given: Any) -> None:
    for setting, value in given.items():
        if value is not None:
            raise ConfigurationError(f"Preset {name} has {lacking}, so {setting}={value!r} has no effect.")


def _refuse_dropout(name: str, rate: float) -> None:
    if rate:
        raise ConfigurationError(
            f"Preset {name} has no place for dropout={rate}: dropout goes between layers with weights, but a {name} "
            "has only one such layer. Leave it out, or use the preset dense."
        )
