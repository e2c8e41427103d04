"""What a model says of images as people have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.own_images import fill, rejection_for

import convoscope as cs
from convoscope.errors import ConfigurationError, FileFormatError, MissingFileError, ShapeError, UnknownNameError

layers = cs.layers


def network(*last: Any, channels: int = 3) -> cs.Sequential:
    return cs.Sequential(
        [
            layers.Rescaling(1 / 255, input_shape=(12, 12, channels)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.GlobalAveragePooling2D(),
            *(last or (layers.Dense(3, activation="softmax"),)),
        ],
        seed=3,
    )


@pytest.fixture
def model() -> cs.Sequential:
    made = network()
    made.class_names = ["ants", "bees", "wasps"]
    made.preprocessing = cs.Preprocessing(12, fit="crop", resize=14).as_dict()
    return made


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    return sorted(fill(tmp_path / "photos", {"lying": 20, "upright": 20}).rglob("*.png"))


def test_what_is_said_is_what_predict_says_of_prepared_images(
    engine: Any, model: cs.Sequential, photos: list[Path]
) -> None:
    pixels = cs.Preprocessing.from_dict(model.preprocessing).prepare_all(photos)
    expected = model.predict(pixels, verbose=0)
    found = model.predict_images(photos)
    assert [each.file for each in found] == list(map(str, photos))
    for each, row in zip(found, expected, strict=True):
        assert np.array_equal(each.probabilities, row), "to the last digit"
        assert each.index == row.argmax()
        assert each.name == model.class_names[each.index]
        assert each.probability == row.max()
        assert [score.index for score in each.classes] == np.argsort(-row, kind="stable").tolist()
        assert not each.none_of_these
        assert each.score is None
        assert repr(each) == f"<{each.file}: {each.name} {each.probability:.1%}>"


def test_one_is_one_and_several_are_a_list(model: cs.Sequential, photos: list[Path]) -> None:
    expected = [each.probabilities for each in model.predict_images(photos[:3])]
    with Image.open(photos[0]) as opened:
        for given in (photos[0], str(photos[0]), photos[0].read_bytes(), opened):
            assert np.array_equal(model.predict_images(given).probabilities, expected[0])
    pixels = cs.Preprocessing.from_dict(model.preprocessing).prepare_all(photos[:3])
    for several in (
        iter(photos[:3]),
        tuple(photos[:3]),
        (each.read_bytes() for each in photos[:3]),
        pixels,
        list(pixels),
    ):
        found = model.predict_images(several, batch_size=2)
        assert np.array_equal([each.probabilities for each in found], expected)
    assert np.array_equal(model.predict_images(pixels[0]).probabilities, expected[0])
    assert model.predict_images([]) == []


def test_digits_are_arrays_with_their_own_values() -> None:
    (x, _), _ = cs.datasets.digits.load_data()
    model = cs.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")], seed=1)
    model.preprocessing = cs.datasets.load("digits").preprocessing
    expected = model.predict(x[:5, ..., None], verbose=0)
    assert np.array_equal([each.probabilities for each in model.predict_images(x[:5])], expected)
    assert model.predict_images(x[0], top=2).classes[0].index == expected[0].argmax()
    assert len(model.predict_images(x[0], top=2).classes) == 2


def test_scaled_arrays_are_seen_for_what_they_are(model: cs.Sequential, photos: list[Path]) -> None:
    colour = np.asarray(Image.open(photos[0]).convert("RGB"))
    expected = model.predict_images(colour).probabilities
    assert np.array_equal(model.predict_images(colour / 255).probabilities, expected)
    assert np.array_equal(model.predict_images([colour / np.float32(255)])[0].probabilities, expected)


def test_what_cannot_be_read_is_named_left_out_or_given(
    model: cs.Sequential, photos: list[Path], tmp_path: Path
) -> None:
    (bad := tmp_path / "bad.png").write_bytes(b"no image")
    given = [photos[0], bad, photos[1], tmp_path / "none.png"]
    with pytest.raises(FileFormatError, match=r"bad\.png is not an image"):
        model.predict_images(given)
    assert [each.file for each in model.predict_images(given, errors="skip")] == [str(photos[0]), str(photos[1])]
    found = model.predict_images(given, errors="return", batch_size=2)
    assert [type(each).__name__ for each in found] == [
        "ImagePrediction",
        "FileFormatError",
        "ImagePrediction",
        "MissingFileError",
    ]
    with pytest.raises(UnknownNameError, match="Did you mean 'skip'"):
        model.predict_images(given, errors="skp")
    with pytest.raises(MissingFileError):
        model.predict_images(tmp_path / "none.png", errors="skip")


@pytest.mark.parametrize("last", [(), (layers.Dropout(0.5), layers.Dense(3), layers.Softmax())], ids=["dense", "graph"])
def test_images_of_none_of_the_classes_are_told(engine: Any, last: Any, photos: list[Path]) -> None:
    model = network(*last)
    plain = model.predict_images(photos)
    features = cs.Model(model.inputs, model.layers[3].output).predict(
        cs.Preprocessing(12).prepare_all(photos), verbose=0
    )
    model.rejection = rejection_for(features, 3)
    scores = model.rejection.score(features)
    found = model.predict_images(photos, batch_size=7)
    for each, before, score in zip(found, plain, scores, strict=True):
        assert each.score == pytest.approx(score, abs=1e-5)
        assert each.threshold == model.rejection.threshold
        assert each.none_of_these == (each.score > each.threshold)
        assert np.array_equal(each.probabilities, before.probabilities), "the classes' scores stay what they are"
    assert sum(each.none_of_these for each in found) == len(photos) // 2


@pytest.mark.parametrize("outputs", [1, 3])
def test_logits_become_probabilities(photos: list[Path], outputs: int) -> None:
    model = network(layers.Dense(outputs))
    logits = model.predict(cs.Preprocessing(12).prepare_all(photos[:4]), verbose=0).astype(np.float64)
    if outputs == 1:
        expected = np.concatenate([1 / (1 + np.exp(logits)), 1 / (1 + np.exp(-logits))], axis=1)
    else:
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = [each.probabilities for each in model.predict_images(photos[:4])]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_model_without_preprocessing_takes_images_by_its_first_layer(photos: list[Path]) -> None:
    scaling = network(channels=1)
    plain = cs.Sequential([layers.Input((12, 12, 1)), *scaling.layers[1:]])
    first = scaling.predict_images(photos[0]).probabilities
    np.testing.assert_allclose(plain.predict_images(photos[0]).probabilities, first, atol=1e-6)
    flat = cs.Sequential([layers.Flatten(input_shape=(12, 12)), layers.Dense(2, activation="softmax")])
    assert flat.predict_images(photos[0]).probabilities.shape == (2,), "grey images without an axis for it"
    given = cs.Preprocessing(12, channels=1, fit="stretch", max_value=1)
    other = plain.predict_images(photos[0], preprocessing=given).probabilities
    assert not np.allclose(other, first, atol=1e-6)
    with pytest.raises(ConfigurationError, match=r"shape \(7,\), which are not images"):
        cs.Sequential([layers.Dense(2, input_shape=(7,))]).predict_images(photos[0])
    with pytest.raises(ShapeError, match="one score for each class is needed"):
        cs.Sequential([layers.Conv2D(1, 3, input_shape=(12, 12, 1))]).predict_images(photos[0])


def test_a_stream_of_images_is_not_held_in_memory(model: cs.Sequential) -> None:
    alive: list[int] = []

    class Counted(bytes):
        def __del__(self) -> None:
            alive.pop()

    def images(content: bytes) -> Iterator[bytes]:
        for _ in range(300):
            alive.append(1)
            assert len(alive) < 100
            yield Counted(content)

    import io

    file = io.BytesIO()
    Image.new("RGB", (30, 20)).save(file, "PNG")
    assert len(model.predict_images(images(file.getvalue()), threads=2)) == 300


def test_a_runs_folder_is_loaded_as_its_model(model: cs.Sequential, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with pytest.raises(MissingFileError, match="is a folder without a model"):
        cs.load_model(run)
    (run / "config.json").write_text("{}")
    with pytest.raises(MissingFileError, match=r"has no model yet.*train --resume"):
        cs.load_model(run)
    model.save(run / "model.safetensors")
    assert cs.load_model(run).class_names == ["ants", "bees", "wasps"]
    assert cs.load_model(str(run)).preprocessing == model.preprocessing
