"""What training needs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from convoscope.engine.base import Array, Executable
from convoscope.training.draws import Draws
from convoscope.training.objective import Objective
from convoscope.training.optimizer import Optimizer


class Trainable(Protocol):
    """A model as training sees it: what it learns by, its weights, and something to run it with.

    ``optimizer`` and ``objective`` are None until the model is compiled. ``seed`` is what the order of the samples and
    dropout follow from, and ``draws`` how far they are.
    """

    stop_training: bool
    draws: Draws

    @property
    def name(self) -> str: ...

    @property
    def seed(self) -> int: ...

    @property
    def optimizer(self) -> Optimizer | None: ...

    @property
    def objective(self) -> Objective | None: ...

    @property
    def output_names(self) -> Sequence[str]: ...

    @property
    def own_weights(self) -> Sequence[Array]: ...

    @property
    def own_trainable_weights(self) -> Sequence[Array]: ...

    @property
    def losses(self) -> Sequence[float]: ...

    def check_inputs(self, x: Any, where: str | None = None, *, finite: bool = True) -> Any: ...

    def executable(self, fused: bool = True) -> Executable: ...

    def get_weights(self) -> Sequence[Array]: ...

    def set_weights(self, weights: Sequence[Any]) -> None: ...
