from __future__ import annotations

import importlib.metadata
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Shell

COMMANDS = (
    "gallery",
    "train",
    "teach",
    "compare",
    "lessons",
    "runs",
    "plot",
    "evaluate",
    "predict",
    "summary",
    "datasets",
    "doctor",
)


@pytest.mark.parametrize("words", [[], *([command] for command in COMMANDS)])
def test_every_help_ends_with_examples(shell: Shell, words: list[str]) -> None:
    ended = shell(*words, "--help")
    assert ended.status == 0
    assert "convoscope" in ended.out.split("Examples")[1]


def test_help_lists_every_command(shell: Shell) -> None:
    out = shell("--help").out
    assert all(command in out for command in COMMANDS)


def test_help_loads_nothing_that_takes_time() -> None:
    script = (
        "import sys; sys.argv = ['convoscope', 'train', '--help']\n"
        "from convoscope.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "slow = ('numpy', 'PIL', 'safetensors', 'starlette', 'uvicorn', 'convoscope.layers')\n"
        "print([name for name in slow if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_or_option_gets_the_nearest_one(shell: Shell) -> None:
    ended = shell("trian")
    assert ended.status == 2
    assert "train" in ended.err.split("trian")[1]
    ended = shell("train", "--epoch", "3")
    assert ended.status == 2
    assert "--epochs" in ended.err


def test_the_version_is_printed(shell: Shell) -> None:
    import convoscope

    assert shell("--version").out.strip() == f"convoscope {convoscope.__version__}"


def test_a_bug_is_called_one_and_its_traceback_shown_only_when_asked_for(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convoscope import datasets

    def broken() -> None:
        raise KeyError("oops")

    monkeypatch.setattr(datasets, "names", broken, raising=False)
    ended = shell("datasets")
    assert ended.status == 1
    assert "bug in Convoscope" in ended.err
    assert "Traceback" not in ended.err
    from convoscope.cli.main import main

    monkeypatch.setattr(sys, "argv", ["convoscope", "--traceback", "datasets"])
    with pytest.raises(KeyError):
        main()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such device there")
def test_a_full_disk_behind_standard_output_is_one_message() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "convoscope", "datasets"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m convoscope summary cnn-2 --details | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "Model" in done.stdout


@pytest.mark.long
def test_help_does_not_need_docstrings() -> None:
    from convoscope.cli.main import app

    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from convoscope.cli import main\n"
        "for command in ('', *(each.name for each in main.app.registered_commands)):\n"
        "    print(CliRunner().invoke(main.app, [*command.split(), '--help']).output)\n"
    )
    usual, stripped = (
        subprocess.run([sys.executable, *options, "-c", script], capture_output=True, text=True, check=True).stdout
        for options in ([], ["-OO"])
    )
    assert usual.count("Examples") == 1 + len(app.registered_commands)
    assert stripped == usual


def test_training_runs_without_docstrings_and_assertions(tmp_path: Path) -> None:
    words = ("train", "digits", "--epochs", "1", "--model", "dense", "--quiet", "--out", "run")
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "convoscope", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run" / "model.safetensors").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there a signal ends a program without a word anyway")
def test_ctrl_c_while_the_commands_are_imported_shows_no_traceback(tmp_path: Path) -> None:
    # Whatever is imported after this module is interrupted in its middle: the rest of the import never happens.
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", encoding="utf-8")
    for start in (("-m", "convoscope"), ("-c", "from convoscope.__main__ import main; main()")):
        done = subprocess.run(
            [sys.executable, *start, "doctor"],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        )
        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def test_the_installed_command_begins_where_it_can_be_interrupted() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="convoscope")
    assert script.value == "convoscope.__main__:main"


@pytest.mark.parametrize("size", ["0", "-1", "abc", "²", "", "3", "99999999", "9" * 5_000])
@pytest.mark.parametrize("name", ["COLUMNS", "LINES", "TERMINAL_WIDTH"])
def test_a_size_in_the_environment_that_no_terminal_has_changes_nothing(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, name: str, size: str
) -> None:
    monkeypatch.delenv(name, raising=False)
    expected = shell("datasets").out
    monkeypatch.setenv(name, size)
    assert shell("datasets").out == expected
    assert "Usage" in shell("datasets", "--help").out


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the folder that one is in cannot be removed")
def test_a_folder_that_was_removed_meanwhile_is_said(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    ended = shell("filter", "drawing", "--kernel", "outline")
    assert ended.status == 1
    assert "current folder has been deleted" in ended.err
