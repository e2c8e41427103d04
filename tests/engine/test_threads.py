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


def test_a_limit_below_the_processors_wins_and_is_rounded_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.setattr(threads, "_control_group_limit", lambda *_: 2.5)
    assert threads.available_threads().count == 3
    assert "control group" in threads.available_threads().reason


def test_affinity_counts_where_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    monkeypatch.setattr(threads, "_control_group_limit", lambda *_: None)
    assert threads.available_threads().count == 2


@pytest.mark.parametrize("count", [0, -1, 257, 1.5, True, "2"])
def test_a_number_of_threads_that_cannot_be_meant_is_refused(count: object) -> None:
    with pytest.raises(ConfigurationError, match="from 1 to 256"):
        threads.set_threads(count)  # type: ignore[arg-type]
