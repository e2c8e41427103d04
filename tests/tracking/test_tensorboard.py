"""What TensorBoard's own reader finds in the files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.callbacks import TensorBoard
from convoscope.errors import ConfigurationError, ConvoscopeWarning, UnknownNameError

from .conftest import NAMES, Trained, images, needs, new_model, train

pytestmark = needs("tensorboard")


def read(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    everything = {"images": 0, "tensors": 0, "scalars": 0}
    return EventAccumulator(str(folder), size_guidance=everything).Reload()


def scalars(folder: Path, tag: str) -> dict[int, float]:
    return {event.step: event.value for event in read(folder).Scalars(tag)}


def text(folder: Path, tag: str) -> str:
    from tensorboard.util import tensor_util

    (event,) = read(folder).Tensors(tag)
    return str(tensor_util.make_ndarray(event.tensor_proto).item().decode())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tensorboard") / "logs"


@pytest.fixture(scope="module")
def trained(folder: Path) -> Trained:
    return train(
        TensorBoard(folder, histogram_freq=2, hyperparameters={"recipe": None, "flip": True}, test_data=images())
    )


def test_each_epoch_is_there_under_keras_names(folder: Path, trained: Trained) -> None:
    for part, prefix in (("train", ""), ("validation", "val_")):
        for name in ("loss", "accuracy"):
            expected = dict(enumerate(trained.history[prefix + name]))
            assert scalars(folder / part, f"epoch_{name}") == pytest.approx(expected)
    assert scalars(folder / "train", "epoch_learning_rate") == pytest.approx(dict.fromkeys(range(3), 1e-3))


def test_the_machine_is_looked_at_in_each_epoch(folder: Path, trained: Trained) -> None:
    for figure, least in (("seconds", 0), ("cpu_percent", 0), ("peak_memory_mb", 10)):
        found = scalars(folder / "train", f"system/{figure}")
        assert sorted(found) == [0, 1, 2]
        assert min(found.values()) > least


def test_hyperparameters_are_there_for_the_hparams_view(folder: Path, trained: Trained) -> None:
    from tensorboard.plugins.hparams import metadata

    content = read(folder).SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    found = metadata.parse_session_start_info_plugin_data(content).hparams
    assert found["optimizer"].string_value == "adam"
    assert found["loss"].string_value == "sparse_categorical_crossentropy"
    assert found["learning_rate"].number_value == pytest.approx(1e-3)
    assert found["parameters"].number_value == 3 * 3 * 4 + 4 + 4 * 4 * 4 * 3 + 3
    assert found["epochs"].number_value == 3
    assert found["recipe"].string_value == "none"
    assert found["flip"].bool_value is True
    assert "| steps_per_epoch | 4 |" in text(folder, "hyperparameters").splitlines()


def test_the_confusion_matrix_is_there_in_numbers_and_as_an_image(folder: Path, trained: Trained) -> None:
    lines = text(folder, "confusion_matrix").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[0] == ["", *NAMES]
    assert [row[0] for row in rows[2:]] == NAMES
    assert np.array_equal(np.array([row[1:] for row in rows[2:]], int), trained.confusion)
    share = np.trace(trained.confusion) / 30
    assert scalars(folder, "test_accuracy") == pytest.approx({2: share})
    (event,) = read(folder).Images("confusion_matrix_image")
    assert Image.open(BytesIO(event.encoded_image_string)).size == (event.width, event.height)


def test_sample_predictions_are_there(folder: Path, trained: Trained) -> None:
    rows = [line.strip("| ").split(" | ") for line in text(folder, "sample_predictions").splitlines()[2:]]
    assert len(rows) == 24
    for index, (number, true, answer, share) in enumerate(rows):
        assert int(number) == index
        assert true == NAMES[trained.labels[index]]
        assert answer == NAMES[trained.probabilities[index].argmax()]
        assert float(share) == pytest.approx(trained.probabilities[index].max(), abs=1e-4)
    (event,) = read(folder).Images("sample_predictions_image")
    assert Image.open(BytesIO(event.encoded_image_string)).size == (event.width, event.height)


def test_histograms_count_every_weight_as_often_as_asked(folder: Path, trained: Trained) -> None:
    from tensorboard.util import tensor_util

    found = read(folder / "train").Tensors("conv2d/0/histogram")
    assert [event.step for event in found] == [0, 2]
    buckets = tensor_util.make_ndarray(found[-1].tensor_proto)
    weights = trained.model.layers[1].get_weights()[0]
    assert buckets[:, 2].sum() == weights.size
    assert (buckets[0, 0], buckets[-1, 1]) == pytest.approx((weights.min(), weights.max()))


def test_a_training_that_goes_on_goes_on_in_the_same_folder(tmp_path: Path) -> None:
    model = new_model()
    train(TensorBoard(tmp_path), model)
    train(TensorBoard(tmp_path), model, initial_epoch=3, epochs=5)
    assert sorted(scalars(tmp_path / "train", "epoch_loss")) == [0, 1, 2, 3, 4]


def test_what_is_written_is_there_before_training_ends(tmp_path: Path) -> None:
    class Looks(TensorBoard):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(epoch, logs)
            assert sorted(scalars(tmp_path / "train", "epoch_loss")) == list(range(epoch + 1))

    train(Looks(tmp_path))


def test_keras_arguments_that_ask_for_nothing_else_are_taken_and_others_refused() -> None:
    TensorBoard("logs", histogram_freq=1, write_graph=True, update_freq="epoch")
    with pytest.warns(ConvoscopeWarning, match="update_freq='batch' is ignored"):
        TensorBoard("logs", update_freq="batch")
    with pytest.raises(ConfigurationError, match=r"embeddings_metadata='x\.tsv' is not supported"):
        TensorBoard("logs", embeddings_metadata="x.tsv")
    with pytest.raises(UnknownNameError, match="Did you mean 'log_dir'"):
        TensorBoard(logdir="logs")
