"""Small models behind HTTP."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.own_images import rejection_for

from convoscope.datasets.images.preprocessing import Preprocessing
from convoscope.layers import Conv2D, Dense, Flatten, Rescaling
from convoscope.models import Sequential
from convoscope.serving import Limits, Server

PATIENCE = 20  # seconds that an answer may take on a busy machine
NAMES = ["ants", "bees", "wasps"]


def make_model(seed: int) -> Any:
    """A network of photos, 24 × 20, that refuses some of them."""
    layers = [
        Rescaling(1 / 255, input_shape=(20, 24, 3)),
        Conv2D(4, 3, activation="relu"),
        Flatten(),
        Dense(3, activation="softmax"),
    ]
    model = Sequential(layers, seed=seed)
    model.class_names = NAMES
    model.preprocessing = Preprocessing((20, 24), fit="crop").as_dict()
    photos = Preprocessing.from_dict(model.preprocessing).prepare_all([photo(number) for number in range(20)])
    model.rejection = rejection_for(Sequential(layers[:3]).predict(photos, verbose=0), 3)
    return model


def photo(seed: int, kind: str = "PNG", size: tuple[int, int] = (50, 37)) -> bytes:
    """The bytes of an image file."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's file, not to be changed."""
    path = tmp_path_factory.mktemp("served") / "insects.safetensors"
    make_model(1).save(path)
    return path


@pytest.fixture(scope="session")
def server(model_file: Path) -> Iterator[Server]:
    """A server with its usual limits."""
    with Server({"insects": model_file, "same": model_file}, port=0) as running:
        yield running


@contextlib.contextmanager
def serving(path: Path, **options: Any) -> Iterator[Server]:
    with Server(path, port=0, **options) as running:
        yield running


def limited(**limits: Any) -> Limits:
    return Limits(**limits)


def ask(
    server: Server, method: str, address: str, body: bytes | None = None, kind: str | None = None, **headers: str
) -> tuple[int, dict[str, str], Any]:
    """Ask on a connection of its own: status, headers in lower case, and what was answered."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, address, body, told | ({"Content-Type": kind} if kind else {}))
        answer = connection.getresponse()
        content = answer.read()
        found = {name.lower(): value for name, value in answer.getheaders()}
        is_json = found.get("content-type", "").startswith("application/json")
        return answer.status, found, json.loads(content) if is_json else content.decode()
    finally:
        connection.close()
