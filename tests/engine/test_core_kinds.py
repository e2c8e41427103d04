"""The core knows each kind of step that it is sent, and says by name what of a description it does not know."""

from __future__ import annotations

import pytest

from convoscope import layers
from convoscope.engine import steps
from convoscope.engine.plan import build
from convoscope.engine.steps import CombineStep, ConcatenateStep, Step
from convoscope.layers import Layer
from convoscope.types import Shape

_native = pytest.importorskip("convoscope._native")

#: A layer for each kind of step, with the shape that it is given.
LAYERS: list[tuple[Layer, Shape]] = [
    (layers.Conv2D(2, 3), (8, 8, 1)),
    (layers.Conv2DTranspose(2, 3), (4, 4, 1)),
    (layers.UpSampling2D(), (4, 4, 1)),
    (layers.AveragePooling2D(), (4, 4, 1)),
    (layers.ZeroPadding2D(), (4, 4, 1)),
    (layers.RandomFlip(), (4, 4, 1)),
    (layers.RandomErasing(), (4, 4, 1)),
    (layers.Flatten(), (4, 4, 1)),
    (layers.Dense(2), (3,)),
    (layers.Activation("relu"), (3,)),
    (layers.Dropout(0.5), (3,)),
    (layers.BatchNormalization(), (3,)),
    (layers.Rescaling(0.5), (3,)),
    (layers.Conv2D(2, 3, groups=2), (4, 4, 2)),
    (layers.DepthwiseConv2D(3), (4, 4, 2)),
    (layers.ReLU(threshold=0.5), (3,)),
    (layers.PReLU(), (3,)),
    (layers.SpatialDropout2D(0.5), (4, 4, 1)),
    (layers.AlphaDropout(0.5), (3,)),
    (layers.GaussianNoise(0.5), (3,)),
    (layers.LayerNormalization(), (3,)),
    (layers.UnitNormalization(), (3,)),
    (layers.LocalResponseNormalization(), (3,)),
    (layers.Normalization(), (3,)),
    (layers.Cropping2D(1), (4, 4, 1)),
    (layers.Permute((2, 1)), (3, 4)),
    (layers.RepeatVector(2), (3,)),
    (layers.Resizing(2, 3), (4, 4, 1)),
    (layers.RandomCrop(2, 3), (4, 4, 1)),
    (layers.RandomContrast(0.5), (4, 4, 1)),
]


def every_step() -> list[Step]:
    """Return a step of each kind: of layers one by one, of several in prediction, and of what joins several values."""
    made = [step for layer, shape in LAYERS for step in build([layer], shape).steps]
    made += build([layers.DepthwiseConv2D(3), layers.Conv2D(8, 1)], (128, 128, 16)).prediction_steps
    joined = ((2,), (2,)), (2,), ()
    return [*made, CombineStep((0,), (0, 1), *joined, "sum"), ConcatenateStep((0,), (0, 1), *joined, 1)]


def test_the_core_knows_every_step_that_is_sent_and_no_other() -> None:
    made = every_step()
    exported = {getattr(steps, name) for name in steps.__all__}
    kinds = {kind for kind in exported if isinstance(kind, type) and issubclass(kind, Step)} - {Step}
    assert {type(step) for step in made} == kinds
    sent = {description["kind"] for step in made for description in step.describe()}
    assert sent == set(_native.kinds())


def test_the_core_says_which_step_and_which_setting_it_lacks_or_does_not_know() -> None:
    told = {
        "kind": "dropout",
        "inputs": [[2]],
        "from": [0],
        "output": [2],
        "weights": [],
        "rate": 0.5,
        "stream": 0,
        "seed": None,
    }
    _native.Program([[2]], [told], [], [], [1])
    with pytest.raises(ValueError, match=r"no step 'negation'.*'dropout'"):
        _native.Program([[2]], [{**told, "kind": "negation"}], [], [], [1])
    for name in told.keys() - {"kind"}:
        with pytest.raises(ValueError, match=f"step 'dropout': the setting '{name}' is missing"):
            _native.Program([[2]], [{key: value for key, value in told.items() if key != name}], [], [], [1])
    with pytest.raises(ValueError, match="step 'dropout': nobody knows the setting 'speed'"):
        _native.Program([[2]], [{**told, "speed": 1}], [], [], [1])
    with pytest.raises(ValueError, match=r"'stream' should be a whole number from 0 to 4294967295, but is 0\.5"):
        _native.Program([[2]], [{**told, "stream": 0.5}], [], [], [1])
