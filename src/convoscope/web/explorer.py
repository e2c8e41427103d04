"""The explorer's page: one's own model, opened. What its server gives out and answers, and the same as one file."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.altered import Change, altered
from convoscope.explore.answers import Answers, answers, checked_labels
from convoscope.explore.embedding import hidden
from convoscope.explore.sections import as_batch, batches, class_count, class_names
from convoscope.models.sequential import Sequential
from convoscope.web import lab
from convoscope.web.beside import Comparison, check_pair
from convoscope.web.bundle import offline_page
from convoscope.web.epochs import Epochs, Moments, embedded as embedded_epochs, epochs_of
from convoscope.web.exhibits import Packed, choose, pack, tally, value_range
from convoscope.web.opening import Opened, Page, open_page
from convoscope.web.quantised import difference, quantised
from convoscope.web.server import Response, Site

FOLDER = Path(__file__).parent / "static"
_PAGE = "explorer/index.html"
_BYTES = "application/octet-stream"
_ROOM = 12_000_000  # bytes of images that a server gives out
_ROOM_IN_FILE = 1_000_000
_MOST_COMPARED = 10_000  # training images among which the nearest are looked for
_NEIGHBOURS = 6


@dataclass(frozen=True, eq=False)
class Explored:
    """A model, and what it is looked at with.

    Attributes
    ----------
    model : Sequential
    x : array (N, *input_shape) or None
        Test images, prepared as for training.
    y : array or None
        Their labels.
    x_train, y_train : array or None
        Training images and their labels, to find the nearest among.
    title : str
        What the page calls it.
    beside : Explored, optional
        Another model, with the same images and labels: the page shows the two side by side.
    content : bytes, optional
        The model's file, where it is not the one that is saved.
    epochs : Epochs or None
        Those that it was trained in, if they are known.
    note : str
        What the page says of the model, if there is something to say.
    """

    model: Sequential
    x: npt.NDArray[Any] | None = None
    y: Any = None
    x_train: npt.NDArray[Any] | None = None
    y_train: Any = None
    title: str = "model"
    beside: Explored | None = None
    content: bytes | None = None
    epochs: Epochs | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.beside is not None:
            check_pair(self.model, self.beside.model)

    @cached_property
    def file(self) -> bytes:
        """The model's file, for the page."""
        return self.content or model_file(self.model)

    @cached_property
    def images(self) -> npt.NDArray[Any]:
        """The checked test images (N, *input_shape)."""
        if self.x is None:
            return np.zeros((0, *self.model.plan_input_shape), np.float32)
        return np.asarray(as_batch(self.model, self.x))

    @cached_property
    def found(self) -> Answers | None:
        """What the model answers for them."""
        return answers(self.model, self.images) if len(self.images) else None

    @cached_property
    def labels(self) -> npt.NDArray[np.int64] | None:
        """Their labels as class numbers."""
        if self.y is None or self.found is None:
            return None
        return checked_labels(self.y, len(self.images), len(self.found.names))

    @cached_property
    def comparison(self) -> Comparison | None:
        """What the two models answer, if there are two, and images."""
        if self.beside is None or self.found is None or self.beside.found is None:
            return None
        return Comparison(self.found, self.beside.found, self.labels)

    @cached_property
    def collection(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[int] | None] | None:
        """Training images, what the last hidden layer makes of them, and their labels."""
        if self.x_train is None:
            return None
        known = np.asarray(as_batch(self.model, self.x_train[:_MOST_COMPARED]))
        features = np.concatenate([hidden(self.model, known[part])[0] for part in batches(len(known))])
        names = class_names(self.model, class_count(self.model))
        labels = None
        if self.y_train is not None:
            labels = checked_labels(self.y_train[:_MOST_COMPARED], len(known), max(2, len(names))).tolist()
        return known, features, labels


def explore(
    model: Sequential,
    x: Any = None,
    y: Any = None,
    *,
    x_train: Any = None,
    y_train: Any = None,
    beside: Sequential | None = None,
    snapshots: str | os.PathLike[str] | None = None,
    port: int | None = None,
    browser: bool = True,
    wait: bool | None = None,
    hosts: Iterable[str] = (),
    proxy: str | None = None,
    server: bool = True,
) -> Opened | Page | None:
    """Open a model in the browser: every layer, map, kernel and number of it, and its mistakes.

    Parameters
    ----------
    model : Sequential
    x : array (N, *input_shape), optional
        Test images, prepared as for training.
    y : array of int (N,), or one-hot rows (N, classes), optional
        Their labels.
    x_train, y_train : arrays, optional
        Training images and their labels: the page then shows which of them the network finds most like an image.
    beside : Sequential, optional
        Another model for the same images and classes: the page then shows both, side by side.
    snapshots : str or path, optional
        The folder where `convoscope.callbacks.Snapshots` kept the weights: the page then goes back to each epoch. Its
        curves are those of the last ``fit``.
    port, browser, wait, hosts, proxy
        See `convoscope.web.opening.open_page`.
    server : bool
        False shows the page without a server: in a notebook that cannot reach its kernel, or is to be sent on. It then
        has fewer images, and what only the running Python can count is missing.

    Returns
    -------
    Opened, Page or None
        In a notebook and at a prompt, what shows the page and closes it; a script waits until Ctrl-C is pressed.
        Without a server, what shows the page and saves it.
    """
    arrays = {"x": x, "y": y, "x_train": x_train, "y_train": y_train}
    given: dict[str, Any] = {name: None if each is None else np.asarray(each) for name, each in arrays.items()}
    if beside is not None:
        check_pair(model, beside)
    other = None if beside is None else Explored(beside, given["x"], given["y"], title=beside.name)
    epochs = epochs_of(model, None if snapshots is None else Path(snapshots))
    explored = Explored(model, **given, title=model.name, beside=other, epochs=epochs)
    if not server:
        return Page(offline(explored))
    return open_page(site(explored), "The explorer", port=port, browser=browser, wait=wait, hosts=hosts, proxy=proxy)


def site(explored: Explored, folder: Path | None = None) -> Site:
    """Return what the explorer's server gives out and answers; `folder` instead of the package's own for tests."""
    folder = folder or FOLDER
    description, packed = _described(explored, _ROOM)
    content = json.dumps(description).encode()
    model = explored.file
    moments = Moments(explored)
    one_at_a_time = threading.Lock()  # the model's buffers are shared

    def answering(answer: Any) -> Any:
        def respond(question: dict[str, Any]) -> Response:
            with one_at_a_time:
                return Response(json.dumps(answer(moments.at(question), question)).encode(), "application/json")

        return respond

    routes = {
        "": lambda: Response((folder / _PAGE).read_bytes(), "text/html; charset=utf-8"),
        "data/explorer.json": lambda: Response(content, "application/json"),
        "data/model.safetensors": lambda: Response(model, _BYTES),
        "data/images.bin": lambda: Response(packed.content, _BYTES),
    }
    if explored.beside is not None:
        other = explored.beside.file
        routes["data/beside.safetensors"] = lambda: Response(other, _BYTES)
    return Site(
        folder,
        {**routes, **moments.routes},
        {"ask/accuracy": answering(accuracy), "ask/nearest": answering(nearest), "ask/epoch": answering(moments.count)},
        moments.folders,
        {"lab": lab.site(lab.Start(network=True), folder)},
    )


def offline(explored: Explored, folder: Path | None = None, *, snapshots: bool = False) -> str:
    """Return the explorer as one file of HTML that needs neither server nor network, perhaps with all snapshots."""
    description, packed = _described(explored, _ROOM_IN_FILE)
    embedded = {
        "explorer": {**description, "asks": []},
        "model": base64.b64encode(explored.file).decode(),
        "images": base64.b64encode(packed.content).decode(),
        **embedded_epochs(explored, snapshots),
    }
    if explored.beside is not None:
        embedded["beside"] = base64.b64encode(explored.beside.file).decode()
    return offline_page(folder or FOLDER, _PAGE, embedded)


def in_eight_bits(explored: Explored) -> Explored:
    """Return the same with large kernels in 8 bits; its `note` says what that saves, and what it costs."""
    small = quantised(explored.model)
    beside = None if explored.beside is None else in_eight_bits(explored.beside)
    result = replace(explored, model=small.model, beside=beside, content=small.content)
    return replace(result, note=difference(small.saved, explored.found, result.found, explored.labels))


def model_file(model: Sequential) -> bytes:
    """Return the model's file, without the optimizer's state."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path, include_optimizer=False)
        return path.read_bytes()


def accuracy(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer how well the model does with filters off and numbers changed, on all test images."""
    if explored.labels is None:
        raise ConfigurationError("Without labelled test images there is no accuracy.")
    if not isinstance(question["silenced"], dict) or not isinstance(question["changes"], list):
        raise ConfigurationError("Filters that are off are told by layer, changed numbers as a list.")
    silenced = {int(place): [int(each) for each in channels] for place, channels in question["silenced"].items()}
    changes = [
        Change(int(each["place"]), str(each["weight"]), int(each["index"]), float(each["value"]))
        for each in question["changes"]
    ]
    result = altered(explored.model, silenced, changes, explored.images, explored.labels)
    by_class = [None if np.isnan(share) else float(share) for share in result.class_accuracy]
    return {"accuracy": result.accuracy, "classes": by_class, "count": len(explored.images)}


def nearest(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer which training images the network finds most like an image, by its last hidden layer."""
    if explored.collection is None:
        raise ConfigurationError("Without training images there are none to compare with.")
    shape = explored.model.plan_input_shape
    image = np.asarray(question["image"], np.float32)
    if image.size != int(np.prod(shape)) or not np.isfinite(image).all():
        raise ShapeError(f"The image must have {int(np.prod(shape))} numbers, but has {image.size}.")
    known, features, labels = explored.collection
    own = hidden(explored.model, as_batch(explored.model, image.reshape(shape)))[0]
    distances = np.sqrt(((features.astype(np.float64) - own.astype(np.float64)) ** 2).sum(axis=1))
    best = np.argsort(distances, kind="stable")[:_NEIGHBOURS]
    return {
        "images": [known[index].ravel().astype(float).tolist() for index in best],
        "distances": distances[best].tolist(),
        "labels": None if labels is None else [labels[index] for index in best],
    }


def _described(explored: Explored, room: int) -> tuple[dict[str, Any], Packed]:
    """Return what the page is told, and the images that go with it."""
    model, images, found, labels = explored.model, explored.images, explored.found, explored.labels
    classes = len(found.names) if found else max(2, class_count(model))
    low, high = value_range(explored.x, (model.preprocessing or {}).get("max_value"))
    chosen = np.zeros(0, np.int64)
    shown: dict[str, Any] = {"labels": None, "predicted": [], "confusion": None, "accuracy": None}
    if found is not None:
        each = int(np.prod(images.shape[1:])) * (1 if pack(images[:8]).kind == "uint8" else 4)
        surest = np.argsort(-found.scores.max(axis=1), kind="stable")
        wanted = None if explored.comparison is None else explored.comparison.listed
        chosen = choose(labels, found.predicted, surest, classes, max(1, room // each), wanted)
        shown["predicted"] = found.predicted[chosen].tolist()
    if found is not None and labels is not None:
        shown |= {"labels": labels[chosen].tolist(), **tally(labels, found.predicted, classes)}
    packed = pack(images[chosen])
    asks = [
        *(["accuracy", "epoch"] if labels is not None else []),
        *(["nearest"] if explored.x_train is not None else []),
    ]
    description: dict[str, Any] = {
        "title": explored.title,
        "note": explored.note,
        "names": class_names(model, classes),
        "range": [low, high],
        "edge": _edge(model, images, low, high),
        "shapes": [list(layer.output_shape[1:]) for layer in model.layers],
        "count": len(images),
        "indices": chosen.tolist(),
        "packed": {"kind": packed.kind, "divisor": packed.divisor},
        "asks": asks,
        **shown,
    }
    if explored.beside is not None:
        told: dict[str, Any] = {"predicted": [], "accuracy": None, "apart": [], "apartCount": 0, "rightApart": None}
        if explored.comparison is not None:
            told = explored.comparison.described(chosen)
        description["beside"] = {"title": explored.beside.title, "note": explored.beside.note, **told}
    return description, packed


def _edge(model: Sequential, images: npt.NDArray[Any], low: float, high: float) -> float:
    """Return how light the edges of images are, 0 to 1: it tells what to draw with, and on what."""
    told = (model.preprocessing or {}).get("edge")
    if told is not None:
        return float(told)
    if images.ndim < 3 or not len(images):
        return 0.0
    some = images[:256]
    border = np.concatenate([some[:, 0].ravel(), some[:, -1].ravel(), some[:, :, 0].ravel(), some[:, :, -1].ravel()])
    return float((border.mean() - low) / (high - low or 1.0))
