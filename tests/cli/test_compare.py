from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.searching import work_until

from convoscope.experiments import Experiment
from convoscope.experiments.search import found
from convoscope.report.terminal import percent

from .conftest import Shell

pytestmark = pytest.mark.long

GRID = ("compare", "digits", "--vary", "dense-units=4,16", "--set", "model=dense", "--set", "epochs=2")
COMPUTING = ("--engine", "reference", "--threads", "1", "--jobs", "1")


def test_networks_are_trained_side_by_side_and_then_read_back(shell: Shell, tmp_path: Path) -> None:
    ended = shell(*GRID, *COMPUTING, "--seeds", 2)
    assert ended.status == 0, ended.err
    assert "1/4  dense units 4, seed 0:" in ended.out
    assert "±" in ended.out
    assert "\x1b" not in ended.out
    experiment = tmp_path / "runs" / "compare-digits-1"
    assert (experiment / "report.html").exists()
    assert len(list(experiment.glob("runs/*/model.safetensors"))) == 4
    again = shell("compare", "runs/compare-digits-1")
    assert again.status == 0
    assert again.out.splitlines() == [line for line in ended.out.splitlines() if line in again.out.splitlines()]
    resumed = shell("compare", "--resume", "runs/compare-digits-1", "-q")
    assert resumed.out == again.out


def test_runs_of_train_are_put_side_by_side(shell: Shell, trained: Path, tmp_path: Path) -> None:
    shell("train", "digits", "--model", "perceptron", "--epochs", 1, "--engine", "reference", "-q", "--out", "other")
    ended = shell("compare", trained, "other", "--out", "page")
    assert ended.status == 0, ended.err
    assert "perceptron" in ended.out
    assert (tmp_path / "page" / "report.md").exists()


def test_runs_are_listed(shell: Shell) -> None:
    shell(*GRID, *COMPUTING, "-q", "--out", "runs/x")
    out = shell("runs").out
    assert out.count("finished") == 2
    assert "2/2" in out
    assert shell("runs", "--where", "dense-units=4", "--sort", "validation").out.count("finished") == 1
    listed = json.loads(shell("runs", "runs/x", "--json").out)
    assert [run["settings"]["dense_units"] for run in listed] == [4, 16]
    assert all(0 <= run["val_accuracy"] <= 1 for run in listed)
    assert "No such runs" in shell("runs", "--where", "state=failed").out


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals there")
def test_runs_are_followed_live(shell: Shell, tmp_path: Path) -> None:
    import pexpect

    words = ("train", "digits", "--model", "dense", "--epochs", "1", "--engine", "reference", "-q", "--out")
    shell(*words, "runs/first")
    terminal = pexpect.spawn(sys.executable, ["-m", "convoscope", "runs", "--live"], cwd=tmp_path, timeout=300)
    terminal.expect("first")
    shell(*words, "runs/second")
    terminal.expect("second")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert b"Traceback" not in (terminal.before or b"")


def test_when_all_runs_fail_so_does_the_command(shell: Shell) -> None:
    words = ("--vary", "lr=1e30,1e31", "--set", "optimizer=sgd", "--set", "model=dense", "--set", "epochs=1")
    ended = shell("compare", "digits", *words, *COMPUTING)
    assert ended.status == 1
    assert "failed:" in ended.out
    assert "No run is finished yet" in Path("runs/compare-digits-1/report.md").read_text()


def test_a_search_tells_the_best_in_validation_and_its_test_once(shell: Shell) -> None:
    small = ("--vary", "dense-units=2..16", "--set", "model=dense", "--set", "epochs=2")
    begun = shell("compare", "digits", "--search", "--minutes", "0.001", *small, *COMPUTING, "--out", "x")
    assert begun.status == 1
    assert "To resume: convoscope compare --resume x --minutes 5" in begun.err
    work_until(Experiment(Path("x")), lambda: len(found(Experiment("x"))) >= 3)
    ended = shell("compare", "--resume", "x", "--minutes", "0.001", "--jobs", 1)
    assert ended.status == 0, ended.err
    assert ended.out.count("Its test accuracy, measured only once") == 1
    assert "test only" not in ended.out
    best = found(Experiment("x"))[0].results[0]
    assert percent(best.figures["test_accuracy"], 2) in ended.out.split("Its test accuracy, measured only once")[1]
    assert f"Best validation accuracy: dense units {best.settings['dense_units']}" in ended.out
    assert "test only" not in Path("x/report.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare", "digits", "--search", "--seeds", "3"], "needs no --search"),
        (["compare", "digits", "--vary", "filters=8", "--minutes", "3"], "needs --search"),
        (["compare", "digits", "--vary", "filters=8..16"], "--search"),
        (["compare"], "nothing to compare"),
        (["compare", "digits"], "There is no run in digits"),
        (["compare", "digits", "--vary", "filtres=8"], "Did you mean 'filters'"),
        (["compare", "digts", "--vary", "filters=8"], "Did you mean 'digits'"),
        (["compare", "digits", "mnist", "--vary", "filters=8"], "one data set"),
        (["compare", "digits", "--vary", "filters=8", "--vary", "filters=9"], "given twice"),
        (["compare", "digits", "--vary", "filters=8", "--set", "epochs=1,2"], "use --vary"),
        (["compare", "digits", "--seeds", "3"], "needs --vary"),
        (["compare", "--resume", "nowhere"], "no experiment in nowhere"),
        (["compare", "--resume", "nowhere", "--seeds", "3"], "--seeds cannot be changed"),
        (["runs", "nowhere"], "no folder nowhere"),
        (["runs", ".", "--live"], "--live needs a terminal"),
        (["runs", ".", "--sort", "nmae"], "Did you mean 'name'"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_leaves_nothing(
    shell: Shell, tmp_path: Path, words: list[str], message: str
) -> None:
    ended = shell(*words)
    assert ended.status == 1
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_a_search_found_is_printed_though_it_ends_with_an_error(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convoscope.errors import StorageError
    from convoscope.experiments import search

    small = ("--vary", "dense-units=4", "--set", "model=dense", "--set", "epochs=1", "--set", "filters=none")
    ended = shell("compare", "digits", "--search", "--minutes", 5, *small, *COMPUTING, "--out", "x", "-q")
    assert ended.status == 0, ended.err
    assert len(found(Experiment("x"))) == 1

    def full(*words: object, **options: object) -> None:
        raise StorageError("there is no room")

    monkeypatch.setattr(search, "resume", full)
    again = shell("compare", "--resume", "x", "-q")
    assert again.status == 1
    assert "there is no room" in again.err
    assert [line for line in ended.out.splitlines() if line not in again.out.splitlines()] == []


def test_a_damaged_run_is_a_row_with_its_reason_and_the_others_are_shown(shell: Shell, trained: Path) -> None:
    import shutil

    shutil.copytree(trained, "runs/whole")
    shutil.copytree(trained, "runs/odd\x1b[31m")
    Path("runs/odd\x1b[31m/config.json").write_text('{"format": "convoscope-run", "version": 1, "settings": 5}')
    for command in ("runs", "compare"):
        ended = shell(command, "runs")
        assert ended.status == 0, ended.err
        assert "damaged" in ended.out
        assert "settings must be a JSON object, but is 5" in " ".join(ended.out.split())
        assert "\x1b" not in ended.out
        assert "odd\\x1b[31m" in ended.out
    assert json.loads(shell("runs", "--json").out)[0]["state"] == "damaged"
