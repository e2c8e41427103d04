"""Models as they are at a moment, and models behind a name, which are replaced when their file is."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from convoscope.datasets.images.preprocessing import Prepared
from convoscope.errors import ConfigurationError, ConvoscopeError, FileFormatError, MissingFileError
from convoscope.explore.image_predictions import ImageClassifier, preprocessing_of
from convoscope.explore.submodels import class_count, class_names
from convoscope.models import load_model
from convoscope.paths import is_there, open_regular, refuse_address, user_path
from convoscope.runs.folder import RunFolder

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PIECE = 1 << 20
_TRIES = 5

State = tuple[int, int, int]


class Loaded:
    """A model ready to answer. It never changes: who has begun with it ends with it.

    Attributes
    ----------
    version : str
        The beginning of its file's SHA-256.
    """

    def __init__(self, model: Any, version: str) -> None:
        self.version = version
        self.preprocessing = preprocessing_of(model)
        self.classifier = ImageClassifier(model)
        self.class_names = class_names(model, max(2, class_count(model)))
        self.refuses = model.rejection is not None
        # Whatever is made at the first call is made now, and what cannot run is not served.
        nothing = np.zeros(self.preprocessing.shape, np.uint8)
        self.classifier.predict([Prepared("nothing", nothing)], 1)

    def described(self) -> dict[str, Any]:
        """Return what clients are told of it."""
        height, width, channels = self.preprocessing.shape
        return {
            "version": self.version,
            "classes": list(self.class_names),
            "none_of_these": self.refuses,
            "input": {"height": height, "width": width, "channels": channels},
        }


class Kept:
    """A model behind a name.

    Parameters
    ----------
    name : str
    path : path
        A run's folder or a model's file.

    Attributes
    ----------
    current : Loaded
        What new requests are answered with.
    """

    def __init__(self, name: str, path: str | os.PathLike[str]) -> None:
        self.name, self.path = name, user_path(path)
        if not is_there(self.path):
            refuse_address(self.path)
            raise MissingFileError(f"There is neither a run nor a model at {self.path}.")
        self.file = RunFolder(self.path).model if self.path.is_dir() else self.path
        self._lock = threading.Lock()
        self._state, self.current = _load(self.file)

    def refresh(self) -> bool:
        """Load the model again if its file is another one, and say whether it was.

        Raises
        ------
        ConvoscopeError
            It cannot be loaded: the old one goes on answering, and nothing more is said until the file changes again.
        """
        with self._lock:
            state = _state(self.file)
            if state is None or state == self._state:  # while it is gone, the old one answers
                return False
            self._state = state
            self._state, loaded = _load(self.file)
            changed = loaded.version != self.current.version
            if changed:
                self.current = loaded
            return changed


def kept_models(models: Mapping[str, str | os.PathLike[str]]) -> dict[str, Kept]:
    """Load models by their names.

    Raises
    ------
    ConfigurationError
        There is none, or a name cannot stand in an address.
    """
    if not models:
        raise ConfigurationError("There is no model to serve: give a run's folder or a model's file.")
    for name in models:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is not a valid model name: use up to 64 letters, digits, '_', '.' and '-'."
            )
    return {name: Kept(name, path) for name, path in models.items()}


def name_for(path: Path) -> str:
    """Return the name under which a model is served if none was given.

    Examples
    --------
    >>> name_for(Path("runs/my photos-1")), name_for(Path("model.safetensors"))
    ('my-photos-1', 'model')
    """
    stem = path.stem if path.suffix == ".safetensors" else path.resolve().name
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-._")[:64] or "model"


def _state(file: Path) -> State | None:
    """Return what changes when a file is replaced or written again; None where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _load(file: Path) -> tuple[State | None, Loaded]:
    """Load a file that may be replaced meanwhile: what is loaded is what its version says."""
    for _ in range(_TRIES):
        before = _state(file)
        version = _digest(file)
        try:
            loaded = Loaded(load_model(file), version)
        except ConvoscopeError:
            if _state(file) == before:
                raise
            continue
        if _state(file) == before:
            return before, loaded
    raise FileFormatError(f"{file} keeps changing while it is read.")


def _digest(file: Path) -> str:
    checksum = hashlib.sha256()
    with open_regular(file) as content:
        while piece := content.read(_PIECE):
            checksum.update(piece)
    return checksum.hexdigest()[:12]
