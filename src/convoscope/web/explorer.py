"""The explorer's page: your own model, opened. What its server gives out and answers, and the same as one file."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convoscope.models.network import Network
from convoscope.paths import user_path
from convoscope.web import lab
from convoscope.web.beside import check_pair
from convoscope.web.bundle import offline_page
from convoscope.web.description import describe
from convoscope.web.epochs import Moments, embedded as embedded_epochs, epochs_of
from convoscope.web.exhibits import bytes_of_each
from convoscope.web.explored import Explored
from convoscope.web.image_outputs import apart as images_apart
from convoscope.web.opening import Opened, Page, open_page
from convoscope.web.own_image import own_image, rejection, takes_images
from convoscope.web.quantised import difference, predictions_apart, quantised
from convoscope.web.questions import accuracy, error
from convoscope.web.runs import Runs
from convoscope.web.site import Response, Site, page_files
from convoscope.web.training_images import features, nearest, written

if TYPE_CHECKING:
    from importlib.abc import Traversable

_PAGE = "explorer/index.html"
_BYTES = "application/octet-stream"
_ROOM = 12_000_000  # bytes of images that a server gives out
_ROOM_IN_FILE = 1_000_000
_PHOTOS_IN_FILE = 20


def explore(
    model: Network,
    x: Any = None,
    y: Any = None,
    *,
    x_train: Any = None,
    y_train: Any = None,
    beside: Network | None = None,
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
    model : Sequential or Model
    x : array (N, *input_shape), or a list or dict of those for a model with several inputs, optional
        Test images, prepared as for training.
    y : array of int (N,), or one-hot rows (N, classes), optional
        Their labels. Of a model that makes images, such as an autoencoder: the images that should come out,
        (N, *output_shape). Of several outputs, the one with a score for each class is explained: `y` belongs to that
        one, or has something for each output.
    x_train, y_train : arrays, optional
        Training images and their labels: the page then shows which of them the network finds most like an image.
    beside : Sequential or Model, optional
        Another model for the same images and classes, or one that makes images too: the page then shows both, side by
        side.
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
    given: dict[str, Any] = {name: _as_arrays(each) for name, each in arrays.items()}
    if beside is not None:
        check_pair(model, beside)
    other = None if beside is None else Explored(beside, given["x"], given["y"], title=beside.name)
    epochs = epochs_of(model, None if snapshots is None else user_path(snapshots))
    explored = Explored(model, **given, title=model.name, beside=other, epochs=epochs)
    if not server:
        return Page(offline(explored))
    return open_page(site(explored), "The explorer", port=port, browser=browser, wait=wait, hosts=hosts, proxy=proxy)


def _as_arrays(given: Any) -> Any:
    """Return an array; of what is given for several inputs or outputs, an array for each."""
    if isinstance(given, dict):
        return {name: np.asarray(each) for name, each in given.items()}
    if isinstance(given, (list, tuple)) and any(isinstance(each, np.ndarray) for each in given):
        return [np.asarray(each) for each in given]
    return None if given is None else np.asarray(given)


def site(explored: Explored, folder: Traversable | None = None) -> Site:
    """Return what the explorer's server gives out and answers; `folder` instead of the package's own for tests."""
    folder = folder or page_files()
    described = describe(explored, _ROOM, waits=False)
    content = json.dumps({**described.told, "runs": "python" if _runs_here(explored) else "page"}).encode()
    model = explored.file
    moments, runs = Moments(explored), Runs()
    one_at_a_time = threading.Lock()  # what was computed is kept for the next question

    def answering(answer: Any) -> Any:
        def respond(question: dict[str, Any]) -> Response:
            with one_at_a_time:
                return Response(json.dumps(answer(moments.at(question), question)).encode(), "application/json")

        return respond

    def taking(take: Any) -> Any:
        def respond(content: bytes) -> Response:
            with one_at_a_time:
                return Response(json.dumps(take(explored, content)).encode(), "application/json")

        return respond

    def giving(answer: Any) -> Any:
        def respond(question: dict[str, Any]) -> Response:
            with one_at_a_time:
                return Response(answer(moments.at(question), question), _BYTES)

        return respond

    routes = {
        "": lambda: Response((folder / _PAGE).read_bytes(), "text/html; charset=utf-8"),
        "data/explorer.json": lambda: Response(content, "application/json"),
        "data/model.safetensors": lambda: Response(model, _BYTES),
        "data/images.bin": lambda: Response(described.images, _BYTES),
    }
    if described.targets is not None:
        targets = described.targets.content
        routes["data/targets.bin"] = lambda: Response(targets, _BYTES)
    if explored.beside is not None:
        other = explored.beside.file
        routes["data/beside.safetensors"] = lambda: Response(other, _BYTES)
    return Site(
        folder,
        {**routes, **moments.routes},
        {
            "ask/accuracy": answering(accuracy),
            "ask/error": answering(error),
            "ask/nearest": giving(lambda about, question: written(nearest(about, question, runs))),
            "ask/features": giving(lambda about, question: written(features(about, question))),
            "ask/epoch": answering(moments.count),
            "ask/rejection": answering(rejection),
            "ask/values": giving(runs.values),
            "ask/evidence": giving(runs.evidence),
            "ask/saliency": giving(runs.saliency),
        },
        moments.folders,
        {"lab": lab.site(lab.Start(network=True), folder)},
        {"ask/own-image": taking(own_image)} if takes_images(explored) else {},
    )


def _runs_here(explored: Explored) -> bool:
    """Whether this process runs the model for the page, and is free to."""
    pair = [explored] if explored.beside is None else [explored, explored.beside]
    live = explored.epochs is not None and explored.epochs.live
    return not live and any(each.is_large for each in pair)


def offline(explored: Explored, folder: Traversable | None = None, *, snapshots: bool = False) -> str:
    """Return the explorer as one file of HTML that needs neither server nor network, perhaps with all snapshots."""
    described = describe(explored, room_in_file(explored))
    embedded = {
        "explorer": {**described.told, "asks": [], "runs": "page"},
        "model": base64.b64encode(explored.file).decode(),
        "images": base64.b64encode(described.images).decode(),
        **embedded_epochs(explored, snapshots),
    }
    if described.targets is not None:
        embedded["targets"] = base64.b64encode(described.targets.content).decode()
    if explored.beside is not None:
        embedded["beside"] = base64.b64encode(explored.beside.file).decode()
    return offline_page(folder or page_files(), _PAGE, embedded)


def room_in_file(explored: Explored) -> int:
    """Return how many bytes of images a file has room for: some photos, or many small images."""
    return max(_ROOM_IN_FILE, min(_PHOTOS_IN_FILE * sum(map(bytes_of_each, explored.all_images)), 4 * _ROOM_IN_FILE))


def left_out(explored: Explored) -> str:
    """Say what a page as one file lacks of the page that Python serves; empty where that is nothing."""
    given, count = len(describe(explored, room_in_file(explored)).told["indices"]), len(explored.images)
    parts = [f"{given} of {count} test images are in it"] if given < count else []
    if explored.training_images is not None:
        parts.append("the training images are not")
    return f"{', and '.join(parts)}.".capitalize() if parts else ""


def in_eight_bits(explored: Explored) -> Explored:
    """Return the same with large kernels in 8 bits; its `note` says what that saves, and what it costs."""
    small = quantised(explored.model)
    beside = None if explored.beside is None else in_eight_bits(explored.beside)
    result = replace(explored, model=small.model, beside=beside, content=small.content)
    if explored.has_image_outputs:
        costs = images_apart(explored, result)
    else:
        costs = predictions_apart(explored.found, result.found, explored.labels)
    return replace(result, note=difference(small.saved, costs))
