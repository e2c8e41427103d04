"""The page that classifies by webcam without a network: the model, the engine and the page in one file of HTML."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from convoscope.models import read_header
from convoscope.web.bundle import offline_page, worker_source
from convoscope.web.site import page_files

if TYPE_CHECKING:
    from importlib.abc import Traversable

_PAGE, _WORKER = "teach/offline.html", "teach/classifier-worker.js"


def offline(model: Path, words: str = "", folder: Traversable | None = None) -> str:
    """Return the page.

    Parameters
    ----------
    model : Path
        The file of a model that takes photos, says how they are prepared, and has class names.
    words : str
        What the page says of the model.
    folder : path or Traversable, optional
        Of the pages' files, instead of the package's own, for tests.
    """
    folder = folder or page_files()
    told = read_header(model)["model"]
    embedded = {
        "model": base64.b64encode(model.read_bytes()).decode(),
        "worker": worker_source(folder, _WORKER),
        "preparation": told["preprocessing"],
        "names": told["class_names"],
        "words": words,
    }
    return offline_page(folder, _PAGE, embedded, computing=True)
