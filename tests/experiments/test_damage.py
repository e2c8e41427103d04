"""``experiment.json`` that is valid JSON and says what cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.runs.test_damage import TEXTS, mutations

from convoscope.cli.compare import _facts, _title
from convoscope.cli.compare_search import _announce, _range
from convoscope.errors import ConvoscopeError, FileFormatError
from convoscope.experiments import Experiment, results, rows
from convoscope.experiments.grid import is_settled
from convoscope.experiments.report import write_report
from convoscope.experiments.search import begin, found, settings_for
from convoscope.experiments.table import markdown

pytestmark = pytest.mark.long


@pytest.fixture
def copied(tmp_path: Path, finished: Experiment) -> Experiment:
    shutil.copytree(finished.path, tmp_path / "x")
    return Experiment(tmp_path / "x")


def assert_all_ours(experiment: Experiment) -> bool:
    """Use an experiment in every way; say whether it was refused."""
    table = markdown(rows(results(experiment)))
    try:
        content = experiment.read()
    except ConvoscopeError:
        assert "damaged: " in table
        return True
    try:
        if content["kind"] == "search":
            from rich.console import Console

            from convoscope.datasets import info

            found(experiment)
            _announce(Console(quiet=True), experiment, 1.0)
            settings_for(content, {}, info("digits"))
            [_range(values) for values in content["varied"].values() if isinstance(values, dict)]
        else:
            _title(experiment), _facts(experiment)
            [is_settled(experiment.folder(run.name)) for run in experiment.planned()]
    except ConvoscopeError:
        return True
    return False


def test_every_wrong_value_of_a_comparison_is_told_and_its_runs_are_shown(copied: Experiment) -> None:
    content = json.loads(copied.file.read_text())
    refused = 0
    for mutated in mutations(content, thinned=7):
        copied.file.write_text(json.dumps(mutated))
        refused += assert_all_ours(copied)
    assert refused > 30


def test_every_wrong_value_of_a_search_is_told(tmp_path: Path) -> None:
    vary: dict[str, Any] = {"dense_units": [2, 4], "pooling": ["max", "min"]}
    experiment = begin("digits", vary, out=tmp_path / "x", threads=1, engine="reference")
    content = json.loads(experiment.file.read_text())
    content["varied"]["filters"] = {"low": 1, "high": 5}
    refused = 0
    for mutated in mutations(content, thinned=4):
        experiment.file.write_text(json.dumps(mutated))
        refused += assert_all_ours(experiment)
    assert refused > 30


def test_an_experiment_that_is_something_else_is_a_row_beside_its_runs(copied: Experiment) -> None:
    for text in TEXTS:
        copied.file.write_bytes(text)
        found = results(copied)
        assert [result.state for result in found] == ["damaged", *4 * ["finished"]]
        with pytest.raises(FileFormatError):
            copied.read()


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "..", ".", "", "a/b", "a\\b", "a\0b", 5])
def test_a_runs_name_leads_nowhere_else(copied: Experiment, name: Any) -> None:
    content = json.loads(copied.file.read_text())
    content["runs"][0]["name"] = name
    copied.file.write_text(json.dumps(content))
    with pytest.raises(FileFormatError, match=r"runs\[0\].name must be the name of a folder"):
        copied.planned()


def test_two_runs_do_not_share_a_folder(copied: Experiment) -> None:
    content = json.loads(copied.file.read_text())
    content["runs"][1]["name"] = content["runs"][0]["name"]
    copied.file.write_text(json.dumps(content))
    with pytest.raises(FileFormatError, match="the same name"):
        copied.planned()


@pytest.mark.parametrize("name", ["parameters", "multiply_adds", "seconds", "images_a_second", "last_epoch", "stopped"])
def test_a_report_that_lacks_what_later_versions_write_is_still_compared(
    copied: Experiment, tmp_path: Path, name: str
) -> None:
    for run in copied.planned():
        file = copied.folder(run.name).report
        report = json.loads(file.read_text())
        del report[name]
        file.write_text(json.dumps(report))
    table = rows(results(copied))
    assert len(table) == 2
    assert all(len(row.finished) == 2 for row in table)
    write_report(table, tmp_path, "Old")
    assert "%" in (tmp_path / "report.md").read_text()
