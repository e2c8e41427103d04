"""evaluate, summary, datasets and doctor."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from .conftest import Shell


def test_a_run_is_evaluated_on_its_own_data_set(shell: Shell, trained: Path) -> None:
    ended = shell("evaluate", trained)
    assert ended.status == 0
    assert "the test images of digits" in ended.out


def test_the_evaluation_agrees_with_the_report_of_the_run(shell: Shell, trained: Path) -> None:
    evaluated = json.loads(shell("evaluate", trained, "--json").out)
    report = json.loads((trained / "report.json").read_text())
    assert evaluated["accuracy"] == report["accuracy"]
    assert evaluated["confusion_matrix"] == report["confusion_matrix"]
    for one, other in zip(evaluated["worst_mistakes"], report["worst_mistakes"], strict=True):
        assert one == pytest.approx(other, abs=1e-5)  # the engines may differ


def test_a_model_alone_has_to_be_told_what_to_be_tested_with(shell: Shell, trained: Path, tmp_path: Path) -> None:
    model = shutil.copy(trained / "model.safetensors", tmp_path / "mine.safetensors")
    ended = shell("evaluate", model)
    assert ended.status == 1
    assert "--data" in ended.err
    assert shell("evaluate", model, "--data", "digits").status == 0


def test_there_being_nothing_to_evaluate_is_said_with_what_there_is(
    shell: Shell, trained: Path, tmp_path: Path
) -> None:
    assert "convoscope train" in shell("evaluate", "nothing").err
    shutil.copytree(trained, tmp_path / "runs" / "first")
    ended = shell("evaluate", "nothing")
    assert ended.status == 1
    assert str(Path("runs/first")) in ended.err


def test_a_foreign_file_is_refused(shell: Shell, trained: Path) -> None:
    ended = shell("evaluate", trained / "report.json")
    assert ended.status == 1
    assert "report.json is not" in ended.err
    assert ended.err.count("\n") == 1


def test_a_truncated_model_is_refused(shell: Shell, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes((trained / "model.safetensors").read_bytes()[:-100])
    ended = shell("predict", "cut.safetensors", "x.png")
    assert ended.status == 1
    assert "cut.safetensors" in ended.err


def test_a_run_without_a_whole_epoch_has_no_model_yet(shell: Shell, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "young").mkdir()
    shutil.copy(trained / "config.json", tmp_path / "young")
    ended = shell("evaluate", "young")
    assert ended.status == 1
    assert "train --resume young" in ended.err


def test_a_preset_is_summarised_with_the_lessons_numbers(shell: Shell) -> None:
    out = shell("summary", "cnn-2").out
    for number in ("640", "36,928", "204,928", "1,290", "243,786"):
        assert number in out
    assert "693,962" in shell("summary", "cnn-1").out


def test_details_and_plan_are_shown_when_asked_for(shell: Shell, trained: Path) -> None:
    out = shell("summary", "cnn-2", "--details", "--plan").out
    assert "3×3×64×64 + 64 = 36,928" in out
    assert "conv2d + max_pooling2d" in out
    assert "convolution, relu, max pooling" in out
    assert "In prediction" in out
    assert shell("summary", trained, "--plan").status == 0


def test_layers_in_a_line_are_summarised_for_a_data_set(shell: Shell) -> None:
    out = shell("summary", "flatten, dense 10 softmax", "--data", "digits").out
    assert "650" in out


def test_an_unknown_preset_gets_the_nearest_one(shell: Shell) -> None:
    ended = shell("summary", "cnn-3")
    assert ended.status == 1
    assert "Did you mean 'cnn-" in ended.err


def test_every_data_set_is_listed_with_its_place(shell: Shell, tmp_path: Path) -> None:
    out = shell("datasets").out
    assert "1,437" in out
    assert "in the package" in out
    assert "not here yet" in out
    listed = {entry["name"]: entry for entry in json.loads(shell("datasets", "--json").out)}
    assert listed["fashion-mnist"]["class_names"][9] == "Ankle boot"
    assert listed["digits"]["where"] == "bundled"


def test_the_bundled_data_set_needs_no_download(shell: Shell) -> None:
    assert "in the package" in shell("datasets", "--download", "digits").out


def test_an_unknown_data_set_gets_the_nearest_one(shell: Shell) -> None:
    assert "Did you mean 'mnist'" in shell("datasets", "--download", "mnsit").err


def test_the_doctor_says_what_is_computed_with_and_why(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(shell("doctor", "--json").out)
    assert found["engine"] in ("native", "reference")
    assert found["threads"] >= 1
    assert found["datasets"]["digits"] == "bundled"
    monkeypatch.setenv("CONVOSCOPE_DATA", "somewhere")
    out = shell("doctor").out
    assert "somewhere (CONVOSCOPE_DATA)" in out
    assert found["threads_because"] in out
    if found["instructions"]:  # the native engine's: which of them multiply in bfloat16, and what comes of it
        unit = found["instructions"]["bfloat16"]
        assert unit in ("emulated", "AVX512-BF16", "AMX")
        assert f"{unit}: " in out
        assert "--precision bf16" in out


def test_the_doctor_writes_what_an_issue_needs_without_the_home_folder(shell: Shell) -> None:
    out = shell("doctor", "--report").out
    assert f"numpy {np.__version__}" in out
    assert "engine: native" in out
    assert re.search(r"^- installed: \w+-\w+-\w+", out, re.MULTILINE)
    assert str(Path.home()) not in out
    both = shell("doctor", "--report", "--json")
    assert both.status == 2
    assert "one of them" in both.err


def test_the_doctor_explains_a_missing_core(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from convoscope.engine import select

    monkeypatch.setattr(select, "native_problem", lambda: "its compiled core is on holiday")
    out = shell("doctor").out
    assert "on holiday" in out
    assert "C++17" in out
