"""What each kind of step does: its output, and the way back from the output's gradient.

An operation is a function of a step, its input (a list of several), its weights and the mode. It returns the output and
a `Backward`: a function from the gradient of the output to the gradient of the input and of each weight. What the way
back needs, it remembers as a closure; where nobody goes back, nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]
#: From an output's gradient to the input's (a tuple of several), and to one for each of the step's weights (None: it
#: never learns).
Backward = Callable[[Array], tuple[Array | tuple[Array, ...], list[Array | None]]]
Operation = Callable[[Any, Any, Sequence[Array], "Mode"], tuple[Array, Backward]]


@dataclass(frozen=True)
class Mode:
    """Whether a step runs in training, and what it draws random numbers from.

    ``statistics`` collects, in training, the new values of weights that no gradient changes (moving averages), by the
    weight's index in the plan. A layer that is called again goes on from what it left there.
    """

    training: bool = False
    seed: int = 0
    iteration: int = 0
    statistics: dict[int, Array] = field(default_factory=dict)


PREDICTION = Mode()
