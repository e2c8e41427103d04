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
from convoscope.training.data import sample_weights
from convoscope.training.feeds import order_of
from convoscope.transfer.assembling import assemble
from convoscope.transfer.head import Head
from convoscope.transfer.network import feature_network
from convoscope.transfer.rows import AnyImages

if TYPE_CHECKING:
    from convoscope.layers import Layer
    from convoscope.models import Model

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
        Whether rare classes count as much as others.
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
    images: AnyImages,
    labels: npt.NDArray[np.integer],
    class_names: Sequence[str],
    plan: Plan,
) -> Model:
    """Train the last blocks and the head on images.

    Parameters
    ----------
    backbone : Backbone
    head : Head
        What training begins with: fitted to the features of these images.
    images : array of uint8, shape (N, height, width, 3), or Rows
        They are not copied.
    labels : array of int, shape (N,)
    class_names : sequence of str
    plan : Plan

    Returns
    -------
    Model
        Without variation, and not compiled.

    Notes
    -----
    What comes before the last blocks only predicts, which is quicker than training and keeps nothing for the way back:
    with the last two blocks of EfficientNet-Lite0, training takes 0.4 GB in place of 1.2 GB.
    """
    from convoscope.layers import Input
    from convoscope.models import Model

    model = assemble(feature_network(backbone), head, class_names, backbone.preprocessing, seed=plan.seed)
    for layer in (*tuned_layers(model, backbone, plan.blocks), model.layers[-1]):
        layer.trainable = True
    varied = image = Input((backbone.size, backbone.size, 3))
    for each in _variation(plan):
        varied = each(varied)
    vary = Model(image, varied)
    last = backbone.block_names[-plan.blocks :]
    middle = next(layer for layer in model.layers if backbone.block_of(layer.name) in last).input
    frozen = Model(model.inputs, middle)
    learning = Model(middle, model.outputs[0], seed=plan.seed)  # its weights are those of `model`
    _compile(learning, plan, len(images))
    weights = sample_weights(labels.astype(np.int32), (len(class_names),), "auto") if plan.balanced else None
    for epoch in range(plan.epochs):
        order = order_of(plan.seed, epoch, len(images))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            maps = frozen.predict_on_batch(np.asarray(vary(images[rows], training=True)))
            learning.train_on_batch(maps, labels[rows], None if weights is None else weights[rows])
    for layer in model.layers:
        layer.trainable = False
    return model


def _compile(learning: Model, plan: Plan, images: int) -> None:
    from convoscope.training import losses, optimizers
    from convoscope.training.schedules import OneCycle

    steps = plan.epochs * math.ceil(images / _BATCH)
    optimizer = optimizers.AdamW(OneCycle(_RATE, steps, _WARMUP), weight_decay=_DECAY)
    learning.compile(optimizer, losses.SparseCategoricalCrossentropy(label_smoothing=_SMOOTHING))


def _variation(plan: Plan) -> list[Layer]:
    from convoscope.layers import RandomFlip, RandomRotation, RandomTranslation, RandomZoom

    mirroring = [RandomFlip("horizontal", seed=plan.seed)] if plan.mirrored else []
    return [
        *mirroring,
        RandomZoom(_ZOOM, fill_mode="reflect", seed=plan.seed + 1),
        RandomTranslation(_SHIFT, _SHIFT, fill_mode="reflect", seed=plan.seed + 2),
        RandomRotation(_TURN, fill_mode="reflect", seed=plan.seed + 3),
    ]
