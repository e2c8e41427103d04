"""The explorer's page of a model that makes images: what it is given, what it may ask, and two of them side by side."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore import grad_cam
from convoscope.web.epochs import epochs_of
from convoscope.web.explored import Explored, model_file
from convoscope.web.explorer import explore, in_eight_bits, offline, site
from convoscope.web.questions import accuracy, error
from convoscope.web.training_images import nearest

COUNT = 40


def autoencoder(name: str = "painter", size: int = 8, last: str = "sigmoid", filters: int = 6) -> cs.Sequential:
    layers = cs.layers
    return cs.Sequential(
        [
            layers.Conv2D(filters, 3, padding="same", activation="relu", input_shape=(size, size, 1)),
            layers.MaxPooling2D(),
            layers.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation=last),
        ],
        seed=3,
        name=name,
    )


@pytest.fixture(scope="module")
def explored() -> Explored:
    generator = np.random.default_rng(5)
    clean = generator.integers(0, 17, (COUNT, 8, 8, 1)) / np.float32(16)
    noisy = np.clip(clean + generator.normal(0, 0.2, clean.shape), 0, 1).astype(np.float32)
    return Explored(autoencoder(), noisy, clean, title="painter")


def described(explored: Explored) -> dict[str, Any]:
    answer = site(explored).answer("data/explorer.json")
    assert answer is not None
    return dict(json.loads(answer.body))


def squared_error(model: cs.Sequential, explored: Explored) -> float:
    made = model.predict(explored.images, verbose=0).astype(float)
    return float(np.mean((made - np.asarray(explored.y, float)) ** 2))


def test_the_page_is_told_that_the_answer_is_an_image_and_given_those_that_should_come(explored: Explored) -> None:
    told = described(explored)
    assert (told["outputs"], told["names"], told["count"]) == ("images", [], COUNT)
    assert told["asks"] == ["error", "epoch", "own-image"]
    assert told["outputRange"] == [0, 1]
    assert told["error"] == pytest.approx(squared_error(explored.model, explored), rel=1e-6)
    given = site(explored).answer("data/targets.bin")
    assert given is not None
    assert told["packedTargets"] == {"kind": "uint8", "divisor": 16, "bytes": len(given.body)}
    values = np.frombuffer(given.body, np.uint8).astype(np.float32) / np.float32(16)
    np.testing.assert_array_equal(values, np.asarray(explored.y)[told["indices"]].ravel())


def test_a_model_of_classes_says_so() -> None:
    model = cs.Sequential([cs.layers.Flatten(input_shape=(4, 4, 1)), cs.layers.Dense(3)])
    told = described(Explored(model, np.zeros((3, 4, 4, 1)), [0, 1, 2]))
    assert (told["outputs"], told["packedTargets"]) == ("classes", None)
    assert site(Explored(model)).answer("data/targets.bin") is None


def test_without_the_images_that_should_come_there_is_no_error_and_nothing_to_ask(explored: Explored) -> None:
    for unknown in (replace(explored, y=None), Explored(explored.model)):
        told = described(unknown)
        assert (told["error"], told["asks"], told["packedTargets"]) == (None, ["own-image"], None)
        assert site(unknown).answer("data/targets.bin") is None
        with pytest.raises(ConfigurationError, match="Without target images"):
            error(unknown, {"silenced": {}, "changes": []})


def test_the_page_gets_as_many_images_as_there_is_room_for(explored: Explored) -> None:
    from convoscope.web.description import describe

    small = describe(explored, 10 * (64 * 4 + 64))  # noise in floats, what should come in bytes
    assert len(small.told["indices"]) == 10
    assert small.targets is not None
    assert len(small.images) + len(small.targets.content) == 10 * (64 * 4 + 64)


def test_the_error_with_filters_off_and_a_number_changed_is_that_of_the_model_so_changed(explored: Explored) -> None:
    change = {"position": 2, "weight": "kernel", "index": 7, "value": 0.75}
    found = error(explored, {"silenced": {"0": [1, 4]}, "changes": [change]})
    changed = autoencoder()
    weights = explored.model.get_weights()
    weights[2].reshape(-1)[7] = 0.75
    weights[0][..., [1, 4]] = 0  # a filter of zeros, and no bias, is off
    weights[1][[1, 4]] = 0
    changed.set_weights(weights)
    assert found == {"error": pytest.approx(squared_error(changed, explored), rel=1e-6), "count": COUNT}


def test_what_needs_classes_is_refused_in_words(explored: Explored) -> None:
    with pytest.raises(ConfigurationError, match="no accuracy"):
        accuracy(explored, {"silenced": {}, "changes": []})
    with pytest.raises(ConfigurationError, match="none to compare with"):
        nearest(replace(explored, x_train=explored.x), {"image": [0] * 64})
    with pytest.raises(ShapeError, match="one score for each class is needed"):
        grad_cam(explored.model, explored.images[:1])


def test_class_numbers_in_the_place_of_images_are_refused_before_a_page_opens(explored: Explored) -> None:
    with pytest.raises(ShapeError, match=r"outputs images of 8×8×1, .*has the shape \(40,\)"):
        explored.model.explore(explored.x, np.zeros(COUNT, int), port=0, browser=False, wait=False)


def test_an_epoch_is_asked_for_its_error(explored: Explored, tmp_path: Path) -> None:
    model = autoencoder("trained")
    model.compile("adam", "binary_crossentropy", metrics=["mse"])
    model.fit(explored.x, explored.y, epochs=2, verbose=0, callbacks=[cs.callbacks.Snapshots(tmp_path)])
    served = site(replace(explored, model=model, epochs=epochs_of(model, tmp_path)))
    for epoch in (0, 1, 2):
        after = cs.load_model(tmp_path / f"epoch-{epoch:04d}.safetensors")
        found = json.loads(served.questions["ask/epoch"]({"epoch": epoch}).body)
        assert found == {"error": pytest.approx(squared_error(after, explored), rel=1e-6)}


def test_the_offline_page_has_the_images_that_should_come_in_it(explored: Explored) -> None:
    html = offline(explored)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    found = re.search(r'<script type="application/json" id="embedded">(.*?)</script>', html, re.DOTALL)
    assert found
    embedded = json.loads(found[1])
    assert base64.b64decode(embedded["model"]) == model_file(explored.model)
    assert embedded["explorer"]["asks"] == []
    assert len(base64.b64decode(embedded["targets"])) == COUNT * 64


def test_two_that_make_images_stand_side_by_side_and_each_has_its_error(explored: Explored) -> None:
    other = autoencoder("wider", filters=9)
    told = described(replace(explored, beside=Explored(other, explored.x, explored.y, title="wider")))
    assert (told["beside"]["title"], told["error"]) == ("wider", explored.error)
    assert told["beside"]["error"] == pytest.approx(squared_error(other, explored), rel=1e-6)


def test_two_of_which_one_knows_classes_or_makes_other_images_are_refused(explored: Explored) -> None:
    layers = [cs.layers.Flatten(input_shape=(8, 8, 1)), cs.layers.Dense(10)]
    classifier = cs.Sequential(layers, name="classifier")
    larger = cs.Sequential([cs.layers.UpSampling2D(2, input_shape=(8, 8, 1))], name="larger")
    for other, words in (
        (classifier, "'classifier' .* has 10 classes"),
        (larger, "'larger' .* outputs images of 16×16×1"),
    ):
        with pytest.raises(ShapeError, match=f"'painter' takes .* outputs images of 8×8×1, and {words}"):
            explore(explored.model, beside=other, port=0, browser=False, wait=False)


def test_kernels_in_8_bits_say_what_that_costs_in_images(explored: Explored) -> None:
    wide = replace(explored, model=autoencoder("wide", filters=24))
    small = in_eight_bits(wide)
    was, now = (each.model.predict(explored.images, verbose=0) for each in (wide, small))
    assert f"differs by at most {np.abs(was - now).max():.2g}" in small.note
    before, after = (squared_error(each.model, explored) for each in (wide, small))
    assert f"mean squared error {before:.4g} before, {after:.4g} after" in small.note
    assert "not known" in in_eight_bits(Explored(wide.model)).note
