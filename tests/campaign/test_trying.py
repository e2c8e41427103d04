"""Readers with planted faults: each is found, named, and does not keep the others from being read."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from campaign.outcome import Options
from campaign.trying import Bounds, Failed, Stretch, try_all
from convoscope.errors import FileFormatError

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")]
BOUNDS = Bounds(seconds=1, memory=64 << 20)
FAULTY = 3  # of these numbers


class Planted:
    """A reader that does something odd with one of its inputs."""

    def __init__(self, fault: Callable[[], object]) -> None:
        self.fault = fault

    def make(self, rng: Random) -> bytes:
        return str(rng.random()).encode()

    def read(self, content: bytes, folder: Path) -> None:
        with open(folder / "read", "ab") as file:
            file.write(content + b"\n")
        if content == Stretch("planted", self, [], 5).content(FAULTY):
            self.fault()


def tried(folder: Path, fault: Callable[[], object], blocked: float = 60.0) -> tuple[list[Failed], int]:
    """Return what failed, and how many of six inputs were read."""
    stretch = Stretch("planted", Planted(fault), range(6), 5)
    failed = list(try_all([stretch], folder, 2, BOUNDS, blocked))
    return failed, sum(len(path.read_bytes().splitlines()) for path in folder.glob("*/read"))


def missing() -> None:
    raise KeyError("planted")


def refuses() -> None:
    raise FileFormatError("That is no file of this kind.")


def computes() -> None:
    while True:
        pass


def allocates() -> None:
    np.ones(100 << 20, np.uint8)


def collects_and_allocates() -> None:
    gc.collect()
    allocates()


def asks_for_too_much() -> None:
    np.ones(1 << 40, np.uint8)


def crashes() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (missing, "raised KeyError: 'planted'"),
        (computes, "did not end in time"),
        (allocates, "MB more than before"),
        (asks_for_too_much, "Unable to allocate 1.00 TiB"),
        (crashes, "ended the process by SIGSEGV"),
    ],
)
def test_a_planted_fault_is_found_and_the_other_inputs_are_read(
    tmp_path: Path, fault: Callable[[], object], told: str
) -> None:
    failed, read = tried(tmp_path, fault)
    assert [each.number for each in failed] == [FAULTY]
    assert told in failed[0].text
    assert read == 6


def test_memory_that_a_process_inherits_hides_nothing(tmp_path: Path) -> None:
    left: list[object] = [np.ones(80 << 20, np.uint8)]
    left.append(left)
    del left  # a cycle: it lies there until it is collected
    failed, _ = tried(tmp_path, collects_and_allocates)
    assert [(each.number, "MB more than before" in each.text) for each in failed] == [(FAULTY, True)]


def test_a_reader_that_waits_for_ever_is_found(tmp_path: Path) -> None:
    failed, read = tried(tmp_path, lambda: time.sleep(1_000), blocked=6)
    assert [(each.number, "did not end in time" in each.text) for each in failed] == [(FAULTY, True)]
    assert read == 6


@pytest.mark.parametrize("fault", [refuses, lambda: None])
def test_what_is_read_or_refused_in_our_words_is_no_finding(tmp_path: Path, fault: Callable[[], object]) -> None:
    assert tried(tmp_path, fault) == ([], 6)


def test_the_same_seed_makes_the_same_input() -> None:
    stretch, other = (Stretch("planted", Planted(missing), [], seed) for seed in (5, 6))
    assert stretch.content(1) == stretch.content(1)
    assert len({stretch.content(1), stretch.content(2), other.content(1)}) == 3


def test_a_single_trial_can_be_named() -> None:
    options = Options(7, True, 1, ("model:17", "idx"))
    assert options.numbers("model") == [17]
    assert [options.wanted(name) for name in ("model", "idx", "csv")] == [True, True, False]
    assert options.repeat("fuzz", "csv:3") == "python -m campaign fuzz --short --seed 7 --only csv:3"
