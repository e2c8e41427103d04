"""Two models side by side: whether they can stand there, how well each does, and where they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.image_outputs import has_image_outputs
from convoscope.explore.predictions import Predictions
from convoscope.explore.submodels import class_count, main_shape
from convoscope.models.network import Network

Indices = npt.NDArray[np.int64]

_MOST = 60  # images that are listed


def check_pair(first: Network, second: Any) -> None:
    """Make sure that two models take the same images and know the same classes, or both make images of one size.

    Raises
    ------
    ShapeError
        Their inputs, their numbers of classes or the images that they make differ, or only one makes images.
    ConfigurationError
        Their classes have different names.

    Examples
    --------
    >>> import convoscope as cs
    >>> one, other = (cs.Sequential([cs.layers.Dense(n, input_shape=(4,))], name=f"with-{n}") for n in (3, 5))
    >>> check_pair(one, other)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    convoscope.errors.ShapeError: ... 'with-3' takes images of 4 values and has 3 classes, and 'with-5' ...
    """
    if not isinstance(second, Network):
        raise ConfigurationError(f"A model can only be compared with another model, but got a {type(second).__name__}.")
    called = [repr(first.name), repr(second.name)] if first.name != second.name else ["the first", "the second"]
    told = [
        f"takes images of {' and '.join(map(_sides, model.plan_input_shapes))} values and {_answer(model)}"
        for model in (first, second)
    ]
    if told[0] != told[1]:
        words = [f"{name} {each}" for name, each in zip(called, told, strict=True)]
        raise ShapeError(
            "Two models can be shown side by side if both take the same images, and both have the same classes or "
            f"output images of the same size, but {words[0]}, and {words[1]}. Use two models that were trained for "
            "the same task."
        )
    names = [model.class_names for model in (first, second)]
    if names[0] and names[1] and list(names[0]) != list(names[1]):
        index = next(i for i, (a, b) in enumerate(zip(*names, strict=True)) if a != b)
        raise ConfigurationError(
            f"Two models can be shown side by side only if their classes have the same names, but class {index} is "
            f"{names[0][index]!r} to {called[0]} and {names[1][index]!r} to {called[1]}. Use two models that were "
            "trained for the same task."
        )


def _answer(model: Network) -> str:
    """Say what a model's outputs are."""
    if has_image_outputs(model):
        return f"outputs images of {_sides(main_shape(model))}"
    return f"has {max(2, class_count(model))} classes"


def _sides(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


@dataclass(frozen=True, eq=False)
class Comparison:
    """What two models predict for the same images.

    Attributes
    ----------
    first, second : Predictions
    labels : array (N,) or None
        The true classes.
    """

    first: Predictions
    second: Predictions
    labels: Indices | None

    @property
    def apart(self) -> Indices:
        """The images that they predict differently (M,): those that both are surest of first."""
        differ = np.flatnonzero(self.first.predicted != self.second.predicted)
        surest = np.minimum(_probabilities(self.first).max(axis=1), _probabilities(self.second).max(axis=1))
        return differ[np.argsort(-surest[differ], kind="stable")]

    @property
    def listed(self) -> Indices:
        """Those of them that a page has room for."""
        return self.apart[:_MOST]

    def described(self, chosen: Indices) -> dict[str, Any]:
        """Return what the page is told of the second model, `chosen` being the images that it is given."""
        apart = self.apart
        return {
            "predicted": self.second.predicted[chosen].tolist(),
            "accuracy": None if self.labels is None else float(np.mean(self.labels == self.second.predicted)),
            "apart": apart[np.isin(apart, chosen)][:_MOST].tolist(),
            "apartCount": len(apart),
            "rightApart": self._right(apart),
        }

    def _right(self, apart: Indices) -> dict[str, int] | None:
        """Return how often the first and how often the second is right where they disagree, and neither."""
        if self.labels is None:
            return None
        first, second = (int(np.sum(each.predicted[apart] == self.labels[apart])) for each in (self.first, self.second))
        return {"first": first, "second": second, "neither": len(apart) - first - second}


def _probabilities(predictions: Predictions) -> npt.NDArray[Any]:
    if predictions.probabilities:
        return predictions.scores
    powers = np.exp(predictions.scores - predictions.scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
