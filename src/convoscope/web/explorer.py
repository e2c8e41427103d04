"""The explorer's page: your own model, opened. What its server gives out and answers, and the same as one file."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convoscope.models.network import Network
from convoscope.paths import user_path
from convoscope.web import exercises, lab
from convoscope.web.answers import Answers
from convoscope.web.beside import check_pair
from convoscope.web.bundle import offline_page
from convoscope.web.description import Described, describe
from convoscope.web.epochs import Moments, embedded as embedded_epochs, epochs_of
from convoscope.web.exercise_files import exercises_of_tour
from convoscope.web.exhibits import bytes_of_each
from convoscope.web.explored import Explored
from convoscope.web.image_outputs import apart as images_apart
from convoscope.web.live import Live
from convoscope.web.opening import Opened, Page, open_page
from convoscope.web.own_image import own_image, takes_images
from convoscope.web.quantized import difference, predictions_apart, quantized
from convoscope.web.sample_images import with_samples
from convoscope.web.site import BYTES, Response, Site, page_files
from convoscope.web.tours import read_tour

if TYPE_CHECKING:
    from importlib.abc import Traversable

PAGE = "explorer/index.html"
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
    tour: str | os.PathLike[str] | Mapping[str, Any] | None = None,
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
        Test images, prepared as for training. Without them, the page opens with sample images if they suit the model:
        handwritten digits for greyscale images, a photograph for colour.
    y : array of int (N,), or one-hot rows (N, classes), optional
        Their labels. For a model that outputs images, such as an autoencoder: the expected images,
        (N, *output_shape). In a model with several outputs, the output with a score for each class is explained; `y`
        is then for that output alone, or holds something for each output.
    x_train, y_train : arrays, optional
        Training images and their labels. The page then shows which of them the network finds most similar to an image.
    beside : Sequential or Model, optional
        Another model for the same images and classes, or another model that outputs images. The page then shows both
        side by side.
    snapshots : str or path, optional
        The folder in which `convoscope.callbacks.Snapshots` saved weights. The page can then go back to each epoch; its
        curves are those of the last ``fit``.
    tour : path or mapping, optional
        Your own tour through the page, instead of the built-in one: a JSON file, or its content.
        `docs/tours.md` has the format; see `convoscope.web.tours.read_tour`.
    port, browser, wait, hosts, proxy
        See `convoscope.web.opening.open_page`.
    server : bool
        False: the page works without a server, for a notebook that cannot reach its kernel or that you want to share.
        It then contains fewer images, and lacks what only the running Python process can compute.

    Returns
    -------
    Opened, Page or None
        In a notebook or at a prompt, the open page, which can be closed; a script waits until Ctrl-C is pressed and
        returns None. Without a server, the page itself, which a notebook displays and which can be saved.

    Examples
    --------
    >>> import numpy as np
    >>> import convoscope as cs
    >>> x, y = np.random.default_rng(0).random((6, 8, 8, 1)), np.arange(6) % 2
    >>> layers = [cs.layers.Flatten(input_shape=(8, 8, 1)), cs.layers.Dense(2, activation="softmax")]
    >>> page = explore(cs.Sequential(layers, seed=1), x, y, server=False)
    >>> type(page).__name__, page.html[:15]
    ('Page', '<!DOCTYPE html>')
    """
    looked_at = {"x_train": x_train, "y_train": y_train, "beside": beside, "snapshots": snapshots, "tour": tour}
    explored = opened(model, x, y, **looked_at)
    if not server:
        return Page(offline(explored))
    return open_page(site(explored), "The explorer", port=port, browser=browser, wait=wait, hosts=hosts, proxy=proxy)


def opened(
    model: Network,
    x: Any = None,
    y: Any = None,
    *,
    x_train: Any = None,
    y_train: Any = None,
    beside: Network | None = None,
    snapshots: str | os.PathLike[str] | None = None,
    tour: str | os.PathLike[str] | Mapping[str, Any] | None = None,
) -> Explored:
    """Return a model together with its data; the arguments are those of `explore`."""
    arrays = {"x": x, "y": y, "x_train": x_train, "y_train": y_train}
    given: dict[str, Any] = {name: _as_arrays(each) for name, each in arrays.items()}
    if beside is not None:
        check_pair(model, beside)
    other = None if beside is None else Explored(beside, given["x"], given["y"], title=beside.name)
    epochs = epochs_of(model, None if snapshots is None else user_path(snapshots))
    explored = with_samples(Explored(model, **given, title=model.name, beside=other, epochs=epochs))
    return with_tour(explored, tour)


def with_tour(explored: Explored, tour: str | os.PathLike[str] | Mapping[str, Any] | None) -> Explored:
    """Return the same with a custom tour, if there is one, which the page shows instead of its own."""
    return explored if tour is None else replace(explored, tour=read_tour(tour, explored.model, len(explored.images)))


def _as_arrays(given: Any) -> Any:
    """Return an array; of what is given for several inputs or outputs, an array for each."""
    if isinstance(given, dict):
        return {name: np.asarray(each) for name, each in given.items()}
    if isinstance(given, (list, tuple)) and any(isinstance(each, np.ndarray) for each in given):
        return [np.asarray(each) for each in given]
    return None if given is None else np.asarray(given)


def site(
    explored: Explored, folder: Traversable | None = None, *, gallery: str | None = None, room: int = _ROOM
) -> Site:
    """Return what the explorer's server serves and answers.

    Parameters
    ----------
    explored : Explored
    folder : path or Traversable, optional
        The pages' files; tests use others than the package's own.
    gallery : str, optional
        The relative address of the gallery that the page belongs to, ``"../../"``.
    room : int
        The largest number of bytes of images to serve.
    """
    folder = folder or page_files()
    described = describe(explored, room, waits=False)
    live = _live(explored)
    begins = {
        "runs": "python" if _runs_here(explored) else "page",
        "live": None if live is None else live.described(),
        "gallery": gallery,
    }
    content = json.dumps({**described.told, **begins}).encode()
    moments = Moments(explored)
    answers = Answers(explored, moments)
    return Site(
        folder,
        {**_files(explored, described, content, folder), **moments.routes},
        {**answers.questions(), **({} if live is None else live.questions)},
        moments.folders,
        _below(explored, folder, gallery),
        {"ask/own-image": answers.taking(own_image)} if takes_images(explored) else {},
    )


def _below(explored: Explored, folder: Traversable, gallery: str | None) -> dict[str, Site]:
    """Return the pages below the explorer: the filter lab, and the exercises that go with a tour."""
    pages = {"lab": lab.site(lab.Start(network=True, gallery=gallery and f"../{gallery}"), folder)}
    own = exercises_of_tour(explored.tour)
    if own is not None:
        pages["exercises"] = exercises.site(own, folder)
    return pages


def _files(explored: Explored, described: Described, content: bytes, folder: Traversable) -> dict[str, Any]:
    """Return what gives out the page and its data, by address."""
    model = explored.file
    routes = {
        "": lambda: Response((folder / PAGE).read_bytes(), "text/html; charset=utf-8"),
        "data/explorer.json": lambda: Response(content, "application/json"),
        "data/model.safetensors": lambda: Response(model, BYTES),
        "data/images.bin": lambda: Response(described.images, BYTES),
        "page.html": lambda: Response(offline(explored, folder).encode(), "text/html; charset=utf-8"),
    }
    if described.targets is not None:
        targets = described.targets.content
        routes["data/targets.bin"] = lambda: Response(targets, BYTES)
    if explored.beside is not None:
        other = explored.beside.file
        routes["data/beside.safetensors"] = lambda: Response(other, BYTES)
    return routes


def _runs_here(explored: Explored) -> bool:
    """Whether this process runs the model for the page, and is free to."""
    pair = [explored] if explored.beside is None else [explored, explored.beside]
    trains = explored.epochs is not None and explored.epochs.live
    return not trains and any(each.is_large for each in pair)


def _live(explored: Explored) -> Live | None:
    """Return what answers about a training that goes on in this process, if one does."""
    live = None if explored.epochs is None else explored.epochs.live
    return live if isinstance(live, Live) else None


def offline(explored: Explored, folder: Traversable | None = None, *, snapshots: bool = False) -> str:
    """Return the explorer as one file of HTML that needs neither server nor network, perhaps with all snapshots.

    Exercises that go with a tour are in it as a page of their own.
    """
    folder = folder or page_files()
    own = exercises_of_tour(explored.tour)
    practice = {} if own is None else {"exercises": exercises.offline(own, folder)}
    return offline_page(folder, PAGE, {**embedded(explored, snapshots=snapshots), **practice})


def embedded(explored: Explored, *, snapshots: bool = False) -> dict[str, Any]:
    """Return what the page finds inside a file, where there is no server to ask."""
    described = describe(explored, room_in_file(explored))
    found = {
        "explorer": {**described.told, "asks": [], "runs": "page"},
        "model": base64.b64encode(explored.file).decode(),
        "images": base64.b64encode(described.images).decode(),
        **embedded_epochs(explored, snapshots),
    }
    if described.targets is not None:
        found["targets"] = base64.b64encode(described.targets.content).decode()
    if explored.beside is not None:
        found["beside"] = base64.b64encode(explored.beside.file).decode()
    return found


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
    small = quantized(explored.model)
    beside = None if explored.beside is None else in_eight_bits(explored.beside)
    result = replace(explored, model=small.model, beside=beside, content=small.content)
    if explored.has_image_outputs:
        costs = images_apart(explored, result)
    else:
        costs = predictions_apart(explored.found, result.found, explored.labels)
    return replace(result, note=difference(small.saved, costs))
