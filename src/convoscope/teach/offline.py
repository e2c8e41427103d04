"""The page that classifies by webcam without a network: the model, the engine and the page in one file of HTML."""

from __future__ import annotations

import base64
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.models import tensorfile
from convoscope.models.network import Network
from convoscope.names import json_text
from convoscope.web.bundle import offline_page, worker_source
from convoscope.web.site import page_files

if TYPE_CHECKING:
    from importlib.abc import Traversable

Array = npt.NDArray[np.float32]

_PAGE, _WORKER = "teach/offline.html", "teach/classifier-worker.js"


def offline(model: Network, words: str = "", folder: Traversable | None = None) -> str:
    """Return the page.

    Parameters
    ----------
    model : Model
        Takes images (size, size, 3) with values from 0 to 255, and has class names.
    words : str
        What the page says of the model.
    folder : path or Traversable, optional
        Of the pages' files, instead of the package's own, for tests.
    """
    folder = folder or page_files()
    embedded = {
        "model": base64.b64encode(model_file(model)).decode(),
        "worker": worker_source(folder, _WORKER),
        "size": int(model.input_shape[1]),
        "names": list(model.class_names or ()),
        "words": words,
    }
    return offline_page(folder, _PAGE, embedded, computing=True)


def model_file(model: Network) -> bytes:
    """Return a model's file with those weights in 16 bits that lose nothing by it (see `FrozenBackbone`)."""
    from safetensors.numpy import save

    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path, include_optimizer=False)
        header, tensors = tensorfile.read_tensors(path)
    written = {name: in_fewest_bits(value) for name, value in tensors.items()}
    told = {name: value for name, value in header.metadata.items() if name != "sha256"}
    return bytes(save(written, {tensorfile.KEY: json_text(told)}))


def in_fewest_bits(weight: Array) -> npt.NDArray[np.float16] | Array:
    """Return a weight in 16 bits if these are the same numbers, else as it is.

    Examples
    --------
    >>> in_fewest_bits(np.float32([0.5, 0.25])).dtype, in_fewest_bits(np.float32([0.5, 0.1])).dtype
    (dtype('float16'), dtype('float32'))
    """
    with np.errstate(over="ignore"):  # beyond 65504 it becomes infinite, and is another number
        half = weight.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), weight) else weight
