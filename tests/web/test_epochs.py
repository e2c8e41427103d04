"""A model through its training: what the page is told of the epochs, their weights, and what it may ask."""

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
from convoscope.errors import ConfigurationError, MissingFileError
from convoscope.explore import ablate, confusion
from convoscope.web.epochs import Epochs, epochs_of
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline, site
from convoscope.web.server import Site

SIZE, CLASSES, EPOCHS = 6, 3, 3


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Explored, Path]:
    """A small network, the snapshots of its training, and images that it has learned a little."""
    folder = tmp_path_factory.mktemp("snapshots")
    generator = np.random.default_rng(1)
    labels = generator.integers(0, CLASSES, 90)
    images = generator.random((90, SIZE, SIZE, 1))
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] += 0.5
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(SIZE, SIZE, 1)),
            layers.Flatten(),
            layers.Dense(CLASSES, activation="softmax"),
        ],
        seed=2,
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        *(images[:60], labels[:60]),
        epochs=EPOCHS,
        batch_size=8,
        validation_data=(images[60:], labels[60:]),
        verbose=0,
        callbacks=[cs.callbacks.Snapshots(folder)],
    )
    return Explored(model, images[60:], labels[60:], title="small", epochs=epochs_of(model, folder)), folder


def got(site: Site, address: str) -> Any:
    answer = site.answer(address)
    assert answer is not None
    return json.loads(answer.body)


def asked(site: Site, **question: Any) -> Any:
    return json.loads(site.questions["ask/epoch"](question).body)


def test_the_page_is_told_what_each_epoch_measured_and_which_weights_were_kept(trained: tuple[Explored, Path]) -> None:
    explored, _ = trained
    told = got(site(explored), "data/epochs.json")
    assert explored.model.history is not None
    history = explored.model.history.history
    assert [each["epoch"] for each in told["epochs"]] == [1, 2, 3]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert [each[name] for each in told["epochs"]] == history[name]
    assert told["snapshots"] == [0, 1, 2, 3]
    assert (told["own"], told["training"], told["live"], told["why"]) == (3, False, False, "")


def test_the_weights_of_an_epoch_are_its_file(trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    answer = site(explored).answer("data/epochs/2.safetensors")
    assert answer is not None
    assert answer.body == (folder / "epoch-0002.safetensors").read_bytes()


@pytest.mark.parametrize(
    "name",
    ["9.safetensors", "-1.safetensors", "2", "2.json", "../2.safetensors", "²", "1e1.safetensors", ".safetensors", ""],
)
def test_other_addresses_below_it_have_nothing(trained: tuple[Explored, Path], name: str) -> None:
    answer = site(trained[0]).answer(f"data/epochs/{name}")
    assert answer is None or answer.status == 404


def test_what_an_epoch_takes_the_images_for_is_what_its_model_answers(trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    served = site(explored)
    accuracies = []
    for epoch in range(EPOCHS + 1):
        model = cs.load_model(folder / f"epoch-{epoch:04d}.safetensors")
        answers = model.predict(explored.images, verbose=0).argmax(axis=1)
        found = asked(served, epoch=epoch)
        assert found["predicted"] == answers.tolist()
        assert found["accuracy"] == np.mean(answers == explored.labels)
        counted = np.zeros((CLASSES, CLASSES), int)
        for true, answer, n in found["confusion"]:
            counted[true, answer] = n
        np.testing.assert_array_equal(counted, confusion(model, explored.images, explored.labels).matrix)
        accuracies.append(found["accuracy"])
    assert len(set(accuracies)) > 1


def test_it_is_counted_once(trained: tuple[Explored, Path], tmp_path: Path) -> None:
    explored, folder = trained
    (tmp_path / "epoch-0001.safetensors").write_bytes((folder / "epoch-0001.safetensors").read_bytes())
    served = site(replace(explored, epochs=Epochs(list, tmp_path)))
    first = asked(served, epoch=1)
    (tmp_path / "epoch-0001.safetensors").unlink()
    assert asked(served, epoch=1) == first


def test_accuracy_with_a_filter_off_is_that_of_the_epoch(trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    model = cs.load_model(folder / "epoch-0001.safetensors")
    question = {"silenced": {"0": [1]}, "changes": [], "epoch": 1}
    found = json.loads(site(explored).questions["ask/accuracy"](question).body)
    assert found["accuracy"] == ablate(model, 0, [1], explored.images, explored.labels).accuracy


@pytest.mark.parametrize("epoch", [7, -1, True, "1", 1.5, [1]])
def test_an_epoch_that_is_none_is_refused(trained: tuple[Explored, Path], epoch: Any) -> None:
    with pytest.raises((ConfigurationError, MissingFileError, TypeError)):
        asked(site(trained[0]), epoch=epoch)


def test_while_this_python_trains_it_answers_nothing(trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    under_way = [True]
    epochs = Epochs(list, folder, 0, 9, lambda: under_way[0], live=True)
    served = site(replace(explored, epochs=epochs))
    told = got(served, "data/epochs.json")
    assert (told["training"], told["live"], told["planned"]) == (True, True, 9)
    with pytest.raises(ConfigurationError, match="Python is training"):
        asked(served, epoch=1)
    under_way[0] = False
    assert not got(served, "data/epochs.json")["training"]
    assert asked(served, epoch=1)["predicted"]


def test_a_model_without_a_training_has_no_epochs(trained: tuple[Explored, Path]) -> None:
    explored = replace(trained[0], epochs=None)
    told = got(site(explored), "data/epochs.json")
    assert (told["epochs"], told["snapshots"]) == ([], [])
    assert epochs_of(cs.load_model(trained[1] / "epoch-0001.safetensors"), None) is None


def test_a_history_alone_gives_curves_and_says_why_there_is_no_more(trained: tuple[Explored, Path]) -> None:
    epochs = epochs_of(trained[0].model, None)
    assert epochs is not None
    told = epochs.described()
    assert (len(told["epochs"]), told["snapshots"], told["own"]) == (EPOCHS, [], None)
    assert "train --snapshots" in told["why"]


def test_values_that_are_no_numbers_are_left_out() -> None:
    told = Epochs(lambda: [{"epoch": 1, "loss": float("nan"), "accuracy": 0.5, "seconds": 3.0}]).described()
    assert told["epochs"] == [{"epoch": 1, "accuracy": 0.5}]


def test_snapshots_of_another_network_and_a_folder_without_any_are_refused(
    trained: tuple[Explored, Path], tmp_path: Path
) -> None:
    other = cs.Sequential([cs.layers.Dense(2, input_shape=(3,))])
    with pytest.raises(ConfigurationError, match="belongs to a different network"):
        epochs_of(other, trained[1])
    with pytest.raises(MissingFileError, match="no snapshots"):
        epochs_of(other, tmp_path)


def test_a_model_that_changed_since_its_last_snapshot_is_not_taken_for_it(trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    changed = cs.Sequential.from_config(explored.model.get_config())
    changed.set_weights([weight * 1.01 for weight in explored.model.get_weights()])
    epochs = epochs_of(changed, folder)
    assert epochs is not None
    assert epochs.own is None


def embedded(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="embedded">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_the_offline_page_has_the_curves_and_if_asked_for_the_weights(trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    told = embedded(offline(explored))
    assert len(told["epochs"]["epochs"]) == EPOCHS
    assert told["epochs"]["snapshots"] == []
    assert "export --snapshots" in told["epochs"]["why"]
    assert "snapshots" not in told
    whole = embedded(offline(explored, snapshots=True))
    assert whole["epochs"]["snapshots"] == [0, 1, 2, 3]
    for epoch, text in whole["snapshots"].items():
        assert base64.b64decode(text) == (folder / f"epoch-{int(epoch):04d}.safetensors").read_bytes()
    with pytest.raises(ConfigurationError, match="no snapshots to include"):
        offline(replace(explored, epochs=Epochs(list)), snapshots=True)


def test_explore_takes_a_folder_of_snapshots(trained: tuple[Explored, Path]) -> None:
    import urllib.request

    explored, folder = trained
    opened = explored.model.explore(
        explored.images, explored.labels, snapshots=folder, port=0, browser=False, wait=False
    )
    try:
        with urllib.request.urlopen(f"{opened.address}data/epochs.json") as answer:
            assert json.load(answer)["snapshots"] == [0, 1, 2, 3]
    finally:
        opened.close()
