"""Two models side by side: which may stand there, and what the page is told of where they disagree."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import convoscope as cs
from convoscope.cli.explore import load
from convoscope.cli.main import app
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore.predictions import Predictions
from convoscope.web.beside import Comparison, check_pair
from convoscope.web.description import describe
from convoscope.web.explored import Explored, model_file
from convoscope.web.explorer import explore, offline, site

CLASSES = 3


def network(*, size: int = 6, classes: int = CLASSES, name: str = "one", last: str | None = "softmax") -> cs.Sequential:
    layers = [cs.layers.Flatten(input_shape=(size, size, 1)), cs.layers.Dense(classes, activation=last)]
    return cs.Sequential(layers, seed=len(name), name=name)


def test_disagreements_are_counted_before_the_page_opens_or_said_not_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count of 0 would say that the two always agree."""
    images = np.random.default_rng(2).random((30, 6, 6, 1))
    monkeypatch.setattr("convoscope.web.explored._AT_ONCE", 100)  # so that one network alone is counted later
    two = Explored(network(), images, np.arange(30) % CLASSES, beside=Explored(network(name="other"), images))
    assert two.counting is not None
    differ = int(
        (two.model.predict(images, verbose=0).argmax(1) != two.beside.model.predict(images, verbose=0).argmax(1)).sum()
    )
    assert describe(two, 10**6, waits=False).told["beside"]["apartCount"] == differ > 0
    monkeypatch.setattr("convoscope.web.explored._LARGE", 10)
    large = Explored(network(), images, np.arange(30) % CLASSES, beside=Explored(network(name="other"), images))
    assert describe(large, 10**6, waits=False).told["beside"]["apartCount"] is None


@pytest.fixture(scope="module")
def pair() -> Explored:
    generator = np.random.default_rng(4)
    images, labels = generator.random((80, 6, 6, 1)), generator.integers(0, CLASSES, 80)
    deep = cs.Sequential(
        [
            cs.layers.Conv2D(3, 3, activation="relu", input_shape=(6, 6, 1)),
            cs.layers.Flatten(),
            cs.layers.Dense(CLASSES),
        ],
        seed=8,
    )
    other = Explored(deep, images, labels, title="deep")
    return Explored(network(), images, labels, title="flat", beside=other)


def described(explored: Explored) -> dict[str, Any]:
    answer = site(explored).answer("data/explorer.json")
    assert answer is not None
    return dict(json.loads(answer.body))


def test_the_page_is_told_on_which_images_the_two_disagree_and_who_is_right(pair: Explored) -> None:
    told = described(pair)
    assert pair.beside is not None
    images, labels = np.asarray(pair.x), np.asarray(pair.y)
    first, second = (each.predict(images, verbose=0).argmax(axis=1) for each in (pair.model, pair.beside.model))
    apart = first != second
    assert 0 < apart.sum() < len(images)
    beside = told["beside"]
    assert beside["apartCount"] == apart.sum()
    assert len(beside["apart"]) == min(60, apart.sum())
    assert apart[beside["apart"]].all()
    assert set(beside["apart"]) <= set(told["indices"])
    assert beside["predicted"] == second[told["indices"]].tolist()
    assert beside["accuracy"] == np.mean(second == labels)
    assert beside["rightApart"] == {
        "first": int(np.sum(apart & (first == labels))),
        "second": int(np.sum(apart & (second == labels))),
        "neither": int(np.sum(apart & (first != labels) & (second != labels))),
    }


def test_those_that_both_are_surest_of_come_first() -> None:
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.55, 0.45]], np.float32)
    logits = np.log(np.array([[0.3, 0.7], [0.1, 0.9], [0.1, 0.9], [0.2, 0.8]], np.float32))
    one = Predictions(scores, scores.argmax(axis=1), True, ("a", "b"))
    other = Predictions(logits + 3, logits.argmax(axis=1), False, ("a", "b"))
    found = Comparison(one, other, None)
    assert found.apart.tolist() == [0, 1, 3]  # the less sure of the two: 0.7, 0.6, 0.55
    told = found.described(np.array([1, 3]))
    assert (told["apart"], told["apartCount"], told["rightApart"], told["accuracy"]) == ([1, 3], 3, None, None)


def test_images_on_which_they_disagree_have_room_on_the_page_first() -> None:
    from convoscope.web.exhibits import choose

    labels = np.zeros(100, np.int64)
    chosen = choose(labels, labels, np.arange(100), 1, 12, wanted=np.array([90, 80, 70, 60]))
    assert {90, 80, 70} <= set(chosen.tolist())
    assert (60 in chosen, len(chosen)) == (False, 12)


def test_the_server_gives_out_both_models(pair: Explored) -> None:
    assert pair.beside is not None
    for address, model in (("data/model.safetensors", pair.model), ("data/beside.safetensors", pair.beside.model)):
        given = site(pair).answer(address)
        assert given is not None
        assert given.body == model_file(model)
    alone = site(Explored(pair.model))
    assert alone.answer("data/beside.safetensors") is None
    assert "beside" not in described(Explored(pair.model))


def test_the_offline_file_has_both_models_in_it(pair: Explored) -> None:
    found = re.search(r'<script type="application/json" id="embedded">(.*?)</script>', offline(pair), re.DOTALL)
    assert found
    embedded = json.loads(found[1])
    assert pair.beside is not None
    assert base64.b64decode(embedded["beside"]) == model_file(pair.beside.model)
    assert embedded["explorer"]["beside"]["apartCount"] == described(pair)["beside"]["apartCount"]


def test_without_images_they_stand_side_by_side_for_drawings() -> None:
    told = described(Explored(network(), beside=Explored(network(name="other"), title="other")))
    assert (told["beside"]["title"], told["beside"]["apart"], told["count"]) == ("other", [], 0)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (network(size=8, name="larger"), "'one' takes images of 6×6×1.*'larger' takes images of 8×8×1"),
        (network(size=8), "the first takes images of 6×6×1.*the second takes images of 8×8×1"),
        (network(classes=5, name="five"), "'one' .* has 3 classes, and 'five' .* has 5 classes"),
    ],
)
def test_models_for_other_images_or_classes_are_refused_and_both_are_told(other: cs.Sequential, words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        explore(network(), beside=other, port=0, browser=False, wait=False)


def test_classes_of_other_names_are_refused() -> None:
    one, other = network(), network(name="other")
    one.class_names, other.class_names = ["cat", "dog", "cow"], ["cat", "cow", "dog"]
    with pytest.raises(ConfigurationError, match="class 1 is 'dog' to 'one' and 'cow' to 'other'"):
        check_pair(one, other)
    other.class_names = None
    check_pair(one, other)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="but got a str"):
        explore(network(), beside="model.safetensors", port=0, browser=False, wait=False)


def test_the_command_opens_two_on_the_images_of_the_first(tmp_path: Path) -> None:
    paths = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for path, name in zip(paths, ("one", "another"), strict=True):
        network(size=8, classes=10, name=name).save(path)
    pair = load(paths[0], "digits", None, paths[1])
    assert pair.beside is not None
    assert (pair.title, pair.beside.title) == ("a.safetensors", "b.safetensors")
    assert pair.beside.x is pair.x


def test_the_command_writes_two_into_one_page_and_refuses_two_that_do_not_fit(tmp_path: Path) -> None:
    paths = {classes: tmp_path / f"{classes}.safetensors" for classes in (10, 7)}
    for classes, path in paths.items():
        network(size=8, classes=classes, name=f"of-{classes}").save(path)
    page = tmp_path / "both.html"
    arguments = ["--data", "digits", "--html", str(page)]
    run = CliRunner().invoke(app, ["export", str(paths[10]), str(paths[10]), *arguments])
    assert run.exit_code == 0, run.output
    assert '"apartCount":0' in page.read_text(encoding="utf-8")
    page.unlink()
    run = CliRunner().invoke(app, ["export", str(paths[10]), str(paths[7]), *arguments])
    assert run.exit_code == 1
    words = " ".join(run.output.split())
    assert "'of-10' takes images of 8×8×1 values and has 10 classes" in words
    assert "'of-7' takes images of 8×8×1 values and has 7 classes" in words
    assert not page.exists()
