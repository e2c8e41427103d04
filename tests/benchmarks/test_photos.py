"""The benchmark of photos: its splits, its measures, and what it makes of samples."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import __main__ as command_line, photo_splits
from benchmarks.environments import ROOT
from benchmarks.parts import photos
from benchmarks.photo_measures import bins, calibration_error, interval
from benchmarks.results import Result
from benchmarks.runner import Options

CLASSES = ("ants", "bees")
EACH = 12


def picture(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize((60, 60), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of twelve photos; the first two of each are one picture, that of the ants saved smaller."""
    for number, name in enumerate(CLASSES):
        (tmp_path / "set" / name).mkdir(parents=True)
        for index in range(EACH):
            picture(100 * number + max(index, 1)).save(tmp_path / "set" / name / f"{index}.png")
    picture(1).resize((40, 40)).save(tmp_path / "set" / "ants" / "0.jpg", quality=60)
    (tmp_path / "set" / "ants" / "0.png").unlink()
    return tmp_path / "set"


def options(folder: Path, **changes: Any) -> Options:
    given = Options(rounds=1, seeds=2, quick=False, threads=1, data_dir=None, pythons={}, folders=[folder])
    return replace(given, **changes)


def test_a_photo_and_its_smaller_copy_are_one_group_and_no_others_are(folder: Path) -> None:
    found = photo_splits.read(folder)
    alike = [file.name for file, group in zip(found.files, found.groups, strict=True) if found.groups.count(group) > 1]
    assert alike == ["0.jpg", "1.png", "0.png", "1.png"]
    assert len(set(found.groups)) == 2 * EACH - 2


def test_a_split_holds_a_quarter_of_each_class_out_and_tears_no_copies_apart(folder: Path) -> None:
    found = photo_splits.read(folder)
    group_of = dict(zip(found.files, found.groups, strict=True))
    for number in range(1, 9):
        chosen = photo_splits.split(found, number, None)
        assert len(chosen.train) + len(chosen.test) == 2 * EACH
        trained, tested = ({group_of[file] for file, _ in part} for part in (chosen.train, chosen.test))
        assert not trained & tested
        for name in CLASSES:
            assert sum(label == name for _, label in chosen.test) in (3, 4)
        assert all(file.parent.name == label for file, label in (*chosen.train, *chosen.test))


def test_fewer_photos_are_among_more_and_the_tested_stay(folder: Path) -> None:
    found = photo_splits.read(folder)
    few, more, again = (photo_splits.split(found, 1, size) for size in (2, 5, 5))
    assert more == again
    assert set(few.train) < set(more.train)
    assert few.test == more.test
    assert [label for _, label in few.train] == ["ants"] * 2 + ["bees"] * 2
    assert photo_splits.split(found, 2, 5).test != more.test


def test_parts_are_put_together_and_a_folder_without_classes_is_told_of(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "parts" / "train").mkdir(parents=True)
    folder.rename(tmp_path / "parts" / "val")
    (tmp_path / "parts" / "train" / "ants").mkdir()
    picture(999).save(tmp_path / "parts" / "train" / "ants" / "0.jpg")
    assert len(photo_splits.read(tmp_path / "parts").files) == 2 * EACH + 1
    with pytest.raises(FileNotFoundError, match="two or more classes"):
        photo_splits.read(tmp_path / "parts" / "train")


def test_students_t_is_that_of_its_density() -> None:
    x = np.linspace(0, 400, 4_000_001)
    for count in (2, 3, 10, 31):
        freedom = count - 1
        values = [0.0] * (count - 1) + [1.0]
        half = interval(values, 0.0)[1]
        t = half / math.sqrt(np.var(values, ddof=1) / count)
        constant = math.gamma((freedom + 1) / 2) / (math.sqrt(freedom * math.pi) * math.gamma(freedom / 2))
        density = constant * (1 + x**2 / freedom) ** (-(freedom + 1) / 2)
        inside = 2 * float(np.sum(density[x <= t])) * 1e-4 - constant * 1e-4
        assert inside == pytest.approx(0.95, abs=2e-4)


def test_an_interval_is_wider_where_splits_overlap() -> None:
    plain, overlapping = (interval([0.8, 0.9, 1.0], tested)[1] for tested in (0.0, 1 / 3))
    assert overlapping == pytest.approx(plain * math.sqrt(2))
    assert math.isnan(interval([0.8], 1 / 3)[1])


def test_the_calibration_error_is_the_mean_gap_by_bin() -> None:
    generator = np.random.default_rng(3)
    confidences = generator.uniform(0.3, 1, 400)
    right = generator.random(400) < 0.6
    samples = [bins(confidences[part], right[part]) for part in (slice(0, 150), slice(150, 400))]
    expected = 0.0
    for low in range(15):
        chosen = (confidences > low / 15) & (confidences <= (low + 1) / 15)
        if chosen.any():
            expected += chosen.mean() * abs(confidences[chosen].mean() - right[chosen].mean())
    assert calibration_error(samples) == pytest.approx(expected, abs=1e-6)


def test_contestants_get_the_same_photos(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "FOLDER", tmp_path / "work")
    first, second = photos.rounds(options(folder))
    assert len(first) == len(second) == 4 * 3 + 2
    own, scratch, reference = first[:3]
    assert own.job["folder"] == scratch.job["folder"] == reference.job["split"].removesuffix(".json")
    assert scratch.job["options"] == ["--seed", "1", "--backbone", "none"]
    laid_out = Path(own.job["folder"])
    listed = json.loads(Path(reference.job["split"]).read_text())
    for part in ("train", "test"):
        linked = sorted(str(link.resolve()) for link in (laid_out / part).glob("*/*"))
        assert linked == sorted(file for file, _ in listed[part])
    assert second[0].job["folder"] != own.job["folder"]
    for each in first:
        assert (ROOT / "benchmarks" / "programs" / f"{each.program}.py").exists()
        assert each.environment in photos.PART.environments
        assert json.loads(json.dumps(each.job)) == each.job
    assert {each.row for each in photos.rounds(options(folder, rows=["swapped"]))[0]} == {"set, 5 % swapped"}


def test_swapped_photos_lie_in_another_folder_under_the_name_that_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "FOLDER", tmp_path / "work")
    job = photos.rounds(options(folder, rows=["swapped"]))[0][0].job
    linked = list(Path(job["folder"], "train").glob("*/*"))
    moved = [link.name for link in linked if link.resolve().parent.name != link.parent.name]
    assert moved == job["swapped"]
    assert len(moved) == round(0.05 * len(linked))


def test_the_table_pairs_splits() -> None:
    def sample(peer: str, split: int, accuracy: float) -> dict[str, Any]:
        found = {"accuracy": accuracy, "seconds": 2.0, "bins": bins([0.9], [True]), "load": 0.1}
        return {"row": "set, 5 a class", "peer": peer, "round": split, **found}

    samples = [sample(photos.OWN, split, 0.8 + 0.01 * split) for split in (1, 2, 3)]
    samples += [sample(photos.REFERENCE, split, 0.7 + 0.01 * split) for split in (1, 2)]
    samples[0] |= {"refused": 0.875}
    samples.append(
        {"row": "set, swapped", "peer": photos.OWN, "round": 1, "recall": 0.75, "precision": 0.8, "load": 0.1}
    )
    text = photos.section(Result("photos", "now", {}, {"rounds": 3}, samples)).text
    assert "| set, 5 a class: PyTorch + scikit-learn | 71.5 ± " in text
    assert "| 10.0 ± 0.0 |" in text
    assert "| 87.5 | – |" in text
    assert "| set, swapped | 75.0 | 80.0 |" in text


def test_photos_need_folders(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command_line.main(["photos"])
    assert "photos needs --folders" in capsys.readouterr().err
