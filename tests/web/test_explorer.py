"""What the explorer's page is given and what it may ask; the images that go with it; opening it from Python."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import re
import threading
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import ConfigurationError, ConvoscopeError, ShapeError
from convoscope.explore import ablate, nearest as nearest_images
from convoscope.explore.interventions import WeightChange, intervene
from convoscope.web.exhibits import choose, pack, value_range
from convoscope.web.explored import Explored, model_file
from convoscope.web.explorer import offline, site
from convoscope.web.questions import accuracy, cell
from convoscope.web.server import Server
from convoscope.web.training_images import nearest

SIZE, CLASSES = 6, 3


@pytest.fixture(scope="module")
def explored() -> Explored:
    generator = np.random.default_rng(1)
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(SIZE, SIZE, 1)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(CLASSES, activation="softmax"),
        ],
        seed=2,
    )
    images = generator.integers(0, 256, (90, SIZE, SIZE, 1)) / 255
    labels = generator.integers(0, CLASSES, 90)
    return Explored(model, images[:60], labels[:60], images[60:], labels[60:], "small")


def as_sent(image: Any) -> str:
    """Write an image as the page sends it."""
    return base64.b64encode(np.asarray(image, "<f4").tobytes()).decode()


def described(explored: Explored) -> dict[str, Any]:
    answer = site(explored).answer("data/explorer.json")
    assert answer is not None
    return dict(json.loads(answer.body))


def test_images_of_a_cell_of_the_confusion_matrix_come_the_surest_first(explored: Explored) -> None:
    scores = explored.model.predict(explored.images, verbose=0)
    labels = np.asarray(explored.labels)
    for true, predicted in itertools.product(range(CLASSES), repeat=2):
        answer = cell(explored, {"label": true, "predicted": predicted})
        length = int.from_bytes(answer[:4], "little")
        told = json.loads(answer[4 : 4 + length])
        own = [i for i in range(60) if labels[i] == true and scores[i].argmax() == predicted]
        assert sorted(told["numbers"]) == own[:24]
        assert np.diff(scores.max(axis=1)[told["numbers"]]).max(initial=-1) <= 0
        assert (told["packed"]["kind"], told["packed"]["divisor"]) == ("uint8", 255 if own else 1)
        values = np.frombuffer(answer[4 + length :], np.uint8) / np.float32(255)
        np.testing.assert_array_equal(values, explored.images[told["numbers"]].ravel().astype(np.float32))
    with pytest.raises(ConfigurationError, match="Expected a class, but got 'x'"):
        cell(explored, {"label": "x", "predicted": 0})


def test_the_page_is_given_the_model_and_images_exactly(explored: Explored, tmp_path: Path) -> None:
    told = described(explored)
    given = site(explored).answer("data/images.bin")
    assert given is not None
    assert told["packed"] == [{"kind": "uint8", "divisor": 255, "bytes": len(given.body)}]
    values = np.frombuffer(given.body, np.uint8).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(values, explored.images[told["indices"]].ravel().astype(np.float32))
    (tmp_path / "model.safetensors").write_bytes(model_file(explored.model))
    again = cs.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(explored.images), explored.model.predict(explored.images))


def test_confusion_and_accuracy_are_counted_over_all_images(explored: Explored) -> None:
    told = described(explored)
    predicted = explored.model.predict(explored.images).argmax(axis=1)
    assert told["accuracy"] == np.mean(predicted == explored.y)
    counted = {(true, answer): n for true, answer, n in told["confusion"]}
    for true in range(CLASSES):
        for answer in range(CLASSES):
            expected = int(np.sum((explored.y == true) & (predicted == answer)))
            assert counted.get((true, answer), 0) == expected
    assert told["labels"] == explored.y[told["indices"]].tolist()
    assert told["predicted"] == predicted[told["indices"]].tolist()


def test_accuracy_with_a_filter_off_is_that_of_ablation(explored: Explored) -> None:
    found = accuracy(explored, {"silenced": {"0": [1, 3]}, "changes": []})
    expected = ablate(explored.model, 0, [1, 3], explored.images, explored.y)
    assert found["accuracy"] == expected.accuracy
    np.testing.assert_array_equal(found["classes"], expected.class_accuracy)


def test_accuracy_with_filters_off_in_several_layers_and_a_number_changed(explored: Explored) -> None:
    changes = [WeightChange(0, "kernel", 5, 0.75), WeightChange(3, "bias", 0, -2.0)]
    found = intervene(explored.model, {0: [0], 2: [4, 7]}, changes, explored.images, explored.y)
    (kernel, bias), (dense, shift) = (explored.model.layers[index].get_weights() for index in (0, 3))
    kernel.reshape(-1)[5], shift[0] = 0.75, -2.0
    before = [weight.copy() for weight in explored.model.weights]
    right = 0
    for image, label in zip(explored.images, explored.y, strict=True):
        maps = np.zeros((4, 4, 4))
        for row, column in np.ndindex(4, 4):
            window = image[row : row + 3, column : column + 3, :, None]
            maps[row, column] = np.maximum((window * kernel).sum(axis=(0, 1, 2)) + bias, 0)
        maps[..., 0] = 0
        flat = maps.reshape(2, 2, 2, 2, 4).max(axis=(1, 3)).ravel()
        flat[[4, 7]] = 0
        right += int((flat @ dense + shift).argmax() == label)
    assert found.accuracy == right / len(explored.images)
    for old, new in zip(before, explored.model.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_nearest_training_images_are_those_of_the_library(explored: Explored) -> None:
    assert explored.x_train is not None
    found = nearest(explored, {"image": as_sent(explored.images[0])})
    expected = nearest_images(explored.model, explored.images[0], explored.x_train, 6)
    np.testing.assert_allclose(found["distances"], expected.distances[0], rtol=1e-6)
    assert found["labels"] == explored.y_train[expected.indices[0]].tolist()


def test_all_training_images_are_searched_however_many(explored: Explored) -> None:
    """The nearest stands behind the 10,000th: it is the image itself."""
    generator = np.random.default_rng(5)
    many = generator.integers(0, 256, (10_003, SIZE, SIZE, 1)) / 255
    many[-1] = explored.images[0]
    question = {"image": as_sent(explored.images[0])}
    among = Explored(explored.model, x_train=many, y_train=np.arange(len(many)) % CLASSES)
    found = nearest(among, question)
    while found["known"] < found["count"]:
        found = nearest(among, question)
    assert found["count"] == len(many)
    assert found["distances"][0] == 0


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"silenced": {"9": [0]}, "changes": []}, "no layer at index 9"),
        ({"silenced": {"0": [4]}, "changes": []}, "4 channels"),
        ({"silenced": {}, "changes": [{"position": 0, "weight": "gamma", "index": 0, "value": 1}]}, "'gamma'"),
        ({"silenced": {}, "changes": [{"position": 0, "weight": "kernel", "index": 99, "value": 1}]}, "no element 99"),
        ({"silenced": {}, "changes": [{"position": 0, "weight": "bias", "index": 0, "value": "nan"}]}, "finite"),
    ],
)
def test_what_the_model_has_not_is_refused(explored: Explored, question: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        accuracy(explored, question)


def test_an_image_of_another_size_is_refused(explored: Explored) -> None:
    with pytest.raises(ShapeError, match="36 numbers, but has 2"):
        nearest(explored, {"image": as_sent([0, 1])})


def ask(
    server: Server, path: str, body: bytes, kind: str = "application/json", token: bool = True
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        address = f"/{server.token}/{path}" if token else f"/{path}"
        connection.request("POST", address, body, {"Content-Type": kind})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_questions_are_answered_and_malformed_ones_refused(explored: Explored) -> None:
    good = json.dumps({"silenced": {}, "changes": []}).encode()
    with Server(site(explored), port=0) as server:
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        status, body = ask(server, "ask/accuracy", good)
        assert (status, json.loads(body)["count"]) == (200, 60)
        for path, content, kind, token, refused in (
            ("ask/accuracy", good, "application/json", False, 403),
            ("ask/accuracy", good, "text/plain", True, 400),
            ("ask/nothing", good, "application/json", True, 404),
            ("ask/accuracy", b"{", "application/json", True, 400),
            ("ask/accuracy", b"[]", "application/json", True, 400),
            ("ask/accuracy", b"{}", "application/json", True, 400),
            ("ask/accuracy", b'{"silenced": [], "changes": []}', "application/json", True, 400),
            ("ask/nearest", b'{"image": [[1], 2]}', "application/json", True, 400),
        ):
            status, body = ask(server, path, content, kind, token)
            assert status == refused, (content, body)
        assert ask(server, "ask/accuracy", good)[0] == 200
        server.stop()
        thread.join(60)


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"silenced": {"1": 3}, "changes": []},
        {"silenced": {"one": [0]}, "changes": []},
        {"silenced": {"1": ["x"]}, "changes": []},
        {"silenced": {"1": [True]}, "changes": []},
        {"silenced": {}, "changes": [7]},
        {"silenced": {}, "changes": [{}]},
        {"silenced": {}, "changes": [{"position": 1, "weight": "kernel", "index": 1.5, "value": 1}]},
        {"silenced": {}, "changes": [{"position": 1, "weight": "kernel", "index": 1, "value": 10**400}]},
        {"silenced": {}, "changes": [{"position": 1, "weight": "kernel", "index": 1, "value": float("nan")}]},
    ],
)
def test_a_question_of_the_wrong_form_is_refused_in_words(explored: Explored, question: dict[str, Any]) -> None:
    with pytest.raises(ConvoscopeError):
        accuracy(explored, question)


@pytest.mark.parametrize("image", [None, "x", "é", [[1], 2], {"a": 1}, "AAAA", as_sent([np.inf] * 36)])
def test_an_image_of_the_wrong_form_is_refused_in_words(explored: Explored, image: Any) -> None:
    with pytest.raises(ConvoscopeError):
        nearest(explored, {"image": image})


def test_images_are_packed_without_loss() -> None:
    for divisor in (1, 16, 255):
        packed = pack(np.arange(17, dtype=np.float32) / np.float32(divisor))
        values = np.frombuffer(packed.content, np.uint8).astype(np.float32) / np.float32(packed.divisor)
        np.testing.assert_array_equal(values, np.arange(17, dtype=np.float32) / np.float32(divisor))
    odd = np.array([-1.5, 0.3, 300.0], np.float32)
    assert np.array_equal(np.frombuffer(pack(odd).content, "<f4"), odd)


def test_black_and_white_follow_the_values() -> None:
    assert value_range(np.array([0, 12]), None) == (0, 16)
    assert value_range(np.array([0, 200]), None) == (0, 255)
    assert value_range(np.array([0, 12]), 255) == (0, 255)
    assert value_range(np.array([-0.5, 3]), None) == (-0.5, 3)


def test_images_of_each_class_and_of_each_mistake_take_turns() -> None:
    labels = np.array([0] * 50 + [1] * 50)
    predicted = labels.copy()
    predicted[[10, 70, 80]] = [1, 0, 0]
    surest = np.arange(100)[::-1].copy()
    chosen = choose(labels, predicted, surest, 2, 5)
    assert chosen.tolist() == [0, 1, 10, 50, 80]
    assert (
        len(choose(labels, predicted, surest, 2, 1000)) == 42
    )  # 20 of each class, one of them a mistake, and two mistakes more


def test_a_model_without_images_opens_for_drawing(explored: Explored) -> None:
    told = described(Explored(explored.model))
    assert (told["indices"], told["labels"], told["confusion"], told["asks"]) == ([], None, None, ["own-image"])
    assert told["names"] == ["0", "1", "2"]


def test_without_images_a_drawing_has_the_values_that_the_model_scales() -> None:
    rescaling = cs.layers.Rescaling(1 / 255, input_shape=(4, 4, 1))
    scaled = cs.Sequential([rescaling, cs.layers.Flatten(), cs.layers.Dense(2)])
    plain = cs.Sequential([cs.layers.Flatten(input_shape=(4, 4, 1)), cs.layers.Dense(2)])
    assert described(Explored(scaled))["range"] == [0.0, 255.0]
    assert described(Explored(plain))["range"] == [0.0, 1.0]


def test_the_offline_page_has_model_and_images_in_it_and_asks_nothing(explored: Explored) -> None:
    html = offline(explored)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    found = re.search(r'<script type="application/json" id="embedded">(.*?)</script>', html, re.DOTALL)
    assert found
    embedded = json.loads(found[1])
    assert base64.b64decode(embedded["model"]) == model_file(explored.model)
    assert embedded["explorer"]["asks"] == []


def test_explore_serves_beside_python_and_is_shown_by_a_notebook(explored: Explored) -> None:
    opened = explored.model.explore(explored.images, explored.y, port=0, browser=False, wait=False)
    try:
        with urllib.request.urlopen(opened.address) as answer:
            assert b"Explorer" in answer.read()
        assert f'<iframe src="{opened.address}"' in opened._repr_html_()
    finally:
        opened.close()
    with pytest.raises(OSError):
        urllib.request.urlopen(opened.address, timeout=2)


def test_the_filter_lab_is_below_the_explorer_and_knows_of_it(explored: Explored) -> None:
    pages = site(explored)
    page = pages.answer("lab/")
    assert page is not None
    assert b"Filter lab" in page.body
    for address in ("lab/static/lab/main.js", "lab/static/shared/theme.css", "lab/data/kernels.json"):
        assert pages.answer(address) is not None, address
    beginning = pages.answer("lab/data/start.json")
    assert beginning is not None
    assert json.loads(beginning.body)["network"] is True
    for address in (
        "lab",
        "lab/data/model.safetensors",
        "lab/../data/explorer.json",
        "lab/lab/",
        "lab/static/../lab.py",
    ):
        assert pages.answer(address) is None, address


def test_the_page_is_told_every_layers_shape(explored: Explored) -> None:
    assert described(explored)["shapes"] == [[4, 4, 4], [2, 2, 4], [16], [3]]
