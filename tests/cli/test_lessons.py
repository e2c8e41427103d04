from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.ended import status

from convoscope.datasets import mnist_files
from convoscope.errors import DownloadError

from .conftest import Shell

pytestmark = pytest.mark.long
PATIENCE = 300.0


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """All claims, quickly: the folder, and what was printed."""
    folder = tmp_path_factory.mktemp("lessons")
    command = [sys.executable, "-m", "convoscope", "lessons", "--quick", "--out", "pages"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def reports(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("report.json")}


def test_every_claim_is_printed_with_what_was_measured(quick: tuple[Path, str]) -> None:
    _, out = quick
    for number in range(9, 20):
        assert re.search(rf"^{number}\. \w", out, re.MULTILINE), number
    assert "not judged" in out
    assert "243,786" in out
    assert "failed" not in out
    assert "\x1b" not in out


def test_the_page_has_every_claim_its_charts_and_no_judgement_on_other_images(quick: tuple[Path, str]) -> None:
    folder, _ = quick
    page = (folder / "pages" / "lessons.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+)\. ", page, re.MULTILINE) == [str(number) for number in range(9, 20)]
    assert "Quick: no claim about accuracy or speed is judged" in page
    links = re.findall(r"!\[([^]]+)\]\((images/[^)]+)\)", page)
    assert {path.name for path in (folder / "pages" / "images").iterdir()} == {Path(link).name for _, link in links}
    assert len(links) >= 12
    for words in ("dense against", "shuffled", "halves", "dropout", "20 epochs", "filters", "dense layer"):
        assert any(words in title for title, _ in links), words
    for _, link in links:
        assert (folder / "pages" / link).read_text(encoding="utf-8").startswith("<?xml")


def test_again_nothing_is_trained_and_a_claim_alone_has_a_page_of_its_own(
    quick: tuple[Path, str], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = quick
    monkeypatch.chdir(folder)
    before, whole = reports(folder), (folder / "pages" / "lessons.md").read_bytes()
    ended = shell("lessons", 14, "--quick")
    assert ended.status == 0, ended.err
    assert ended.out.startswith("\n14. ")
    assert reports(folder) == before
    assert (folder / "pages" / "lessons.md").read_bytes() == whole
    page = (folder / "runs" / "lessons-quick" / "lessons.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d+)\. ", page, re.MULTILINE) == ["14"]
    assert "finished" in out
    assert "finished" not in ended.out


def test_runs_of_lessons_are_listed_as_others_are(
    quick: tuple[Path, str], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(quick[0])
    assert shell("runs", "runs/lessons-quick").out.count("finished") == len(reports(quick[0]))


def test_a_run_that_is_taken_away_is_trained_again_by_compare_too(shell: Shell, tmp_path: Path) -> None:
    import shutil

    assert shell("lessons", 14, "--quick", "-q", "--runs", "kept").status == 0
    run = sorted((tmp_path / "kept" / "beside" / "runs").iterdir())[0]
    shutil.rmtree(run)
    ended = shell("compare", "--resume", "kept/beside")
    assert "on test" in ended.out
    assert (run / "report.json").exists()


def test_counting_alone_needs_no_images_and_draws_nothing(shell: Shell, tmp_path: Path) -> None:
    ended = shell("lessons", 11, 12, "--out", "here")
    assert ended.status == 0, ended.err
    assert ended.out.count("holds") == 4
    assert "differs" not in ended.out
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["lessons.md"]


def test_without_matplotlib_the_page_has_the_tables(
    quick: tuple[Path, str], shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    kept = quick[0] / "runs" / "lessons-quick"
    ended = shell("lessons", 16, "--quick", "--runs", kept, "--out", "plain")
    assert ended.status == 0
    assert "convoscope[plots]" in ended.err
    page = (tmp_path / "plain" / "lessons.md").read_text(encoding="utf-8")
    assert "| mnist, one convolution of 32 |" in page
    assert "![" not in page
    assert not (tmp_path / "plain" / "images").exists()


def test_an_unknown_claim_gets_those_there_are(shell: Shell) -> None:
    ended = shell("lessons", 8)
    assert ended.status == 1
    assert "Known: 9, 10, 11" in ended.err


def test_without_the_data_sets_it_says_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: object, **options: object) -> None:
        raise DownloadError("No address delivered it.")

    monkeypatch.setattr(mnist_files, "fetch", refuse)
    ended = shell("lessons", 14)
    assert ended.status == 1
    assert "fashion-mnist is not on this machine" in ended.err
    assert "--data-dir" in ended.err
    assert "convoscope lessons --quick" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals there")
@pytest.mark.parametrize(
    ("how", "jobs"),
    [(signal.SIGKILL, ()), (signal.SIGINT, ()), (signal.SIGINT, ("--jobs", "1"))],
    ids=["killed", "interrupted", "interrupted-in-others"],  # killed in others: tests/experiments/test_kill.py
)
def test_ended_in_the_middle_the_same_command_goes_on(tmp_path: Path, how: int, jobs: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "convoscope", "lessons", "10", "--quick", "--runs", "kept", *jobs]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    limit = time.monotonic() + PATIENCE
    while not reports(tmp_path):
        if process.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"it did not come to that: {process.communicate()}")
        time.sleep(0.005)
    os.killpg(process.pid, how) if how == signal.SIGKILL else process.send_signal(how)
    _, errors = process.communicate(timeout=PATIENCE)
    if how == signal.SIGINT:
        assert status(process) == 130, errors
        assert "the same command continues with them" in errors
    assert "Traceback" not in errors
    before = reports(tmp_path)
    assert 1 <= len(before) < 5
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = reports(tmp_path)
    assert len(after) == 5
    assert before.items() <= after.items()
