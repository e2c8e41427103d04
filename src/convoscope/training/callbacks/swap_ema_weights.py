"""SwapEMAWeights: the weights' averages are what is measured and saved."""

from __future__ import annotations

from convoscope.checks import flag
from convoscope.errors import ConfigurationError
from convoscope.layers import moments
from convoscope.training.callbacks.base import Callback, Logs


class SwapEMAWeights(Callback):
    """Swap the weights for their averages, which an optimizer with ``use_ema=True`` keeps, during every evaluation.

    Parameters
    ----------
    swap_on_epoch : bool
        Whether they are also swapped at the end of each epoch, and back before the next one: callbacks that come
        after this one then save the averages.

    Notes
    -----
    As in Keras, but predictions leave the weights as they were, and training that is stopped early ends with the
    averages. For that, put this callback after the one that stops it.

    Examples
    --------
    >>> import numpy as np
    >>> from convoscope import Sequential, layers, optimizers
    >>> model = Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))])
    >>> model.compile(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    >>> x, y = np.ones((1, 1)), np.zeros((1, 1))
    >>> history = model.fit(x, y, epochs=2, verbose=0, validation_data=(x, y), callbacks=[SwapEMAWeights()])
    >>> [round(loss, 4) for loss in history.history["val_loss"]]  # 0.8², then 0.72²: 0.72 is the mean of 0.8 and 0.64
    [0.64, 0.5184]
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = flag(swap_on_epoch, "swap_on_epoch", "SwapEMAWeights")
        self._averages_in_model = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._exchange(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._exchange(True)
            if self.model.stop_training or epoch == self.params.get("epochs", 0) - 1:
                # `fit` ends by putting the averages in the weights' place: these are there already.
                for weight, average in self.model.optimizer.averages():
                    average[...] = weight

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._exchange(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._exchange(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._exchange(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._exchange(False)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.model.optimizer.use_ema:
            raise ConfigurationError(
                "SwapEMAWeights needs averaged weights, which the optimizer does not keep. Create the optimizer with "
                "use_ema=True."
            )
        self._averages_in_model = False

    def _exchange(self, averages: bool) -> None:
        """See that the model has the averages, or the weights that are trained."""
        if averages == self._averages_in_model:
            return
        self._averages_in_model = averages
        with moments.writing():
            for weight, average in self.model.optimizer.averages():
                kept = weight.copy()
                weight[...] = average
                average[...] = kept
