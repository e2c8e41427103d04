"""Files of ours that another program has changed: the description no longer fits, and the network is read itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers as cl
from convoscope.errors import ConvoscopeWarning
from convoscope.models.rejection import Rejection

PIXELS = np.arange(512, dtype=np.int64).reshape(2, 16, 16, 1).astype(np.uint8)  # all bytes, twice


def photo_model(max_value: float) -> Any:
    model = cs.Sequential([cl.Input(shape=(16, 16, 1)), cl.Flatten(), cl.Dense(3, "softmax")], seed=3)
    model.set_weights([weight * 4 / max_value for weight in model.get_weights()])
    model.class_names = ["ant", "bee", "fly"]
    model.preprocessing = cs.Preprocessing(16, channels=1, max_value=max_value).as_dict()
    return model


def changed(model: Any, path: Path) -> Path:
    """Write a model, and change the checksum by which its file tells that nobody has changed it."""
    model.export(path)
    content, count = re.subn(rb'("nodes": ")[0-9a-f]{4}', rb"\g<1>beef", path.read_bytes())
    assert count == 1
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ending", ["onnx", "tflite"])
@pytest.mark.parametrize("max_value", [255, 1, 16, 0.7])
def test_images_are_prepared_for_it_as_before(max_value: float, ending: str, tmp_path: Path) -> None:
    """Whether our operators divide, multiply and round, or look up what becomes of a byte."""
    model = photo_model(max_value)
    again = cs.load_model(changed(model, tmp_path / f"model.{ending}"))
    assert again.name != model.name  # made of the operators, not of the description
    assert again.class_names == model.class_names
    assert again.preprocessing == cs.Preprocessing.from_dict(model.preprocessing).as_dict()
    assert not {type(layer).__name__ for layer in again.layers} & {"Rescaling", "Lambda"}
    wanted = [each.probabilities for each in model.predict_images(list(PIXELS))]
    found = [each.probabilities for each in again.predict_images(list(PIXELS))]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)
    scaled = cs.Preprocessing.from_dict(model.preprocessing).scaled(PIXELS).astype(np.float32)
    np.testing.assert_allclose(again.predict(scaled, verbose=0), wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("ending", ["onnx", "tflite"])
def test_what_it_refuses_is_no_longer_told(ending: str, tmp_path: Path) -> None:
    model = photo_model(255)
    arrays = (np.eye(3, 256, dtype=np.float32), np.ones((256, 3), np.float32), np.ones(3, np.float32))
    model.rejection = Rejection(*arrays, 0.9, 0.1, -5.0, 2.0, 0.5, 0.05)
    path = changed(model, tmp_path / f"model.{ending}")
    with pytest.warns(ConvoscopeWarning, match="only gives probabilities") as told:
        again = cs.load_model(path)
    assert [each.filename for each in told] == [__file__]
    wanted = [each.probabilities for each in model.predict_images(list(PIXELS))]
    np.testing.assert_allclose([each.probabilities for each in again.predict_images(list(PIXELS))], wanted, rtol=1e-5)
