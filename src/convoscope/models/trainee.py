"""A model as `Trainer` needs it: what it has to bring, and what is noted of its training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convoscope.engine.base import Array, Executable
from convoscope.errors import NotReadyError
from convoscope.models import calls
from convoscope.models.rejection import Rejection
from convoscope.training.draws import Draws
from convoscope.types import Shape

if TYPE_CHECKING:
    from convoscope.training.callbacks import History
    from convoscope.training.losses import Loss
    from convoscope.training.metrics import Metric
    from convoscope.training.objective import Objective
    from convoscope.training.optimizers import Optimizer


class Trainee(ABC):
    """What is trained: its shapes and weights, what it was compiled with, and how far it is."""

    #: Set by whoever trains a classifier that can refuse images, and saved with the model.
    rejection: Rejection | None = None

    seed: int
    optimizer: Optimizer | None = None
    #: What `compile` was told of losses and metrics, for each output.
    objective: Objective | None = None
    history: History | None = None
    #: How far the model is in its random numbers and in its data: no call of `fit` repeats the one before.
    draws: Draws = Draws()
    #: Set to True, by a callback for instance, to end training after the epoch (or batch) that runs.
    stop_training: bool = False

    @property
    def compiled(self) -> bool:
        """Whether `compile` has been called."""
        return self.optimizer is not None

    @property
    def loss(self) -> Loss | list[Loss | None] | None:
        """The loss, or a list with that of each output; None until the model is compiled."""
        if "loss" in self.__dict__:  # a subclass keeps something of its own under this name, as it may in Keras
            return self.__dict__["loss"]  # type: ignore[no-any-return]
        return None if self.objective is None else self.objective.loss

    @loss.setter
    def loss(self, value: Any) -> None:
        self.__dict__["loss"] = value

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of all outputs, in the order of the logs."""
        return [] if self.objective is None else self.objective.metrics

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order, such as ``["loss", "accuracy"]``."""
        return [] if self.objective is None else self.objective.names

    # ---- what the model has to bring

    @abstractmethod
    def executable(self, fused: bool = True) -> Executable:
        """Return the model ready to run on the current engine."""

    @abstractmethod
    def check_inputs(self, x: Any, where: str | None = None, *, finite: bool = True) -> Any:
        """Return `x` as the engine takes it, an array or a list of them, or say what is wrong with it.

        float32 values are looked at if `finite`: the engine looks at them itself where it is asked to.
        """

    @abstractmethod
    def check_range(self, x: Any, where: str) -> None:
        """Refuse images whose values are certainly not those that the model was trained on, where these are known."""

    @abstractmethod
    def outputs_in_training(self, inputs: Sequence[Array]) -> list[Array]:
        """Return the outputs for a batch as training makes them."""

    def in_form(self, values: list[Any]) -> Any:
        """Return a value for each output as the outputs were given: alone, in a list, or in a dict."""
        return values[0]

    @property
    def outputs_have_keys(self) -> bool:
        """Whether the outputs were given in a dict, and are named by its keys."""
        return False

    @property
    @abstractmethod
    def output_names(self) -> list[str]:
        """The names of the outputs: what a dict of targets or losses is told by."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The model's name."""

    @property
    @abstractmethod
    def plan_input_shape(self) -> Shape:
        """The shape of one input, without the batch axis."""

    @property
    @abstractmethod
    def own_weights(self) -> Sequence[Array]:
        """All weights in order: the arrays themselves, given to nobody."""

    @property
    @abstractmethod
    def own_trainable_weights(self) -> Sequence[Array]:
        """Those of them that training changes, in order."""

    @property
    @abstractmethod
    def losses(self) -> Sequence[float]:
        """The regularizers' penalties, as they are now."""

    @abstractmethod
    def get_weights(self) -> Sequence[Array]:
        """Return copies of all weights."""

    @abstractmethod
    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all weights."""

    @property
    @abstractmethod
    def built(self) -> bool:
        """Whether the model has its shapes and weights."""

    @abstractmethod
    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Settle the shapes and make the weights."""

    @property
    @abstractmethod
    def varies_images(self) -> bool:
        """Whether a layer varies images while training."""

    # ---- being ready for data

    def _build_for(self, x: Any) -> None:
        """Build the model, if it is not yet, for inputs like `x`."""
        if not self.built:
            self.build((None, *calls.sample_shape(x, f"Model {self.name!r}")))

    def _built_for(self, x: Any) -> Any:
        """Do the same where `x` may yield batches: the first one is looked at. Return what stands for it then."""
        if self.built:
            return x
        from convoscope.training.data.batches import hands_out_batches
        from convoscope.training.feeding import peeked

        first, x = peeked(x) if hands_out_batches(x) else (x, x)
        self._build_for(first)
        return x

    def _require_compiled(self, what: str) -> None:
        if not self.compiled:
            raise NotReadyError(
                f"Model {self.name!r} has not been compiled, but {what} needs an optimizer and a loss. Call "
                "model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy']) first."
            )
