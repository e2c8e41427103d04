"""Two builds beside each other: what is printed of made-up samples, and one epoch of a handful of images."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import compare_builds


def sample(build: str, number: int, seconds: float, peak: float) -> dict[str, object]:
    of = {"row": "batch 32", "peer": build, "round": number}
    return {**of, "seconds": seconds, "processor_seconds": 2 * seconds, "peak_mib": peak}


def test_ratios_are_taken_round_by_round_so_that_a_slow_round_meets_both() -> None:
    times = {("old", 1): 2.0, ("new", 1): 1.0, ("old", 2): 20.0, ("new", 2): 10.0, ("old", 3): 4.0, ("new", 3): 3.0}
    text = compare_builds.compared([sample(build, number, value, 100.0) for (build, number), value in times.items()])
    seconds = next(line for line in text.splitlines() if "seconds an epoch" in line)
    assert "0.500 (0.500–0.750)" in seconds
    assert "4.000 (2.000–20.00)" in seconds
    assert "3.000 (1.000–10.00)" in seconds
    assert "1.000 (1.000–1.000)" in next(line for line in text.splitlines() if "peak memory" in line)


def test_a_build_that_fails_is_told() -> None:
    failed = {"row": "batch 32", "peer": "new", "round": 1, "failed": "no such module"}
    assert "new: no such module" in compare_builds.compared([sample("old", 1, 1.0, 1.0), failed])


def test_a_checkout_without_an_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"has no \.venv/bin/python\. Set it up first: make -C"):
        compare_builds.main([str(tmp_path), str(tmp_path)])


def test_this_build_beside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compare_builds, "python_in", lambda checkout: Path(sys.executable))
    monkeypatch.setattr(compare_builds, "FILES", tmp_path)
    monkeypatch.setattr(compare_builds.runner, "prepare", lambda *arguments: _made_up(tmp_path / "fashion-mnist"))
    compare_builds.main([".", ".", "--images", "64", "--rounds", "1", "--threads", "1"])
    printed = capsys.readouterr().out
    assert "| batch 32, seconds an epoch |" in printed
    assert "| batch 32, peak memory, MiB |" in printed


def _made_up(folder: Path) -> None:
    import numpy as np

    folder.mkdir()
    draw = np.random.default_rng(1)
    for name, count in (("train", 64), ("test", 10)):
        np.save(folder / f"x_{name}.npy", draw.integers(0, 256, (count, 28, 28), dtype=np.uint8))
        np.save(folder / f"y_{name}.npy", draw.integers(0, 10, count, dtype=np.uint8))
