"""All values of a network for some inputs, with channels at 0, and the gradients of its scores by any of them.

Parts of the network are prepared once and kept: a page that looks into a large network asks for one image after the
other, and for another filter to be switched off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convoscope.engine import plan, select
from convoscope.engine.base import Array, Arrays, Executable, each, plain
from convoscope.explore.submodels import class_count, ends_in_probabilities, known, main_value
from convoscope.models.network import Network


@dataclass(frozen=True)
class _Part:
    """A part of the network: the numbers of the values that it takes, and of those that it makes."""

    executable: Executable
    takes: tuple[int, ...]
    makes: tuple[int, ...]


class AllValues:
    """What a model makes of inputs, layer by layer. The model is only read.

    Parameters
    ----------
    model : Sequential or Model

    Examples
    --------
    >>> import convoscope as cs
    >>> layers = [cs.layers.Activation("relu", input_shape=(2,)), cs.layers.Activation("linear")]
    >>> inner = AllValues(cs.Sequential(layers))
    >>> inner.of(np.array([[1.0, 2.0]]), {0: [1]})[2].tolist()  # the last value, where channel 1 of the first is off
    [[1.0, 0.0]]
    """

    def __init__(self, model: Network) -> None:
        self.model = model
        self._forward: dict[tuple[int, ...], _Part | None] = {}
        self._backward: dict[tuple[tuple[int, ...], int], _Part] = {}

    def of(self, inputs: Arrays, off: Mapping[int, Sequence[int]] | None = None) -> list[Array]:
        """Return all values by their numbers: the inputs (N, ...), then what each call of a layer makes.

        Parameters
        ----------
        inputs : array (N, *input_shape), or a list of those
        off : mapping of int to list of int
            From the indices of calls to their channels that are 0.
        """
        graph, off = self.model.graph, off or {}
        found = {value: np.asarray(array, np.float32) for value, array in known(inputs).items()}
        cuts: list[int] = []
        for index in (None, *sorted(off)):
            if index is not None:
                cuts.append(graph.value_of(index))
                found[cuts[-1]] = found[cuts[-1]].copy()
                found[cuts[-1]][..., list(off[index])] = 0
            part = self._behind(tuple(cuts))
            if part is not None:
                made = each(part.executable.forward(plain([found[value] for value in part.takes])), len(part.makes))
                found.update(zip(part.makes, made, strict=True))
        return [found[value] for value in range(len(found))]

    def gradient(
        self,
        values: Sequence[Array],
        target: int,
        classes: Sequence[int],
        off: Mapping[int, Sequence[int]] | None = None,
    ) -> Array:
        """Return the gradient of each class' score by a value of one sample: (classes, *shape of the value).

        Parameters
        ----------
        values : list of array (1, ...)
            From `of`, with the same channels off.
        target : int
            The value's number.
        classes : list of int
            A softmax or sigmoid at the end is left out. A single output speaks for class 1, and against class 0.
        off : mapping of int to list of int
        """
        graph, off = self.model.graph, off or {}
        end, count = main_value(self.model), class_count(self.model)
        wanted = np.eye(count)[list(classes)] if count > 1 else np.where(np.array(classes)[:, None] == 1, 1.0, -1.0)
        waiting: dict[int, Array] = {end: wanted.astype(np.float32)}
        silent = {graph.value_of(index): list(channels) for index, channels in off.items()}
        found = np.zeros((len(classes), *graph.shape_of(target)), np.float32)
        while waiting:
            last = max(waiting)
            gradient = waiting.pop(last)
            if last in silent:
                gradient = gradient.copy()
                gradient[..., silent[last]] = 0
            if last == target:
                found += gradient
                continue
            sources = (target, *sorted(value for value in silent if target < value < last))
            for value, part in self._pulled(sources, last, values, gradient).items():
                waiting[value] = waiting[value] + part if value in waiting else part
        return found

    def _behind(self, cuts: tuple[int, ...]) -> _Part | None:
        """Return the part that makes what depends on the last of some values, or without any everything."""
        if cuts not in self._forward:
            graph = self.model.graph
            first, last = len(graph.input_shapes), cuts[-1] if cuts else None
            changed = set(range(first)) if last is None else {last}
            for number, call in enumerate(graph.calls):
                if changed & set(call.inputs):
                    changed.add(first + number)
            makes = tuple(sorted(changed - set(range(first)) - set(cuts)))
            self._forward[cuts] = self._prepared(cuts, makes) if makes else None
        return self._forward[cuts]

    def _pulled(self, sources: tuple[int, ...], end: int, values: Sequence[Array], gradient: Array) -> dict[int, Array]:
        """Return the gradients by those of `sources` that the value `end` is computed from past the others."""
        graph, read = self.model.graph, set[int]()
        first, needed = len(graph.input_shapes), {end}
        for number in range(end, max(min(sources), first - 1), -1):
            if number in needed and number not in sources:
                needed.update(graph.calls[number - first].inputs)
                read.update(graph.calls[number - first].inputs)
        used = tuple(value for value in sources if value in read)
        if not used:
            return {}
        key = (used, end)
        if key not in self._backward:
            self._backward[key] = self._prepared(used, (end,), scores=end == main_value(self.model))
        part = self._backward[key]
        taken = [np.repeat(values[value], len(gradient), axis=0) for value in part.takes]
        made = part.executable.pullback(plain(taken), gradient)
        return {value: np.array(found) for value, found in zip(used, each(made.input, 1), strict=False)}

    def _prepared(self, takes: Sequence[int], makes: Sequence[int], *, scores: bool = False) -> _Part:
        graph, needed = self.model.graph.between(takes, makes)
        steps = plan.build_graph(graph, fused=False)
        if scores and ends_in_probabilities(self.model):
            steps = steps.without_last_step()
        executable = select.current().prepare(steps, graph.weights, moment=graph.moment)
        return _Part(executable, needed, tuple(makes))
