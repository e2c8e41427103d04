"""Every layer, every loss and every optimizer gives the values that Keras gave (``tools/make_peer_values.py``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convoscope import layers as cl
from convoscope.engine.base import Engine, LossRule, Stretch
from convoscope.engine.plan import Plan, build
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.updates import update_rule
from convoscope.layers.joining import Join
from convoscope.layers.serialization import KINDS

Array = npt.NDArray[Any]
UNIT = 4096  # of the given numbers, which are kept as whole ones


@dataclass
class Case:
    """What was computed, the arrays that went in (float32, exact), and what Keras made of them."""

    about: dict[str, Any]
    given: dict[str, Array]
    found: dict[str, Array]

    def weights(self, where: dict[str, Array]) -> list[Array]:
        return [array for name, array in where.items() if name.startswith("weight ")]

    def plan(self, *, fused: bool = True) -> Plan:
        stack = [cl.deserialize(description) for description in self.about["layers"]]
        return build(stack, tuple(self.about["input_shape"]), fused=fused)


def cases(*files: str) -> list[Any]:
    """Return the files' cases as pytest's parameters."""
    parameters = []
    for file in files:
        with np.load(Path(__file__).parent / f"{file}.npz", allow_pickle=False) as archive:
            descriptions = json.loads(str(archive["cases"]))
            given = (archive["given"] / UNIT).astype(np.float32)
            found = archive["found"]
        for about in descriptions:
            inputs, given = take(about["given"], given)
            outputs, found = take(about["found"], found)
            parameters.append(pytest.param(Case(about, inputs, outputs), id=about["name"]))
    return parameters


def take(shapes: dict[str, list[int]], numbers: Array) -> tuple[dict[str, Array], Array]:
    """Cut the arrays of those shapes off the front of `numbers`; return them, and what is left."""
    arrays = {}
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        arrays[name], numbers = numbers[:size].reshape(shape), numbers[size:]
    return arrays, numbers


def assert_close(ours: Array, theirs: Array, what: str, tolerance: float = 2e-6) -> None:
    """Check that the error is a small multiple of float32's rounding of the largest value."""
    assert ours.shape == theirs.shape, what
    allowed = tolerance * max(1e-3, float(np.abs(theirs).max(initial=0)))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=allowed, err_msg=what)


STACKS = ("convolution", "depthwise", "pooling", "enlargement", "other_layers", "more_layers", "networks")
IMAGES = ("augmentation", "sizes")
#: The layers whose values stand elsewhere, with the test that has them.
ELSEWHERE = {
    **{name: "models/test_functional_networks.py" for name, kind in KINDS.items() if issubclass(kind, Join)},
    "Divide": "layers/test_local_response.py",
    "LocalResponseNormalization": "layers/test_local_response.py",
}


def test_every_layer_that_computes_something_has_values_from_keras() -> None:
    seen = {layer["class_name"] for case in cases(*STACKS, *IMAGES) for layer in case.values[0].about["layers"]}
    assert seen | ELSEWHERE.keys() == KINDS.keys() - {"InputLayer"}
    tests = Path(__file__).parent.parent
    assert [file for file in ELSEWHERE.values() if not (tests / file).is_file()] == []


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "not fused"])
@pytest.mark.parametrize("case", cases(*STACKS))
def test_outputs_and_gradients_are_those_of_keras(engine: Engine, case: Case, fused: bool) -> None:
    plan = case.plan(fused=fused)
    executable = engine.prepare(plan, case.weights(case.given))
    x, training = case.given["x"], case.about["training"]
    # Rounding grows with depth: a network is a dozen operations in a row.
    tolerance = 2e-6 if len(case.about["layers"]) == 1 else 2e-5
    found = executable.pullback(x, case.given["output_gradient"], training=training, seed=1)
    assert_close(found.outputs, case.found["outputs"], "outputs", tolerance)
    if not training:
        assert_close(executable.forward(x), case.found["outputs"], "forward", tolerance)
    assert_close(found.input, case.found["input"], "gradient of the input", tolerance)
    ours = {place: gradient for place, gradient in enumerate(found.weights) if gradient is not None}
    assert tuple(ours) == plan.trainable
    for (place, gradient), theirs in zip(ours.items(), case.weights(case.found), strict=True):
        assert_close(gradient, theirs, f"gradient of {plan.weights[place].name}", tolerance)


@pytest.mark.parametrize("case", cases(*STACKS))
def test_the_reference_engine_in_double_precision_is_exact(case: Case) -> None:
    executable = ReferenceEngine().prepare(case.plan(), case.weights(case.given), np.float64)
    found = executable.pullback(case.given["x"], case.given["output_gradient"], training=case.about["training"])
    # What is left is the rounding of the file's numbers to single precision.
    assert_close(found.outputs, case.found["outputs"], "outputs", 1e-7)
    assert_close(found.input, case.found["input"], "gradient of the input", 1e-7)
    ours = [gradient for gradient in found.weights if gradient is not None]
    for gradient, theirs in zip(ours, case.weights(case.found), strict=True):
        assert_close(gradient, theirs, "gradient of a weight", 1e-7)


@pytest.mark.parametrize("case", cases(*IMAGES))
def test_images_are_moved_and_brought_to_size_as_in_keras(engine: Engine, case: Case) -> None:
    x, training = case.given["x"], case.about["training"]
    plan = case.plan()
    executable = engine.prepare(plan, [])
    nothing = np.zeros((len(x), *plan.output_shape), np.float32)  # only outputs are asked for
    found = executable.pullback(x, nothing, training=training, seed=1).outputs if training else executable.forward(x)
    # TensorFlow has the places in single precision.
    assert_close(found, case.found["outputs"], "outputs", 2e-6)


LOSSES = cases("losses")
FROM_LOGITS = [case for case in LOSSES if case.values[0].about.get("from_logits")]


@pytest.mark.parametrize("case", LOSSES)
def test_losses_of_outputs_are_those_of_keras(engine: Engine, case: Case) -> None:
    about = case.about
    rule = LossRule(about["kind"], about.get("from_logits", False), about.get("label_smoothing", 0.0))
    assert_losses(engine, case, rule, cl.Activation("linear"))


@pytest.mark.parametrize("case", FROM_LOGITS)
def test_losses_fused_with_the_last_activation_are_those_of_keras(engine: Engine, case: Case) -> None:
    rule = LossRule(case.about["kind"], label_smoothing=case.about["label_smoothing"])
    assert_losses(engine, case, rule, cl.Activation("sigmoid" if rule.kind == "binary_crossentropy" else "softmax"))


def assert_losses(engine: Engine, case: Case, rule: LossRule, layer: cl.Layer) -> None:
    values, weight = case.given["outputs"], case.given["sample_weight"]
    y = np.rint(case.given["y"] * UNIT).astype(np.int32) if rule.sparse else case.given["y"]
    executable = engine.prepare(build([layer], values.shape[1:]), [])
    found = executable.gradients(values, y, rule, sample_weight=weight)
    assert_close(found.input, case.found["gradient"], "gradient")
    assert_close(found.losses, case.found["losses"] * weight, "losses")
    outputs, losses = executable.score(values, y, rule)
    assert_close(losses, case.found["losses"], "losses as scored")
    assert_close(outputs, executable.forward(values), "outputs as scored")


@pytest.mark.parametrize("case", cases("training"))
def test_twelve_training_steps_give_the_losses_and_weights_of_keras(engine: Engine, case: Case) -> None:
    trained_as_by_keras(engine, case)


def trained_as_by_keras(engine: Engine, case: Case, penalties: Array | None = None) -> None:
    """Take Keras' twelve steps: losses (with the penalties, which are written) and weights are its own."""
    plan, rule = case.plan(), update_rule(**case.about["rule"])
    weights = [weight.copy() for weight in case.weights(case.given)]
    x, y = case.given["x"], np.rint(case.given["y"] * UNIT).astype(np.int32)
    stretch = Stretch(
        x,
        y,
        rows=np.arange(len(x)),
        batch_size=case.about["batch_size"],
        loss=LossRule("sparse_categorical_crossentropy"),
        rule=rule,
        learning_rates=np.array(case.about["learning_rates"]),
        iteration=0,
        seed=1,
        slots=[tuple(np.zeros(plan.weights[p].shape, np.float32) for _ in rule.slots) for p in plan.trainable],
        losses=np.zeros(len(x), np.float32),
        outputs=np.zeros((len(x), *plan.output_shape), np.float32),
        penalties=penalties,
    )
    assert engine.prepare(plan, weights).train(stretch) == 12
    batches = np.split(stretch.losses, range(stretch.batch_size, len(x), stretch.batch_size))
    ours = np.array([batch.mean() for batch in batches]) + (0 if penalties is None else penalties)
    np.testing.assert_allclose(ours, case.found["losses"], rtol=1e-5, err_msg="losses")
    for planned, weight, theirs in zip(plan.weights, weights, case.weights(case.found), strict=True):
        np.testing.assert_allclose(weight, theirs, rtol=1e-4, atol=1e-5, err_msg=planned.name)
