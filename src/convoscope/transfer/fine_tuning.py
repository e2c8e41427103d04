"""Fine-tuning: the last blocks of a backbone learn on, together with the head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.applications import Backbone
from convoscope.errors import ConfigurationError
from convoscope.transfer.assembling import assemble
from convoscope.transfer.head import Head
from convoscope.transfer.network import feature_network

if TYPE_CHECKING:
    from convoscope.layers import Layer
    from convoscope.models import Model
    from convoscope.training.callbacks import Callback

_RATE, _WARMUP, _DECAY, _SMOOTHING = 5e-4, 0.2, 0.02, 0.05
_BATCH = 16
_ZOOM, _SHIFT, _TURN = 0.15, 0.08, 0.03


@dataclass(frozen=True)
class Plan:
    """How to fine-tune.

    Attributes
    ----------
    blocks : int
        How many of the last blocks of the backbone learn.
    epochs : int
    mirrored : bool
        Whether images are mirrored in training.
    balanced : bool
        Whether rare classes weigh as much as others.
    seed : int
    """

    blocks: int
    epochs: int
    mirrored: bool
    balanced: bool
    seed: int


def check_blocks(backbone: Backbone, blocks: int) -> None:
    """Raise ConfigurationError if a backbone has fewer blocks."""
    names = backbone.block_names
    if not 1 <= blocks <= len(names):
        raise ConfigurationError(
            f"{backbone.name} has {len(names)} blocks ({names[0]} to {names[-1]}), and the last 1 to {len(names)} of "
            f"them can be fine-tuned, not {blocks}."
        )


def tuned_layers(network: Model, backbone: Backbone, blocks: int) -> list[Any]:
    """Return the layers of the last blocks, batch normalizations left out.

    These keep the mean and the spread that they have: a batch of sixteen images is too small to measure them.
    """
    check_blocks(backbone, blocks)
    last = backbone.block_names[-blocks:]
    return [
        layer
        for layer in network.layers
        if backbone.block_of(layer.name) in last and layer.weights and layer.base_name() != "batch_normalization"
    ]


def fine_tune(
    backbone: Backbone,
    head: Head,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.integer],
    class_names: Sequence[str],
    plan: Plan,
    callbacks: Sequence[Callback] = (),
) -> Model:
    """Train the last blocks and the head on images.

    Parameters
    ----------
    backbone : Backbone
    head : Head
        What training begins with: fitted to the features of these images.
    images : array of uint8, shape (N, height, width, 3)
    labels : array of int, shape (N,)
    class_names : sequence of str
    plan : Plan
    callbacks : sequence of Callback
        They see the model that is trained: one that varies its images and shares all weights.

    Returns
    -------
    Model
        Without variation, and not compiled.
    """
    from convoscope.layers import Input
    from convoscope.models import Model
    from convoscope.training import losses, optimizers
    from convoscope.training.schedules import OneCycle

    model = assemble(feature_network(backbone), head, class_names, backbone.preprocessing)
    for layer in (*tuned_layers(model, backbone, plan.blocks), model.layers[-1]):
        layer.trainable = True
    varied = image = Input((backbone.size, backbone.size, 3))
    for each in _variation(plan):
        varied = each(varied)
    training = Model(image, model(varied), seed=plan.seed)  # its weights are those of `model`
    steps = plan.epochs * math.ceil(len(images) / _BATCH)
    optimizer = optimizers.AdamW(OneCycle(_RATE, steps, _WARMUP), weight_decay=_DECAY)
    loss = losses.SparseCategoricalCrossentropy(label_smoothing=_SMOOTHING)
    training.compile(optimizer, loss, metrics=["accuracy"])
    training.fit(
        images,
        labels,
        batch_size=_BATCH,
        epochs=plan.epochs,
        class_weight="auto" if plan.balanced else None,
        callbacks=list(callbacks),
        verbose=0,
    )
    for layer in model.layers:
        layer.trainable = False
    return model


def _variation(plan: Plan) -> list[Layer]:
    from convoscope.layers import RandomFlip, RandomRotation, RandomTranslation, RandomZoom

    mirroring = [RandomFlip("horizontal", seed=plan.seed)] if plan.mirrored else []
    return [
        *mirroring,
        RandomZoom(_ZOOM, fill_mode="reflect", seed=plan.seed + 1),
        RandomTranslation(_SHIFT, _SHIFT, fill_mode="reflect", seed=plan.seed + 2),
        RandomRotation(_TURN, fill_mode="reflect", seed=plan.seed + 3),
    ]
