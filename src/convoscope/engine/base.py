"""What every engine does, behind one small interface.

An `Engine` prepares a plan and its weights into an `Executable`, and that runs: forward, forward keeping every step's
output, gradients, training steps. Arrays are NumPy, images are NHWC, everything computed is float32. Weights are the
arrays that the layers own: an engine reads them at each call and training writes into them.

Where a plan has one input, a call takes an array; where it has several, a list with an array for each. The same holds
for outputs, and for what belongs to each of them: targets, losses, sample weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from convoscope.engine.loss_rule import LossRule as LossRule
from convoscope.engine.plan import Plan
from convoscope.engine.steps import Step
from convoscope.engine.updates import UpdateRule

Array = npt.NDArray[Any]
#: An array, or one for each input (output) where a plan has several.
Arrays = Array | Sequence[Array]
#: Returns a number that changes whenever weights may have been written, or None where they may be at any time.
Moment = Callable[[], int | None]


@dataclass
class Stretch:
    """Some training steps in a row, with everything they need; what they find is written into the last two arrays.

    Parameters
    ----------
    x : array of shape (samples, *input_shape), or one for each input
        uint8, float32 or float64, C-contiguous. Values are used as they are: 8-bit images are not scaled.
    y : array, or one for each output
        int32 labels (samples, ...) for a sparse loss, else float32 shaped as the outputs. None for an output without a
        loss.
    sample_weight : float32 array of shape (samples,), or one for each output, or None
    rows : int64 array
        Which samples, in the order in which they are visited; the last batch may be smaller.
    batch_size : int
    loss : LossRule, or one for each output, with None for those without a loss
    learning_rates : float64 array, one value a step
    iteration : int
        Steps that the optimizer has taken before this stretch: for Adam's bias correction.
    seed : int
        Of the run: dropout's numbers follow from it (see `convoscope.engine.philox`).
    slots : for each trainable weight, in the plan's order, its optimizer arrays (float32, the weight's shape)
    losses : float32 array (len(rows),), or one for each output, written
        Each sample's loss times its weight, before the step's update.
    outputs : float32 array (len(rows), *output_shape), or one for each output, written
        The model's outputs in training mode, before the step's update.
    penalties : float64 array, one value a step, or None, written
        What the regularizers' penalties were before the step's update, all weights together. None throws them away.
    first_draw : int, optional
        The counter of dropout's and augmentation's numbers in the first step. An optimizer counts anew when a model is
        compiled again, and its numbers must not come again; ``iteration`` if left out.
    """

    x: Arrays
    y: Array | Sequence[Array | None]
    rows: npt.NDArray[np.int64]
    batch_size: int
    loss: LossRule | Sequence[LossRule | None]
    rule: UpdateRule
    learning_rates: npt.NDArray[np.float64]
    iteration: int
    seed: int
    slots: Sequence[tuple[Array, ...]]
    losses: Arrays
    outputs: Arrays
    sample_weight: Array | Sequence[Array | None] | None = None
    penalties: npt.NDArray[np.float64] | None = None
    first_draw: int | None = None

    @property
    def steps(self) -> int:
        """How many batches `rows` makes."""
        return -(-len(self.rows) // self.batch_size)


@dataclass(frozen=True)
class Gradients:
    """What a backward pass finds: outputs, the gradient of each weight (None if not trainable), of the input.

    `outputs`, `input` and `losses` are lists where the plan has several.
    """

    outputs: Any
    weights: list[Array | None]
    input: Any
    losses: Any = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True)
class Kernel:
    """What computes a step, for people to read: its name, and why it was chosen, if there was a choice.

    ``backward`` is what is special about its backward pass.
    """

    name: str
    why: str = ""
    backward: str = ""


class Executable(Protocol):
    """A plan with its weights, ready to run. Safe to call from several threads, except for `train`."""

    plan: Plan

    def kernels(self, *, prediction: bool = False) -> list[tuple[Step, Kernel]]:
        """Return the steps that are run, in training or in prediction, each with what computes it."""
        ...

    def forward(self, x: Arrays) -> Any:
        """Return the outputs (N, *output_shape) for inputs (N, *input_shape), as in prediction."""
        ...

    def forward_if_finite(self, x: Arrays) -> Any | None:
        """Return the same as `forward`, or None where a float32 value that comes in is not finite."""
        ...

    def step_outputs(self, x: Arrays) -> list[Array]:
        """Return the output of every step, in order, as in prediction."""
        ...

    def score(
        self, x: Arrays, y: Array | Sequence[Array | None], loss: LossRule | Sequence[LossRule | None]
    ) -> tuple[Any, Any]:
        """Return the outputs and each sample's loss (N,), as in prediction."""
        ...

    def pullback(
        self,
        x: Arrays,
        output_gradient: Array | Sequence[Array | None],
        *,
        training: bool = False,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        """Return the gradients of sum(outputs × output_gradient) with respect to weights and input.

        Of several outputs, None stands for a gradient of zeros. In training mode moving averages are used by nothing
        and left alone; dropout draws by seed and iteration.
        """
        ...

    def gradients(
        self,
        x: Arrays,
        y: Array | Sequence[Array | None],
        loss: LossRule | Sequence[LossRule | None],
        *,
        sample_weight: Array | Sequence[Array | None] | None = None,
        training: bool = True,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        """Return the gradients of a batch's loss, and each sample's loss times its weight in ``losses``.

        Regularizers have no part in it; `train` adds their gradients.
        """
        ...

    def train(self, stretch: Stretch, budget: float | None = None) -> int:
        """Take training steps until the stretch or `budget` (seconds) is used up; return how many, at least one.

        An interruption (Ctrl-C) raises KeyboardInterrupt and leaves weights, averages and slots as they were after
        the last whole step.
        """
        ...

    def keeping_memory(self) -> AbstractContextManager[None]:
        """Return a context in which the memory of a training step is kept for the next one, however much it is."""
        ...


class Engine(Protocol):
    """Something that can run plans. Engines that compute in the same way are equal."""

    @property
    def name(self) -> str:
        """What it is chosen by."""
        ...

    def prepare(self, plan: Plan, weights: Sequence[Array], *, moment: Moment | None = None) -> Executable:
        """Make a plan runnable with these weights (float32, in the plan's order), which are kept, not copied.

        Without a `moment` they may be written at any time, and what is made of them is checked at each prediction.
        """
        ...


def each(given: Any, count: int) -> list[Any]:
    """Return what was given for several inputs or outputs as a list; None stands for None for each."""
    if given is None:
        return [None] * count
    return list(given) if isinstance(given, (list, tuple)) else [given]


def plain(found: Sequence[Any]) -> Any:
    """Return one array for one input or output, and a list for several."""
    return found[0] if len(found) == 1 else list(found)
