"""Charts: what is in them is where it was measured, and does not need colour."""

from __future__ import annotations

import sys

import pytest

from convoscope.errors import NotReadyError
from convoscope.lessons.chart import Chart, Series, draw

CHART = Chart(
    "x",
    "Title",
    "Caption.",
    (Series("on test", [[90.0, 92.0], []]), Series("in training", [[93.0], [95.0]])),
    ["dense", "two convolutions of 64"],
)


def test_marks_stand_at_the_means_and_bars_reach_to_the_seeds() -> None:
    axes = draw(CHART).axes[0]
    test, training = axes.containers
    assert list(test[0].get_ydata()) == [91.0]
    assert [list(segment[:, 1]) for segment in test[2][0].get_segments()] == [[90.0, 92.0]]
    assert list(training[0].get_ydata()) == [93.0, 95.0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["dense", "two convolutions\nof 64"]


def test_series_are_told_apart_without_colour() -> None:
    lines = [container[0] for container in draw(CHART).axes[0].containers]
    assert len({line.get_marker() for line in lines}) == 2
    assert len({line.get_markerfacecolor() for line in lines}) == 2
    joined = Chart("x", "Title", "", CHART.series, [1.0, 2.0], joined=True)
    assert len({container[0].get_linestyle() for container in draw(joined).axes[0].containers}) == 2


def test_numbers_stand_to_scale() -> None:
    axes = draw(Chart("x", "Title", "", (Series("one", [[1.0], [2.0]]),), [8.0, 64.0], logarithmic=True)).axes[0]
    assert list(axes.containers[0][0].get_xdata()) == [8.0, 64.0]
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["8", "64"]


def test_nothing_to_draw_is_known() -> None:
    assert not CHART.is_empty
    assert Chart("x", "", "", (Series("one", [[], []]),), ["a", "b"]).is_empty


def test_without_matplotlib_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(NotReadyError, match=r"convoscope\[plots\]"):
        draw(CHART)
