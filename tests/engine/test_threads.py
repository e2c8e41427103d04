"""The number of threads follows affinity and the control group, not the size of the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from convoscope.engine import threads
from convoscope.errors import ConfigurationError


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_version_2_limit_is_read_from_the_own_group_and_those_above(tmp_path: Path) -> None:
    write(tmp_path / "membership", "0::/pod/container\n")
    write(tmp_path / "cgroup/pod/cpu.max", "150000 100000\n")
    write(tmp_path / "cgroup/pod/container/cpu.max", "max 100000\n")
    assert threads._control_group_limit(tmp_path / "cgroup", tmp_path / "membership") == 1.5


def test_a_version_1_limit_is_read(tmp_path: Path) -> None:
    write(tmp_path / "membership", "4:cpu,cpuacct:/box\n3:memory:/box\n")
    write(tmp_path / "cgroup/cpu/box/cpu.cfs_quota_us", "300000\n")
    write(tmp_path / "cgroup/cpu/box/cpu.cfs_period_us", "100000\n")
    assert threads._control_group_limit(tmp_path / "cgroup", tmp_path / "membership") == 3.0


def test_no_limit_is_none(tmp_path: Path) -> None:
    write(tmp_path / "membership", "0::/\n")
    assert threads._control_group_limit(tmp_path / "cgroup", tmp_path / "membership") is None
    assert threads._control_group_limit(tmp_path / "cgroup", tmp_path / "nowhere") is None


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    threads.set_threads(None)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def test_a_limit_below_the_processors_wins_and_is_rounded_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.setattr(threads, "_control_group_limit", lambda *_: 2.5)
    assert threads.available_threads().count == 3
    assert "control group" in threads.available_threads().reason


def test_affinity_counts_where_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    monkeypatch.setattr(threads, "_control_group_limit", lambda *_: None)
    assert threads.available_threads().count == 2


@pytest.mark.parametrize(
    ("text", "count"), [("2", 2), (" 1 ", 1), ("9", 5), ("0", 5), ("-2", 5), ("", 5), ("many", 5), ("2,1", 5)]
)
def test_the_variable_of_openmp_limits_them(text: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(5)), raising=False)
    monkeypatch.setattr(threads, "_control_group_limit", lambda *_: None)
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    found = threads.available_threads()
    assert found.count == threads.get_threads() == count
    assert ("OMP_NUM_THREADS" in found.reason) == (count < 5)
    threads.set_threads(4)  # somebody's own choice
    assert threads.get_threads() == 4


def test_processes_that_pytorch_starts_share_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(threads, "_control_group_limit", lambda *_: None)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    ranks = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}
    for name, value in {**ranks, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}.items():
        monkeypatch.setenv(name, value)
    assert threads.get_threads() == 4


@pytest.mark.parametrize("count", [0, -1, 257, 1.5, True, "2"])
def test_a_number_of_threads_that_cannot_be_meant_is_refused(count: object) -> None:
    with pytest.raises(ConfigurationError, match="from 1 to 256"):
        threads.set_threads(count)  # type: ignore[arg-type]
