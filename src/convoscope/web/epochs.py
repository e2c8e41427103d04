"""A model through its training: what each epoch measured, the weights after it, and what the page asks about them."""

from __future__ import annotations

import base64
import json
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convoscope.errors import ConfigurationError, MissingFileError
from convoscope.models.files import load_model
from convoscope.training.callbacks.snapshots import find_snapshots
from convoscope.web.exhibits import tally
from convoscope.web.gradually import SHARE
from convoscope.web.site import BYTES, Response

if TYPE_CHECKING:
    from convoscope.models.network import Network
    from convoscope.web.explored import Explored
    from convoscope.web.live import Live

_MEASURED = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
_KEPT = 4  # models of epochs that stay in memory
_UNKEPT = "The weights of the epochs were not saved: use convoscope train --snapshots."
_NOT_IN_FILE = "This file contains the weights of one epoch only: convoscope export --snapshots includes the others."


def _no() -> bool:
    return False


@dataclass(frozen=True, eq=False)
class Epochs:
    """The epochs of a training, which may be under way.

    Attributes
    ----------
    measured : function
        Returns what is known of the epochs so far: for each a dictionary with ``epoch``, counted from 1, ``loss``,
        ``accuracy``, ``val_loss``, ``val_accuracy``, as far as they were measured.
    folder : Path or None
        Where `convoscope.callbacks.Snapshots` keeps the weights.
    own : int or None
        After how many epochs the explored model has its weights, if that is known.
    planned : int or None
        How many epochs there are to be.
    is_training : function
        Whether more epochs are to be expected.
    live : bool or Live
        Whether it is this process that trains: it answers no questions meanwhile, and the page begins with the newest.
        With what a page can ask of the training itself, it follows the weights within the epoch.
    """

    measured: Callable[[], list[dict[str, Any]]]
    folder: Path | None = None
    own: int | None = None
    planned: int | None = None
    is_training: Callable[[], bool] = _no
    live: bool | Live = False

    def described(self) -> dict[str, Any]:
        """Say all of it as the page is told: ``epochs``, ``snapshots``, ``own``, ``training`` and so on."""
        training = self.is_training()  # first: what it has done by then is read below
        kept = list(self.snapshots())
        return {
            "epochs": [_finite(epoch) for epoch in self.measured()],
            "snapshots": kept,
            "own": self.own,
            "planned": self.planned,
            "training": training,
            "live": bool(self.live),
            "why": "" if kept else _UNKEPT,
        }

    def snapshots(self) -> dict[int, Path]:
        """Find the files of the epochs whose weights were kept."""
        return {} if self.folder is None else find_snapshots(self.folder)

    def snapshot(self, epoch: int) -> Path:
        """Return the file of the weights after so many epochs, or say that they were not kept."""
        found = self.snapshots()
        if epoch not in found:
            raise MissingFileError(
                f"There are no weights of epoch {epoch}; saved epochs: {', '.join(map(str, found))}."
            )
        return found[epoch]


class Moments:
    """An explored model with the weights of its epochs: what the server gives out and answers about them.

    Parameters
    ----------
    explored : Explored
    """

    def __init__(self, explored: Explored) -> None:
        self._explored = explored
        self._epochs = explored.epochs or Epochs(list)
        self._open: OrderedDict[int, Explored] = OrderedDict()
        self._counted: dict[int | None, dict[str, Any]] = {}
        self.routes: Mapping[str, Callable[[], Response]] = {"data/epochs.json": self._list}
        self.folders: Mapping[str, Callable[[str], Response | None]] = {"data/epochs/": self._weights}

    def at(self, question: Mapping[str, Any]) -> Explored:
        """Return what a question is about: the model as it is, or with the weights of the ``epoch`` that it names."""
        if self._epochs.live and self._epochs.is_training():
            raise ConfigurationError("Python is training, and will respond when training ends.")
        epoch = question.get("epoch")
        if epoch is None:
            return self._explored
        if isinstance(epoch, bool) or not isinstance(epoch, int):
            raise ConfigurationError(f"An epoch is a whole number, but is {epoch!r}.")
        if epoch not in self._open:
            self._open[epoch] = replace(self._explored, model=load_model(self._epochs.snapshot(epoch)))
            while len(self._open) > _KEPT:
                self._open.popitem(last=False)
        self._open.move_to_end(epoch)
        return self._open[epoch]

    def count(self, explored: Explored, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer what a model takes the test images for, and how many rightly; each epoch is counted once.

        Where that takes long, the answer is how far it has come, ``done`` of ``total``: it goes on when asked again.
        """
        epoch = question.get("epoch")
        counting = explored.counting
        if counting is not None:
            counting.more(SHARE)
            if counting.done < counting.total:
                return {"done": counting.done, "total": counting.total}
        if epoch not in self._counted:
            self._counted[epoch] = _counted(explored)
        return self._counted[epoch]

    def _list(self) -> Response:
        return Response(json.dumps(self._epochs.described()).encode(), "application/json")

    def _weights(self, name: str) -> Response | None:
        number, _, ending = name.partition(".")
        if ending != "safetensors" or not number.isascii() or not number.isdigit() or len(number) > 9:
            return None
        try:
            return Response(self._epochs.snapshot(int(number)).read_bytes(), BYTES)
        except FileNotFoundError as error:
            return Response(f"{error}\n".encode(), "text/plain; charset=utf-8", HTTPStatus.NOT_FOUND)


def _counted(explored: Explored) -> dict[str, Any]:
    """Count what the model takes the test images for, or how far those that it makes are from what should come."""
    if explored.error is not None:
        return {"error": explored.error}
    if explored.found is None or explored.labels is None:
        raise ConfigurationError("This needs labelled test images.")
    counted = tally(explored.labels, explored.found.predicted, len(explored.found.names))
    return {**counted, "predicted": explored.found.predicted.tolist()}


def embedded(explored: Explored, snapshots: bool) -> dict[str, Any]:
    """Return what an offline page is told of the epochs, with the weights of each or without any."""
    kept = {} if explored.epochs is None else explored.epochs.snapshots()
    if snapshots and not kept:
        raise ConfigurationError(f"There are no snapshots to include in the file. {_UNKEPT}")
    if explored.epochs is None:
        return {}
    told = {**explored.epochs.described(), "training": False, "live": False}
    if not snapshots:
        return {"epochs": {**told, "snapshots": [], "why": _NOT_IN_FILE if kept else _UNKEPT}}
    files = {str(epoch): base64.b64encode(path.read_bytes()).decode() for epoch, path in kept.items()}
    return {"epochs": told, "snapshots": files}


def epochs_of(model: Network, folder: Path | None) -> Epochs | None:
    """Return the epochs of a model's last ``fit``, or of snapshots alone; None where there are neither.

    The model is taken to be that of the last snapshot if their weights are the same, to half precision.
    """
    history = model.history
    lines = []
    if history is not None:
        lines = [
            {"epoch": epoch + 1, **{name: values[at] for name, values in history.history.items() if at < len(values)}}
            for at, epoch in enumerate(history.epoch)
        ]
    kept = {} if folder is None else find_snapshots(folder)
    if folder is not None and not kept:
        raise MissingFileError(f"There are no snapshots in {folder}. callbacks.Snapshots({str(folder)!r}) saves them.")
    if not lines and not kept:
        return None
    return Epochs(lambda: lines, folder, _own(model, kept))


def _own(model: Network, kept: dict[int, Path]) -> int | None:
    """Return the last epoch, if the model has its weights."""
    if not kept:
        return None
    last = max(kept)
    snapshot = load_model(kept[last]).own_weights
    if [weight.shape for weight in snapshot] != [weight.shape for weight in model.own_weights]:
        raise ConfigurationError(
            f"{kept[last]} belongs to a different network than {model.name!r}: its weights differ in shape."
        )
    same = all(np.allclose(a, b, rtol=2**-10, atol=1e-7) for a, b in zip(snapshot, model.own_weights, strict=True))
    return last if same else None


def _finite(epoch: Mapping[str, Any]) -> dict[str, Any]:
    """Take what the page shows of an epoch; what is not a number is left out, for JSON has no NaN."""
    told = {name: epoch[name] for name in _MEASURED if name in epoch and math.isfinite(epoch[name])}
    return {"epoch": int(epoch["epoch"]), **told}
