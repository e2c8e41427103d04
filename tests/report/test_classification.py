from __future__ import annotations

import json

import numpy as np
import pytest

from convoscope.errors import DataError, ShapeError
from convoscope.report import classification_report

TRUE = [0, 1, 2, 3, 1, 2, 2, 0, 1, 3, 3, 2, 1, 0, 2]
SAID = [0, 2, 2, 1, 1, 2, 0, 0, 1, 1, 2, 2, 1, 2, 2]
NAMES = ["ant", "bee", "cat", "dog"]


def sure(answers: list[int], classes: int = 4) -> np.ndarray:
    return np.eye(classes)[answers] * 0.7 + 0.3 / classes


def test_the_numbers_are_those_of_scikit_learn() -> None:
    report = classification_report(TRUE, sure(SAID), NAMES)
    # confusion_matrix and precision_recall_fscore_support of scikit-learn 1.9 with zero_division=0
    assert report["confusion_matrix"] == [[2, 0, 1, 0], [0, 3, 1, 0], [1, 0, 4, 0], [0, 2, 1, 0]]
    rows = report["classes"]
    assert [row["precision"] for row in rows] == pytest.approx([2 / 3, 0.6, 4 / 7, 0])
    assert [row["recall"] for row in rows] == pytest.approx([2 / 3, 0.75, 0.8, 0])
    assert [row["f1"] for row in rows] == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0])
    assert [row["support"] for row in rows] == [3, 4, 5, 3]
    assert report["accuracy"] == pytest.approx(9 / 15)
    assert (report["images"], report["mistakes"]) == (15, 6)


def test_the_worst_mistakes_are_those_that_the_model_was_surest_of() -> None:
    probabilities = [[0.6, 0.4], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]]
    worst = classification_report([1, 1, 0, 1, 1], probabilities, ["no", "yes"])["worst_mistakes"]
    assert [mistake["index"] for mistake in worst] == [2, 3, 0]
    assert worst[0] == {"index": 2, "true": 0, "predicted": 1, "probability": 0.8, "true_probability": 0.2}


def test_of_equally_sure_mistakes_the_first_comes_first_and_no_more_than_asked_for() -> None:
    worst = classification_report([1] * 40, sure([0] * 40, 2), ["a", "b"], worst=3)["worst_mistakes"]
    assert [mistake["index"] for mistake in worst] == [0, 1, 2]


def test_a_report_is_plain_values_that_json_takes() -> None:
    report = classification_report(np.array(TRUE, np.uint8), sure(SAID).astype(np.float32), NAMES)
    assert json.loads(json.dumps(report)) == report


def test_a_label_without_a_class_is_refused_by_its_place() -> None:
    with pytest.raises(DataError, match=r"index 2 is 4.*0 to 3"):
        classification_report([0, 1, 4], sure([0, 1, 2]), NAMES)


def test_probabilities_of_another_number_of_classes_are_refused() -> None:
    with pytest.raises(ShapeError, match="4 classes"):
        classification_report([0, 1], sure([0, 1], 3), NAMES)


def test_no_images_make_no_report() -> None:
    with pytest.raises(DataError, match="at least one image"):
        classification_report([], np.zeros((0, 4)), NAMES)


def test_mistakes_carry_the_files_that_were_given() -> None:
    report = classification_report([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], ["a", "b"], files=["x", "y", "z"])
    assert [mistake["file"] for mistake in report["worst_mistakes"]] == ["z"]
    with pytest.raises(ShapeError, match="one file for each of the 3 images, but there are 1"):
        classification_report([0, 1, 1], np.eye(2)[[0, 1, 1]], ["a", "b"], files=["x"])
