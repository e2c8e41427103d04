"""What a model does with data, under Keras' names: compile, fit, evaluate, predict.

The work is done in `convoscope.training`, which is imported when it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convoscope import old_keras
from convoscope.layers import moments
from convoscope.models import calls
from convoscope.models.single_batches import SingleBatches

if TYPE_CHECKING:
    from convoscope.training.callbacks import History


class Trainer(SingleBatches):
    """The base of `Sequential` for everything that needs an optimizer, a loss or data."""

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        **options: Any,
    ) -> None:
        """Choose the optimizer, the loss and the metrics.

        Parameters
        ----------
        optimizer : str or Optimizer
            ``"adam"``, ``"sgd"``, ``"rmsprop"``, ``"adamw"``, or one of `convoscope.optimizers` with its settings.
        loss : str or Loss, list or dict
            ``"sparse_categorical_crossentropy"`` for labels that are class numbers. With several outputs, it applies to
            all; or give a list with one for each (None to learn nothing from it), or a dict by ``model.output_names``.
        loss_weights : float, list or dict, optional
            The weight of each output's loss in the sum that is minimized; 1 if left out.
        metrics : list of str or Metric, or dict, optional
            What else is measured: ``["accuracy"]``. For several outputs, a list with a list for each, or a dict by
            name.
        weighted_metrics : list of str or Metric, or dict, optional
            The same, measured with sample and class weights.
        **options
            Keras' other arguments, if they do not change the results.

        Raises
        ------
        UnknownNameError
            If there is no such optimizer, loss, metric or output.
        ConfigurationError
            If there are more or fewer losses, weights or lists of metrics than outputs.

        Notes
        -----
        The logs have Keras' names: with one output, ``loss`` and ``accuracy``; with several, ``loss`` (the sum), the
        loss of each as ``<output>_loss``, and ``<output>_accuracy``.

        Examples
        --------
        >>> from convoscope import Sequential, layers, optimizers
        >>> model = Sequential([layers.Flatten(input_shape=(8, 8, 1)), layers.Dense(10, activation="softmax")])
        >>> model.compile(optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> model.optimizer.learning_rate, model.metrics_names
        (0.01, ['loss', 'accuracy'])
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
        """Train on images `x` and their labels `y`, or on anything that yields batches of both.

        Parameters
        ----------
        x : array of shape (N, *input_shape), list or dict; or what yields batches
            Images, of uint8, float32 or float64; used as they are, without a copy and without scaling. For several
            inputs, a list with an array for each, or a dict by their names. Or a generator, a `PyDataset` (`Sequence`),
            a `Dataset`, a PyTorch ``DataLoader`` or any other iterable whose batches are ``(x, y)`` or ``(x, y,
            sample_weight)``: these are made in another thread, some batches ahead.
        y : array, list or dict
            Class numbers (N,) or, depending on the loss, an array shaped like the outputs. For several outputs, a list
            with an array for each, or for each that has a loss; or a dict by their names.
        batch_size : int
            Images in each step; if left out, 32, or as many as make `steps_per_epoch` steps. Iterables that yield
            batches have their own size.
        epochs : int
            The number of the last epoch; with `initial_epoch`, that many fewer are trained.
        verbose : {"auto", 0, 1, 2}
            0 shows nothing, 1 and ``"auto"`` a bar for each epoch, which moves if the output is a terminal; 2 a line
            for each epoch.
        callbacks : Callback or list of Callback
        validation_split : float
            The share of the samples, the last ones in the given order, that is used for validation.
        validation_data : (x, y) or (x, y, sample_weight), or what yields batches
            Measured after each epoch. Takes precedence over `validation_split`.
        shuffle : bool
            Whether each pass over the data has a new order. It is determined by the model's seed and by the number of
            passes that the model has made so far: no call of `fit` repeats an earlier order. For a `PyDataset`, it is
            the order of the batches; other iterables of batches have their own order.
        class_weight : dict of class number to weight, or ``"auto"``
            The weight of each class in the loss; with ``"auto"``, all classes count the same. For models with one
            output.
        sample_weight : array of shape (N,), list or dict
            The weight of each sample in the loss: for all outputs, or a list with an array or None for each, or a dict
            by name.
        initial_epoch : int
            The epoch to continue from: 2 epochs and then 2 more give what 4 give at once, to the bit, for arrays and
            for the batches of a `PyDataset`.
        steps_per_epoch : int
            The number of steps in an epoch, which begins where the previous one stopped. If a pass over the data ends
            sooner, so does the epoch, with a warning. As in Keras, a call of `fit` begins a new pass.
        validation_steps : int
            The number of batches for validation, from the first one; a generator continues where it stopped.
        validation_batch_size : int
            Images in each batch of the validation.
        validation_freq : int or list of int
            Validate after every that many epochs, or after the listed epochs, counted from 1.
        **threads
            ``workers``, the number of threads that make the batches of a `PyDataset`, and ``max_queue_size``, how many
            batches may be made in advance; if left out, the data set's own settings. ``use_multiprocessing`` may be
            given as in Keras 2.

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
            If the loss is no longer a number; the weights are then those of the last complete epoch.

        Notes
        -----
        Processes started by torchrun each compute their part of every batch: see docs/scale.md. Callbacks run in the
        first process.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope import Sequential, layers
        >>> x, y = np.eye(4, dtype=np.float32), np.arange(4)  # four samples, each of a class of its own
        >>> model = Sequential([layers.Dense(4, activation="softmax", input_shape=(4,))], seed=0)
        >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> history = model.fit(x, y, batch_size=2, epochs=3, validation_data=(x, y), verbose=0)
        >>> history.epoch, sorted(history.history)
        ([0, 1, 2], ['accuracy', 'loss', 'val_accuracy', 'val_loss'])
        >>> history.history["loss"][-1] < history.history["loss"][0]
        True
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
        """Measure loss and metrics on images `x` and labels `y`, or on anything that yields batches of both.

        Parameters
        ----------
        x, y, batch_size, verbose, sample_weight, callbacks
            As in `fit`.
        steps : int, optional
            Use only that many batches.
        return_dict : bool
            Whether to return the values by name.

        Returns
        -------
        float, list of float or dict
            The loss, or the loss and then the metrics in the order given to `compile`; by name if `return_dict`. With
            several outputs: the loss, the loss of each, and then the metrics by their names, as in Keras.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Activation("linear", input_shape=(2,))])  # predicts what it is given
        >>> model.compile(loss="mse", metrics=["mae"])
        >>> model.evaluate(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 2.0], [3.0, 2.0]]), verbose=0)
        [1.0, 0.5]
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

        `x` may yield batches, as in `fit`: anything but their inputs is ignored. With `steps`, only so many batches are
        computed.

        A model with several outputs returns them in the form in which it was given them: as a list, or as a dict.

        Examples
        --------
        >>> import numpy as np
        >>> from convoscope import Sequential, layers
        >>> model = Sequential([layers.Conv2D(8, 3, input_shape=(28, 28, 1)), layers.GlobalMaxPooling2D()])
        >>> model.predict(np.zeros((100, 28, 28, 1), np.float32), verbose=0).shape
        (100, 8)
        """
        from convoscope.training import stages

        calls.threads(threads, "predict")
        self.check_range(x, "predict")
        x = self._built_for(x)
        options = {"batch_size": batch_size, "verbose": verbose, "steps": steps, "callbacks": callbacks}
        return self.in_form(stages.predict(self, x, **options))

    if not TYPE_CHECKING:  # a checker of types would find any name at all

        def __getattr__(self, name: str) -> Any:
            """Say what to write for a method of older Keras."""
            raise old_keras.method("model", name) or AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )
