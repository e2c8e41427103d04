from __future__ import annotations

import numpy as np
import pytest

from convoscope.report import classification_report
from convoscope.report.sheet import confusion_picture, mistakes_sheet


def report_with(mistakes: int, classes: int = 2) -> dict[str, object]:
    labels = np.arange(100) % classes
    answers = np.where(np.arange(100) < mistakes, (labels + 1) % classes, labels)
    return classification_report(labels, np.eye(classes)[answers], [f"class {number}" for number in range(classes)])


def test_a_sheet_shows_each_mistake_enlarged_by_a_whole_number() -> None:
    images = np.zeros((100, 28, 28), np.uint8)
    images[3] = 77
    sheet = np.asarray(mistakes_sheet(report_with(5), images, 255, "title"))
    assert sheet.shape[2] == 3
    assert (sheet == 77).all(axis=2).sum() == 140 * 140
    assert (sheet == 0).all(axis=2).sum() == 4 * 140 * 140


def test_a_sheet_takes_images_that_are_wide_high_coloured_or_large() -> None:
    for shape in ((100, 10, 40), (100, 40, 10), (100, 12, 12, 3), (100, 300, 200, 1)):
        assert mistakes_sheet(report_with(7), np.full(shape, 9, np.uint8), 16, "title").width > 900


def test_a_sheet_without_mistakes_says_so() -> None:
    sheet = mistakes_sheet(report_with(0), np.zeros((100, 8, 8), np.uint8), 16, "title")
    assert sheet.height < 200


def test_a_confusion_picture_is_green_where_the_model_is_right() -> None:
    pixels = np.asarray(confusion_picture(report_with(0, 3), "title")).reshape(-1, 3)
    green = (pixels == (26, 127, 55)).all(axis=1).sum()
    assert green > 3 * 50 * 50
    assert not ((pixels[:, 0] > 180) & (pixels[:, 1] < 100)).any()


def test_a_confusion_picture_of_many_classes_stays_of_a_size_to_look_at() -> None:
    assert confusion_picture(report_with(30, 50), "title").width < 2500


@pytest.mark.parametrize("classes", [2, 3, 5, 20])
@pytest.mark.parametrize("title", ["t", "a title that is much longer than a matrix of two classes is wide"])
def test_nothing_written_on_a_confusion_picture_is_cut_off(classes: int, title: str) -> None:
    pixels = np.asarray(confusion_picture(report_with(5, classes), title))
    assert (pixels[:, -16:] == 255).all()


def test_a_sheet_has_a_line_more_where_the_files_are_known() -> None:
    report = report_with(5)
    plain = mistakes_sheet(report, np.zeros((100, 8, 8), np.uint8), 255, "title")
    for mistake in report["worst_mistakes"]:
        mistake["file"] = f"a folder/{mistake['index']}.png"
    assert mistakes_sheet(report, np.zeros((100, 8, 8), np.uint8), 255, "title").height > plain.height
