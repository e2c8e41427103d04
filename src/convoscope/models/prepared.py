"""A graph made ready to run, and kept so until something changes that the plan or the engine depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

# Here and not where they are first needed: if the package is imported anew, layers of before keep their own plans.
from convoscope.engine import plan, select
from convoscope.engine.base import Array, Arrays, Executable, each, plain
from convoscope.layers.graph import Graph
from convoscope.seeds import next_seed


class Prepared:
    """A graph of built layers with its executables, which are made when first asked for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._kept: dict[bool, tuple[Any, Executable]] = {}
        self._drawn = 0
        self._further: dict[int, Prepared] = {}

    def and_value(self, value: int) -> Prepared:
        """Return the same with one more output behind the others: a value on the way, by its number in the graph."""
        if value not in self._further:
            self._further[value] = Prepared(self.graph.between((), (*self.graph.outputs, value))[0])
        return self._further[value]

    def executable(self, *, fused: bool = True) -> Executable:
        """Return the graph ready to run on the current engine.

        Choosing another engine or device, or freezing a layer, makes a new executable; the weights are the layers' own
        arrays and need nothing.
        """
        engine = select.current()
        key = (engine, [layer.trainable for layer in self.graph.layers])
        kept = self._kept.get(fused)
        if kept is None or kept[0] != key:
            kept = (
                key,
                engine.prepare(plan.build_graph(self.graph, fused=fused), self.graph.weights, moment=self.graph.moment),
            )
            self._kept[fused] = kept
        return kept[1]

    def outputs_in_training(self, inputs: Sequence[Array]) -> list[Array]:
        """Return the outputs as training makes them: with dropout and augmentation, of a fresh draw at each call."""
        executable = self.executable()
        nothing = [np.zeros((len(inputs[0]), *shape), np.float32) for shape in executable.plan.output_shapes]
        self._drawn += 1  # a layer with a seed of its own draws by the number of the call
        found = executable.pullback(
            plain(inputs), plain(nothing), training=True, seed=next_seed(), iteration=self._drawn
        )
        return each(found.outputs, 1)

    def outputs(self, x: Arrays) -> list[Array]:
        """Return what each call makes, as in prediction: from a plan in which every layer keeps its output."""
        executable = self.executable(fused=False)
        made = executable.step_outputs(x)
        return [made[executable.plan.last_step_of(call)] for call in range(len(self.graph.calls))]
