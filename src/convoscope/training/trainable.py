"""What training needs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from convoscope.engine.base import Array, Executable
from convoscope.training.losses import Loss
from convoscope.training.metrics import Metric
from convoscope.training.optimizer import Optimizer
from convoscope.types import Shape


class Trainable(Protocol):
    """A model as training sees it: what it learns by, its shapes, its weights, and something to run it with.

    ``optimizer`` and ``loss`` are None until the model is compiled. ``seed`` is what the order of the samples and
    dropout follow from. ``plan_input_shape`` is without the batch axis.
    """

    stop_training: bool

    @property
    def name(self) -> str: ...

    @property
    def seed(self) -> int: ...

    @property
    def optimizer(self) -> Optimizer | None: ...

    @property
    def loss(self) -> Loss | None: ...

    @property
    def metrics(self) -> Sequence[Metric]: ...

    @property
    def plan_input_shape(self) -> Shape: ...

    @property
    def weights(self) -> Sequence[Array]: ...

    @property
    def trainable_weights(self) -> Sequence[Array]: ...

    @property
    def losses(self) -> Sequence[float]: ...

    def check_inputs(self, x: Any, where: str | None = None) -> Any: ...

    def executable(self, fused: bool = True) -> Executable: ...

    def get_weights(self) -> Sequence[Array]: ...

    def set_weights(self, weights: Sequence[Any]) -> None: ...
