"""Pieces of a model that run on their own: the layers up to an index, those behind it, and the scores of the classes.

A piece shares the model's weights and is only read, so nothing here can change the model.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from convoscope.engine import plan, select
from convoscope.engine.base import Array, Executable
from convoscope.engine.steps import ActivationStep
from convoscope.errors import ConfigurationError, DataError, ShapeError, unknown_name
from convoscope.layers import Conv2D, Layer
from convoscope.models.sequential import Sequential
from convoscope.types import Shape

BATCH = 32  # inner outputs take room


@dataclass(frozen=True)
class Submodel:
    """Some of a model's layers in a row. `run` and `pull` work in batches of 32."""

    executable: Executable
    output_shape: Shape

    def run(self, x: Array) -> Array:
        """Return the outputs (N, *output_shape)."""
        return in_batches(self.executable.forward, x)

    def pull(self, x: Array, output_gradient: Array) -> Array:
        """Return the gradient of each row of sum(outputs × output_gradient) by its inputs, shaped as `x`."""
        parts = [
            self.executable.pullback(x[part], np.ascontiguousarray(output_gradient[part], np.float32)).input
            for part in batches(len(x))
        ]
        return np.concatenate(parts)


def submodel(model: Sequential, first: int, stop: int | None = None, *, scores: bool = False) -> Submodel:
    """Return the layers from index `first` to the end, or up to the one before `stop`.

    With `scores`, a softmax or sigmoid at the end is left out: what comes out are then the scores that go into it,
    whose gradients do not fade where the model is sure.
    """
    layers = model.layers[first:stop]
    shape = model.plan_input_shape if first == 0 else _inner_shape(model.layers[first - 1])
    steps = plan.build(layers, shape, fused=False)
    if scores and ends_in_probabilities(model):
        steps = steps.without_last_step()
    weights = [weight for layer in layers for weight in layer.weights]
    return Submodel(select.current().prepare(steps, weights), steps.output_shape)


def outputs_at(model: Sequential, images: Array, indices: list[int]) -> list[Array]:
    """Return what the layers at those indices make of the images, (N, ...) each; the index -1 is the input."""
    executable = model.executable(fused=False)
    wanted = [None if index < 0 else executable.plan.last_step_of(index) for index in indices]
    kept: list[list[Array]] = [[] for _ in indices]
    for part in batches(len(images)):
        steps = executable.step_outputs(images[part])
        for parts, step in zip(kept, wanted, strict=True):
            parts.append(images[part].astype(np.float32) if step is None else steps[step].copy())
    return [np.concatenate(parts) for parts in kept]


def ends_in_probabilities(model: Sequential) -> bool:
    """Whether the model's last step is a softmax or a sigmoid; if not, its outputs are logits."""
    steps = model.executable(fused=False).plan.steps
    return isinstance(steps[-1], ActivationStep) and steps[-1].activation.name in ("softmax", "sigmoid")


def index_of(model: Sequential, layer: Layer | str | SupportsIndex) -> int:
    """Return the index in the model of a layer given as itself, by its name or by its index (-1 is the last)."""
    layers = model.layers
    if isinstance(layer, Layer):
        indices = [index for index, each in enumerate(layers) if each is layer]
        if not indices:
            raise ConfigurationError(
                f"{layer.describe()} is not a layer of model {model.name!r}, which has the layers "
                f"{', '.join(each.name for each in layers)}."
            )
        return indices[0]
    if isinstance(layer, str):
        names = [each.name for each in layers]
        if layer not in names:
            raise unknown_name(f"layer in model {model.name!r}", layer, names)
        return names.index(layer)
    index = operator.index(layer)
    if not -len(layers) <= index < len(layers):
        raise ConfigurationError(f"There is no layer at index {index}: model {model.name!r} has {len(layers)} layers.")
    return index % len(layers)


def convolutions(model: Sequential) -> list[int]:
    """Return the indices of the convolutions, in order."""
    return [index for index, layer in enumerate(model.layers) if isinstance(layer, Conv2D)]


def convolution_at(model: Sequential, layer: Layer | str | SupportsIndex | None, what: str, default: int) -> int:
    """Return the index of a convolution: the one given, or the first (`default` 0) or last (-1) of the model."""
    known = convolutions(model)
    if layer is None:
        if not known:
            raise ConfigurationError(
                f"{what} needs a convolution, but model {model.name!r} has none: its layers are "
                f"{', '.join(each.describe() for each in model.layers)}. saliency and occlusion work for every model."
            )
        return known[default]
    return index_of(model, layer)


def channel_at(model: Sequential, index: int, channel: SupportsIndex) -> int:
    """Return the channel's number, from 0, or say how many the layer has."""
    count = _inner_shape(model.layers[index])[-1]
    number = operator.index(channel)
    if not -count <= number < count:
        raise ConfigurationError(
            f"{model.layers[index].describe()} has {count} channels, numbered 0 to {count - 1}, but channel {number} "
            "was asked for."
        )
    return number % count


def as_batch(model: Sequential, images: Any) -> Array:
    """Return the images as the engine takes them, (N, *input_shape); a single image becomes a batch of one."""
    alone = model.built and np.ndim(images) == len(model.plan_input_shape)
    checked: Array = model.check_inputs(np.asarray(images)[None] if alone else images)
    if len(checked) == 0:
        raise DataError("At least one image is needed, but there are none.")
    return checked


def class_count(model: Sequential) -> int:
    """Return how many scores the model gives for an image, or say that its outputs are not one row of scores."""
    shape: Shape = model.output_shape[1:]
    if len(shape) != 1:
        raise ShapeError(
            f"Model {model.name!r} makes outputs of shape {shape}, but one score for each class is needed, as after "
            "Dense(10) or GlobalAveragePooling2D()."
        )
    return shape[0]


def chosen_classes(model: Sequential, images: Array, class_index: Any) -> Array:
    """Return one class for each image, (N,): those given, or the one that the model gives most for."""
    count = class_count(model)
    if class_index is None:
        best: Array = submodel(model, 0, scores=True).run(images).argmax(axis=1)
        return best
    chosen = np.asarray(class_index)
    if chosen.dtype.kind not in "iu" or chosen.shape not in ((), (len(images),)):
        raise ConfigurationError(
            f"class_index must be one class number, or one for each of the {len(images)} images, but is "
            f"{class_index!r}."
        )
    if chosen.min() < 0 or chosen.max() >= count:
        raise ConfigurationError(
            f"class_index must be from 0 to {count - 1}, as the model has {count} outputs, but is {class_index!r}."
        )
    return np.broadcast_to(chosen, len(images)).astype(np.int64)


def one_hot(classes: Array, count: int) -> Array:
    """Return the gradient of each chosen class' score by the scores, (N, count)."""
    return np.eye(count, dtype=np.float32)[classes]


def class_names(model: Sequential, count: int) -> list[str]:
    """Return the model's class names, or the numbers where it has none that fit."""
    names = model.class_names
    return list(names) if names is not None and len(names) == count else [str(number) for number in range(count)]


def batches(count: int) -> Iterator[slice]:
    """Yield the slices that cut `count` images into batches."""
    for start in range(0, count, BATCH):
        yield slice(start, min(start + BATCH, count))


def in_batches(run: Callable[[Array], Array], x: Array) -> Array:
    """Return what `run` makes of `x`, computed batch by batch."""
    return np.concatenate([run(np.ascontiguousarray(x[part])) for part in batches(len(x))])


def _inner_shape(layer: Layer) -> Shape:
    return tuple(int(size) for size in layer.output_shape[1:] if size is not None)
