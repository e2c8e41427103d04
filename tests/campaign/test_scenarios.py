"""Writers with planted faults: what a kill or a full disk spoils is seen."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest

import convoscope as cs
from campaign import whole
from campaign.commands import command
from campaign.processes import Process
from campaign.scenarios import Save, Scenario
from campaign.trouble import Filler, Killer, Trouble

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")]
TRIES = 12


class Careless:
    """A model that writes its file in pieces, in its place."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def save(self, path: Path) -> None:
        with open(path, "wb", buffering=0) as file:
            for start in range(0, len(self.content), 50_000):
                file.write(self.content[start : start + 50_000])
                time.sleep(0.002)


def problems(scenario: Scenario, make: Callable[[Random], Trouble], folder: Path, tries: int = TRIES) -> Iterator[str]:
    for number in range(tries):
        (folder / str(number)).mkdir(parents=True)
        yield from scenario.trial(folder / str(number), make(Random(number)))


@pytest.mark.parametrize("trouble", [Killer, Filler])
def test_a_writer_that_is_not_atomic_is_found(tmp_path: Path, trouble: Callable[[Random], Trouble]) -> None:
    scenario = Save(tmp_path)
    assert list(problems(scenario, trouble, tmp_path / "right")) == []
    scenario.models = [Careless(content) for content in scenario.contents]  # type: ignore[misc]
    # On a busy machine many kills come before the first piece, or after the last: the first that does not is enough.
    assert "the file is neither the old nor the new one" in problems(scenario, trouble, tmp_path / "wrong", 10 * TRIES)


def test_an_error_that_is_not_ours_is_found_where_the_disk_is_full(tmp_path: Path) -> None:
    def write() -> None:
        (tmp_path / "large").write_bytes(bytes(1 << 20))

    found = [problem for seed in range(TRIES) for problem in Filler(Random(seed)).befall(write, tmp_path, 0.0)]
    assert len(found) == TRIES
    assert all("OSError" in problem for problem in found)
    assert any("No space left" in problem for problem in found)
    assert any("File too large" in problem for problem in found)


def test_a_process_that_does_not_end_is_killed(tmp_path: Path) -> None:
    ended = Process(lambda: time.sleep(1_000), tmp_path).wait(0.3)
    assert not ended.in_time
    assert ended.status < 0


def _nap() -> None:
    """Do nothing, without an end. Python misses a signal that comes just before a sleep, until the sleep ends."""
    while True:
        time.sleep(0.05)


def test_an_interrupt_that_comes_at_once_ends_the_process_and_nothing_else(tmp_path: Path) -> None:
    own = os.getpid()
    for _ in range(50):
        process = Process(_nap, tmp_path)
        process.signal(signal.SIGINT)
        ended = process.wait(30)
        assert os.getpid() == own  # and not the child, which went on with this test
        assert ended.in_time
        assert ended.said.endswith("KeyboardInterrupt")


def test_what_a_process_says_and_how_it_ends(tmp_path: Path) -> None:
    ended = Process(lambda: sys.exit("It is full."), tmp_path).wait()
    assert (ended.status, ended.said) == (1, "It is full.")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    settings = ("--epochs", "2", "--seed", "1", "--threads", "1", "--engine", "reference", "--snapshots", "--quiet")
    command("train", "digits", "--layers", "flatten, dense 10 softmax", *settings, "--out", str(folder))
    return folder


def other_weights(path: Path) -> None:
    model = cs.load_model(path)
    model.set_weights([np.nextafter(weight, np.float32(1)) for weight in model.get_weights()])
    model.save(path)


def shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def another_loss(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0]["loss"] += 1e-9
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def twice(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], *lines]))


def test_a_whole_run_is_whole(run: Path) -> None:
    assert [*whole.broken(run), *whole.leftovers(run), *whole.no_prefix(run, run), *whole.differences(run, run)] == []


@pytest.mark.parametrize(
    ("name", "spoil", "find"),
    [
        ("config.json", shorter, whole.broken),
        ("model.safetensors", shorter, whole.broken),
        ("snapshots/epoch-0001.safetensors", shorter, whole.broken),
        ("mistakes.png", shorter, whole.broken),
    ],
)
def test_a_broken_file_is_found(
    run: Path, tmp_path: Path, name: str, spoil: Callable[[Path], None], find: Callable[[Path], object]
) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    spoil(copy / name)
    assert [text for text in find(copy) if name in text]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("model.safetensors", other_weights),
        ("snapshots/epoch-0001.safetensors", other_weights),
        ("history.jsonl", another_loss),
        ("history.jsonl", twice),
        ("report.json", Path.unlink),
    ],
)
def test_a_difference_is_found(run: Path, tmp_path: Path, name: str, spoil: Callable[[Path], None]) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    spoil(copy / name)
    assert [text for text in whole.differences(copy, run) if Path(name).name in text]


def test_leftovers_and_a_cut_last_line(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / ".config.json.123-456").touch()
    history = copy / "history.jsonl"
    history.write_text(history.read_text()[:-10])
    assert [*whole.leftovers(copy)] == [".config.json.123-456 was left"]
    assert [*whole.broken(copy), *whole.no_prefix(copy, run)] == []
