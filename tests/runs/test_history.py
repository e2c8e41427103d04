"""The history beside the checkpoint: an epoch costs the same however many were before it, and no line is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.datasets import Dataset
from convoscope.errors import ConvoscopeWarning, FileFormatError
from convoscope.models import load_model, read_header
from convoscope.models.files import save_model
from convoscope.runs import RunFolder, resume, start
from convoscope.runs.training import settings_of, use

from .conftest import settings, tensors
from .test_training import InterruptAfter, assert_same_end, without_seconds


@pytest.fixture(autouse=True)
def reference_engine() -> None:
    use(settings())


def interrupted(path: Path, data: Dataset, after: int) -> RunFolder:
    folder = RunFolder.create(path)
    with pytest.raises(KeyboardInterrupt):
        start(folder, settings(), data, [InterruptAfter(after)])
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, data: Dataset) -> RunFolder:
    use(settings())
    folder = RunFolder.create(tmp_path_factory.mktemp("whole") / "run")
    start(folder, settings(), data)
    return folder


def test_a_checkpoint_is_as_large_after_many_epochs_as_after_few(tmp_path: Path, data: Dataset) -> None:
    sizes = []
    for epochs in (10, 30):
        folder = RunFolder.create(tmp_path / str(epochs))
        start(folder, settings(epochs=epochs, layers="flatten, dense 10 softmax", batch_size=256), data)
        sizes.append(folder.checkpoint.stat().st_size)
    assert abs(sizes[0] - sizes[1]) < 16  # numbers of more digits, and no lines


def test_a_line_costs_the_same_however_long_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunFolder(tmp_path)
    folder.history.write_text("".join(json.dumps({"epoch": epoch}) + "\n" for epoch in range(1, 5001)))
    read = 0
    real = open

    def counting(*args: Any, **options: Any) -> Any:
        file = real(*args, **options)
        nonlocal read

        class Counting:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *error: object) -> None:
                file.close()

            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

            def read(self, size: int = -1) -> bytes:
                nonlocal read
                content: bytes = file.read(size)
                read += len(content)
                return content

        return Counting()

    monkeypatch.setattr("builtins.open", counting)
    folder.append_epoch({"epoch": 5001})
    monkeypatch.undo()
    assert read == 1
    assert len(folder.read_history()) == 5001


def test_a_checkpoint_of_an_earlier_version_has_the_history_and_is_gone_on_with(
    tmp_path: Path, data: Dataset, whole: RunFolder
) -> None:
    folder = interrupted(tmp_path / "run", data, 2)
    state = read_header(folder.checkpoint)["training_state"]
    save_model(
        load_model(folder.checkpoint), folder.checkpoint, training_state={**state, "history": folder.read_history()}
    )
    folder.history.unlink()  # all that it had was in the checkpoint too
    resume(folder, settings_of(folder), data)
    assert_same_end(whole, folder)


@pytest.mark.parametrize("rest", [b'{"epoch": 3, "lo', b'{"epoch": 3', b"{", b"\0\0\0", b'{"epoch": 3, "loss": 1.0}'])
def test_what_a_kill_cut_is_not_joined_to_the_next_line(tmp_path: Path, rest: bytes) -> None:
    folder = RunFolder(tmp_path)
    folder.append_epoch({"epoch": 1, "loss": 0.5})
    folder.append_epoch({"epoch": 2, "loss": 0.5})
    with open(folder.history, "ab") as file:
        file.write(rest)
    folder.append_epoch({"epoch": 4, "loss": 0.25})
    kept = [{"epoch": 3, "loss": 1.0}] if rest.endswith(b"}") else []
    assert folder.read_history() == [
        {"epoch": 1, "loss": 0.5},
        {"epoch": 2, "loss": 0.5},
        *kept,
        {"epoch": 4, "loss": 0.25},
    ]


def test_a_first_line_that_was_cut_is_taken_away(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.history.write_bytes(b'{"epo')
    assert folder.read_history() == []
    folder.append_epoch({"epoch": 1, "loss": 0.5})
    assert folder.read_history() == [{"epoch": 1, "loss": 0.5}]


@pytest.mark.parametrize("lost", [None, "5\n", '{"epoch": 1, "loss": 1.0}\nwhat\n{"epoch": 3, "loss": 1.0}\n'])
def test_a_history_that_was_lost_costs_no_weights(
    tmp_path: Path, data: Dataset, whole: RunFolder, lost: str | None
) -> None:
    folder = interrupted(tmp_path / "run", data, 3)
    folder.history.unlink() if lost is None else folder.history.write_text(lost)
    with pytest.warns(ConvoscopeWarning, match="of the 3 epochs"):
        resume(folder, settings_of(folder), data)
    assert folder.model.read_bytes() == whole.model.read_bytes()
    one, other = tensors(folder.checkpoint), tensors(whole.checkpoint)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert without_seconds(folder)[-1] == without_seconds(whole)[-1]
    assert folder.read_report()["epochs"] == 4


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("5\n", "line 1|Line 1"),
        ("null\n", "Line 1"),
        ('{"loss": 1}\n', "missing: epoch"),
        ('{"epoch": -1}\n', "whole number, 1 or more"),
        ('{"epoch": 1, "loss": "low"}\n', "loss must be a number"),
        ('{"epoch": 1, "accuracy": 7}\n', "accuracy must be a finite number from 0 to 1"),
        ('{"epoch": 1, "seconds": NaN}\n', "seconds must be a finite number"),
        ('{"epoch": 1, "loss": 1' + 400 * "0" + "}\n", "loss must be a number"),
        ("[" * 100_000 + "\n", "nested too deeply"),
    ],
)
def test_a_line_that_is_no_epoch_is_refused_by_what_is_wrong(tmp_path: Path, lines: str, message: str) -> None:
    folder = RunFolder(tmp_path)
    folder.history.write_text(lines)
    with pytest.raises(FileFormatError, match=message):
        folder.read_history()


def test_a_history_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.history.write_bytes(b'{"epoch": 1, "caf\xe9": 1}\n')
    with pytest.raises(FileFormatError, match="line 1"):
        folder.read_history()


def test_a_loss_without_bound_is_no_damage(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.append_epoch({"epoch": 1, "loss": float("inf")})
    assert folder.read_history() == [{"epoch": 1, "loss": float("inf")}]


def test_epochs_that_were_done_again_replace_those_of_before(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for epoch, loss in ((1, 9.0), (2, 9.0), (1, 0.5), (2, 0.4), (3, 0.3)):
        folder.append_epoch({"epoch": epoch, "loss": loss})
    assert [(line["epoch"], line["loss"]) for line in folder.read_history()] == [(1, 0.5), (2, 0.4), (3, 0.3)]


def test_a_first_epoch_without_its_checkpoint_is_done_again(tmp_path: Path, data: Dataset, whole: RunFolder) -> None:
    folder = interrupted(tmp_path / "run", data, 1)
    folder.checkpoint.unlink()
    folder.model.unlink()
    resume(folder, settings_of(folder), data)
    assert_same_end(whole, folder)
    assert folder.history.read_bytes().count(b"\n") == 4
