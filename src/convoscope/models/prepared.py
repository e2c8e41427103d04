"""Layers made ready to run, and kept so until something changes that the plan or the engine depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Here and not where they are first needed: if the package is imported anew, layers of before keep their own plans.
from convoscope.engine import plan, select
from convoscope.engine.base import Array, Executable
from convoscope.layers.base import Layer
from convoscope.types import Shape


class PreparedLayers:
    """A stack of built layers with its executables, which are made when first asked for.

    Parameters
    ----------
    layers : sequence of Layer
        In order, each built for what the one before it makes.
    input_shape : tuple of int
        Without the batch axis.
    """

    def __init__(self, layers: Sequence[Layer], input_shape: Shape) -> None:
        self.layers = tuple(layers)
        self.input_shape = input_shape
        self._kept: dict[bool, tuple[Any, Executable]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": {}}  # executables are made anew, in this process or another

    def executable(self, *, fused: bool = True) -> Executable:
        """Return the layers ready to run on the current engine.

        Choosing another engine, or freezing a layer, makes a new executable; the weights are the layers' own arrays
        and need nothing.
        """
        engine = select.current()
        key = (engine.name, [layer.trainable for layer in self.layers])
        kept = self._kept.get(fused)
        if kept is None or kept[0] != key:
            weights = [weight for layer in self.layers for weight in layer.weights]
            kept = key, engine.prepare(plan.build(self.layers, self.input_shape, fused=fused), weights)
            self._kept[fused] = kept
        return kept[1]

    def outputs(self, x: Array, places: Sequence[int]) -> list[Array]:
        """Return the outputs of the layers at `places`, as in prediction.

        The last layer alone runs through the fused plan, as prediction does. Anything else needs the plan in which
        every layer keeps its output.
        """
        last = len(self.layers) - 1
        if all(place == last for place in places):
            output = self.executable().forward(x)
            return [output for _ in places]
        executable = self.executable(fused=False)
        kept = executable.step_outputs(x)
        return [kept[executable.plan.last_step_of(place)] for place in places]
