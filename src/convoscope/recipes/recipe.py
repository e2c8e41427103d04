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
    """How to train: the network, how its images are varied, the optimizer, its rates, and for how long.

    Attributes
    ----------
    name : str
        What it is for: ``"fast"`` or ``"best"``.
    dataset : str or None
        The data set that it was chosen on; None if it follows from the size and the number of the images.
    network : str
        A preset's name, or layers in a line (`convoscope.models.parse_layers`) with ``{classes}`` for their number.
    epochs : float
        Passes through the images. Of 2.5, three are made that have five sixths of their steps each.
    batch_size : int
        Images to a step.
    learning_rate : float
        The highest one, in the schedule ``"one-cycle"``.
    schedule : {"one-cycle", "constant"}
        See `convoscope.optimizers.schedules.OneCycle`.
    warmup_share : float
        The share of the steps in which the rate climbs.
    optimizer : str
    weight_decay : float
        The share of each weight that a step takes away, times the learning rate.
    label_smoothing : float
        The share of each label that is spread over all classes.
    augmentation : str
        Layers in a line that vary the images in training: ``"flip horizontal, shift 0.08"``. Empty for none.

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
        """Return the line of layers for so many classes, or None if the network is a preset."""
        return None if self.network in preset_names() else self.network.format(classes=classes)

    def lasting(self, epochs: float) -> Recipe:
        """Return the same recipe for more or fewer epochs: its rates are stretched over them."""
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
            What images are multiplied with first: 1/255 for those of 8 bits as they are, None for nothing.
        seed : int, optional
            First weights, the order of the images and their variation follow from it.
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
            ``callbacks``, ``validation_data``, ``verbose``: see `convoscope.training.stages.fit`.

        Returns
        -------
        History
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
