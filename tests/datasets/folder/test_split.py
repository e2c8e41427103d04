"""Images that are left out, and those whose part is known already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convoscope.datasets import FolderDataset
from convoscope.errors import ConfigurationError

Load = Callable[..., FolderDataset]


def noise(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, name in enumerate(("a", "b")):
        for index in range(20):
            noise(tmp_path / "photos" / name / f"{index}.png", seed=100 * number + index)
    return tmp_path / "photos"


def test_excluded_files_leave_the_others_where_they_are(load: Load, root: Path) -> None:
    whole = load(root)
    left = {whole.train_files[0], whole.test_files[0]}
    found = load(root, exclude=left)
    assert found.split() == {name: part for name, part in whole.split().items() if name not in left}
    assert {name: found.report.skipped[name] for name in left} == dict.fromkeys(left, "excluded, as you asked")


def test_known_parts_stay_and_new_files_are_drawn(load: Load, root: Path) -> None:
    before = load(root, seed=4)
    for number, name in enumerate(("a", "b", "c")):
        for index in range(20):
            noise(root / name / f"new{index}.png", seed=1_000 + 100 * number + index)
    copied = root / before.test_files[0]
    copied.with_name("copy.png").write_bytes(copied.read_bytes())
    after = load(root, seed=4, split=before.split())
    assert before.split().items() <= after.split().items()
    assert after.class_names == ("a", "b", "c")
    assert next(part for name, part in after.split().items() if name.endswith("copy.png")) == "test"
    new = [part for name, part in after.split().items() if "new" in name]
    assert (new.count("validation"), new.count("test")) == (6, 6)


def test_another_part_is_none(load: Load, root: Path) -> None:
    with pytest.raises(ConfigurationError, match="'train', 'validation' or 'test', but maps 'x' to 'best'"):
        load(root, split={"x": "best"})
