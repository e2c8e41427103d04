"""The network that the gallery shows before anybody has trained one: the lessons' own, on the package's digits."""

from __future__ import annotations

import base64
import shutil
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image

from convoscope import datasets, explore, layers
from convoscope.engine.select import current
from convoscope.errors import NotReadyError
from convoscope.models import Sequential
from convoscope.report.terminal import percent
from convoscope.training.callbacks import Callback, Snapshots
from convoscope.training.callbacks.base import Logs
from convoscope.web.epochs import epochs_of
from convoscope.web.explored import Explored

EPOCHS = 6
_SIDE, _BORDER = 28, 2  # pixels: MNIST's size, so that all shapes are those of the lessons
_SEED = 3
_FILTERS, _FILTERS_WITHOUT_CORE = 64, 8  # the lessons', and what the reference engine trains in seconds
_SHOWN = 16  # maps of each convolution
_DIGIT = 3
_PATIENCE = 10.0  # seconds for a step of training to end


class Digits:
    """The trained network, which is trained when somebody first wants it: a second or two on two cores."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._explored: Explored | None = None

    def explored(self) -> Explored:
        """Return the network with its images; whoever comes first trains it, and others wait."""
        with self._lock:
            if self._explored is None:
                folder = tempfile.mkdtemp(prefix="convoscope-digits-")
                weakref.finalize(self, _end, self._is_over, self._lock, folder)
                self._explored = _trained(Path(folder), self._is_over)
            return self._explored

    def pictures(self) -> dict[str, Any]:
        """Return what the gallery's cards draw of it.

        Returns
        -------
        dict
            ``image``, a digit; ``maps``, for each convolution {``layer``, ``shape``, ``pictures``}; ``confusion`` with
            ``names``; ``history``, an entry an epoch; ``accuracy``, ``mistakes``, and how many images were ``tested``.
            Pictures are {``shape``, ``values``}, bytes as base64.
        """
        explored = self.explored()
        model, labels, found = explored.model, explored.labels, explored.found
        assert labels is not None
        assert found is not None
        which = _legible(found.scores, found.predicted, labels)
        image = explored.images[which : which + 1]
        seen = explore.activations(model, image, ["conv2d", "conv2d_1"])
        matrix = explore.confusion(model, explored.x, labels).matrix
        return {
            "image": _packed(image[0, :, :, 0] / 255),
            "maps": [_various(name, values[0]) for name, values in zip(seen.layers, seen.outputs, strict=True)],
            "confusion": matrix.tolist(),
            "names": list(model.class_names or ()),
            "history": [] if explored.epochs is None else explored.epochs.measured(),
            "accuracy": percent(float((found.predicted == labels).mean())),
            "mistakes": int((found.predicted != labels).sum()),
            "tested": len(labels),
        }


def enlarged(images: npt.NDArray[Any], most: int) -> npt.NDArray[np.uint8]:
    """Bring small images with values from 0 to `most` smoothly to 28×28 and to values from 0 to 255.

    Parameters
    ----------
    images : array of shape (N, height, width)
    most : int

    Returns
    -------
    array of uint8, shape (N, 28, 28, 1)

    Examples
    --------
    >>> enlarged(np.full((1, 8, 8), 16), 16)[0, ::9, ::9, 0].tolist()
    [[0, 0, 0, 0], [0, 255, 255, 0], [0, 255, 255, 0], [0, 0, 0, 0]]
    """
    inner = _SIDE - 2 * _BORDER
    result = np.zeros((len(images), _SIDE, _SIDE, 1), np.uint8)
    for place, image in zip(result, images, strict=True):
        bytes_of_it = np.rint(image * (255 / most)).astype(np.uint8)
        larger = PIL.Image.fromarray(bytes_of_it).resize((inner, inner), PIL.Image.Resampling.BICUBIC)
        place[_BORDER:-_BORDER, _BORDER:-_BORDER, 0] = np.asarray(larger)
    return result


class _Stop(Callback):
    """Ends a training whose program ends: the core's threads must be done by then."""

    def __init__(self, is_over: threading.Event) -> None:
        super().__init__()
        self._is_over = is_over

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look whether it is over."""
        if self._is_over.is_set():
            raise NotReadyError("The gallery was closed while its network was being trained.")


def _end(is_over: threading.Event, lock: threading.Lock, folder: str) -> None:
    """Wait until a training that is under way has stopped, and take its files away."""
    is_over.set()
    if lock.acquire(timeout=_PATIENCE):
        lock.release()
    shutil.rmtree(folder, ignore_errors=True)


def _trained(folder: Path, is_over: threading.Event) -> Explored:
    digits = datasets.load("digits")
    most = digits.info.max_value
    x_train, x_test = enlarged(digits.x_train, most), enlarged(digits.x_test, most)
    filters = _FILTERS_WITHOUT_CORE if current().name == "reference" else _FILTERS
    model = Sequential(
        [
            layers.Rescaling(1 / 255, input_shape=(_SIDE, _SIDE, 1)),
            layers.Conv2D(filters, (3, 3), activation="relu", name="conv2d"),
            layers.MaxPooling2D(2, 2),
            layers.Conv2D(filters, (3, 3), activation="relu", name="conv2d_1"),
            layers.MaxPooling2D(2, 2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        seed=_SEED,
        name="digits",
    )
    model.class_names = list(digits.info.class_names)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    began = time.perf_counter()
    model.fit(
        x_train,
        digits.y_train,
        epochs=EPOCHS,
        validation_data=(x_test, digits.y_test),
        callbacks=[Snapshots(folder), _Stop(is_over)],
        verbose=0,
    )
    seconds = time.perf_counter() - began
    return Explored(
        model,
        x_test,
        digits.y_test,
        x_train,
        digits.y_train,
        title="Digits",
        epochs=epochs_of(model, folder),
        note=f"Trained for the gallery in {seconds:.1f} seconds, on {len(x_train):,} digits enlarged from 8×8 pixels.",
    )


def _legible(scores: npt.NDArray[Any], predicted: npt.NDArray[Any], labels: npt.NDArray[Any]) -> int:
    """Choose a test image of a digit with curves: the one that the network is surest of."""
    right = np.flatnonzero((labels == _DIGIT) & (predicted == labels))
    return int(right[np.argmax(scores[right].max(axis=1))]) if len(right) else 0


def _various(layer: str, values: npt.NDArray[Any]) -> dict[str, Any]:
    """Return maps (height, width, maps) that are strong and unlike one another, in one scale for all of them."""
    flat = values.reshape(-1, values.shape[-1])  # (positions, maps)
    strong = np.argsort(-flat.std(axis=0), kind="stable")[: 2 * _SHOWN]
    alike = np.corrcoef(flat[:, strong], rowvar=False)
    chosen = [0]
    while len(chosen) < min(_SHOWN, len(strong)):
        nearest = alike[:, chosen].max(axis=1)
        nearest[chosen] = np.inf
        chosen.append(int(nearest.argmin()))
    limit = float(values.max()) or 1.0
    pictures = [_packed(values[..., index] / limit) for index in strong[chosen]]
    return {"layer": layer, "shape": list(values.shape), "pictures": pictures}


def _packed(values: npt.NDArray[Any]) -> dict[str, Any]:
    """Return values from 0 to 1 as bytes, in base64."""
    content = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return {"shape": list(content.shape), "values": base64.b64encode(content.tobytes()).decode()}
