"""What a model says of images as people have them: files, bytes, Pillow's images, arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from typing import Any

import numpy as np

from convoscope.checks import integer
from convoscope.datasets.images.preprocessing import Prepared, Preprocessing
from convoscope.engine.base import Array, each
from convoscope.errors import ConfigurationError, ConvoscopeError, unknown_name
from convoscope.explore.predictions import Predictions, predictions_of
from convoscope.explore.submodels import BATCH, class_count, main_calls, main_output
from convoscope.layers import Dense
from convoscope.models.network import Network
from convoscope.models.value_range import largest_value_of

_ERRORS = ("raise", "skip", "return")


@dataclass(frozen=True)
class ClassScore:
    """A class, and the probability that an image shows it."""

    name: str
    index: int
    probability: float


@dataclass(frozen=True, eq=False, repr=False)
class ImagePrediction:
    """What a model says of one image.

    Attributes
    ----------
    file : str
        Its path; of an image without one, its number: ``"image 3"``.
    classes : tuple of ClassScore
        The best ones first; all, or as many as were asked for.
    probabilities : array (classes,)
        Of every class, in the order of ``model.class_names``.
    none_of_these : bool
        Whether it is taken for none of the classes; False where the model cannot tell.
    score, threshold : float or None
        How foreign it is, and from where on it is taken for none of the classes.
    notes : tuple of str
        What was done to it before the model saw it.
    hint : str or None
        What is unusual about it, and what to do.
    """

    file: str
    classes: tuple[ClassScore, ...]
    probabilities: Array
    none_of_these: bool = False
    score: float | None = None
    threshold: float | None = None
    notes: tuple[str, ...] = ()
    hint: str | None = None

    def __repr__(self) -> str:
        none = "none of these; " if self.none_of_these else ""
        return f"<{self.file}: {none}{self.name} {self.probability:.1%}>"

    @property
    def name(self) -> str:
        """The best class, even where it is taken for none of them."""
        return self.classes[0].name

    @property
    def index(self) -> int:
        """The best class's number."""
        return self.classes[0].index

    @property
    def probability(self) -> float:
        """The best class's probability."""
        return self.classes[0].probability

    def told(self) -> dict[str, Any]:
        """Return what is found as plain values for JSON: the same on the command line, in files and in a server."""
        classes = [{"class": each.name, "index": each.index, "probability": each.probability} for each in self.classes]
        refused = {"none_of_these": self.none_of_these, "score": self.score, "threshold": self.threshold}
        hint = {} if self.hint is None else {"hint": self.hint}
        return {"classes": classes, **({} if self.score is None else refused), **hint}


def predict_images(
    model: Network,
    images: Any,
    *,
    batch_size: int = BATCH,
    top: int | None = None,
    errors: str = "raise",
    invert: bool = False,
    preprocessing: Preprocessing | None = None,
    max_pixels: int | None = None,
    threads: int | None = None,
    stream: bool = False,
) -> Any:
    """Classify images.

    Parameters
    ----------
    model : Sequential or Model
        With one image as input, and a score for each class.
    images : path, bytes, Image, array, or an iterable of those
        Of any size and colour mode; see `convoscope.Preprocessing.prepare`. An array of several images has one more
        axis.
    batch_size : int
        How many images are prepared and computed at once.
    top : int, optional
        How many of the best classes to name; all if left out.
    errors : {"raise", "skip", "return"}
        What an image that cannot be read does: it raises an error, it is left out, or the error is returned in its
        place.
    invert : bool
        Whether dark and light are swapped, for dark ink on light paper.
    preprocessing : Preprocessing, optional
        How images are prepared, if the model does not say so, or says something else.
    max_pixels : int, optional
        The largest number of pixels of an image: 50 million if left out, for a JPEG after decoding at a smaller scale.
    threads : int, optional
        How many threads decode; one for each core if left out.
    stream : bool
        Whether to return an iterator, which reads images and yields predictions as they are requested, so that only a
        few images are in memory.

    Returns
    -------
    ImagePrediction, or list or iterator of ImagePrediction
        One for each image, in order. Outputs that are not probabilities are turned into some, by softmax, or by the
        logistic function if there is one output.

    Raises
    ------
    MissingFileError, FileFormatError, DataError
        If an image cannot be read; the message names it.
    ConfigurationError, ShapeError
        If the model does not take one image, or does not return a score for each class.
    """
    if errors not in _ERRORS:
        raise unknown_name("errors", errors, _ERRORS)
    if hasattr(images, "__array__") and not hasattr(images, "getbands"):
        images = np.asarray(images)
    alone = _is_one(images)
    told = preprocessing_of(model) if preprocessing is None else preprocessing
    integer(batch_size, "batch_size", "predict_images")
    prepared = told.prepare_each(
        [images] if alone else images,
        invert=invert,
        max_pixels=max_pixels,
        threads=threads,
        errors="raise" if alone or errors == "raise" else "return",
        ahead=2 * batch_size,
    )
    pairs = predict_prepared(model, prepared, batch_size=batch_size, top=top)
    found = (made for _, made in pairs if errors == "return" or isinstance(made, ImagePrediction))
    if stream:
        return found
    return next(found) if alone else list(found)


def predict_prepared(
    model: Network,
    prepared: Iterable[Prepared | ConvoscopeError],
    *,
    batch_size: int = BATCH,
    top: int | None = None,
) -> Iterator[tuple[Prepared | ConvoscopeError, ImagePrediction | ConvoscopeError]]:
    """Say what prepared images show: give each with what came of it; what is an error stays one."""
    classifier, coming = ImageClassifier(model), iter(prepared)
    while waiting := list(islice(coming, batch_size)):
        given = [image for image in waiting if isinstance(image, Prepared)]
        found = iter(classifier.predict(given, top) if given else [])
        yield from ((image, next(found) if isinstance(image, Prepared) else image) for image in waiting)


def preprocessing_of(model: Network) -> Preprocessing:
    """Return how images become what a model takes: as its file says, or by the shape of its input.

    Without anything that says so, the values are those that its first layer scales, or else 0 to 1.

    Raises
    ------
    ConfigurationError
        It takes something else than an image.
    """
    if model.preprocessing is not None:
        return Preprocessing.from_dict(model.preprocessing)
    shapes = model.plan_input_shapes
    if len(shapes) != 1 or len(shapes[0]) not in (2, 3) or (*shapes[0], 1)[2] not in (1, 3):
        raise ConfigurationError(
            f"Model {model.name!r} takes inputs of shape {', '.join(map(str, shapes))}, which are not images."
        )
    height, width, channels = (*shapes[0], 1)[:3]
    scaled = largest_value_of(model)
    return Preprocessing((height, width), channels=channels, max_value=scaled if scaled > 0 else 1)


def features_of(model: Network) -> int:
    """Return the number of the value that goes into the last dense layer, by which a model refuses images.

    Raises
    ------
    ConfigurationError
        It has no dense layer.
    """
    calls = model.graph.calls
    dense = [number for number in main_calls(model) if isinstance(calls[number].layer, Dense)]
    if not dense:
        raise ConfigurationError(
            f"Model {model.name!r} cannot reject images: that uses the inputs of the last dense layer, and it has none."
        )
    return calls[dense[-1]].inputs[0]


class ImageClassifier:
    """A model ready to say what prepared images show; `predict` may be called again and again, by one at a time.

    A model that can refuse images hands out what goes into its last dense layer too.
    """

    def __init__(self, model: Network) -> None:
        class_count(model)
        self.model, self.output = model, main_output(model)
        self.executable = model.executable() if model.rejection is None else model.executable_with(features_of(model))

    def predict(self, images: Sequence[Prepared], top: int | None) -> list[ImagePrediction]:
        """Say what a batch of images shows."""
        model, rejection = self.model, self.model.rejection
        inputs = model.check_inputs(np.stack([image.pixels for image in images]), "predict_images")
        made = self.executable.forward(inputs)
        values = each(made, 1)
        read = predictions_of(model, outputs := np.array(values[self.output]))
        # One by one: sums of products are rounded in another order where there are more of them.
        scores = [] if rejection is None else [float(rejection.score(row[None])[0]) for row in np.array(values[-1])]
        found = []
        for number, (image, probabilities) in enumerate(zip(images, _probabilities(read, outputs), strict=True)):
            order = (-probabilities).argsort(kind="stable")[:top]
            classes = tuple(ClassScore(read.names[i], int(i), float(probabilities[i])) for i in order)
            told: dict[str, Any] = {}
            if rejection is not None:
                score, threshold = scores[number], rejection.threshold
                told = {"none_of_these": score > threshold, "score": score, "threshold": threshold}
            found.append(
                ImagePrediction(
                    image.name,
                    classes,
                    probabilities,
                    notes=tuple(image.notes),
                    hint=image.hint,
                    **told,
                )
            )
        return found


def _probabilities(found: Predictions, outputs: Array) -> Array:
    """Return probabilities (N, classes), made from logits where the model's outputs are those."""
    if found.probabilities:
        return found.scores
    logits = outputs.astype(np.float64)
    if logits.shape[1] == 1:  # of class 1; class 0 has nothing for itself
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _is_one(images: Any) -> bool:
    """Whether one image was given, and not several."""
    if isinstance(images, (str, bytes, bytearray, memoryview, PathLike)):
        return True
    if isinstance(images, np.ndarray):
        return images.ndim == 2 or (images.ndim == 3 and images.shape[2] <= 4)
    return hasattr(images, "getbands") or hasattr(images, "read")
