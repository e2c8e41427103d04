"""Backbone and head put together: one model that takes images and gives calibrated probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convoscope.transfer.head import Head

if TYPE_CHECKING:
    from convoscope.models import Model

HEAD = "predictions"


def assemble(
    network: Model,
    head: Head,
    class_names: Sequence[str],
    preprocessing: dict[str, Any],
    *,
    trainable: bool = False,
    seed: int | None = None,
) -> Model:
    """Put a head on a network that makes features.

    Parameters
    ----------
    network : Model
        Of images to features (N, D), such as `convoscope.transfer.Extractor.model`. Its layers become those of the new
        model: they are not copied.
    head : Head
    class_names : sequence of str
    preprocessing : dict
        How images are prepared for it.
    trainable : bool
        Whether a later `fit` changes the layers of the network, too.
    seed : int, optional
        Of a later `fit`: the same makes the same file. Drawn if left out.

    Returns
    -------
    Model
        With the head's weights in its last layer, ``"predictions"``.
    """
    from convoscope.layers import Dense
    from convoscope.models import Model

    for layer in network.layers:
        layer.trainable = trainable
    last = Dense(len(class_names), activation="softmax", name=HEAD)
    model = Model(network.inputs, last(network.outputs[0]), name=network.name, seed=seed)
    last.set_weights([head.kernel, head.bias])
    model.class_names = list(class_names)
    model.preprocessing = dict(preprocessing)
    return model
