from __future__ import annotations

from pathlib import Path

import pytest

from convoscope.errors import ConfigurationError, FileFormatError, MissingFileError, StorageError
from convoscope.runs import RunFolder


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"not empty.*--out"):
        RunFolder.create(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_folder_of_a_run_can_be_gone_on_with_and_is_never_overwritten(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "a").write_config({"settings": {}})
    with pytest.raises(ConfigurationError, match="--resume"):
        RunFolder.create(tmp_path / "a")


def test_an_empty_folder_and_one_that_is_not_there_are_taken(tmp_path: Path) -> None:
    assert RunFolder.create(tmp_path).path == tmp_path
    assert RunFolder.create(tmp_path / "new" / "deep").path.is_dir()


def test_a_folder_with_what_a_kill_left_of_its_first_file_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / ".config.json.4711-42").write_text("{")
    RunFolder.create(tmp_path)
    assert not list(tmp_path.iterdir())


def test_numbered_folders_follow_each_other(tmp_path: Path) -> None:
    names = [RunFolder.create_numbered(tmp_path / "runs", "digits-dense").path.name for _ in range(3)]
    assert names == ["digits-dense-1", "digits-dense-2", "digits-dense-3"]


def test_a_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for make in (
        lambda: RunFolder.create(tmp_path / "file"),
        lambda: RunFolder.create(tmp_path / "file" / "run"),
        lambda: RunFolder.create_numbered(tmp_path / "file", "run"),
    ):
        with pytest.raises(StorageError, match="--out"):
            make()


def test_a_folder_without_a_run_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="does not exist"):
        RunFolder.open(tmp_path / "nowhere")
    with pytest.raises(MissingFileError, match=r"no config\.json"):
        RunFolder.open(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        ("{}", "does not describe a run"),
        ('{"format": "convoscope-run"}', "version"),
    ],
)
def test_a_damaged_or_foreign_config_is_refused_by_reason(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(FileFormatError, match=message):
        RunFolder.open(tmp_path).read_config()


def test_a_last_line_cut_short_by_a_kill_is_left_out_of_the_history(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.append_epoch({"epoch": 1, "loss": 0.5})
    with open(folder.history, "a") as file:
        file.write('{"epoch": 2, "lo')
    assert folder.read_history() == [{"epoch": 1, "loss": 0.5}]


def test_a_history_damaged_in_its_middle_is_refused_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text('{"epoch": 1}\nwhat\n{"epoch": 3}\n')
    with pytest.raises(FileFormatError, match="line 2"):
        RunFolder(tmp_path).read_history()
