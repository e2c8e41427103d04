"""What tells the network that makes features from any other: a digest of its layers and weights."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from convoscope.explore.embedding import hidden_value

if TYPE_CHECKING:
    from convoscope.models.network import Network


def digest_of_features(model: Network) -> str:
    """Give a text that is the same where what goes into the last dense layer or convolution is computed in one way.

    The layers up to there count, with their settings and weights. Their names do not, nor what stands behind them: all
    classifiers on one frozen backbone have the digest of its `convoscope.transfer.network.feature_network`.

    Examples
    --------
    >>> import convoscope as cs
    >>> base = cs.Sequential([cs.layers.Dense(3, input_shape=(2,)), cs.layers.ReLU()], seed=1)
    >>> one, other = (cs.Sequential([*base.layers, cs.layers.Dense(classes)], seed=2) for classes in (4, 5))
    >>> digest_of_features(one) == digest_of_features(other)
    True
    >>> before = digest_of_features(one)
    >>> base.layers[0].bias[...] = 1
    >>> digest_of_features(one) == before
    False
    """
    graph = model.graph.upto([hidden_value(model)])
    found = hashlib.sha256(repr((graph.input_shapes, graph.outputs)).encode())
    for call in graph.calls:
        found.update(repr((call.layer, call.inputs)).encode())
        for weight in call.layer.weights:
            found.update(np.ascontiguousarray(weight, "<f4").data)
    return found.hexdigest()
