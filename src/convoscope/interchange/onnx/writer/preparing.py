"""What stands before and behind the layers, so that photos go in as bytes and probabilities come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from convoscope.explore.image_predictions import features_of
from convoscope.explore.submodels import ends_in_probabilities
from convoscope.interchange.exported import PROBABILITIES, REFUSED, SCALING
from convoscope.interchange.onnx.writer.network import Network, Value
from convoscope.interchange.scaling import scaling

if TYPE_CHECKING:
    from convoscope.datasets.images.preprocessing import Preprocessing
    from convoscope.models import network as models
    from convoscope.models.rejection import Rejection

_OPERATORS = {"multiply": "Mul", "divide": "Div", "round": "Round"}


def floats_of(network: Network, value: Value, preprocessing: Preprocessing) -> Value:
    """Return images of bytes as the layers take them: exactly what `Preprocessing.prepare` makes of the same bytes."""
    name = network.node("Cast", [value.name], f"{SCALING}/Cast", to=network.onnx.TensorProto.FLOAT)
    if preprocessing.max_value != 255:
        name = _scaled(network, name, preprocessing)
    return Value(name, value.shape, value.first)


def _scaled(network: Network, name: str, preprocessing: Preprocessing) -> str:
    """Return bytes, as floats, brought to the largest value that the model takes."""
    steps, table = scaling(preprocessing)
    if steps is not None:
        for step, number in steps:
            op = _OPERATORS[step]
            more = [] if number is None else [network.constant(f"{SCALING}/{op.lower()}", number)]
            name = network.node(op, [name, *more], f"{SCALING}/{op}")
        return name
    whole = network.node("Cast", [name], f"{SCALING}/Cast", to=network.onnx.TensorProto.INT64)
    return network.node("Gather", [network.constant(f"{SCALING}/values", table), whole], f"{SCALING}/Gather")


def probabilities_of(network: Network, value: Value, model: models.Network) -> str:
    """Return a probability for each class, of the scores that the model makes.

    One score alone is of class 1: of both classes a probability comes out.
    """
    name = value.name
    sure = ends_in_probabilities(model)
    if value.shape == (1,):
        name = name if sure else network.node("Sigmoid", [name], f"{PROBABILITIES}/Sigmoid")
        one = network.constant(f"{PROBABILITIES}/one", 1.0)
        against = network.node("Sub", [one, name], f"{PROBABILITIES}/Sub")
        return network.node("Concat", [against, name], f"{PROBABILITIES}/Concat", axis=1)
    return name if sure else network.node("Softmax", [name], f"{PROBABILITIES}/Softmax", axis=1)


def refusals_of(network: Network, value_of: Callable[[int], Value], model: models.Network) -> tuple[str, str]:
    """Return how far out each image is, and whether it is of none of the classes. See `Rejection`."""
    rejection: Rejection | None = model.rejection
    assert rejection is not None
    features = network.plain(value_of(features_of(model))).name

    def node(op: str, *inputs: str, **attributes: Any) -> str:
        return network.node(op, inputs, f"{REFUSED}/{op}", **attributes)

    def number(name: str, array: npt.ArrayLike) -> str:
        return network.constant(f"{REFUSED}/{name}", array)

    def reduced(op: str, name: str) -> str:
        if network.opset >= 18:
            return node(op, name, network.integers(f"{REFUSED}/axes", [1]), keepdims=1)
        return node(op, name, axes=[1], keepdims=1)

    def standardized(name: str, mean: float, spread: float) -> str:
        return node("Div", node("Sub", name, number("mean", mean)), number("spread", spread))

    length = node("Max", reduced("ReduceL2", features), number("least", 1e-12))
    nearest = reduced(
        "ReduceMax", node("MatMul", node("Div", features, length), number("centres", rejection.centres.T))
    )
    distance = node("Sub", number("one", 1.0), nearest)
    scores = node("Gemm", features, number("kernel", rejection.kernel), number("bias", rejection.bias))
    energy = node("Neg", reduced("ReduceLogSumExp", scores))
    both = node(
        "Add",
        standardized(distance, rejection.distance_mean, rejection.distance_spread),
        standardized(energy, rejection.energy_mean, rejection.energy_spread),
    )
    score = node("Reshape", both, network.integers(f"{REFUSED}/shape", [-1]))
    return score, node("Greater", score, number("threshold", rejection.threshold))
