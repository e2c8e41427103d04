"""Whatever goes wrong in a tracker, training goes on, and one warning says so."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from convoscope.callbacks import MLflowLogger, TensorBoard, WandbLogger
from convoscope.errors import ConvoscopeWarning
from convoscope.tracking import Tracker
from convoscope.tracking.findings import Findings
from convoscope.tracking.tracker import switched

from .conftest import images, new_model, train


class Recorder(Tracker):
    """Writes down what is called; raises where it is told to."""

    title = "The recorder"

    def __init__(self, where: str = "", error: BaseException | None = None) -> None:
        super().__init__(test_data=images())
        self.where = where
        self.error = error or OSError(28, "No space left on device")
        self.calls: list[str] = []

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name == self.where:
            raise self.error

    def begin(self, hyperparameters: Mapping[str, Any]) -> None:
        self._called("begin")

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        self._called("write")

    def write_findings(self, epoch: int, findings: Findings) -> None:
        self._called("write_findings")

    def end(self, whole: bool) -> None:
        self._called("end" if whole else "end early")

    def abandon(self) -> None:
        self._called("abandon")


ALL = ["begin", "write", "write", "write", "write_findings", "end"]


def test_everything_is_called_in_its_order() -> None:
    recorder = Recorder()
    train(recorder)
    assert recorder.calls == ALL


@pytest.mark.parametrize("where", ["begin", "write", "write_findings", "end"])
def test_after_a_failure_training_goes_on_without_the_tracker_and_says_so_once(where: str) -> None:
    recorder = Recorder(where)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trained = train(recorder)
    assert len(trained.history["loss"]) == 3
    assert recorder.calls == [*ALL[: ALL.index(where) + 1], "abandon"]
    assert [warning.category for warning in caught] == [ConvoscopeWarning]
    assert "The recorder failed, and training continues without it: OSError: [Errno 28]" in str(caught[0].message)
    assert not recorder.works


def test_letting_go_may_fail_too() -> None:
    class Worse(Recorder):
        def abandon(self) -> None:
            raise RuntimeError("closed")

    with pytest.warns(ConvoscopeWarning, match="No space left"):
        assert len(train(Worse("write")).history["loss"]) == 3


def test_the_next_training_tries_again() -> None:
    recorder = Recorder("write")
    with pytest.warns(ConvoscopeWarning):
        train(recorder)
    recorder.where = ""
    recorder.calls.clear()
    train(recorder)
    assert recorder.calls == ALL


def test_a_long_message_of_a_library_becomes_one_line() -> None:
    with pytest.warns(ConvoscopeWarning) as caught:
        train(Recorder("begin", ValueError("first\n  second\n" + "x" * 1000)))
    message = str(caught[0].message)
    assert "ValueError: first second xxx" in message
    assert "\n" not in message
    assert len(message) < 500


def test_ctrl_c_in_a_tracker_is_the_persons_and_not_a_failure() -> None:
    with pytest.raises(KeyboardInterrupt):
        train(Recorder("write", KeyboardInterrupt()))


def test_training_is_the_same_with_a_tracker_and_without() -> None:
    x, y = images()
    plain = new_model()
    plain.fit(x[:20], y[:20], epochs=3, batch_size=5, verbose=0, validation_data=(x[20:], y[20:]))
    tracked = train(Recorder()).model
    for one, other in zip(plain.get_weights(), tracked.get_weights(), strict=True):
        assert (one == other).all()


@pytest.mark.parametrize(
    ("kind", "module"),
    [
        (TensorBoard, "tensorboard.plugins.hparams.summary_v2"),
        (WandbLogger, "wandb"),
        (MLflowLogger, "mlflow.entities"),
    ],
)
def test_a_library_that_is_not_installed_is_named_with_its_command(
    kind: type[Tracker], module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.warns(ConvoscopeWarning, match=rf"pip install 'convoscope\[{kind.extra}\]'") as caught:
        trained = train(kind())
    assert len(caught) == 1
    assert len(trained.history["loss"]) == 3


def test_importing_the_trackers_loads_none_of_the_libraries() -> None:
    program = (
        "import sys, convoscope.callbacks\n"
        "print([name for name in ('tensorboard', 'wandb', 'mlflow', 'matplotlib', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_does_not_stop_training_and_prints_no_traceback(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed: pip install --group trackers")
    program = """
import resource, signal
import numpy as np
import convoscope as cs

# A limit on the size of files fails as a full disk does, in the middle of a write.
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
model = cs.Sequential([cs.layers.Dense(2, activation="softmax", input_shape=(3,))])
model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
tracker = cs.callbacks.TensorBoard("logs")
print(len(model.fit(np.eye(3), [0, 1, 0], epochs=30, verbose=0, callbacks=[tracker]).history["loss"]))
"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["30"]
    assert done.stderr.count("TensorBoard failed, and training continues without it: OSError") == 1
    assert "Traceback" not in done.stderr


def test_a_librarys_switches_are_in_force_for_a_while_and_the_persons_own_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRACKER_OWN", "yes")
    with switched({"TRACKER_OWN": "no", "TRACKER_NEW": "no"}):
        assert (os.environ["TRACKER_OWN"], os.environ["TRACKER_NEW"]) == ("yes", "no")
    assert os.environ["TRACKER_OWN"] == "yes"
    assert "TRACKER_NEW" not in os.environ
