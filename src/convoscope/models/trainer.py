"""What a model does with data, under Keras' names: compile, fit, evaluate, predict.

The work is done in `convoscope.training`, which is imported when it is first needed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convoscope import old_keras
from convoscope.engine.base import Array, Executable, each
from convoscope.errors import NotReadyError
from convoscope.layers import moments
from convoscope.models import calls
from convoscope.models.rejection import Rejection
from convoscope.tensors import tensor
from convoscope.training.draws import Draws
from convoscope.types import Shape

if TYPE_CHECKING:
    from convoscope.training.callbacks import History
    from convoscope.training.losses import Loss
    from convoscope.training.metrics import Metric
    from convoscope.training.objective import Objective
    from convoscope.training.optimizers import Optimizer


class Trainer(ABC):
    """The base of `Sequential` for everything that needs an optimizer, a loss or data."""

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
        """The names of what `evaluate` returns, in its order: the loss, then the metrics."""
        return [] if self.objective is None else self.objective.names

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        **options: Any,
    ) -> None:
        """Choose how the model learns.

        Parameters
        ----------
        optimizer : str or Optimizer
            ``"adam"``, ``"sgd"``, ``"rmsprop"``, ``"adamw"``, or one of `convoscope.optimizers` with its settings.
        loss : str or Loss, list or dict
            ``"sparse_categorical_crossentropy"`` for labels that are class numbers. Of several outputs all have that
            loss; a list has one for each (None to learn nothing from it), as has a dict by ``model.output_names``.
        loss_weights : float, list or dict, optional
            What the loss of each output counts in the sum that is learned from; 1 if left out.
        metrics : list of str or Metric, or dict, optional
            What else is measured: ``["accuracy"]``. For several outputs a list with a list for each, or a dict by name.
        weighted_metrics : list of str or Metric, or dict, optional
            The same, measured with sample and class weights.
        **options
            Keras' other arguments, as far as they leave the results as they are.

        Raises
        ------
        UnknownNameError
            If there is no such optimizer, loss, metric or output.
        ConfigurationError
            If there are more or fewer losses, weights or lists of metrics than outputs.

        Notes
        -----
        The logs have the names that Keras gives: of one output ``loss`` and ``accuracy``; of several outputs ``loss``
        (the sum), the loss of each as ``<output>_loss``, and ``<output>_accuracy``.
        """
        from convoscope.training import optimizers
        from convoscope.training.compiling import make_objective

        calls.check_compile_options(options)
        chosen = (
            optimizers.get(optimizer),
            make_objective(
                self.output_names, loss, loss_weights, metrics, weighted_metrics, partial=self.outputs_have_keys
            ),
        )
        self.optimizer, self.objective = chosen

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        **threads: Any,
    ) -> History:
        """Train on images `x` and their labels `y`, or on what hands out batches of both.

        What each argument means: see `convoscope.training.stages.fit`. ``workers``, ``max_queue_size`` and
        ``use_multiprocessing`` may be given as in Keras 2.

        Returns
        -------
        History
            ``history.history`` has a list for each measured value, with one entry for each epoch.

        Raises
        ------
        NotReadyError
            If `compile` has not been called.
        ShapeError, DataError
            If the data does not fit the model, or cannot be trained on.
        TrainingDivergedError
            If the loss is no longer a number; the weights are then those of the last whole epoch.
        """
        from convoscope.training import stages

        self._require_compiled("fit")
        threads = calls.threads(threads, "fit")
        x = self._built_for(x)
        self.rejection = None  # it was measured on the weights as they are now
        with moments.training():
            self.history = stages.fit(
                self,
                x,
                y,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=validation_data,
                shuffle=shuffle,
                class_weight=class_weight,
                sample_weight=sample_weight,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
                validation_freq=validation_freq,
                **threads,
            )
        return self.history

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **threads: Any,
    ) -> Any:
        """Measure loss and metrics on images `x` and labels `y`, or on what hands out batches of both.

        See `convoscope.training.stages.evaluate`.

        Returns
        -------
        float, list of float or dict
            The loss, or the loss and then the metrics in the order given to `compile`; by name if `return_dict`. Of
            several outputs: the loss, the loss of each, and then the metrics by their names, as in Keras.
        """
        from convoscope.training import stages

        self._require_compiled("evaluate")
        calls.threads(threads, "evaluate")
        self.check_range(x, "evaluate")
        x = self._built_for(x)
        return stages.evaluate(
            self,
            x,
            y,
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            return_dict=return_dict,
            callbacks=callbacks,
        )

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        **threads: Any,
    ) -> Any:
        """Return the outputs for inputs `x`, (N, *output_shape), computed in batches of `batch_size` (32).

        `x` may hand out batches, as in `fit`: what else is in them is left out. With `steps`, only so many batches are
        computed.

        A model with several outputs gives them as they were given to it: in a list, or in a dict.
        """
        from convoscope.training import stages

        calls.threads(threads, "predict")
        self.check_range(x, "predict")
        x = self._built_for(x)
        options = {"batch_size": batch_size, "verbose": verbose, "steps": steps, "callbacks": callbacks}
        return self.in_form(stages.predict(self, x, **options))

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """Take one training step on one batch. See `convoscope.training.single_step.train_on_batch`."""
        from convoscope.training import single_step

        self._require_compiled("train_on_batch")
        calls.check_reset_metrics(reset_metrics, "train_on_batch")
        self._build_for(x)
        options = {"sample_weight": sample_weight, "class_weight": class_weight, "return_dict": return_dict}
        with moments.training():
            return single_step.train_on_batch(self, x, y, **options)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """Measure loss and metrics on one batch. See `convoscope.training.stages.test_on_batch`."""
        from convoscope.training import stages

        self._require_compiled("test_on_batch")
        calls.check_reset_metrics(reset_metrics, "test_on_batch")
        self._build_for(x)
        return stages.test_on_batch(self, x, y, sample_weight=sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, (N, *output_shape), without splitting it or showing progress."""
        self._build_for(x)
        return self.in_form(each(self.executable().forward(self.check_inputs(x)), 1))

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """Return the outputs for one batch, as in prediction; as in training (dropout, augmentation) if `training`.

        A model of nothing but layers without weights that vary images varies them if `training` is left out, as in
        Keras: ``augmentation = Sequential([RandomFlip(), RandomRotation(0.1)])``.
        """
        self._build_for(x)
        if training is None:
            training = self.varies_images and not self.own_weights
        if not training:
            return self.in_form([tensor(output) for output in each(self.executable().forward(self.check_inputs(x)), 1)])
        made = self.outputs_in_training(each(self.check_inputs(x), 1))
        return self.in_form([tensor(output) for output in made])

    @property
    @abstractmethod
    def varies_images(self) -> bool:
        """Whether a layer varies images while training."""

    if not TYPE_CHECKING:  # a checker of types would find any name at all

        def __getattr__(self, name: str) -> Any:
            """Say what to write for a method of older Keras."""
            raise old_keras.method("model", name) or AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )

    # ---- what the model has to bring

    @abstractmethod
    def executable(self, fused: bool = True) -> Executable:
        """Return the model ready to run on the current engine."""

    @abstractmethod
    def check_inputs(self, x: Any, where: str | None = None) -> Any:
        """Return `x` as the engine takes it, an array or a list of them, or say what is wrong with it."""

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

    def _build_for(self, x: Any) -> None:
        """Build the model, if it is not yet, for inputs like `x`."""
        if not self.built:
            self.build((None, *calls.sample_shape(x, f"Model {self.name!r}")))

    def _built_for(self, x: Any) -> Any:
        """Do the same where `x` may hand out batches: the first one is looked at. Return what stands for it then."""
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
                f"Model {self.name!r} has not been compiled, and {what} needs to know the optimizer and the loss. Call "
                "model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy']) first."
            )
