"""The plan: what an engine runs, made from a stack of layers.

``build(layers, shape)`` lowers each layer to steps and fuses neighbours; ``build(..., fused=False)`` leaves every layer
its own steps, so that every layer's output can be looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoscope.engine.fusion import fuse
from convoscope.engine.lowering import lower
from convoscope.engine.steps import Step
from convoscope.layers.base import Layer
from convoscope.layers.stack import infer_shapes
from convoscope.types import Shape


@dataclass(frozen=True)
class PlannedWeight:
    """A weight in the plan's list: whose it is, what it is called, and whether training changes it."""

    layer: int
    name: str
    shape: Shape
    trainable: bool


@dataclass(frozen=True)
class Plan:
    """Steps in order, and the weights that they name by their place in ``weights``.

    ``prediction_steps`` make the same of the same weights, as far as nothing is to be learned: what is idle then is
    left out, and more of the steps are fused.
    """

    input_shape: Shape
    output_shape: Shape
    steps: tuple[Step, ...]
    prediction_steps: tuple[Step, ...]
    weights: tuple[PlannedWeight, ...]
    layer_count: int

    @property
    def trainable(self) -> tuple[int, ...]:
        """The places of the weights that training changes: gradients and optimizer slots come in this order."""
        return tuple(place for place, weight in enumerate(self.weights) if weight.trainable)

    def last_step_of(self, layer: int) -> int:
        """Return the place of the step whose output is that layer's output. Only whole in a plan that is not fused."""
        return max(place for place, step in enumerate(self.steps) if step.last_layer == layer)


def build(layers: Sequence[Layer], input_shape: Shape, *, fused: bool = True) -> Plan:
    """Make the plan for a stack of layers.

    Parameters
    ----------
    layers : sequence of Layer
        Descriptions; they need not be built. Input layers are left out by the model.
    input_shape : tuple of int
        Without the batch axis.
    fused : bool
        Whether neighbouring steps become one where they can.

    Examples
    --------
    >>> from convoscope.layers import Conv2D, MaxPooling2D
    >>> plan = build([Conv2D(8, 3, activation="relu"), MaxPooling2D()], (28, 28, 1))
    >>> [type(step).__name__ for step in plan.steps], plan.output_shape
    (['ConvolutionStep'], (13, 13, 8))
    """
    outputs = infer_shapes(layers, input_shape)
    inputs = [input_shape, *outputs][: len(layers)]
    steps: list[Step] = []
    weights: list[PlannedWeight] = []
    for place, (layer, before, after) in enumerate(zip(layers, inputs, outputs, strict=True)):
        specs = layer.weight_specs(before)
        own = tuple(range(len(weights), len(weights) + len(specs)))
        weights += [PlannedWeight(place, s.name, s.shape, s.trainable and layer.trainable) for s in specs]
        common = {
            "first_layer": place,
            "last_layer": place,
            "input_shape": before,
            "output_shape": after,
            "weights": own,
        }
        steps += lower(layer, common)
    output_shape = outputs[-1] if outputs else input_shape
    if not fused:
        return Plan(input_shape, output_shape, tuple(steps), tuple(steps), tuple(weights), len(layers))
    return Plan(
        input_shape,
        output_shape,
        tuple(fuse(steps)),
        tuple(fuse(steps, prediction=True)),
        tuple(weights),
        len(layers),
    )
