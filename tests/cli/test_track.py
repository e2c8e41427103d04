"""train --track."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .conftest import TRAIN, Shell


def test_a_run_is_written_for_tensorboard_too(shell: Shell, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed: pip install --group trackers")
    ended = shell(*TRAIN, "--out", "run", "--track", "tensorboard", "--track", "TensorBoard")
    assert ended.status == 0, ended.err
    assert ended.out.count("tensorboard --logdir run/tensorboard") == 1
    assert len(list((tmp_path / "run" / "tensorboard").rglob("events.out.tfevents.*"))) == 2  # the whole, and training


@pytest.mark.filterwarnings("default::convoscope.errors.ConvoscopeWarning")
def test_a_tracker_that_is_not_installed_costs_a_note_and_nothing_else(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    ended = shell(*TRAIN, "--out", "run", "--track", "wandb")
    assert ended.status == 0
    assert ended.err.count("pip install 'convoscope[wandb]'") == 1
    assert "Traceback" not in ended.err
    assert (tmp_path / "run" / "report.json").exists()


def test_an_unknown_tracker_gets_the_nearest_one_and_nothing_is_trained(shell: Shell, tmp_path: Path) -> None:
    ended = shell(*TRAIN, "--out", "run", "--track", "tensorbord")
    assert ended.status == 1
    assert "Did you mean 'tensorboard'" in ended.err
    assert not (tmp_path / "run").exists()
