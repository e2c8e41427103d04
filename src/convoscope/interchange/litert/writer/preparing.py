"""What stands before and behind the layers, so that photos go in as bytes and probabilities come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.explore.image_predictions import features_of
from convoscope.explore.submodels import ends_in_probabilities
from convoscope.interchange.exported import PROBABILITIES, REFUSED, SCALING
from convoscope.interchange.litert.schema import TensorType
from convoscope.interchange.litert.writer.network import Network, Tensor
from convoscope.interchange.scaling import scaling

if TYPE_CHECKING:
    from convoscope.datasets.images.preprocessing import Preprocessing
    from convoscope.models import network as models
    from convoscope.models.rejection import Rejection

_OPERATORS = {"multiply": "MUL", "divide": "DIV", "round": "ROUND"}


def floats_of(network: Network, value: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Return images of bytes as the layers take them: exactly what `Preprocessing.prepare` makes of the same bytes."""
    if preprocessing.max_value == 255:
        return _cast(network, value, TensorType.FLOAT32)
    steps, table = scaling(preprocessing)
    if steps is None:
        whole = _cast(network, value, TensorType.INT32)
        values = network.constant(f"{SCALING}/values", table)
        return network.add("GATHER", [values, whole], f"{SCALING}/GATHER", value.shape, exact=True)
    made = _cast(network, value, TensorType.FLOAT32)
    for step, number in steps:
        more = [] if number is None else [network.constant(f"{SCALING}/{step}", number)]
        made = network.add(_OPERATORS[step], [made, *more], f"{SCALING}/{step}", value.shape, exact=True)
    return made


def _cast(network: Network, value: Tensor, kind: TensorType) -> Tensor:
    types: dict[str, Any] = {"in_data_type": value.type, "out_data_type": kind}
    return network.add("CAST", [value], f"{SCALING}/CAST", value.shape, type=kind, **types)


def probabilities_of(network: Network, value: Tensor, model: models.Network) -> Tensor:
    """Return a probability for each class, of the scores that the model makes.

    One score alone is of class 1: of both classes a probability comes out.
    """
    sure = ends_in_probabilities(model)
    if value.shape == (1,):
        if not sure:
            value = network.add("LOGISTIC", [value], f"{PROBABILITIES}/LOGISTIC", (1,))
        one = network.constant(f"{PROBABILITIES}/one", 1.0)
        against = network.add("SUB", [one, value], f"{PROBABILITIES}/SUB", (1,))
        return network.add("CONCATENATION", [against, value], f"{PROBABILITIES}/CONCATENATION", (2,), axis=1)
    if sure:
        return value
    return network.add("SOFTMAX", [value], f"{PROBABILITIES}/SOFTMAX", value.shape, beta=1.0)


def refusals_of(network: Network, value_of: Callable[[int], Tensor], model: models.Network) -> tuple[Tensor, Tensor]:
    """Return how far out each image is, and whether it is of none of the classes. See `Rejection`."""
    rejection: Rejection | None = model.rejection
    assert rejection is not None
    features = value_of(features_of(model))

    def add(op: str, *inputs: Tensor, shape: tuple[int, ...] = (1,), **options: Any) -> Tensor:
        return network.add(op, inputs, f"{REFUSED}/{op}", shape, exact=True, **options)

    def number(name: str, array: npt.ArrayLike) -> Tensor:
        return network.constant(f"{REFUSED}/{name}", array)

    def reduced(op: str, value: Tensor) -> Tensor:
        return add(op, value, network.integers(f"{REFUSED}/axes", [1]), keep_dims=True)

    def scores_of(value: Tensor, weights: npt.NDArray[Any], bias: npt.NDArray[Any]) -> Tensor:
        numbers = number("kernel", weights), number("bias", bias)
        return add("FULLY_CONNECTED", value, *numbers, shape=(len(weights),))

    def standardized(value: Tensor, mean: float, spread: float) -> Tensor:
        return add("DIV", add("SUB", value, number("mean", mean)), number("spread", spread))

    squares = add("MUL", features, features, shape=features.shape)
    length = add("MAXIMUM", add("SQRT", reduced("SUM", squares)), number("least", 1e-12))
    direction = add("DIV", features, length, shape=features.shape)
    likeness = scores_of(direction, rejection.centres, np.zeros(len(rejection.centres)))
    distance = add("SUB", number("one", 1.0), reduced("REDUCE_MAX", likeness))
    scores = scores_of(features, rejection.kernel.T, rejection.bias)
    largest = reduced("REDUCE_MAX", scores)
    apart = add("EXP", add("SUB", scores, largest, shape=scores.shape), shape=scores.shape)
    energy = add("NEG", add("ADD", add("LOG", reduced("SUM", apart)), largest))
    both = add(
        "ADD",
        standardized(distance, rejection.distance_mean, rejection.distance_spread),
        standardized(energy, rejection.energy_mean, rejection.energy_spread),
    )
    score = network.reshaped(both, (), REFUSED)
    threshold = number("threshold", rejection.threshold)
    return score, add("GREATER", score, threshold, shape=(), type=TensorType.BOOL)
