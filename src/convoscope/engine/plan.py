"""The plan: what an engine runs, made from a graph of layers.

``build(layers, shape)`` and ``build_graph(graph)`` lower each call of a layer to steps and fuse neighbours;
``fused=False`` leaves every layer its own steps, so that every layer's output can be looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from convoscope.constraints import Constraint
from convoscope.engine import lowering_random as lowering_random  # registers what it knows
from convoscope.engine.fusion import fuse
from convoscope.engine.lowering import lower
from convoscope.engine.steps import ReshapeStep, Step
from convoscope.layers.base import Layer
from convoscope.layers.graph import Call, Graph
from convoscope.regularizers import Regularizer
from convoscope.types import Shape


@dataclass(frozen=True)
class PlannedWeight:
    """A weight in the plan's list: whose it is, what it is called, and whether training changes it.

    ``layer`` is an index in the graph's list of layers. Where training changes a weight, it adds the regularizer's
    gradient to the weight's, and applies the constraint after each step.
    """

    layer: int
    name: str
    shape: Shape
    trainable: bool
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None


@dataclass(frozen=True)
class Plan:
    """Steps in an order in which they can be computed, and the weights that they name by their index in ``weights``.

    Values have numbers: 0 and on are the inputs, then each step makes one. A step names those that it reads, and
    ``outputs`` those that come out.

    ``prediction_steps`` make the same of the same weights, as far as nothing is to be learned: what is idle then is
    left out, and more of the steps are fused. Their values have numbers of their own, as has ``prediction_outputs``.
    """

    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    prediction_steps: tuple[Step, ...]
    prediction_outputs: tuple[int, ...]
    weights: tuple[PlannedWeight, ...]
    call_count: int

    @property
    def input_shape(self) -> Shape:
        """The shape of the first input, and the only one of most plans."""
        return self.input_shapes[0]

    @property
    def output_shape(self) -> Shape:
        """The shape of the first output, and the only one of most plans."""
        return self.output_shapes[0]

    @property
    def trainable(self) -> tuple[int, ...]:
        """The indices of the weights that training changes: gradients and optimizer slots come in this order."""
        return tuple(index for index, weight in enumerate(self.weights) if weight.trainable)

    @property
    def regularized(self) -> bool:
        """Whether training adds penalties to the loss."""
        return any(weight.trainable and weight.regularizer is not None for weight in self.weights)

    def last_step_of(self, call: int) -> int:
        """Return the index of the step whose output is that call's. Only whole in a plan that is not fused."""
        return max(index for index, step in enumerate(self.steps) if step.calls[-1] == call)

    def maker_of(self, value: int) -> Step | None:
        """Return the step that makes a value in training; None for an input."""
        index = value - len(self.input_shapes)
        return None if index < 0 else self.steps[index]

    def without_last_step(self) -> Plan:
        """Return the plan of what goes into the last step, which makes the only output."""
        last = self.steps[-1]
        steps = self.steps[:-1]
        return replace(
            self,
            output_shapes=(last.input_shape,),
            steps=steps,
            outputs=last.inputs,
            prediction_steps=steps,
            prediction_outputs=last.inputs,
        )


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
    return build_graph(Graph.chain(layers, input_shape), fused=fused)


def build_graph(graph: Graph, *, fused: bool = True) -> Plan:
    """Make the plan for a graph of layers. See `build`."""
    weights, own = _weights(graph)
    steps: list[Step] = []
    value_of = list(range(len(graph.input_shapes)))  # of the graph's values: the plan's
    for number, call in enumerate(graph.calls):
        before = tuple(value_of[value] for value in call.inputs)
        for step in _lowered(call, number, own[id(call.layer)]):
            steps.append(replace(step, inputs=before))
            before = (len(graph.input_shapes) + len(steps) - 1,)
        value_of.append(before[0])
    outputs = tuple(value_of[value] for value in graph.outputs)
    training = prediction = (tuple(steps), outputs)
    if fused:
        count = len(graph.input_shapes)
        training, prediction = fuse(steps, outputs, count), fuse(steps, outputs, count, prediction=True)
    return Plan(
        graph.input_shapes, graph.output_shapes, *training, *prediction, weights=weights, call_count=len(graph.calls)
    )


def _weights(graph: Graph) -> tuple[tuple[PlannedWeight, ...], dict[int, tuple[int, ...]]]:
    """Return all weights, and for each layer (by its id) the indices of its own."""
    shapes: dict[int, Shape] = {}
    for call in graph.calls:
        shapes.setdefault(id(call.layer), call.input_shapes[0])
    weights: list[PlannedWeight] = []
    own: dict[int, tuple[int, ...]] = {}
    for index, layer in enumerate(graph.layers):
        # What a layer's weights were built with, stays, as in Keras.
        specs = layer.specs if layer.built else layer.weight_specs(shapes[id(layer)])
        own[id(layer)] = tuple(range(len(weights), len(weights) + len(specs)))
        weights += [
            PlannedWeight(index, s.name, s.shape, s.trainable and layer.trainable, s.regularizer, s.constraint)
            for s in specs
        ]
    return tuple(weights), own


def _lowered(call: Call, number: int, weights: tuple[int, ...]) -> list[Step]:
    common = {
        "calls": (number,),
        "inputs": (),
        "input_shapes": call.input_shapes,
        "output_shape": call.output_shape,
        "weights": weights,
    }
    steps = lower(call.layer, common)
    return [_as_in_prediction(step) for step in steps] if call.inference else steps


def _as_in_prediction(step: Step) -> Step:
    """Return the step that always computes what this one does in prediction."""
    if step.idle_in_prediction:
        return ReshapeStep(step.calls, step.inputs, step.input_shapes, step.output_shape, ())
    return step.as_in_prediction()
