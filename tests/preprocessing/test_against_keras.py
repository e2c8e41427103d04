"""Images changed, read and resized as Keras does it: ``tools/make_preprocessing_values.py`` kept its answers."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from convoscope.preprocessing import image

from . import cases

with np.load(Path(__file__).parent / "keras_values.npz") as _file:
    VALUES = dict(_file)


def check(group: str, found: cases.Answers, most: float) -> None:
    """Compare the answers to a group of questions: shapes and types too, and that none is missing."""
    assert sorted(f"{group} | {name}" for name in found) == sorted(name for name in VALUES if name.startswith(group))
    for name, value in found.items():
        expected = VALUES[f"{group} | {name}"]
        assert (np.shape(value), value.dtype) == (expected.shape, expected.dtype), name
        if expected.dtype.kind == "U":
            assert value.tolist() == expected.tolist(), name
        else:
            np.testing.assert_allclose(value, expected, rtol=2e-6, atol=most, err_msg=name)


def test_one_image_is_changed_to_the_same_values() -> None:
    check("changes", cases.ask_changes(image), 2e-5)


def test_the_same_seed_draws_the_same_batches() -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="samplewise_std")
        check("flows", cases.ask_flows(image), 2e-5)


def test_means_spreads_and_whitening_are_the_same() -> None:
    check("fitted", cases.ask_fitted(image), 2e-4)


def test_a_folder_gives_the_same_files_labels_and_pixels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases.make_folder(tmp_path)
    check("folders", cases.ask_folders(image, tmp_path), 0)
    assert capsys.readouterr().out.splitlines()[0] == "Found 19 images belonging to 3 classes."


def test_a_table_gives_the_same_files_labels_and_pixels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = cases.make_folder(tmp_path)
    with pytest.warns(
        UserWarning, match="1 row of the table is left out: no image exists under the name in column 'filename'"
    ):
        found = cases.ask_tables(image, tmp_path, table)
    check("tables", found, 0)
    assert capsys.readouterr().out.splitlines()[0] == "Found 19 validated image filenames belonging to 3 classes."


def test_resized_images_are_the_same() -> None:
    check("resized", cases.ask_resized(image), 1e-3)
