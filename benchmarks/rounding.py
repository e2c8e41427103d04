"""How far results are from those in double precision, and images that show rounding and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

import convoscope
from benchmarks import plain_sums
from benchmarks.networks import Conv, Dense, Layer, Network, Pool, Relu, weights
from benchmarks.programs.keras_words import layers_of
from convoscope.engine.base import Executable
from convoscope.engine.plan import Plan, build
from convoscope.engine.reference import ReferenceEngine

Array = npt.NDArray[Any]
# The root of the mean square and the largest, both as a share of the exact values' root; and how many values there are.
Errors = tuple[float, float, int]

_CHUNK = 4  # images that are looked at together
_MOST = 1200  # images that are looked at for a batch
_MARGIN = 4  # how many times the largest difference of a plain sum a value has to be from where it decides


@dataclass(frozen=True)
class Case:
    """A network without its head, images, and what comes back to its outputs."""

    network: Network
    images: Array  # (N, height, width, channels), float32
    gradient: Array  # (N, *output), float32

    @classmethod
    def of(cls, network: Network, images: int) -> Case:
        """Return the case of a row of the sweep, with images that are `clear`."""
        network = network.before_the_head()
        chosen, decided = clear_images(network, images)
        draw = np.random.default_rng(17)
        gradient = draw.standard_normal(decided.shape).astype(np.float32)
        return cls(network, chosen, gradient * decided)

    def plan(self) -> Plan:
        """Return the network's plan."""
        return _plan(self.network)


@dataclass(frozen=True)
class Results:
    """What an engine makes: outputs (N, *output), the trainable weights' gradients, and the images'."""

    outputs: Array
    weights: Sequence[Array]
    images: Array

    @classmethod
    def of(cls, case: Case, executable: Executable) -> Results:
        """Compute them as in prediction: with the moving averages of a normalization."""
        back = executable.pullback(case.images, case.gradient)
        return cls(executable.forward(case.images), [each for each in back.weights if each is not None], back.input)

    def errors(self, exact: Results) -> dict[str, list[Errors]]:
        """Return the errors of each array: one of outputs and images, and one for each of the weights."""
        return {
            "forward": [errors(self.outputs, exact.outputs)],
            "weights": [errors(ours, right) for ours, right in zip(self.weights, exact.weights, strict=True)],
            "images": [errors(self.images, exact.images)],
        }


def exact(case: Case) -> Results:
    """Return what the reference engine makes in double precision."""
    return Results.of(case, ReferenceEngine().prepare(case.plan(), weights(case.network), np.float64))


def native(case: Case, precision: str) -> Results:
    """Return what the core makes, in a precision of `convoscope.set_precision`."""
    from convoscope.engine.native import NativeEngine

    return Results.of(case, NativeEngine(precision).prepare(case.plan(), weights(case.network)))


def direct(case: Case) -> Results:
    """Return what float32 sums make that add term after term."""
    return Results(*plain_sums.run(case.network, case.images, case.gradient))


def errors(found: Array, exact: Array) -> Errors:
    """Return the root of the mean square error and the largest, as shares of the exact values' root, and the count."""
    difference = found.astype(np.float64) - exact
    size = math.sqrt(np.square(exact, dtype=np.float64).mean())
    return math.sqrt(np.square(difference).mean()) / size, float(abs(difference).max()) / size, exact.size


def clear_images(network: Network, count: int) -> tuple[Array, Array]:
    """Return images on which rounding decides nothing, as many as `count` if there are, and which outputs are decided.

    A ReLU asks for a sign, and a pooling for the largest of its window. Where two float32 sums may decide differently,
    whole gradients go another way: an error that is no rounding, and that every float32 sum makes somewhere. So only
    those images are taken on which float64 is far enough from every such edge. If the edge is the network's last, it is
    enough to send no gradient to that output.

    Raises
    ------
    ValueError
        None of very many images is clear.
    """
    apart = _with_relus_apart(network)
    plan, draw = _plan(apart, fused=False), np.random.default_rng(11)
    executables = [ReferenceEngine().prepare(plan, weights(network), dtype) for dtype in (np.float64, np.float32)]
    found, outputs = list[Array](), list[Array]()
    for _ in range(_MOST // _CHUNK):
        images = draw.random((_CHUNK, *network.input), dtype=np.float32)
        exact, rounded = (_layer_outputs(each, images) for each in executables)
        clear, decided = np.ones(_CHUNK, bool), np.ones(exact[-1].shape, bool)
        for before, size, last in _decisions(apart):
            margin = _MARGIN * float(abs(exact[before] - rounded[before]).max())
            near = _undecided(exact[before], margin, size)
            if last:
                decided = ~near
            else:
                clear &= ~near.reshape(_CHUNK, -1).any(axis=1)
        found += list(images[clear])
        outputs += list(decided[clear])
        if len(found) >= count:
            break
    if not found:
        raise ValueError(f"{network.name}: none of {_MOST} images is clear of every edge of a ReLU or a pooling")
    return np.stack(found[:count]), np.stack(outputs[:count])


def _plan(network: Network, *, fused: bool = True) -> Plan:
    return build(layers_of(convoscope, network), network.input, fused=fused)


def _layer_outputs(executable: Executable, images: Array) -> list[Array]:
    plan = executable.plan
    made = executable.step_outputs(images)
    return [made[plan.last_step_of(call)] for call in range(plan.call_count)]


def _with_relus_apart(network: Network) -> Network:
    """Return the network with each ReLU as a layer, so that what goes into it is seen."""
    layers: list[Layer] = []
    for layer in network.layers:
        if isinstance(layer, Conv | Dense) and layer.activation == "relu":
            layers += [replace(layer, activation=None), Relu()]
        else:
            layers.append(layer)
    return replace(network, layers=tuple(layers))


def _decisions(network: Network) -> Iterator[tuple[int, int, bool]]:
    """Go through the layers that a ReLU follows: each one's index, the side of the windows that decide, and if it ends.

    Where a pooling follows the ReLU, only the largest value of each window has to be positive or not.
    """
    layers = network.layers
    for index, layer in enumerate(layers):
        if isinstance(layer, Relu):
            after = layers[index + 1] if index + 1 < len(layers) else None
            pooled = isinstance(after, Pool) and after.kind == "max"
            yield index - 1, after.size if isinstance(after, Pool) and pooled else 1, index + 1 + pooled == len(layers)


def _undecided(values: Array, margin: float, size: int) -> Array:
    """Return for each window whether its largest value may be of another sign, or another one, if rounded."""
    near: Array = abs(values) < margin
    if size > 1:
        count, (height, width) = len(values), (side // size for side in values.shape[1:3])
        windows = values[:, : height * size, : width * size].reshape(count, height, size, width, size, -1)
        ordered = np.sort(windows.transpose(0, 1, 3, 5, 2, 4).reshape(count, height, width, -1, size * size), axis=-1)
        largest, second = ordered[..., -1], ordered[..., -2]
        near = (abs(largest) < margin) | ((largest > 0) & (largest - second < 2 * margin))
    return near
