"""What is in the figures: the values that were measured, not pixels."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convoscope as cs
from convoscope import plots
from convoscope.errors import ConfigurationError, DataError, MissingFileError, NotReadyError, StorageError

pytestmark = pytest.mark.long

HISTORY = {
    "loss": [0.9, 0.5, 0.3, 0.2],
    "accuracy": [0.6, 0.8, 0.9, 0.95],
    "val_loss": [1.0, 0.7, 0.6, 0.65],
    "val_accuracy": [0.55, 0.7, 0.8, 0.82],
}


def lines(axes: Any) -> dict[str, list[list[float]]]:
    return {line.get_label(): line.get_xydata().tolist() for line in axes.lines}


def pairs(values: list[float], scale: float = 1.0, every: int = 1) -> list[list[float]]:
    return [[every * index, pytest.approx(scale * value)] for index, value in enumerate(values, 1)]


def epochs(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]


# ---- curves


def test_curves_are_the_history() -> None:
    loss, accuracy = plots.curves(HISTORY).axes
    assert lines(loss) == {"training": pairs(HISTORY["loss"]), "validation": pairs(HISTORY["val_loss"])}
    assert lines(accuracy) == {
        "training": pairs(HISTORY["accuracy"], 100),
        "validation": pairs(HISTORY["val_accuracy"], 100),
    }
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy, %")


def test_the_gap_is_told_and_filled() -> None:
    loss, accuracy = plots.curves(HISTORY).axes
    assert accuracy.get_title(loc="left") == "gap +13.00 points"
    assert loss.get_title(loc="left") == "gap -0.45"
    (gap,) = accuracy.collections
    corners = gap.get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(55)
    assert corners[:, 1].max() == pytest.approx(95)


def test_training_and_validation_differ_without_colour() -> None:
    for axes in plots.curves(HISTORY).axes:
        training, validation = axes.lines
        assert training.get_linestyle() != validation.get_linestyle()
        assert training.get_markerfacecolor() == "white"
        assert lightness(training.get_color()) - lightness(validation.get_color()) > 0.2


def test_curves_come_from_what_fit_returns_from_the_model_and_from_a_run(run: Path) -> None:
    model = cs.Sequential([cs.layers.Dense(2, activation="softmax", input_shape=(3,))])
    model.compile(loss="sparse_categorical_crossentropy")
    history = model.fit(np.eye(3), [0, 1, 0], epochs=2, verbose=0)
    for source in (history, model, history.history):
        (axes,) = plots.curves(source).axes
        assert lines(axes) == {"training": pairs(history.history["loss"])}
    loss, accuracy = plots.curves(run).axes
    assert lines(loss)["validation"] == pairs([epoch["val_loss"] for epoch in epochs(run)])
    assert lines(accuracy)["training"] == pairs([epoch["accuracy"] for epoch in epochs(run)], 100)


def test_what_was_validated_every_second_epoch_is_drawn_there() -> None:
    (axes,) = plots.curves({"loss": [4.0, 3.0, 2.0, 1.0], "val_loss": [3.5, 2.5]}).axes
    assert lines(axes)["validation"] == pairs([3.5, 2.5], every=2)
    assert axes.get_title(loc="left") == "gap -1.5"


def test_many_epochs_have_no_mark_each() -> None:
    (axes,) = plots.curves({"loss": list(np.linspace(2, 1, 100))}).axes
    assert axes.lines[0].get_marker() == ""


@pytest.mark.parametrize(("source", "said"), [({}, "no complete epoch"), ([], "no complete epoch")])
def test_a_history_without_an_epoch_is_said_to_be_one(source: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        plots.curves(source)


def test_what_is_no_history_is_refused_and_a_run_that_is_not_there_missed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"history must be .* but is a int"):
        plots.curves(3)
    with pytest.raises(MissingFileError, match="There is no run"):
        plots.curves(tmp_path / "nothing")


# ---- classes

MATRIX = np.array([[8, 2, 0], [1, 9, 0], [4, 1, 0]])


def test_a_confusion_matrix_has_its_counts_in_the_cells() -> None:
    (axes,) = plots.confusion(MATRIX, ["a", "b", "c"]).axes
    assert np.allclose(axes.images[0].get_array(), MATRIX / [[10], [10], [5]])
    assert [text.get_text() for text in axes.texts] == ["8", "2", "1", "9", "4", "1"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_numbers_in_dark_cells_are_light() -> None:
    (axes,) = plots.confusion(MATRIX).axes
    assert [text.get_color() == "white" for text in axes.texts] == [True, False, False, True, True, False]


def test_a_run_has_the_confusion_matrix_of_its_report(run: Path) -> None:
    report = json.loads((run / "report.json").read_text())
    counts = np.array(report["confusion_matrix"])
    for source in (run, report):
        (axes,) = plots.confusion(source).axes
        assert np.allclose(axes.images[0].get_array(), counts / counts.sum(axis=1, keepdims=True))
    (axes,) = plots.confusion(cs.explore.Confusion(MATRIX, ("a", "b", "c"))).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]


def test_what_is_no_confusion_matrix_is_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(2, 3\)"):
        plots.confusion(np.ones((2, 3)))
    with pytest.raises(DataError, match="3 classes, but there are 2 names"):
        plots.confusion(MATRIX, ["a", "b"])


def test_each_class_has_the_precision_recall_and_f1_of_the_report(run: Path) -> None:
    classes = json.loads((run / "report.json").read_text())["classes"]
    (axes,) = plots.per_class(run).axes
    widths = [bar.get_width() for bar in axes.patches]
    for name, shown in (("precision", widths[:10]), ("recall", widths[10:])):
        assert shown == pytest.approx([100 * row[name] for row in classes])
    marks = next(line for line in axes.lines if line.get_label() == "F1")
    assert marks.get_xdata() == pytest.approx([100 * row["f1"] for row in classes])
    assert axes.get_yticklabels()[3].get_text() == f"3 ({classes[3]['support']})"


def test_a_class_that_is_never_answered_has_nothing() -> None:
    (axes,) = plots.per_class(MATRIX).axes
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([800 / 13, 75, 0, 80, 90, 0])
    assert {bar.get_hatch() for bar in axes.patches} == {None, "////"}


# ---- accuracy against time


def test_accuracy_is_drawn_over_the_seconds_so_far(run: Path) -> None:
    (axes,) = plots.accuracy_against_time(run).axes
    told = epochs(run)
    spent = np.cumsum([epoch["seconds"] for epoch in told])
    expected = [
        [pytest.approx(s), pytest.approx(100 * epoch["val_accuracy"])] for s, epoch in zip(spent, told, strict=True)
    ]
    assert lines(axes) == {"first": expected}
    assert axes.get_ylabel() == "accuracy in validation, %"


def test_several_runs_have_lines_that_differ_without_colour(run: Path) -> None:
    other = {"seconds": [1.0, 1.0], "accuracy": [0.5, 0.6]}
    (axes,) = plots.accuracy_against_time(run, other, other, labels=["a", "b", "c"]).axes
    assert axes.get_ylabel() == "accuracy in training, %"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b", "c"]
    assert len({(line.get_marker(), line.get_linestyle()) for line in axes.lines}) == 3


def test_a_history_without_seconds_is_refused_with_what_has_them() -> None:
    with pytest.raises(ConfigurationError, match=r"has no seconds.*The folder of a run has both"):
        plots.accuracy_against_time(HISTORY)
    with pytest.raises(ConfigurationError, match="needs at least one run"):
        plots.accuracy_against_time()


# ---- images


def test_mistakes_of_a_run_are_those_of_its_report(run: Path) -> None:
    report = json.loads((run / "report.json").read_text())
    x_test = cs.datasets.load("digits").x_test
    figure = plots.mistakes(run, count=5)
    assert figure.get_suptitle() == f"{report['mistakes']} mistakes"
    for axes, mistake in zip(figure.axes, report["worst_mistakes"][:5], strict=False):
        said = f"{mistake['true']}\n→ {mistake['predicted']} ({mistake['probability']:.0%})"
        assert axes.get_title() == said
        assert np.array_equal(axes.images[0].get_array(), x_test[mistake["index"]])


def test_mistakes_of_a_model_are_what_explore_finds(run: Path) -> None:
    data = cs.datasets.load("digits")
    model = cs.load_model(run / "model.safetensors")
    x = data.x_test[..., None]
    found = cs.explore.mistakes(model, x, data.y_test, 4)
    for figure in (plots.mistakes(model, x, data.y_test, count=4), plots.mistakes(found)):
        shown = [axes.images[0].get_array() for axes in figure.axes if axes.images]
        assert np.array_equal(shown, found.images[..., 0])
    with pytest.raises(ConfigurationError, match="images and labels"):
        plots.mistakes(model)


def test_filters_are_the_kernels_and_dashes_are_where_they_take_away(run: Path) -> None:
    model = cs.load_model(run / "model.safetensors")
    kernel = next(layer for layer in model.layers if isinstance(layer, cs.layers.Conv2D)).get_weights()[0]
    for figure in (plots.filters(run), plots.filters(model), plots.filters(kernel)):
        assert len(figure.axes) == 4
        for index, axes in enumerate(figure.axes):
            shown = kernel[:, :, 0, index]
            assert np.array_equal(axes.images[0].get_array(), shown)
            columns, rows = axes.lines[0].get_data()
            marked = np.zeros((3, 3), bool)
            marked[np.asarray(rows, int), np.asarray(columns, int)] = True
            assert np.array_equal(marked, shown < 0)


def test_maps_are_what_the_layers_make_of_the_first_image(run: Path) -> None:
    model = cs.load_model(run / "model.safetensors")
    x = cs.datasets.load("digits").x_test[:1, ..., None]
    names = [layer.name for layer in model.layers if len(layer.output_shape) == 4]
    found = cs.explore.activations(model, x, names)
    for figure in (plots.maps(run), plots.maps(model, x), plots.maps(model, x[0]), plots.maps(found)):
        rows = np.array(figure.axes).reshape(len(names) + 1, 8)
        assert np.array_equal(rows[0, 0].images[0].get_array(), x[0, ..., 0])
        for row, name in zip(rows[1:], names, strict=True):
            for axes, shown in zip(row, np.moveaxis(found[name][0], -1, 0), strict=False):
                assert np.array_equal(axes.images[0].get_array(), shown)


def test_faithfulness_is_drawn_of_a_run_a_model_and_what_explore_found(run: Path) -> None:
    model, x = cs.load_model(run / "model.safetensors"), cs.datasets.load("digits").x_test[:2, ..., None]
    found = cs.explore.faithfulness(model, x, cascade=True)
    for figure in (plots.faithfulness(run, count=2), plots.faithfulness(model, x), plots.faithfulness(found)):
        titles = [axes.get_title(loc="left") for axes in figure.axes]
        assert titles[0] == f"Deletion: area {found.auc.deletion.mean():.3f}, by chance {found.auc.random.mean():.3f}"
        assert np.array_equal(figure.axes[1].lines[1].get_ydata(), found.insertion.mean(axis=0))
    with pytest.raises(ConfigurationError, match="needs images"):
        plots.faithfulness(model)


def test_what_has_no_maps_or_kernels_is_refused() -> None:
    model = cs.Sequential([cs.layers.Dense(2, input_shape=(3,))])
    with pytest.raises(ConfigurationError, match="No layer of this model has feature maps"):
        plots.maps(model, np.ones((1, 3)))
    with pytest.raises(ConfigurationError, match="needs an image"):
        plots.maps(model)
    with pytest.raises(ConfigurationError, match="but got a tuple"):
        plots.maps((1, 2))
    with pytest.raises(DataError, match=r"shape \(3, 3\)"):
        plots.filters(np.ones((3, 3)))


# ---- files


def test_a_figure_is_written_as_png_and_svg_the_same_each_time(tmp_path: Path) -> None:
    plots.curves(HISTORY, out=tmp_path / "new" / "curves.png")
    assert Counter(path.name for path in (tmp_path / "new").iterdir()) == Counter(["curves.png", "curves.svg"])
    assert np.asarray(Image.open(tmp_path / "new" / "curves.png").convert("L")).min() < 80
    first = (tmp_path / "new" / "curves.svg").read_text()
    assert first.lstrip().startswith("<?xml")
    plots.curves(HISTORY, out=tmp_path / "new" / "curves")
    assert (tmp_path / "new" / "curves.svg").read_text() == first


def test_a_name_with_a_point_keeps_it(tmp_path: Path) -> None:
    plots.curves(HISTORY, out=tmp_path / "rate-0.001")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rate-0.001.png", "rate-0.001.svg"]


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be created"):
        plots.curves(HISTORY, out=tmp_path / "file" / "curves")


def test_without_matplotlib_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(NotReadyError, match=r"pip install 'convoscope\[plots\]'"):
        plots.curves(HISTORY)


def test_all_figures_of_a_run_are_written(run: Path, tmp_path: Path) -> None:
    drawn = plots.draw_run(run, tmp_path / "figures", ["faithfulness"])
    names = ("curves", "accuracy-time", "confusion", "per-class", "mistakes", "filters", "maps", "faithfulness")
    assert [path.name for path in drawn.files] == [f"{name}.{form}" for name in names for form in ("png", "svg")]
    assert all(path.is_file() for path in drawn.files)
    assert drawn.missing == {}


def test_of_a_run_that_has_not_ended_there_is_what_there_can_be(run: Path, tmp_path: Path) -> None:
    young = tmp_path / "young"
    young.mkdir()
    for name in ("config.json", "history.jsonl"):
        (young / name).write_bytes((run / name).read_bytes())
    drawn = plots.draw_run(young)
    assert {path.name for path in drawn.files} == {
        f"{name}.{form}" for name in ("curves", "accuracy-time") for form in ("png", "svg")
    }
    assert {path.parent for path in drawn.files} == {young / "plots"}
    assert set(drawn.missing) == {"confusion", "per-class", "mistakes", "filters", "maps"}
    assert "train --resume" in drawn.missing["confusion"]


def lightness(colour: str) -> float:
    """The share of white that a grey printer makes of a colour."""
    from matplotlib.colors import to_rgb

    return float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114)))
