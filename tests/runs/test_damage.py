"""Files of a run that are valid JSON and say what cannot be: told by file and key, and by no errors but ours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from convoscope.datasets import Dataset, load
from convoscope.errors import ConvoscopeError, ConvoscopeWarning, FileFormatError
from convoscope.exhibition.explored_run import find_model
from convoscope.experiments import failure, results, rows
from convoscope.experiments.listing import listed, ordered
from convoscope.experiments.table import markdown
from convoscope.plots.pictures import _mistakes_of
from convoscope.plots.sources import history_of, matrix_of
from convoscope.runs import RunFolder, start
from convoscope.runs.recorder import RunRecorder
from convoscope.runs.training import is_finished, settings_of, training_state, use, what_changed
from convoscope.training.callbacks import EarlyStopping

from .conftest import settings

pytestmark = pytest.mark.long

DEEP: Any = []
for _ in range(300):
    DEEP = [DEEP]
WRONG: list[Any] = [None, 5, -1, 10**30, 0.5, float("nan"), float("inf"), True, "text", "nul\0", [], {}, [None], DEEP]
TEXTS = [
    b"",
    b"5",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a": 1' + 5000 * b"0" + b"}",
    b"\0" * 99,
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, data: Dataset) -> RunFolder:
    use(settings())
    folder = RunFolder.create(tmp_path_factory.mktemp("trained") / "run")
    start(folder, settings(epochs=2, validation=0.2, patience=5), data)
    return folder


@pytest.fixture
def run(tmp_path: Path, trained: RunFolder) -> RunFolder:
    shutil.copytree(trained.path, tmp_path / "runs" / "run")
    shutil.copytree(trained.path, tmp_path / "runs" / "whole")
    return RunFolder(tmp_path / "runs" / "run")


def restored(run: RunFolder) -> None:
    """Do what ``train --resume`` does before it trains."""
    own, state = settings_of(run), training_state(run)
    assert state is not None
    is_finished(run, own, state)
    patience = EarlyStopping(patience=3)
    RunRecorder(run, {"patience": patience}).restore(state)
    patience.on_train_begin()


def readers(run: RunFolder) -> Iterator[Callable[[], object]]:
    """Give what the commands read of a run, all that may fail for its own reason."""
    yield lambda: settings_of(run)
    yield lambda: history_of(run)
    yield lambda: matrix_of(run, None)
    yield lambda: _mistakes_of(run, 9)
    yield lambda: json.dumps(find_model(run, run.path).epochs.described())
    yield lambda: what_changed(run, load("digits"))
    yield lambda: failure.is_final(run)
    yield lambda: failure.reason(run)
    yield lambda: restored(run)


def assert_all_ours(run: RunFolder) -> int:
    """Use a run in every way; return how many of them it was refused in."""
    above = run.path.parent
    found = {each.name: each for each in ordered(listed(above), "created")}
    assert found["whole"].state == "finished"
    assert "run" in found
    if found["run"].state == "damaged":
        assert found["run"].result.reason
    table = markdown(rows(results(above)))
    assert table.count("\n") >= 3
    refused = 0
    for read in readers(run):
        try:
            read()
        except (ConvoscopeError, ConvoscopeWarning):
            refused += 1
    return refused


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the place of every value in a JSON value; of a list, the first and the last."""
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list) and value:
        for at in {0, len(value) - 1}:
            yield from places(value[at], (*path, at))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a JSON value with another one at a place; the place is left out if that is `...`."""
    if not path:
        return new
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    if not rest and new is ...:
        del copy[first]
    else:
        copy[first] = put(value[first], tuple(rest), new)
    return copy


def mutations(value: Any, thinned: int = 1) -> Iterator[Any]:
    """Give a JSON value with each of its values replaced by each that is wrong, or by every so many of them."""
    for number, path in enumerate(places(value)):
        for new in (*WRONG[number % thinned :: thinned], *([...] if path else [])):
            yield put(value, path, new)


def with_state(path: Path, state: Any) -> None:
    """Replace the training state in a checkpoint."""
    with safe_open(path, "numpy") as file:
        described = json.loads(file.metadata()["convoscope"])
    save_file(load_file(path), path, {"convoscope": json.dumps({**described, "training_state": state})})


@pytest.mark.filterwarnings("ignore::convoscope.errors.ConvoscopeWarning")
@pytest.mark.parametrize("name", ["config.json", "report.json", "failure.json"])
def test_every_wrong_value_is_told_and_nothing_else_is_lost(run: RunFolder, name: str) -> None:
    failure.record(run, "no memory", again=True)
    if name != "failure.json":
        failure.forget(run)
    file = run.path / name
    content = json.loads(file.read_text())
    refused = 0
    for mutated in mutations(content, thinned=7):
        file.write_text(json.dumps(mutated))
        refused += bool(assert_all_ours(run))
    assert refused >= 5


@pytest.mark.filterwarnings("ignore::convoscope.errors.ConvoscopeWarning")
def test_every_wrong_value_in_the_history_is_told(run: RunFolder) -> None:
    first, last = run.history.read_text().splitlines()
    refused = 0
    for line in mutations(json.loads(first), thinned=2):
        run.history.write_text(f"{json.dumps(line)}\n{last}\n")
        refused += bool(assert_all_ours(run))
    assert refused > 10


@pytest.mark.filterwarnings("ignore::convoscope.errors.ConvoscopeWarning")
def test_every_wrong_value_in_a_checkpoints_state_is_told(run: RunFolder) -> None:
    state = training_state(run)
    assert state is not None
    refused = 0
    for mutated in mutations({**state, "history": run.read_history()}, thinned=2):
        with_state(run.checkpoint, mutated)
        try:
            restored(run)
        except ConvoscopeError:
            refused += 1
        find_model(run, run.path).epochs.described()
    assert refused > 10


@pytest.mark.filterwarnings("ignore::convoscope.errors.ConvoscopeWarning")
@pytest.mark.parametrize("name", ["config.json", "report.json", "failure.json", "history.jsonl", "data.json"])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_file_that_is_something_else_is_told(run: RunFolder, name: str, end: bytes) -> None:
    for text in TEXTS:
        (run.path / name).write_bytes(text + end)
        assert_all_ours(run)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("config.json", {"settings": 5}, "config.json is damaged: settings must be a JSON object, but is 5"),
        ("config.json", {"created": []}, "created must be text.*a list of 0"),
        ("report.json", {"kept_epoch": "2"}, "report.json is damaged: kept_epoch must be a whole number.*'2'"),
        ("report.json", {"accuracy": float("nan")}, "accuracy must be a finite number from 0 to 1, but is NaN"),
        ("report.json", {"confusion_matrix": [[1]]}, "10 rows of 10"),
    ],
)
def test_the_message_names_file_key_and_what_came(
    run: RunFolder, name: str, change: dict[str, Any], message: str
) -> None:
    file = run.path / name
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    (found,) = (each for each in results(run.path))
    assert found.state == "damaged"
    with pytest.raises(FileFormatError, match=message):
        raise FileFormatError(found.reason or "")


def test_settings_of_the_wrong_kind_are_told_by_their_name(run: RunFolder) -> None:
    config = json.loads(run.config.read_text())
    for name in config["settings"]:
        run.config.write_text(json.dumps({**config, "settings": {**config["settings"], name: {}}}))
        with pytest.raises(FileFormatError, match=rf"config.json is damaged: {name} must be"):
            settings_of(run)
