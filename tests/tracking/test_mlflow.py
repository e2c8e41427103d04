"""What MLflow's own client finds in its database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.callbacks import MLflowLogger
from convoscope.errors import ConvoscopeWarning

from .conftest import NAMES, Trained, images, needs, new_model, train

# SQLAlchemy complains of how MLflow uses it; the trackers keep such things to themselves, MLflow's own client does not.
pytestmark = [pytest.mark.long, needs("mlflow", "sqlalchemy"), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow") / "runs"


@pytest.fixture(scope="module")
def callback(place: Path) -> MLflowLogger:
    return MLflowLogger(*(None, "lessons", "first"), folder=place, hyperparameters={"recipe": None}, test_data=images())


@pytest.fixture(scope="module")
def trained(callback: MLflowLogger) -> Trained:
    return train(callback)


@pytest.fixture
def client(place: Path, trained: Trained) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")


def steps(client: Any, run_id: str | None, name: str) -> dict[int, float]:
    return {metric.step: metric.value for metric in client.get_metric_history(run_id, name)}


def test_the_run_is_in_its_experiment_with_its_hyperparameters(client: Any, callback: MLflowLogger) -> None:
    experiment = client.get_experiment_by_name("lessons")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_id == callback.run_id
    assert run.info.run_name == "first"
    assert run.info.status == "FINISHED"
    assert run.data.params["optimizer"] == "adam"
    assert float(run.data.params["learning_rate"]) == pytest.approx(1e-3)
    assert run.data.params["steps_per_epoch"] == "4"
    assert run.data.params["recipe"] == "none"


def test_each_epoch_is_a_step_of_the_metrics(client: Any, callback: MLflowLogger, trained: Trained) -> None:
    for name, values in trained.history.items():
        assert steps(client, callback.run_id, name) == pytest.approx(dict(enumerate(values)))
    assert min(steps(client, callback.run_id, "system/seconds").values()) > 0
    assert min(steps(client, callback.run_id, "system/peak_memory_mb").values()) > 10


def test_the_findings_are_artifacts(client: Any, callback: MLflowLogger, trained: Trained, place: Path) -> None:
    names = {each.path for each in client.list_artifacts(callback.run_id)}
    assert names == {
        "report.json",
        "confusion_matrix.json",
        "confusion_matrix.png",
        "sample_predictions.json",
        "sample_predictions.png",
    }
    (folder,) = (place / "mlflow-artifacts").glob("*/artifacts")
    matrix = json.loads((folder / "confusion_matrix.json").read_text())
    assert matrix["classes"] == NAMES
    assert np.array_equal(matrix["matrix"], trained.confusion)
    samples = json.loads((folder / "sample_predictions.json").read_text())["samples"]
    assert [each["predicted"] for each in samples] == trained.probabilities[:24].argmax(axis=1).tolist()
    assert Image.open(folder / "sample_predictions.png").width > 500
    share = np.trace(trained.confusion) / 30
    assert steps(client, callback.run_id, "test_accuracy") == pytest.approx({2: share})


def test_a_resumed_training_goes_on_in_its_run(client: Any, callback: MLflowLogger, place: Path) -> None:
    model = new_model()
    first = MLflowLogger(None, "resumed", folder=place)
    train(first, model)
    second = MLflowLogger(None, "resumed", folder=place)
    second.restore(first.state())
    train(second, model, initial_epoch=3, epochs=5)
    assert second.run_id == first.run_id
    assert sorted(steps(client, first.run_id, "loss")) == [0, 1, 2, 3, 4]
    assert client.get_run(first.run_id).info.status == "FINISHED"


def test_a_server_that_is_not_there_does_not_stop_training() -> None:
    with pytest.warns(ConvoscopeWarning, match="MLflow failed, and training continues without it"):
        trained = train(MLflowLogger("http://127.0.0.1:9"))
    assert len(trained.history["loss"]) == 3


def test_nothing_is_told_to_its_makers_and_the_environment_stays(tmp_path: Path) -> None:
    # In a process of its own: MLflow is silent by itself where it finds itself in a test.
    program = """
import os
import numpy as np
import convoscope as cs

model = cs.Sequential([cs.layers.Dense(2, activation="softmax", input_shape=(3,))])
model.compile(loss="sparse_categorical_crossentropy")
tracker = cs.callbacks.MLflowLogger("http://127.0.0.1:9")
model.fit(np.eye(3), [0, 1, 0], verbose=0, callbacks=[tracker])
from mlflow.telemetry.client import get_telemetry_client
print(get_telemetry_client(), sorted(set(tracker.switches) & set(os.environ)))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "None []"
