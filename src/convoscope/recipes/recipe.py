"""What a recipe is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from convoscope.errors import ConfigurationError
from convoscope.models import Sequential, build_preset, parse_layers, preset_names
from convoscope.models.layer_line import model_from_line
from convoscope.recipes.compiling import compile_classifier, steps_an_epoch

if TYPE_CHECKING:
    from convoscope.training.callbacks import History


@dataclass(frozen=True)
class Recipe:
    """How to train: the network, the augmentation, the optimizer, its learning rates, and the number of epochs.

    Attributes
    ----------
    name : str
        Its purpose: ``"fast"`` or ``"best"``.
    dataset : str or None
        The data set that it was chosen for; None if it follows from the size and number of the images.
    network : str
        A preset's name, or layers in a line (`convoscope.models.parse_layers`) with ``{classes}`` for their number.
    epochs : float
        Passes through the images. With 2.5, there are three, each with five sixths of its steps.
    batch_size : int
        Images in each step.
    learning_rate : float
        The highest one, with the schedule ``"one-cycle"``.
    schedule : {"one-cycle", "constant"}
        See `convoscope.optimizers.schedules.OneCycle`.
    warmup_share : float
        The share of the steps in which the rate rises.
    optimizer : str
    weight_decay : float
        The share of each weight that a step subtracts, times the learning rate.
    label_smoothing : float
        The share of each label that is distributed over all classes.
    augmentation : str
        The augmentation layers as one line: ``"flip horizontal, shift 0.08"``. Empty for none.

    Examples
    --------
    >>> from convoscope import datasets, recipes
    >>> (x, y), _ = datasets.digits.load_data()
    >>> recipe = recipes.get("fast", "digits").lasting(2)
    >>> model = recipe.model((8, 8, 1), classes=10, scale=1 / 16, seed=1)
    >>> len(recipe.fit(model, x[..., None], y, verbose=0).history["loss"])
    2
    """

    name: str
    dataset: str | None
    network: str
    epochs: float
    batch_size: int
    learning_rate: float
    schedule: str = "one-cycle"
    warmup_share: float = 0.3
    optimizer: str = "adam"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augmentation: str = ""

    def layers(self, classes: int) -> str | None:
        """Return the line of layers for that number of classes, or None if the network is a preset.

        Examples
        --------
        >>> from convoscope import recipes
        >>> recipes.suggest("fast", (64, 64, 3), 400).layers(5).split(", ")[-3:]
        ['globalavgpool', 'dropout 0.2', 'dense 5 softmax']
        """
        return None if self.network in preset_names() else self.network.format(classes=classes)

    def lasting(self, epochs: float) -> Recipe:
        """Return the same recipe for another number of epochs, over which its learning rates are stretched.

        Examples
        --------
        >>> from convoscope import recipes
        >>> recipes.get("fast", "digits").lasting(2).epochs
        2
        """
        if not 0 < epochs < math.inf:
            raise ConfigurationError(f"A recipe's epochs must be a number above 0, but are {epochs!r}.")
        return replace(self, epochs=epochs)

    def model(
        self, image_shape: Sequence[int], classes: int, *, scale: float | None = 1 / 255, seed: int | None = None
    ) -> Sequential:
        """Build the network, not yet compiled.

        Parameters
        ----------
        image_shape : (height, width, channels)
        classes : int
        scale : float, optional
            The factor that images are multiplied by first: 1/255 for 8-bit images; None for none.
        seed : int, optional
            Determines first weights, the order of the images and their variation.

        Examples
        --------
        >>> from convoscope import recipes
        >>> recipes.get("fast", "digits").model((8, 8, 1), classes=10, scale=1 / 16).output_shape
        (None, 10)
        """
        varied = parse_layers(self.augmentation) if self.augmentation else []
        line = self.layers(classes)
        if line is None:
            return build_preset(self.network, image_shape, classes, scale=scale, augmentation=varied, seed=seed)
        return model_from_line(line, image_shape, classes, scale=scale, augmentation=varied, seed=seed)

    def fit(self, model: Sequential, x: Any, y: Any, **options: Any) -> History:
        """Compile a classifier for this recipe, and train it from its first step to its last.

        Parameters
        ----------
        model : Sequential
            From `model`, or any other that ends in a softmax.
        x : array of shape (N, height, width, channels)
        y : array of shape (N,)
            Class numbers.
        **options
            ``callbacks``, ``validation_data``, ``verbose``: see `convoscope.models.Sequential.fit`.

        Returns
        -------
        History

        Examples
        --------
        >>> from convoscope import datasets, recipes
        >>> (x, y), _ = datasets.digits.load_data()
        >>> recipe = recipes.get("fast", "digits").lasting(1)
        >>> model = recipe.model((8, 8, 1), classes=10, scale=1 / 16, seed=1)
        >>> history = recipe.fit(model, x[..., None], y, verbose=0)
        >>> history.epoch, history.history["accuracy"][0] > 0.5
        ([0], True)
        """
        epoch = steps_an_epoch(len(x), self.batch_size)
        steps = max(1, round(epoch * self.epochs))
        compile_classifier(model, self, steps)
        whole, rest = divmod(steps, epoch)
        history = model.fit(x, y, batch_size=self.batch_size, epochs=whole, **options) if whole else None
        if rest == 0 or (history is not None and model.stop_training):
            assert history is not None
            return history
        last = model.fit(
            x,
            y,
            batch_size=self.batch_size,
            epochs=whole + 1,
            initial_epoch=whole,
            steps_per_epoch=rest,
            **options,
        )
        return last if history is None else _joined(history, last)


def _joined(first: History, second: History) -> History:
    """Return what two calls of `fit`, the second of which went on, measured."""
    second.epoch = first.epoch + second.epoch
    second.history = {name: values + second.history.get(name, []) for name, values in first.history.items()}
    return second
