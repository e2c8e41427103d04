"""CIFAR-10 by the commands that people type, from a small set in the published format."""

from __future__ import annotations

import json
from pathlib import Path

from tests.datasets import batches

from .conftest import Shell


def test_cifar10_is_listed_trained_on_and_evaluated(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for index, name in enumerate(batches.cifar10_files()):
        batch = {"labels": [n % 10 for n in range(40)], "data": batches.images(40, index)}
        (folder / name).write_bytes(batches.python_2_pickle(batch))
    listed = {entry["name"]: entry for entry in json.loads(shell("datasets", "--json", "--data-dir", "data").out)}
    assert listed["cifar10"]["where"] == str(Path("data", "cifar-10-batches-py"))
    assert listed["cifar100"]["where"] == "not on disk"
    run = ("--epochs", "1", "--engine", "reference", "--model", "perceptron", "--out", "run", "--data-dir", "data")
    ended = shell("train", "cifar10", *run)
    assert ended.status == 0, ended.err
    assert "cifar10" in ended.out
    ended = shell("evaluate", "run", "--data-dir", "data")
    assert ended.status == 0, ended.err
    assert "airplane" in ended.out
