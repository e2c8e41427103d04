"""Numbers far out of range: refused by the layers, by whoever reads a file, and by the core itself."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.test_damaged_files import change_description, rewrite

import convoscope as cs
from convoscope import _native
from convoscope.checks import LARGEST_SIZE, MOST_VALUES
from convoscope.engine import plan
from convoscope.errors import ConvoscopeError, FileFormatError, ShapeError
from convoscope.layers.serialization import deserialize

LARGE = [2**31 - 1, 2**31, 2**32, 2**62, 2**63, 10**30, 10**5000]
NEVER = [*LARGE, -1, -(2**31), True, math.nan, math.inf, -math.inf, 1.5, None]
#: Each whole number that a layer is told: kind, other settings, argument, what is beside the number, whether 0 is good.
SIZES: list[tuple[str, dict[str, Any], str, Any, bool]] = [
    ("InputLayer", {}, "shape", lambda n: [n, 8, 1], False),
    ("InputLayer", {}, "shape", lambda n: [8, 8, n], False),
    ("Conv2D", {"kernel_size": 3}, "filters", None, False),
    ("Conv2D", {"filters": 2}, "kernel_size", None, False),
    ("Conv2D", {"filters": 2}, "kernel_size", lambda n: [1, n], False),
    ("Conv2D", {"filters": 2, "kernel_size": 3}, "strides", None, False),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same"}, "strides", lambda n: [n, 1], False),
    ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same"}, "dilation_rate", None, False),
    ("Conv2DTranspose", {"kernel_size": 3}, "filters", None, False),
    ("Conv2DTranspose", {"filters": 2}, "kernel_size", None, False),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3}, "strides", None, False),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "padding": "same"}, "strides", lambda n: [1, n], False),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3}, "dilation_rate", None, False),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2}, "output_padding", lambda n: [0, n], True),
    ("UpSampling2D", {}, "size", None, False),
    ("UpSampling2D", {"interpolation": "bilinear"}, "size", lambda n: [n, 1], False),
    ("MaxPooling2D", {"padding": "same"}, "pool_size", None, False),
    ("MinPooling2D", {}, "pool_size", lambda n: [1, n], False),
    ("AveragePooling2D", {}, "strides", None, False),
    ("ZeroPadding2D", {}, "padding", None, True),
    ("ZeroPadding2D", {}, "padding", lambda n: [[0, 0], [0, n]], True),
    ("Dense", {}, "units", None, False),
    ("Reshape", {}, "target_shape", lambda n: [8, 8, n], False),
    ("Dropout", {"rate": 0.5}, "seed", None, True),
    ("Conv2D", {"filters": 2, "kernel_size": 3}, "groups", None, False),
    ("DepthwiseConv2D", {}, "kernel_size", lambda n: [n, 1], False),
    ("DepthwiseConv2D", {"kernel_size": 3}, "strides", None, False),
    ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}, "dilation_rate", None, False),
    ("DepthwiseConv2D", {"kernel_size": 3}, "depth_multiplier", None, False),
    ("SeparableConv2D", {"kernel_size": 3}, "filters", None, False),
    ("SeparableConv2D", {"filters": 2, "kernel_size": 3}, "depth_multiplier", None, False),
    ("Cropping2D", {}, "cropping", lambda n: [[0, n], [0, 0]], True),
    ("Permute", {}, "dims", lambda n: [1, n, 3], False),
    ("Resizing", {"width": 3}, "height", None, False),
    ("CenterCrop", {"height": 3}, "width", None, False),
    ("RandomCrop", {"height": 3}, "width", None, False),
    ("GaussianNoise", {"stddev": 0.5}, "seed", None, True),
    ("RandomFlip", {}, "seed", None, True),
]
#: Each real number.
REALS: list[tuple[str, dict[str, Any], str, Any]] = [
    ("Dropout", {}, "rate", None),
    ("BatchNormalization", {}, "momentum", None),
    ("BatchNormalization", {}, "epsilon", None),
    ("Rescaling", {}, "scale", None),
    ("Rescaling", {"scale": 1}, "offset", None),
    ("ReLU", {}, "negative_slope", None),
    ("LeakyReLU", {}, "negative_slope", None),
    ("ELU", {}, "alpha", None),
    ("ReLU", {}, "threshold", None),
    ("GaussianNoise", {}, "stddev", None),
    ("GaussianDropout", {}, "rate", None),
    ("LayerNormalization", {}, "epsilon", None),
    ("GroupNormalization", {"groups": 1}, "epsilon", None),
    ("Normalization", {"variance": 1}, "mean", None),
    ("Normalization", {"mean": 1}, "variance", lambda n: [n]),
    ("Resizing", {"height": 3, "width": 3}, "fill_value", None),
    ("RandomZoom", {}, "height_factor", None),
    ("RandomContrast", {}, "factor", lambda n: [0, n]),
    ("RandomContrast", {"factor": 0.5}, "value_range", lambda n: [0, n]),
    ("RandomBrightness", {}, "factor", None),
    ("RandomTranslation", {"width_factor": 0}, "height_factor", None),
    ("RandomTranslation", {"height_factor": 0}, "width_factor", lambda n: [0, n]),
    ("RandomTranslation", {"height_factor": 0, "width_factor": 0}, "fill_value", None),
    ("RandomRotation", {}, "factor", None),
    ("RandomErasing", {}, "factor", None),
    ("RandomErasing", {}, "scale", lambda n: [0, n]),
    ("RandomErasing", {}, "fill_value", None),
    ("RandomErasing", {}, "value_range", lambda n: [0, n]),
]
GOES_WITHOUT = {("Conv2DTranspose", "output_padding"), ("AveragePooling2D", "strides")}  # None is an answer
SEEDS = {"seed"}  # any whole number is one


def _made(kind: str, settings: dict[str, Any]) -> cs.Sequential:
    first = [] if kind == "InputLayer" else [cs.Input((8, 8, 1))]
    layer = deserialize({"class_name": kind, "config": settings})
    return cs.Sequential([*first, layer, *([cs.layers.Flatten()] if kind == "InputLayer" else [])], seed=1)


def _told(beside: Any, value: Any) -> Any:
    return value if beside is None else beside(value)


@pytest.mark.parametrize(("kind", "settings", "argument", "beside", "zero"), SIZES)
def test_a_size_that_cannot_be_meant_is_refused(
    kind: str, settings: dict[str, Any], argument: str, beside: Any, zero: bool
) -> None:
    for value in [*NEVER, *([] if zero else [0])]:
        if value is None and (beside is None and ((kind, argument) in GOES_WITHOUT or argument in SEEDS)):
            continue
        if argument in SEEDS and value in LARGE:
            _made(kind, {**settings, argument: value}).predict(np.zeros((1, 8, 8, 1)))
            continue
        if argument == "target_shape" and value == -1:
            continue
        if kind == "InputLayer" and _told(beside, value)[0] is None:  # images of any height
            continue
        with pytest.raises(ConvoscopeError, match=argument.split("_")[0]):
            _made(kind, {**settings, argument: _told(beside, value)})


@pytest.mark.parametrize(("kind", "settings", "argument", "beside"), REALS)
def test_a_real_number_that_cannot_be_meant_is_refused(
    kind: str, settings: dict[str, Any], argument: str, beside: Any
) -> None:
    for value in (math.nan, math.inf, -math.inf, 10**400, 1e300, True, "1", [], object()):
        with pytest.raises(ConvoscopeError, match=argument):
            _made(kind, {**settings, argument: _told(beside, value)})


def test_what_the_numbers_make_together_is_bounded() -> None:
    layers = cs.layers
    side = 2**12
    for stack in (
        [layers.UpSampling2D(side), layers.UpSampling2D(side)],
        [layers.UpSampling2D((LARGEST_SIZE, 1)), layers.UpSampling2D((2, 1))],
        [layers.ZeroPadding2D(LARGEST_SIZE)],
        [layers.Conv2D(2**20, 1), layers.UpSampling2D(8)],
        [layers.Conv2D(1, side, padding="same", dilation_rate=side)],
        [layers.Conv2DTranspose(1, side, padding="same", dilation_rate=side)],
        [layers.Conv2DTranspose(1, 1, strides=LARGEST_SIZE)],
        [layers.MaxPooling2D(LARGEST_SIZE, padding="same")],
        [layers.Flatten(), layers.Dense(2**16), layers.Dense(2**16)],
    ):
        with pytest.raises(ShapeError, match=r"values|pixels|proportion|padding"):
            plan.build(stack, (8, 8, 1))
        with pytest.raises(ShapeError):
            cs.Sequential([cs.Input((8, 8, 1)), *copy.deepcopy(stack)])
    assert MOST_VALUES == 2**28


def test_large_but_possible_numbers_are_taken() -> None:
    model = cs.Sequential(
        [
            cs.Input((8, 8, 1)),
            cs.layers.Conv2D(2, 3, strides=LARGEST_SIZE, padding="same"),
            cs.layers.UpSampling2D(64),
            cs.layers.MaxPooling2D(64, strides=LARGEST_SIZE),
        ]
    )
    assert model.predict(np.zeros((1, 8, 8, 1))).shape == (1, 1, 1, 2)


# ---- files

EVERY_KIND = [
    cs.layers.RandomFlip(seed=1),
    cs.layers.RandomTranslation(0.1, (0, 0.1), seed=2),
    cs.layers.RandomRotation(0.1),
    cs.layers.RandomErasing(0.5, fill_value=0),
    cs.layers.Rescaling(0.5, 0.1),
    cs.layers.ZeroPadding2D(1),
    cs.layers.Conv2D(2, 3, activation="relu"),
    cs.layers.MaxPooling2D(),
    cs.layers.RandomZoom(0.1, seed=4),
    cs.layers.RandomContrast(0.1),
    cs.layers.RandomBrightness(0.1, seed=5),
    cs.layers.RandomCrop(4, 3, seed=6),
    cs.layers.Resizing(5, 4, pad_to_aspect_ratio=True),
    cs.layers.Cropping2D(((1, 0), (0, 1))),
    cs.layers.Permute((2, 1, 3)),
    cs.layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu6"),
    cs.layers.Conv2D(4, 2, padding="same", groups=2),
    cs.layers.SeparableConv2D(4, 2, padding="same"),
    cs.layers.GroupNormalization(2),
    cs.layers.LayerNormalization(),
    cs.layers.Normalization(),
    cs.layers.Normalization(mean=0.5, variance=[1.0, 2.0, 3.0, 4.0]),
    cs.layers.UnitNormalization(),
    cs.layers.PReLU(shared_axes=[1, 2]),
    cs.layers.ReLU(5, 0.1, 0.1),
    cs.layers.SpatialDropout2D(0.1),
    cs.layers.GaussianNoise(0.1),
    cs.layers.GaussianDropout(0.1, seed=7),
    cs.layers.AlphaDropout(0.1),
    cs.layers.Conv2D(2, 3, padding="same", dilation_rate=2),
    cs.layers.BatchNormalization(),
    cs.layers.LeakyReLU(),
    cs.layers.ELU(0.5),
    cs.layers.Conv2DTranspose(2, 3, strides=2, output_padding=1),
    cs.layers.UpSampling2D(2, interpolation="bilinear"),
    cs.layers.AveragePooling2D(3, strides=2, padding="same"),
    cs.layers.Reshape((-1, 2)),
    cs.layers.Flatten(),
    cs.layers.Dropout(0.5, seed=3),
    cs.layers.Dense(3, activation="softmax"),
]


def _numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path to each number within JSON values, or a step's description."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _numbers(each, (*path, key))
    elif isinstance(value, (list, tuple)):
        for place, each in enumerate(value):
            yield from _numbers(each, (*path, place))


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {key: _replaced(each, path[1:], new) if key == path[0] else each for key, each in value.items()}
    return [_replaced(each, path[1:], new) if place == path[0] else each for place, each in enumerate(value)]


@pytest.mark.long
@pytest.mark.slow
def test_a_file_with_any_number_changed_is_refused_or_works(tmp_path: Path) -> None:
    model = cs.Sequential([cs.Input((8, 8, 1)), *copy.deepcopy(EVERY_KIND)], seed=1)
    model.compile(cs.optimizers.Adam(clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.zeros((2, 8, 8, 1), np.float32), np.asarray([0, 1])
    model.fit(x, y, verbose=0)
    path = tmp_path / "model.safetensors"
    model.save(path)
    content = path.read_bytes()
    description = cs.models.read_header(path)["model"]
    refused = 0
    for place in _numbers(description):
        for value in (2**31 - 1, 2**31, 2**63, 0, -1, True, math.nan):
            path.write_bytes(content)

            def change(told: dict[str, Any], place: Any = place, value: Any = value) -> None:
                told["model"] = _replaced(told["model"], place, value)

            rewrite(path, change_description(change))
            try:
                found = cs.load_model(path)
            except FileFormatError:
                refused += 1
                continue
            found.predict(x)
            found.evaluate(x, y, verbose=0)
    assert refused > 300
    assert json.loads(json.dumps(description)) == description


# ---- the core


def _described(steps: Any) -> list[dict[str, Any]]:
    """Return what the core is told of steps that follow each other."""
    told = [description for step in steps for description in step.describe()]
    return [{**description, "from": [value]} for value, description in enumerate(told)]


def _programs() -> Iterator[tuple[list[int], list[dict[str, Any]], list[Any], list[bool]]]:
    layers = [*copy.deepcopy(EVERY_KIND), cs.layers.Activation("elu"), cs.layers.GlobalMaxPooling2D()]
    shape = (8, 8, 1)
    for layer in layers:
        inputs = (4, 4, 2) if isinstance(layer, cs.layers.GlobalMaxPooling2D) else shape
        made = plan.build([layer], inputs)
        weights = [np.full(weight.shape, 0.5, np.float32) for weight in made.weights]
        yield list(inputs), _described(made.steps), weights, [weight.trainable for weight in made.weights]
        shape = made.output_shape if layer in layers[:-2] else shape


def test_the_core_refuses_what_it_cannot_run_whoever_asks() -> None:
    refused = run = 0
    for inputs, steps, weights, trainable in _programs():
        outputs = math.prod(steps[-1]["output"])
        x = np.zeros((1, *inputs), np.float32)
        ends = [len(steps)]
        _native.Program([inputs], steps, weights, trainable, ends).predict([x], [np.empty((1, outputs), np.float32)])
        for place in _numbers(steps):
            for value in (*LARGE[:-1], 0, -1, -(2**62), math.nan, math.inf, 1e300, None):
                try:
                    program = _native.Program([inputs], _replaced(steps, place, value), weights, trainable, ends)
                except (ValueError, TypeError):
                    refused += 1
                    continue
                run += 1
                program.predict([x], [np.empty((1, outputs), np.float32)])
        if weights:
            with pytest.raises(ValueError, match="size"):
                _native.Program([inputs], steps, [np.ones(7, np.float32)] * len(weights), trainable, ends)
        if weights and len(weights) - 1 in steps[-1]["weights"]:
            with pytest.raises(ValueError, match="does not have"):
                _native.Program([inputs], steps, weights[:-1], trainable[:-1], ends)
        for odd in ([2**62, 1, 1], [0, 8, 1], [-1], [2**31, 2**31, 4]):
            with pytest.raises(ValueError, match=r"axis|values"):
                _native.Program([odd], steps, weights, trainable, ends)
    assert refused > 2000
    assert run > 50  # a seed, a slope, a factor


def test_the_core_refuses_other_numbers_out_of_range() -> None:
    with pytest.raises(ValueError, match="at least one thread"):
        _native.set_threads(2**31 - 1)
    with pytest.raises(TypeError):
        _native.set_threads(2**31)


def test_memory_that_cannot_be_had_is_named() -> None:
    """A terabyte of feature maps of one batch."""
    model = cs.Sequential([cs.Input((1, 1, 1)), cs.layers.UpSampling2D(2**14), cs.layers.GlobalMaxPooling2D()])
    x = np.zeros((2**22, 1, 1, 1), np.uint8)
    y = np.zeros((2**22, 1), np.float32)
    model.compile("sgd", "mean_squared_error")
    with pytest.raises(MemoryError, match=r"could not get [\d,]+ MB of memory"):
        model.train_on_batch(x, y)


def test_what_only_predicts_is_not_trained() -> None:
    """A normalization that is folded in has no gradient, and its step no room for one."""
    layers = [cs.layers.Conv2D(2, 3), cs.layers.BatchNormalization()]
    made = plan.build(layers, (8, 8, 1))
    weights = [np.full(weight.shape, 0.5, np.float32) for weight in made.weights]
    program = _native.Program([[8, 8, 1]], _described(made.prediction_steps), weights, [True] * len(weights), [1])
    x, outputs = np.zeros((1, 8, 8, 1), np.float32), np.zeros((1, 6, 6, 2), np.float32)
    program.predict([x], [outputs])
    with pytest.raises(ValueError, match="only predicts"):
        program.pullback(
            [x], [outputs], False, 0, 0, [outputs.copy()], [x.copy()], [weight.copy() for weight in weights]
        )
