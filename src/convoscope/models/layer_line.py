"""A network written in a line: ``conv 32 3 relu, maxpool 2, flatten, dense 10 softmax``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from convoscope import activations, layers
from convoscope.errors import ConfigurationError, UnknownNameError, unknown_name
from convoscope.layers.augmentation import FLIP_MODES
from convoscope.layers.base import Layer
from convoscope.models.sequential import Sequential


@dataclass(frozen=True)
class Word:
    """How one word of the line becomes a layer: its class, and what the numbers behind it mean, in order."""

    kind: Callable[..., Layer]
    numbers: tuple[str, ...] = ()
    required: int = 0
    options: frozenset[str] = frozenset()
    activation: bool = False
    many: bool = False  # all numbers together are the one argument
    named: Mapping[str, str] = field(default_factory=dict)  # words that stand alone, and the setting that each gives


_CONVOLUTION = frozenset({"strides", "padding", "dilation_rate", "use_bias", "kernel_initializer", "name"})
_POOLING = frozenset({"strides", "padding", "name"})
_NAMED = frozenset({"name"})
_RESAMPLING = frozenset({"fill_mode", "interpolation", "fill_value", "seed", "name"})
_TONE = frozenset({"seed", "name"})
_PADDINGS = {"same": "padding", "valid": "padding"}


def _translation(height_factor: Any, width_factor: Any = None, **settings: Any) -> Layer:
    """Make a RandomTranslation; one number is for both axes."""
    return layers.RandomTranslation(height_factor, height_factor if width_factor is None else width_factor, **settings)


def _contrast(factor: Any, **settings: Any) -> Layer:
    """Make a RandomContrast for values of 0 to 1, which images have when these layers see them."""
    return layers.RandomContrast(factor, (0, 1), **settings)


def _brightness(factor: Any, **settings: Any) -> Layer:
    """Make a RandomBrightness for values of 0 to 1."""
    return layers.RandomBrightness(factor, (0, 1), **settings)


_WORDS: dict[str, Word] = {
    "conv": Word(layers.Conv2D, ("filters", "kernel_size"), 2, _CONVOLUTION, activation=True, named=_PADDINGS),
    "maxpool": Word(layers.MaxPooling2D, ("pool_size", "strides"), 0, _POOLING, named=_PADDINGS),
    "avgpool": Word(layers.AveragePooling2D, ("pool_size", "strides"), 0, _POOLING, named=_PADDINGS),
    "minpool": Word(layers.MinPooling2D, ("pool_size", "strides"), 0, _POOLING, named=_PADDINGS),
    "globalmaxpool": Word(layers.GlobalMaxPooling2D, options=_NAMED),
    "globalavgpool": Word(layers.GlobalAveragePooling2D, options=_NAMED),
    "flatten": Word(layers.Flatten, options=_NAMED),
    "reshape": Word(layers.Reshape, ("target_shape",), 1, _NAMED, many=True),
    "dense": Word(layers.Dense, ("units",), 1, frozenset({"use_bias", "kernel_initializer", "name"}), activation=True),
    "dropout": Word(layers.Dropout, ("rate",), 1, frozenset({"seed", "name"})),
    "batchnorm": Word(layers.BatchNormalization, options=frozenset({"momentum", "epsilon", "name"})),
    "zeropad": Word(layers.ZeroPadding2D, ("padding",), 1, _NAMED),
    "rescale": Word(layers.Rescaling, ("scale", "offset"), 1, _NAMED),
    "leakyrelu": Word(layers.LeakyReLU, ("negative_slope",), 0, _NAMED),
    "flip": Word(layers.RandomFlip, options=frozenset({"seed", "name"}), named=dict.fromkeys(FLIP_MODES, "mode")),
    "shift": Word(_translation, ("height_factor", "width_factor"), 1, _RESAMPLING),
    "rotate": Word(layers.RandomRotation, ("factor",), 1, _RESAMPLING),
    "zoom": Word(layers.RandomZoom, ("height_factor", "width_factor"), 1, _RESAMPLING),
    "contrast": Word(_contrast, ("factor",), 1, _TONE),
    "brightness": Word(_brightness, ("factor",), 1, _TONE),
    "erase": Word(layers.RandomErasing, ("factor",), 0, frozenset({"scale", "fill_value", "seed", "name"})),
}
_SYNONYMS = {
    "conv2d": "conv",
    "max_pooling2d": "maxpool",
    "maxpooling2d": "maxpool",
    "maxpool2d": "maxpool",
    "averagepooling2d": "avgpool",
    "average_pooling2d": "avgpool",
    "avgpool2d": "avgpool",
    "minpooling2d": "minpool",
    "globalaveragepooling2d": "globalavgpool",
    "globalmaxpooling2d": "globalmaxpool",
    "batchnormalization": "batchnorm",
    "zeropadding2d": "zeropad",
    "rescaling": "rescale",
    "randomflip": "flip",
    "randomtranslation": "shift",
    "randomrotation": "rotate",
    "randomzoom": "zoom",
    "randomcontrast": "contrast",
    "randombrightness": "brightness",
    "randomerasing": "erase",
}
_PLAIN_ACTIVATIONS = tuple(name for name in activations.BY_NAME if name != "linear")


def parse_layers(line: str) -> list[Layer]:
    """Read a network from one line of text: commas separate layers, and spaces separate their settings.

    Parameters
    ----------
    line : str
        A layer is a word and what follows it: ``conv FILTERS KERNEL [ACTIVATION]``, ``maxpool [SIZE [STRIDES]]`` (also
        ``avgpool``, ``minpool``), ``globalavgpool``, ``globalmaxpool``, ``flatten``, ``reshape AXES...``,
        ``dense UNITS [ACTIVATION]``, ``dropout RATE``, ``batchnorm``, ``zeropad SIZE``, ``rescale SCALE [OFFSET]``,
        ``leakyrelu [SLOPE]``, or an activation's name alone. In training only: ``flip [horizontal|vertical]``,
        ``shift SHARE [WIDTH_SHARE]``, ``rotate TURNS``, ``zoom SHARE [WIDTH_SHARE]``, ``contrast SHARE``,
        ``brightness SHARE`` (of values from 0 to 1), ``erase [PROBABILITY]``. Sizes are ``3`` or ``3x5`` (height by
        width), scales may be fractions (``1/255``), and ``same``, ``strides=2``, ``use_bias=no``, ``name=first`` set
        what else there is.

    Returns
    -------
    list of Layer
        For `Sequential`.

    Raises
    ------
    ConfigurationError
        If a word is wrong; the message gives the word and its position.

    Examples
    --------
    >>> [layer.base_name() for layer in parse_layers("conv 32 3 relu, maxpool 2, flatten, dense 10 softmax")]
    ['conv2d', 'max_pooling2d', 'flatten', 'dense']
    """
    parts = [part.split() for part in line.split(",")]
    if not any(parts):
        raise ConfigurationError(
            "There is no layer in the line. Write some layers, as in: flatten, dense 128 relu, dense 10 softmax."
        )
    return [_layer(words, position) for position, words in enumerate(parts, start=1)]


def model_from_line(
    line: str,
    image_shape: Sequence[int],
    classes: int,
    *,
    scale: float | None = None,
    augmentation: Sequence[Layer] = (),
    seed: int | None = None,
) -> Sequential:
    """Make a classifier from layers written in a line, and check that it is one.

    Parameters
    ----------
    line : str
        See `parse_layers`.
    image_shape : (height, width, channels)
    classes : int
    scale : float, optional
        Begin with ``Rescaling(scale)``.
    augmentation : sequence of Layer
        What comes next, before the line: layers that vary the images in training.
    seed : int, optional

    Raises
    ------
    ConfigurationError
        The line is wrong, or what it says is no classifier of so many classes.
    """
    first = [] if scale is None else [layers.Rescaling(scale)]
    stack = [layers.InputLayer(tuple(image_shape)), *first, *augmentation, *parse_layers(line)]
    model = Sequential(stack, name="layers", seed=seed)
    if model.output_shape != (None, classes):
        raise ConfigurationError(
            f"The layers '{line}' end in the shape {model.output_shape[1:]}, but there are {classes} classes. End "
            f"with 'dense {classes} softmax', and put 'flatten' before the first dense layer."
        )
    last = model.layers[-1]
    if last.get_config().get("activation") != "softmax" and not isinstance(last, layers.Softmax):
        raise ConfigurationError(
            f"The layers '{line}' do not end with a softmax, so the outputs are not probabilities. End with 'dense "
            f"{classes} softmax'."
        )
    return model


def _layer(words: list[str], position: int) -> Layer:
    if not words:
        raise ConfigurationError(f"Layer {position} is empty: remove the extra comma before or after it.")
    name = _SYNONYMS.get(words[0].lower(), words[0].lower())
    where = f"Layer {position}, {' '.join(words)!r}"
    try:
        if name in _PLAIN_ACTIVATIONS:
            if len(words) > 1:
                raise ConfigurationError(f"word 2, {words[1]!r}, is not allowed: {name} takes no settings.")
            return layers.Softmax() if name == "softmax" else layers.Activation(name)
        if name not in _WORDS:
            raise unknown_name("layer", words[0], [*_WORDS, *_PLAIN_ACTIVATIONS])
        word = _WORDS[name]
        return word.kind(**_settings(word, name, words))
    except ConfigurationError as error:
        kind = UnknownNameError if isinstance(error, UnknownNameError) else ConfigurationError
        raise kind(f"{where}: {error}") from None


def _settings(word: Word, name: str, words: list[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    numbers: list[Any] = []
    for position, text in enumerate(words[1:], start=2):
        lower = text.lower()
        key, equals, value = text.partition("=")
        if equals:
            if key not in word.options:
                raise unknown_name(f"setting of {name} (word {position})", key, sorted(word.options))
            settings[key] = _value(value)
        elif lower in word.named:
            settings[word.named[lower]] = lower
        elif (number := _number(text)) is not None:
            numbers.append(number)
            if len(numbers) > len(word.numbers) and not word.many:
                raise ConfigurationError(f"word {position}, {text!r}, is one number too many: {_usage(word, name)}.")
        elif word.activation:
            try:
                settings["activation"] = activations.name_of(lower)
            except UnknownNameError as error:
                raise UnknownNameError(f"word {position}, {text!r}: {error}") from None
        else:
            raise ConfigurationError(f"word {position}, {text!r}, is not allowed here: {_usage(word, name)}.")
    if len(numbers) < word.required:
        raise ConfigurationError(f"{word.numbers[len(numbers)]} is missing: {_usage(word, name)}.")
    given: Mapping[str, Any] = (
        {word.numbers[0]: numbers} if word.many else dict(zip(word.numbers, numbers, strict=False))
    )
    if twice := sorted(given.keys() & settings.keys()):
        raise ConfigurationError(f"{twice[0]} is given twice.")
    return {**given, **settings}


def _usage(word: Word, name: str) -> str:
    names = [n.upper() if i < word.required else f"[{n.upper()}]" for i, n in enumerate(word.numbers)]
    parts = [name, *names, *(["[ACTIVATION]"] if word.activation else [])]
    return f"write {' '.join(parts)}"


def _number(text: str) -> int | float | tuple[int, int] | None:
    if re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if size := re.fullmatch(r"(\d{1,18})[x×](\d{1,18})", text):
        return int(size[1]), int(size[2])
    if share := re.fullmatch(r"(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)", text):
        return float(share[1]) / float(share[2]) if float(share[2]) else None
    if re.fullmatch(r"-?(\d+\.\d*|\.?\d+)(e-?\d+)?", text):
        return float(text)
    return None


def _value(text: str) -> Any:
    if text.lower() in ("yes", "true", "no", "false"):
        return text.lower() in ("yes", "true")
    number = _number(text)
    return text if number is None else number
