"""What the native core makes, on each instruction set, held to the reference engine in double precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.engine.support import random_weights

from convoscope import _native
from convoscope.engine.base import Executable
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import build
from convoscope.engine.reference import ReferenceEngine
from convoscope.layers import Layer

Array = npt.NDArray[Any]


def assert_close(found: Array, expected: Array, tolerance: float = 1e-5, what: str = "") -> None:
    assert found.shape == expected.shape
    scale = max(1e-2, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale, err_msg=what)


# Tiles of F(4×4) round up to three times as much as sums in order, which `test_winograd_errs` measures.
TILED = {"exact": 1e-5, "float32": 2e-5}


def assert_agree(
    layers: Sequence[Layer],
    shape: tuple[int, ...],
    samples: int,
    *,
    fused: bool = True,
    blank: float = 0.0,
    precisions: Mapping[str, float] = MappingProxyType({"float32": 1e-5}),
) -> None:
    """The core makes on every instruction set what the reference engine makes in double precision.

    ``precisions`` are those of the core, with the largest difference as a share of the largest value.
    """
    rng = np.random.default_rng(samples)
    plan = build(layers, shape, fused=fused)
    weights = random_weights(plan, rng)
    x = rng.standard_normal((samples, *shape)).astype(np.float32)
    x[rng.random(x.shape) < blank] = 0
    gradient = rng.standard_normal((samples, *plan.output_shape)).astype(np.float32)
    gradient[rng.random(gradient.shape) < blank] = 0
    exact = all_made(ReferenceEngine().prepare(plan, weights, dtype=np.float64), x, gradient)
    for precision, isa in product(precisions, _native.isas()):
        native = NativeEngine(precision).prepare(plan, weights)
        _native.set_isa(isa)
        for found, expected in zip(all_made(native, x, gradient), exact, strict=True):
            assert (found is None) == (expected is None)
            if found is not None and expected is not None:
                assert_close(found, expected, precisions[precision], f"{precision}, {isa}")


def all_made(executable: Executable, x: Array, gradient: Array) -> list[Array | None]:
    """Return outputs, the steps' outputs, and the gradients in prediction and in training."""
    made = [executable.forward(x), *executable.step_outputs(x)]
    for training in (False, True):
        back = executable.pullback(x, gradient, training=training, seed=3, iteration=2)
        made += [back.outputs, back.input, *back.weights]
    return made
