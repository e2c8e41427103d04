"""Products in bfloat16, by every unit that this processor has: sums of rounded factors, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.engine.agreement import all_made, assert_close
from tests.engine.support import random_weights

import convoscope as cs
from convoscope.engine import select
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import build
from convoscope.engine.reference import ReferenceEngine
from convoscope.layers import Conv2D, Dense, Layer, MaxPooling2D

Array = npt.NDArray[Any]
_native = pytest.importorskip("convoscope._native")


@pytest.fixture(autouse=True)
def default_afterwards() -> Iterator[None]:
    yield
    _native.set_bfloat16_unit("auto")
    select.use("auto")


# The processor's own units go with its best instruction set, emulation with all.
UNITS = [(isa, "emulated") for isa in _native.isas()]
UNITS += [(_native.isas()[-1], unit) for unit in _native.bfloat16_units()[1:]]


@pytest.fixture(params=UNITS, ids=" ".join)
def unit(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every unit that is here; its name."""
    isa, name = request.param
    _native.set_isa(isa)
    _native.set_bfloat16_unit(name)
    yield name
    _native.set_isa("auto")


def rounded(values: Array) -> Array:
    """Return float32 values rounded to bfloat16, by NumPy alone: half a unit in the last place is added and cut off."""
    fraction, exponent = np.frexp(values.astype(np.float64))
    return np.asarray(np.ldexp(np.rint(fraction * 256) / 256, exponent), np.float32)


def assert_rounds(layers: list[Layer], shape: tuple[int, ...], samples: int) -> None:
    """What the core makes in bfloat16 is what float64 makes of rounded images, weights and gradients.

    Biases are added in float32, so the layers have none.
    """
    rng = np.random.default_rng(7)
    plan = build(layers, shape)
    weights = random_weights(plan, rng)
    x = rng.standard_normal((samples, *shape)).astype(np.float32)
    gradient = rng.standard_normal((samples, *plan.output_shape)).astype(np.float32)
    reference = ReferenceEngine().prepare(plan, [rounded(each) for each in weights], dtype=np.float64)
    native = NativeEngine("bf16").prepare(plan, weights)
    assert all("bfloat16" in kernel.name for _, kernel in native.kernels() if kernel.name)
    expected = all_made(reference, rounded(x), rounded(gradient))
    for ours, right in zip(all_made(native, x, gradient), expected, strict=True):
        if ours is not None and right is not None:
            assert_close(ours, right)


def test_rounding_is_to_the_nearest_and_to_even_halfway() -> None:
    values = np.array([1, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -1 - 2**-9, 3e-30, 0], np.float32)
    assert rounded(values).tolist() == pytest.approx(
        [1, 1, 1 + 2**-6, 1 + 2**-7, -1, float(rounded(np.array([3e-30]))[0]), 0], rel=0, abs=0
    )


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((9, 8, 4), {"filters": 16, "kernel_size": 3}),
        ((12, 13, 16), {"filters": 40, "kernel_size": 3, "padding": "same"}),
        ((11, 12, 3), {"filters": 17, "kernel_size": 5}),
        ((14, 14, 8), {"filters": 33, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ((15, 13, 8), {"filters": 16, "kernel_size": 3, "dilation_rate": 2}),
        ((7, 6, 40), {"filters": 24, "kernel_size": 1}),
        ((5, 6, 70), {"filters": 64, "kernel_size": 1, "strides": 2}),
        ((8, 8, 32), {"filters": 130, "kernel_size": (2, 4)}),
        ((60, 60, 1), {"filters": 16, "kernel_size": 7}),
    ],
)
def test_a_convolution(unit: str, shape: tuple[int, ...], layer: dict[str, Any]) -> None:
    assert_rounds([Conv2D(**layer, use_bias=False)], shape, 3)


@pytest.mark.parametrize(("pool", "samples"), [(2, 1), (2, 9), (3, 4)])
def test_a_convolution_under_a_pooling(unit: str, pool: int, samples: int) -> None:
    layers: list[Layer] = [Conv2D(32, 3, use_bias=False), MaxPooling2D(pool)]
    assert_rounds(layers, (13, 12, 20), samples)


@pytest.mark.parametrize(("units_in", "units", "samples"), [(32, 16, 1), (100, 70, 33), (577, 130, 5), (40, 24, 300)])
def test_a_dense_layer(unit: str, units_in: int, units: int, samples: int) -> None:
    assert_rounds([Dense(units, use_bias=False)], (units_in,), samples)


def test_a_dense_layer_of_pixels(unit: str) -> None:
    assert_rounds([Dense(48, use_bias=False)], (6, 7, 33), 4)


def test_bias_and_activation_are_not_rounded(unit: str) -> None:
    rng = np.random.default_rng(1)
    for layer, shape in ((Conv2D(16, 3, activation="relu"), (6, 6, 8)), (Dense(48, activation="relu6"), (64,))):
        plan = build([layer], shape)
        weights = random_weights(plan, rng)
        weights[1][:] = 1 + rng.random(weights[1].shape).astype(np.float32) * 2**-9  # all of which would round to 1
        x = np.zeros((2, *shape), np.float32)
        found = NativeEngine("bf16").prepare(plan, weights).forward(x)
        assert np.array_equal(found, np.broadcast_to(weights[1], found.shape))


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((12, 12, 1), Conv2D(32, 5)),  # 25 terms
        ((12, 12, 16), Conv2D(15, 3)),
        ((31,), Dense(64)),
        ((64,), Dense(10)),
    ],
)
def test_short_sums_and_few_of_them_are_in_float32(shape: tuple[int, ...], layer: Layer) -> None:
    rng = np.random.default_rng(1)
    plan = build([layer], shape)
    weights = random_weights(plan, rng)
    x = rng.standard_normal((3, *shape)).astype(np.float32)
    made = [NativeEngine(precision).prepare(plan, weights) for precision in ("bf16", "float32")]
    assert np.array_equal(made[0].forward(x), made[1].forward(x))
    assert made[0].kernels() == made[1].kernels()


def digits_after(precision: str) -> tuple[float, list[Array]]:
    """Train on the digits; the test accuracy, and the weights."""
    cs.use_engine("native", precision=precision)
    (x, y), (test_x, test_y) = cs.datasets.digits.load_data()
    model = cs.Sequential(
        [
            cs.Input((*x.shape[1:3], 1)),
            cs.layers.Rescaling(1 / 16),
            cs.layers.Conv2D(32, 3, activation="relu"),
            cs.layers.Conv2D(32, 3, activation="relu"),
            cs.layers.MaxPooling2D(2),
            cs.layers.Flatten(),
            cs.layers.Dense(64, activation="relu"),
            cs.layers.Dense(10, activation="softmax"),
        ],
        seed=2,
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x.reshape(len(x), *x.shape[1:3], 1), y, epochs=6, verbose=0)
    score = model.evaluate(test_x.reshape(len(test_x), *test_x.shape[1:3], 1), test_y, verbose=0, return_dict=True)
    return score["accuracy"], model.get_weights()


def test_training_learns_as_well_and_repeats_itself() -> None:
    (plain, _), (one, first), (two, second) = (digits_after(each) for each in ("float32", "bf16", "bf16"))
    assert plain > 0.93
    assert one == two > 0.93
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_unit_that_is_not_here_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"no unit for bfloat16 named 'GPU' here. Known: auto, emulated"):
        _native.set_bfloat16_unit("GPU")
    assert _native.bfloat16_units()[0] == "emulated"
    assert _native.bfloat16_unit() == _native.bfloat16_units()[-1]


def test_an_instruction_set_without_such_products_emulates_them() -> None:
    _native.set_isa(_native.isas()[0])
    try:
        assert _native.bfloat16_unit() == ("emulated" if len(_native.isas()) > 1 else _native.bfloat16_units()[-1])
    finally:
        _native.set_isa("auto")
