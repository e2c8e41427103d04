"""What can be said of a model's layers before anything is computed: shapes, parameters, what they see and cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoscope.engine import plan
from convoscope.engine.receptive_field import ReceptiveField, after_step, at_input
from convoscope.layers.base import Layer
from convoscope.types import Shape


@dataclass(frozen=True)
class Row:
    """One layer.

    ``shape`` is the output's, without the batch axis; ``arithmetic`` is how the parameters come about, such as
    "3×3×1×64 + 64"; ``receptive_field`` is what each output value sees of the input; ``multiply_adds`` is how many
    products of an input with a weight are summed for one image.
    """

    name: str
    kind: str
    shape: Shape
    params: int
    arithmetic: str
    receptive_field: ReceptiveField
    multiply_adds: int
    trainable: bool

    @property
    def values(self) -> int:
        """How many values come out for one image."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Summary:
    """A model: its name, its input's shape, a row for each layer, and the totals. Optimizer slots are never counted."""

    name: str
    input_shape: Shape
    rows: tuple[Row, ...]
    trainable_params: int
    non_trainable_params: int

    @property
    def params(self) -> int:
        """All parameters together."""
        return self.trainable_params + self.non_trainable_params

    @property
    def multiply_adds(self) -> int:
        """All multiply-adds together, for one image."""
        return sum(row.multiply_adds for row in self.rows)


def summarize(model: Any) -> Summary:
    """Describe each layer of a `Sequential` or a `Model`.

    Raises
    ------
    NotReadyError
        If the model does not know its input's shape yet.

    Examples
    --------
    >>> from convoscope.layers import Conv2D, MaxPooling2D
    >>> from convoscope.models import Sequential
    >>> model = Sequential([Conv2D(64, 3, input_shape=(28, 28, 1)), MaxPooling2D()])
    >>> [(row.shape, row.params, row.arithmetic, row.receptive_field.size) for row in summarize(model).rows]
    [((26, 26, 64), 640, '3×3×1×64 + 64', (3, 3)), ((13, 13, 64), 0, '', (4, 4))]
    """
    input_shape: Shape = model.plan_input_shape
    layers: Sequence[Layer] = model.layers
    trainable = sum(weight.size for weight in model.trainable_weights)
    everything = sum(weight.size for weight in model.weights)
    return Summary(model.name, input_shape, _rows(layers, input_shape), trainable, everything - trainable)


def _rows(layers: Sequence[Layer], input_shape: Shape) -> tuple[Row, ...]:
    steps = plan.build(layers, input_shape, fused=False).steps
    field = at_input(input_shape)
    rows = []
    for place, layer in enumerate(layers):
        own = [step for step in steps if step.first_layer == place]
        for step in own:
            field = after_step(field, step)
        rows.append(
            Row(
                name=layer.name,
                kind=type(layer).__name__,
                shape=own[-1].output_shape,
                params=layer.count_params(),
                arithmetic=" + ".join("×".join(map(str, spec.shape)) for spec in layer.specs),
                receptive_field=field,
                multiply_adds=sum(step.multiply_adds for step in own),
                trainable=layer.trainable,
            )
        )
    return tuple(rows)
