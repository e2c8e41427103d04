"""Networks that have learned nothing: the same layers with random weights, all of them or from the top down."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np

from convoscope.explore.random_numbers import numbers
from convoscope.layers import Layer
from convoscope.models.naming import call_names
from convoscope.models.network import Network


def untrained(model: Network, seed: int = 1) -> Network:
    """Return a copy with weights that have learned nothing: Glorot uniform kernels, all else as at the start.

    Parameters
    ----------
    model : Sequential or Model
    seed : int
        The same seed gives the same weights each time. The page does the same for a network that it runs itself:
        ``engine/network.js``.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Dense(1, input_shape=(2,))])
    >>> kernel, bias = untrained(model).get_weights()
    >>> bool(np.abs(kernel).max() <= 2**0.5), bias.tolist()
    (True, [0.0])
    """
    twin, drawn = copy.deepcopy(model), 0
    for layer in twin.leaf_layers:
        for spec, weight in zip(layer.specs, layer.weights, strict=True):
            if spec.name.endswith("kernel"):
                window = int(np.prod(weight.shape[:-2]))
                limit = np.sqrt(6 / (window * (weight.shape[-2] + weight.shape[-1])))
                weight[...] = ((2 * numbers(seed, weight.size, drawn) - 1) * limit).reshape(weight.shape)
                drawn += weight.size
            else:
                weight[...] = 1 if spec.name in ("gamma", "moving_variance") else 0
    return twin


def from_the_top(model: Network, seed: int = 1) -> Iterator[tuple[str, Network]]:
    """Yield copies in which ever more layers have random weights, from the last one down to the first.

    Yields
    ------
    (str, Network)
        The name of the layer that was the newest to become random, and the network. It is the same object each time:
        look at it before the next one. In the last one all weights are those of `untrained`.
    """
    twin, fresh, names = copy.deepcopy(model), untrained(model, seed), call_names(model)
    done: set[int] = set()
    pairs = zip(names, twin.graph.calls, fresh.graph.calls, strict=True)
    for name, call, other in reversed(list(pairs)):
        if id(call.layer) in done or not _has_weights(call.layer):
            continue
        done.add(id(call.layer))
        for weight, random in zip(call.layer.weights, other.layer.weights, strict=True):
            weight[...] = random
        yield name, twin


def _has_weights(layer: Layer) -> bool:
    return any(weight.size for weight in layer.weights)
