"""What a Weights & Biases run has in its offline folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convoscope.callbacks import WandbLogger
from convoscope.errors import UnknownNameError

from .conftest import NAMES, Trained, images, needs, train
from .offline_run import OfflineRun

pytestmark = [pytest.mark.long, needs("wandb")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wandb")


@pytest.fixture(scope="module")
def trained(place: Path) -> Trained:
    return train(
        WandbLogger("lessons", "first", place, "offline", hyperparameters={"recipe": None}, test_data=images())
    )


@pytest.fixture
def run(place: Path, trained: Trained) -> OfflineRun:
    (folder,) = (place / "wandb").glob("offline-run-*")
    return OfflineRun.ended(folder)


def test_the_run_has_its_names_and_its_hyperparameters(run: OfflineRun) -> None:
    assert (run.project, run.name) == ("lessons", "first")
    assert run.config["optimizer"] == "adam"
    assert run.config["learning_rate"] == pytest.approx(1e-3)
    assert run.config["epochs"] == 3
    assert run.config["steps_per_epoch"] == 4
    assert run.config["recipe"] is None


def test_each_epoch_is_a_step_of_the_history(run: OfflineRun, trained: Trained) -> None:
    assert [row["_step"] for row in run.history] == [0, 1, 2]
    assert [row["epoch"] for row in run.history] == [0, 1, 2]
    for name, values in trained.history.items():
        assert [row[name] for row in run.history] == pytest.approx(values)
    for row in run.history:
        assert row["system/seconds"] > 0
        assert row["system/peak_memory_mb"] > 10


def test_the_confusion_matrix_is_a_table_and_an_image(run: OfflineRun, trained: Trained) -> None:
    table = run.table("confusion_matrix")
    assert table["columns"] == ["class", *NAMES]
    assert [row[0] for row in table["data"]] == NAMES
    assert np.array_equal([row[1:] for row in table["data"]], trained.confusion)
    assert run.summary["test_accuracy"] == pytest.approx(np.trace(trained.confusion) / 30)
    assert run.history[-1]["confusion_matrix_image/_type"] == "image-file"
    assert (run.folder / "files" / run.history[-1]["confusion_matrix_image/path"]).read_bytes()[1:4] == b"PNG"


def test_sample_predictions_are_a_table_and_images(run: OfflineRun, trained: Trained) -> None:
    table = run.table("sample_predictions")
    assert table["columns"] == ["number", "true class", "prediction", "probability"]
    assert len(table["data"]) == 24
    captions = run.history[-1]["sample_prediction_images/captions"]
    for index, (number, true, answer, share) in enumerate(table["data"]):
        assert number == index
        assert true == NAMES[trained.labels[index]]
        assert answer == NAMES[trained.probabilities[index].argmax()]
        assert share == pytest.approx(float(trained.probabilities[index].max()))
        assert captions[index] == f"{index}: true {true}, predicted {answer}, {share:.0%}"
    x, _ = images()
    for image, path in zip(x, run.history[-1]["sample_prediction_images/filenames"], strict=False):
        shown = np.asarray(Image.open(run.folder / "files" / path).convert("L"), float)
        assert np.abs(shown - image[..., 0] * (255 / x.max())).max() <= 1


def test_the_run_has_ended_well(run: OfflineRun) -> None:
    assert run.exit_code == 0


def test_offline_is_what_it_is_without_being_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_MODE", raising=False)
    callback = WandbLogger(dir=tmp_path)
    train(callback, epochs=1)
    assert callback.folder is not None
    assert callback.folder.name.startswith("offline-run-")
    assert f"wandb sync {callback.folder}" in callback.how_to_look()


def test_the_persons_own_variable_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    train(WandbLogger(dir=tmp_path), epochs=1)
    assert not list(tmp_path.rglob("*.wandb"))


def test_an_unknown_mode_gets_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'offline'"):
        WandbLogger(mode="ofline")
