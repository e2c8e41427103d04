"""A photo gets the same probabilities, to the last digit, from Python, the command line and the page's server."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.odd_photos import odd_photos, photo
from tests.own_images import rejection_for

import convoscope as cs
from convoscope.web.explored import Explored
from convoscope.web.explorer import site
from convoscope.web.server import Server

from .conftest import Shell

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return odd_photos(tmp_path_factory.mktemp("odd"))


@pytest.fixture(scope="module", params=["letterbox", "crop"])
def model(request: pytest.FixtureRequest) -> cs.Sequential:
    layers = cs.layers
    made = cs.Sequential(
        [
            layers.Rescaling(1 / 255, input_shape=(24, 24, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ],
        seed=8,
    )
    made.class_names = list("abcde")
    made.preprocessing = cs.Preprocessing(24, fit=request.param, edge=0.4, background=255).as_dict()
    return made


@pytest.fixture(scope="module")
def served(model: cs.Sequential) -> Iterator[Server]:
    with Server(site(Explored(model)), port=0) as server:
        server.start()
        yield server


def asked(
    server: Server, content: bytes, kind: str = "application/octet-stream", what: str = "own-image"
) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("POST", f"/{server.token}/ask/{what}", content, {"Content-Type": kind})
        response = connection.getresponse()
        return response.status, response.read()


def test_every_way_says_the_same_of_every_photo(
    shell: Shell, model: cs.Sequential, served: Server, photos: list[Path], tmp_path: Path
) -> None:
    assert len(photos) >= 50
    model.save(tmp_path / "model.safetensors")
    ended = shell("predict", "model.safetensors", *photos, "--json", "--top", 5)
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    paths = model.predict_images(photos)
    contents = model.predict_images((path.read_bytes() for path in photos), batch_size=7)
    opened = [Image.open(path) for path in photos]
    images = model.predict_images(opened, batch_size=1)
    again = cs.load_model(tmp_path / "model.safetensors").predict_images(map(str, photos), batch_size=64, threads=1)
    pixels = cs.Preprocessing.from_dict(model.preprocessing).prepare_all(photos)
    predicted = model.predict(pixels, verbose=0)
    for path, line, one, *others, row, image in zip(
        photos, told, paths, contents, images, again, predicted, pixels, strict=True
    ):
        for other in others:
            assert np.array_equal(one.probabilities, other.probabilities), path.name
        assert np.array_equal(one.probabilities, row), path.name
        in_line = {each["index"]: each["probability"] for each in line["classes"]}
        assert line["file"] == str(path)
        assert [in_line[index] for index in range(5)] == one.probabilities.tolist(), path.name
        status, answer = asked(served, path.read_bytes())
        assert status == 200, (path.name, answer)
        found = json.loads(answer)
        assert found["probabilities"] == one.probabilities.tolist(), path.name
        assert np.array_equal(np.frombuffer(base64.b64decode(found["image"]), "<f4"), image.ravel()), path.name
    for each in opened:
        each.close()
    assert len({tuple(row) for row in predicted.tolist()}) > 40, "they are different photos"


def test_a_folder_of_them_is_decoded_for_training_as_for_predicting(photos: list[Path], tmp_path: Path) -> None:
    for number, path in enumerate(photos):
        target = tmp_path / "photos" / ("one", "other")[number % 2] / f"{number}{path.suffix or '.jpg'}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    data = cs.datasets.from_folder(
        tmp_path / "photos", image_size=24, color_mode="rgb", fit="crop", cache_dir=tmp_path / "cache"
    )
    assert not data.report.skipped
    preprocessing = cs.Preprocessing.from_dict(data.preprocessing)
    assert np.array_equal(
        preprocessing.prepare_all(tmp_path / "photos" / name for name in data.train_files), data.x_train
    )


def test_a_huge_photo_is_read_unless_that_is_refused(
    shell: Shell, model: cs.Sequential, served: Server, tmp_path: Path
) -> None:
    path = tmp_path / "huge.jpg"
    photo((12_000, 9_000), "L").save(path, quality=50)
    model.save(tmp_path / "model.safetensors")
    found = model.predict_images(path).probabilities
    (line,) = json.loads(shell("predict", "model.safetensors", "huge.jpg", "--json", "--top", 5).out)
    assert {each["index"]: each["probability"] for each in line["classes"]} == dict(enumerate(found.tolist()))
    assert json.loads(asked(served, path.read_bytes())[1])["probabilities"] == found.tolist()
    whole = model.predict_images(photo((1_200, 900), "L")).probabilities
    np.testing.assert_allclose(found, whole, atol=0.01)
    message = "has 12,000 × 9,000 pixels, but at most 50,000,000 are allowed"
    with pytest.raises(cs.errors.FileFormatError, match=message):
        model.predict_images(path, max_pixels=50_000_000)
    ended = shell("predict", "model.safetensors", "huge.jpg", "--max-pixels", 50_000_000)
    assert ended.status == 1
    assert message in " ".join(ended.err.split())


def test_a_photo_is_sent_as_bytes_and_what_is_none_is_told(served: Server) -> None:
    assert asked(served, b"{}", "application/json") == (400, b"A file is sent as bytes.\n")
    _, answer = asked(served, b"no image")
    assert json.loads(answer)["problem"].startswith("the image is not an image of a known format")


def test_none_of_these_is_said_by_every_way(
    shell: Shell, model: cs.Sequential, photos: list[Path], tmp_path: Path
) -> None:
    refusing = cs.models.clone_model(model)
    refusing.set_weights(model.get_weights())
    refusing.class_names, refusing.preprocessing = model.class_names, model.preprocessing
    pixels = cs.Preprocessing.from_dict(model.preprocessing).prepare_all(photos[:20])
    features = cs.Model(refusing.inputs, refusing.layers[-2].output).predict(pixels, verbose=0)
    refusing.rejection = rejection_for(features, 5)
    refusing.save(tmp_path / "model.safetensors")
    told = json.loads(shell("predict", "model.safetensors", *photos[:20], "--json").out)
    lines = shell("predict", "model.safetensors", *photos[:20]).out.splitlines()
    with Server(site(Explored(refusing)), port=0) as server:
        server.start()
        for path, each, line in zip(photos[:20], told, lines, strict=True):
            one = refusing.predict_images(path)
            said = one.none_of_these, one.score, one.threshold
            assert (each["none_of_these"], each["score"], each["threshold"]) == said
            assert ("none of these (score" in line) == one.none_of_these
            found = json.loads(asked(server, path.read_bytes())[1])
            assert found["rejection"] == dict(zip(("none", "score", "threshold"), said, strict=True))
            question = json.dumps({"image": found["image"]}).encode()
            assert json.loads(asked(server, question, "application/json", "rejection")[1]) == found["rejection"]
    assert sum(each["none_of_these"] for each in told) == 10
