"""Parts of a model that run on their own: up to some of its values, behind them, and the scores of the classes.

A part shares the model's weights and is only read, so nothing here can change the model. Values have the numbers of
`convoscope.layers.graph`: 0 and on are the inputs, then comes one for each call of a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoscope.engine import plan, select
from convoscope.engine.base import Array, Arrays, Executable, each, plain
from convoscope.engine.steps import ActivationStep
from convoscope.errors import ConfigurationError, DataError, ShapeError
from convoscope.models.network import Network
from convoscope.types import Shape

BATCH = 32  # inner outputs take room


@dataclass(frozen=True)
class Submodel:
    """A part of a model's graph, from some values to one. `run` and `pull` work in batches of 32.

    Attributes
    ----------
    executable : Executable or None
        None where the value that comes out is one that goes in.
    takes : tuple of int
        The numbers of the values that go in.
    output_shape : tuple of int
        Of what comes out, without the batch axis.
    """

    executable: Executable | None
    takes: tuple[int, ...]
    output_shape: Shape

    def run(self, known: Mapping[int, Array]) -> Array:
        """Return what comes out (N, *output_shape) where the values have those arrays, by their numbers."""
        return np.concatenate([self.at_once(part) for part in _parts(known)])

    def at_once(self, known: Mapping[int, Array]) -> Array:
        """Return the same for a single batch."""
        taken = [known[value] for value in self.takes]
        return taken[0] if self.executable is None else np.array(self.executable.forward(plain(taken)))

    def pull(self, known: Mapping[int, Array], output_gradient: Array) -> Array:
        """Return the gradient of each row of sum(output × output_gradient) by the first value that goes in."""
        if self.executable is None:
            return output_gradient
        steps = self.executable.plan
        if 0 not in steps.outputs and not any(0 in step.inputs for step in steps.steps):
            raise ConfigurationError(
                "The gradient with respect to a layer's output needs a path from the layer to the class scores, but "
                "this layer leads only to other outputs of the model. Choose another layer."
            )
        found = []
        for part, gradient in zip(_parts(known), _batched(output_gradient), strict=True):
            taken = plain([part[value] for value in self.takes])
            made = self.executable.pullback(taken, np.ascontiguousarray(gradient, np.float32))
            found.append(np.array(each(made.input, 1)[0]))
        return np.concatenate(found)


def submodel(
    model: Network, values: Sequence[int] = (), output: int | None = None, *, scores: bool = False
) -> Submodel:
    """Return the part of a model from some values to the value `output`, or to its main output.

    What is needed besides `values` is computed from the model's inputs, and comes behind them in `takes`. With
    `scores`, a softmax or sigmoid at the end is left out: what comes out are then the scores that go into it, whose
    gradients do not fade where the model is sure.
    """
    end = main_value(model) if output is None else output
    graph, takes = model.graph.between(values, [end])
    if not graph.calls:
        return Submodel(None, (end,), model.graph.shape_of(end))
    steps = plan.build_graph(graph, fused=False)
    if scores and ends_in_probabilities(model):
        steps = steps.without_last_step()
    return Submodel(select.current().prepare(steps, graph.weights, moment=graph.moment), takes, steps.output_shape)


def values_at(model: Network, inputs: Arrays, values: Sequence[int]) -> list[Array]:
    """Return the values of those numbers for inputs, (N, ...) each."""
    executable = model.executable(fused=False)
    count = len(model.plan_input_shapes)
    wanted = [value if value < count else executable.plan.last_step_of(value - count) + count for value in values]
    kept: list[list[Array]] = [[] for _ in values]
    for part in _parts(known(inputs)):
        made: list[Array] = [part[number] for number in range(count)]
        made += executable.step_outputs(plain(made))
        for parts, value in zip(kept, wanted, strict=True):
            parts.append(np.array(made[value], np.float32))
    return [np.concatenate(parts) for parts in kept]


def outputs_at(model: Network, inputs: Arrays, indices: Sequence[int]) -> list[Array]:
    """Return what the calls at those indices make of inputs, (N, ...) each; the index -1 is the (first) input."""
    return values_at(model, inputs, [0 if index < 0 else model.graph.value_of(index) for index in indices])


# ---- which of several outputs counts


def main_output(model: Network) -> int:
    """Return which of a model's outputs is explained: one with a score for each class, else an image, else the first.

    Of several with scores, the one that fits the class names comes first, then one that ends in probabilities.
    """
    names = model.class_names
    shapes = model.graph.output_shapes
    ranks = []
    for number, shape in enumerate(shapes):
        scores = len(shape) == 1
        fits = names is not None and shape == (len(names),)
        ranks.append((scores, scores and fits, scores and _ends_in_probabilities(model, number), is_image(shape)))
    return ranks.index(max(ranks))


def main_value(model: Network) -> int:
    """Return the number of the value that `main_output` names."""
    return model.graph.outputs[main_output(model)]


def main_calls(model: Network) -> list[int]:
    """Return the indices of the calls that the main output is computed from."""
    graph, needed = model.graph, {main_value(model)}
    for index in range(len(graph.calls) - 1, -1, -1):
        if graph.value_of(index) in needed:
            needed.update(graph.calls[index].inputs)
    return [index for index in range(len(graph.calls)) if graph.value_of(index) in needed]


def main_shape(model: Network) -> Shape:
    """Return the shape of the main output, without the batch axis."""
    return model.graph.shape_of(main_value(model))


def main_target(model: Network, y: Any) -> Any:
    """Return what should come out of the main output: of a list or a dict with something for each of several."""
    names = model.output_names
    if len(names) > 1 and isinstance(y, dict):
        return model.in_order(y, names, "outputs")[main_output(model)]
    return y[main_output(model)] if len(names) > 1 and isinstance(y, (list, tuple)) and len(y) == len(names) else y


def main_run(model: Network) -> Callable[[Arrays], Array]:
    """Return a function from a batch of inputs to what the main output makes of it."""
    executable, number = model.executable(), main_output(model)
    return lambda inputs: np.array(each(executable.forward(inputs), 1)[number])


def ends_in_probabilities(model: Network) -> bool:
    """Whether the main output comes from a softmax or a sigmoid; if not, it is logits."""
    return _ends_in_probabilities(model, main_output(model))


def _ends_in_probabilities(model: Network, output: int) -> bool:
    steps = model.executable(fused=False).plan
    last = steps.maker_of(steps.outputs[output])
    return isinstance(last, ActivationStep) and last.activation.name in ("softmax", "sigmoid")


def is_image(shape: Shape) -> bool:
    """Whether a shape is an image's: rows and columns of one value or of three colours."""
    return len(shape) == 3 and shape[2] in (1, 3)


# ---- inputs


def as_inputs(model: Network, images: Any) -> Any:
    """Return images as the engine takes them, (N, *input_shape); of several inputs a list of those.

    A single image becomes a batch of one.
    """
    shapes = model.plan_input_shapes if model.built else ()
    alone = len(shapes) == 1 and np.ndim(images) == len(shapes[0])
    checked = model.check_inputs(np.asarray(images)[None] if alone else images)
    if len(each(checked, 1)[0]) == 0:
        raise DataError("At least one image is needed, but there are none.")
    return checked


def as_batch(model: Network, images: Any, what: str) -> Array:
    """Return the same for a model with one input, or say that `what` is for such models only."""
    if model.built and len(model.plan_input_shapes) > 1:
        raise ConfigurationError(
            f"{what} takes one image at a time, but model {model.name!r} has {len(model.plan_input_shapes)} inputs "
            f"({', '.join(model.input_names)}). Use a model with one of them: Model(inputs, outputs) creates a model "
            "of any part. activations, ablate, confusion, dead_filters, embedding and the explorer's page support "
            "several inputs."
        )
    found: Array = as_inputs(model, images)
    return found


def known(inputs: Arrays) -> dict[int, Array]:
    """Return a model's inputs by the numbers of their values."""
    return dict(enumerate(each(inputs, 1)))


def count_of(inputs: Arrays) -> int:
    """Return how many samples there are."""
    return len(each(inputs, 1)[0])


def batches(count: int) -> Iterator[slice]:
    """Yield the slices that cut `count` images into batches."""
    for start in range(0, count, BATCH):
        yield slice(start, min(start + BATCH, count))


def input_batches(x: Arrays) -> Iterator[tuple[slice, Any]]:
    """Yield the batches that inputs are cut into: which samples, and the inputs themselves."""
    for part in batches(count_of(x)):
        yield part, plain([np.ascontiguousarray(array[part]) for array in each(x, 1)])


def in_batches(run: Callable[[Any], Array], x: Arrays) -> Array:
    """Return what `run` makes of inputs, computed batch by batch."""
    return np.concatenate([run(part) for _, part in input_batches(x)])


def _parts(arrays: Mapping[int, Array]) -> Iterator[dict[int, Array]]:
    for part in batches(len(next(iter(arrays.values())))):
        yield {value: np.ascontiguousarray(array[part]) for value, array in arrays.items()}


def _batched(array: Array) -> Iterator[Array]:
    for part in batches(len(array)):
        yield array[part]


# ---- classes


def class_count(model: Network) -> int:
    """Return how many scores the model gives for an image, or say that its outputs are not one row of scores."""
    shape = main_shape(model)
    if len(shape) != 1:
        raise ShapeError(
            f"Model {model.name!r} has outputs of shape {shape}, but one score for each class is needed, as after "
            "Dense(10) or GlobalAveragePooling2D()."
        )
    return shape[0]


def chosen_classes(model: Network, images: Arrays, class_index: Any) -> Array:
    """Return one class for each image, (N,): those given, or the one that the model gives most for."""
    count, samples = class_count(model), count_of(images)
    if class_index is None:
        best: Array = submodel(model, scores=True).run(known(images)).argmax(axis=1)
        return best
    chosen = np.asarray(class_index)
    if chosen.dtype.kind not in "iu" or chosen.shape not in ((), (samples,)):
        raise ConfigurationError(
            f"class_index must be one class number, or one for each of the {samples} images, but is {class_index!r}."
        )
    if chosen.min() < 0 or chosen.max() >= count:
        raise ConfigurationError(
            f"class_index must be from 0 to {count - 1}, as the model has {count} outputs, but is {class_index!r}."
        )
    return np.broadcast_to(chosen, samples).astype(np.int64)


def one_hot(classes: Array, count: int) -> Array:
    """Return the gradient of each chosen class' score by the scores, (N, count)."""
    return np.eye(count, dtype=np.float32)[classes]


def class_names(model: Network, count: int) -> list[str]:
    """Return the model's class names, or the numbers where it has none that fit."""
    names = model.class_names
    return list(names) if names is not None and len(names) == count else [str(number) for number in range(count)]
