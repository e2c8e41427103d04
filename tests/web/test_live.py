"""What the page asks of a training that goes on: how it stands, its weights, and what is to happen."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.callbacks import LiveControl, Snapshots
from convoscope.errors import ConfigurationError
from convoscope.training.callbacks.snapshots import find_snapshots
from convoscope.web.epochs import Epochs
from convoscope.web.explored import Explored
from convoscope.web.explorer import site
from convoscope.web.live import Live
from convoscope.web.server import Site

X = np.random.default_rng(0).random((40, 4, 4, 1)).astype(np.float32)
Y = np.arange(40) % 2
BATCHES, EPOCHS = 5, 2


class Training:
    """A training that waits for what is asked of its page."""

    def __init__(self, folder: Path) -> None:
        layers = cs.layers
        network = [layers.Flatten(input_shape=(4, 4, 1)), layers.Dense(2, activation="softmax")]
        self.model = cs.Sequential(network, seed=1)
        loss = cs.losses.CategoricalCrossentropy(label_smoothing=0.1)
        self.model.compile("sgd", loss)
        self.control = LiveControl(paused=True, patience=None)
        self.control.set_model(self.model)
        options = {"epochs": EPOCHS, "batch_size": 8, "verbose": 0, "callbacks": [Snapshots(folder), self.control]}
        self.thread = threading.Thread(target=lambda: self.model.fit(X, np.eye(2)[Y], **options), daemon=True)
        self.thread.start()
        self.control.status(-1, 1)
        while not find_snapshots(folder) or self.control.status()["stage"] != "train":
            self.control.status(self.control.status()["version"], 0.1)
        live = Live(self.control, "Go on like this.")
        epochs = Epochs(list, folder, 0, EPOCHS, lambda: True, live=live)
        self.site: Site = site(Explored(cs.load_model(find_snapshots(folder)[0]), X, Y, epochs=epochs))

    def ask(self, address: str, **question: Any) -> Any:
        return json.loads(self.site.questions[address](question).body)

    def do(self, deed: str, value: Any = None) -> Any:
        return self.ask("ask/live-control", do=deed, value=value)

    def step(self) -> Any:
        """Train one more batch, and return how it stands then."""
        before = self.ask("ask/live")
        self.do("one-batch")
        found = self.ask("ask/live", after=before["version"])
        while (found["epoch"], found["batch"]) == (before["epoch"], before["batch"]):
            found = self.ask("ask/live", after=found["version"])
        return found

    def weights(self, folder: Path) -> tuple[dict[str, int], Any]:
        content = self.site.questions["ask/live-weights"]({}).body
        length = int.from_bytes(content[:4], "little")
        (folder / "now.safetensors").write_bytes(content[4 + length :])
        return json.loads(content[4 : 4 + length]), cs.load_model(folder / "now.safetensors")


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Training]:
    begun = Training(tmp_path / "snapshots")
    yield begun
    begun.control.stop()
    begun.thread.join(60)
    assert not begun.thread.is_alive()


def test_the_weights_are_those_of_the_moment_to_the_bit(training: Training, tmp_path: Path) -> None:
    seen = []
    for batch in range(4):
        moment, model = training.weights(tmp_path)
        assert moment == {"step": batch, "epoch": 1, "batch": batch}
        for own, given in zip(training.model.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(own, given)
        seen.append(model.get_weights()[0])
        assert training.step()["batch"] == batch + 1
    assert all(np.abs(a - b).max() > 0 for a, b in itertools.pairwise(seen))


def test_many_pages_share_a_copy(training: Training) -> None:
    give = training.site.questions["ask/live-weights"]
    assert give({}).body is give({}).body
    before = give({}).body
    training.step()
    assert give({}).body != before


def test_the_page_is_told_how_the_loss_is_made(training: Training) -> None:
    content = training.site.answer("data/explorer.json")
    assert content is not None
    assert json.loads(content.body)["live"] == {"smoothing": 0.1, "refusal": "", "afterStop": "Go on like this."}


def test_the_rate_is_changed_and_said(training: Training) -> None:
    training.do("rate", 0.5)
    found = training.step()
    assert found["learning_rate"] == 0.5
    assert found["changes"] == [{"epoch": 1, "batch": 0, "before": 0.01, "after": 0.5}]
    assert training.do("pace", 100)["pace"] == 100
    assert not training.do("resume")["paused"]
    training.thread.join(60)
    assert int(training.model.optimizer.iterations) == BATCHES * EPOCHS


@pytest.mark.parametrize(
    ("address", "question", "message"),
    [
        ("ask/live-control", {"do": "explode"}, "one of pause, resume, one-batch, stop"),
        ("ask/live-control", {}, "not None"),
        ("ask/live-control", {"do": "rate", "value": "1e999"}, "number"),
        ("ask/live-control", {"do": "rate", "value": None}, "number"),
        ("ask/live-control", {"do": "rate", "value": -1}, "at least 0"),
        ("ask/live-control", {"do": "factor", "value": 2}, "is constant"),
        ("ask/live-control", {"do": "pace", "value": 0}, "batches a second"),
        ("ask/live", {"after": "now"}, "whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(
    training: Training, address: str, question: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        training.site.questions[address](question)
    assert training.control.is_paused


def test_without_a_training_there_is_nothing_to_ask() -> None:
    model = cs.Sequential([cs.layers.Dense(2, activation="softmax", input_shape=(3,))], seed=1)
    served = site(Explored(model, np.zeros((2, 3), np.float32)))
    assert not [address for address in served.questions if "live" in address]
