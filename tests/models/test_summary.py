"""The summary: Keras' table to the digit, and the journey, arithmetic and cost of the lessons' networks."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, NotReadyError
from convoscope.layers import (
    Add,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    LeakyReLU,
    MaxPooling2D,
    ReLU,
    UpSampling2D,
)
from convoscope.models import Model, Sequential
from convoscope.models.summary import summarize
from convoscope.models.summary_text import table

# Written by tools/make_keras_tables.py with Keras itself.
KERAS = json.loads(Path(__file__).with_name("keras_tables.json").read_text())


def two_convolutions() -> list[Layer]:
    return [
        Conv2D(64, (3, 3), activation="relu"),
        MaxPooling2D(2, 2),
        Conv2D(64, (3, 3), activation="relu"),
        MaxPooling2D(2, 2),
        Flatten(),
        Dense(128, activation="relu"),
        Dense(10, activation="softmax"),
    ]


def one_convolution() -> list[Layer]:
    return [
        Conv2D(32, (3, 3), activation="relu"),
        MaxPooling2D(2, 2),
        Flatten(),
        Dense(128, activation="relu"),
        Dense(10, activation="softmax"),
    ]


def odd_ones() -> list[Layer]:
    return [
        Conv2D(64, 3, use_bias=False, trainable=False),
        BatchNormalization(name="a_name_so_long_that_it_fits_in_no_column_of_the_table_whatever_its_width"),
        ReLU(),
        LeakyReLU(),
        GlobalAveragePooling2D(),
        Dense(30000),
    ]


NETWORKS = {make.__name__: make for make in (two_convolutions, one_convolution, odd_ones)}


def network(name: str) -> Sequential:
    return Sequential([Input((28, 28, 1)), *NETWORKS[name]()])


def printed(model: Sequential, **options: object) -> str:
    pieces: list[str] = []
    model.summary(print_fn=pieces.append, **options)  # type: ignore[arg-type]
    (text,) = pieces
    return text


@pytest.mark.parametrize("case", [case for case in KERAS if case != "keras"])
def test_the_table_is_kerass_to_the_character(case: str) -> None:
    name, width = case.split()
    lines = table(summarize(network(name)), int(width)).split("\n")
    assert [line.rstrip() for line in lines] == KERAS[case]


def test_the_lessons_networks_have_the_numbers_that_the_lessons_show() -> None:
    two = summarize(network("two_convolutions"))
    assert [(row.shape, row.params) for row in two.rows] == [
        ((26, 26, 64), 640),
        ((13, 13, 64), 0),
        ((11, 11, 64), 36_928),
        ((5, 5, 64), 0),
        ((1600,), 0),
        ((128,), 204_928),
        ((10,), 1_290),
    ]
    assert two.params == 243_786
    one = summarize(network("one_convolution"))
    assert [(row.values, row.params) for row in one.rows] == [
        (26 * 26 * 32, 320),
        (13 * 13 * 32, 0),
        (5_408, 0),
        (128, 692_352),
        (10, 1_290),
    ]
    assert one.params == 693_962


def test_training_changes_nothing_in_the_summary() -> None:
    model = network("one_convolution")
    before = printed(model)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.zeros((2, 28, 28, 1), np.float32), np.array([0, 1]), verbose=0)
    assert printed(model) == before
    assert "Total params: 693,962 (2.65 MB)" in before


def test_frozen_layers_count_as_not_trainable() -> None:
    model = network("two_convolutions")
    model.layers[0].trainable = False
    summary = summarize(model)
    assert (summary.params, summary.trainable_params, summary.non_trainable_params) == (243_786, 243_146, 640)


def test_parameters_are_spelled_out() -> None:
    rows = summarize(network("two_convolutions")).rows
    assert rows[0].arithmetic == "3×3×1×64 + 64"
    assert rows[2].arithmetic == "3×3×64×64 + 64"
    assert rows[5].arithmetic == "1600×128 + 128"
    for row in (*rows, *summarize(network("odd_ones")).rows):
        products = [np.prod([int(n) for n in term.split("×")]) for term in row.arithmetic.split(" + ") if term]
        assert sum(products) == row.params


def test_multiply_adds_are_those_of_a_loop_written_out() -> None:
    rows = summarize(network("two_convolutions")).rows
    # Positions × filters × kernel cells × channels, by hand.
    assert [row.multiply_adds for row in rows] == [
        26 * 26 * 64 * 9 * 1,
        0,
        11 * 11 * 64 * 9 * 64,
        0,
        0,
        1600 * 128,
        128 * 10,
    ]
    model = Sequential([Conv2D(6, (2, 3), strides=2, padding="same", input_shape=(9, 7, 5)), Dense(4)])
    convolution, dense = summarize(model).rows
    assert convolution.shape == (5, 4, 6)
    assert (convolution.multiply_adds, dense.multiply_adds) == (5 * 4 * 6 * 2 * 3 * 5, 5 * 4 * 6 * 4)


def test_a_transposed_convolution_multiplies_each_input_with_each_kernel_cell_and_filter() -> None:
    model = Sequential([Conv2DTranspose(6, (2, 3), strides=2, padding="same", input_shape=(5, 4, 7)), UpSampling2D()])
    painted, larger = summarize(model).rows
    assert (painted.shape, larger.shape) == ((10, 8, 6), (20, 16, 6))
    assert painted.arithmetic == "2×3×6×7 + 6"
    assert (painted.multiply_adds, larger.multiply_adds) == (5 * 4 * 7 * 2 * 3 * 6, 0)


def test_the_journey_shows_each_size_with_a_bar_of_its_width() -> None:
    text = printed(network("two_convolutions"), details=True)
    assert "28×28×1 → 26×26×64 → 13×13×64 → 11×11×64 → 5×5×64 → 1600 → 128 → 10" in text
    bars = {line.split()[0]: line.count("█") for line in text.split("\n") if line.endswith("values")}
    assert bars == {
        "input": 28,
        "conv2d": 26,
        "max_pooling2d": 13,
        "conv2d_1": 11,
        "max_pooling2d_1": 5,
        "flatten": 0,
        "dense": 0,
        "dense_1": 0,
    }
    assert "1600×128 + 128 = 204,928" in text
    assert "26×26 of 28×28" in text


def test_a_large_image_gets_bars_that_fit() -> None:
    text = printed(Sequential([MaxPooling2D(input_shape=(300, 300, 3)), MaxPooling2D()]), details=True)
    assert max(line.count("█") for line in text.split("\n")) == 28
    assert max(map(len, text.split("\n"))) <= 88


def test_a_network_without_an_image_has_a_journey_too() -> None:
    text = printed(Sequential([Dense(3, input_shape=(4,)), Dense(2)]), details=True)
    assert "4 → 3 → 2" in text
    assert "whole input" in text


def test_a_summary_is_as_wide_as_the_terminal_up_to_kerass_88(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, width in ((20, 50), (60, 56), (80, 76), (200, 88)):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert len(printed(network("two_convolutions")).split("\n")[1]) == width
    assert len(printed(network("two_convolutions"), line_length=44).split("\n")[1]) == 44
    with pytest.raises(ConfigurationError, match="at least 30 characters, but line_length is 12"):
        printed(network("two_convolutions"), line_length=12)


def test_the_text_has_no_colours_and_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    model = network("two_convolutions")
    model.summary()
    text = capsys.readouterr().out
    assert text == printed(model) + "\n"
    assert "\x1b" not in text


def test_an_output_that_cannot_show_boxes_gets_plain_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding in ("ascii", "latin-1", "cp1252"):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, newline="\n"))
        model = Sequential([Dense(3, input_shape=(4,), name="größe_層")])
        model.summary(details=True)
        sys.stdout.flush()
        text = raw.getvalue().decode(encoding)
        assert "| Layer (type)" in text
        assert "4 -> 3" in text


def test_a_model_that_is_not_built_says_what_to_do() -> None:
    with pytest.raises(NotReadyError, match=r"has not been built yet.*call fit\(\) with some data"):
        Sequential([Dense(3)]).summary()


# ---- graphs: the table is held to Keras' in test_functional_networks.py


def two_branches() -> Model:
    image, known = Input((9, 9, 1), name="image"), Input((3,), name="known")
    x = Conv2D(4, 3, name="first")(image)
    y = Conv2D(4, 3, padding="same", name="second")(x)
    x = GlobalAveragePooling2D(name="mean")(Add(name="sum")([x, y]))
    return Model([image, known], Dense(2, name="kind")(Concatenate(name="all")([x, known])), name="two")


def test_the_details_of_a_graph_have_no_second_line_for_an_input_and_say_what_joins() -> None:
    text = printed(two_branches(), details=True, line_length=88)
    journey = text.split("The journey of an image\n")[1].split("\n\n")[0].split("\n")
    names = [line.split()[0] for line in journey]
    assert sorted(name for name in names if name != "←") == sorted(
        ["image", "first", "second", "sum", "mean", "known", "all", "kind"]
    )
    assert journey[names.index("sum") + 1].strip() == "← first, second"
    assert journey[names.index("all") + 1].strip() == "← mean, known"
    assert " → " not in "".join(journey)
    costs = text.split("What each layer sees, learns and costs\n")[1]
    assert "image: 5×5" in next(line for line in costs.split("\n") if line.startswith("  sum"))
    assert "known: 1 " in next(line for line in costs.split("\n") if line.startswith("  all"))
    assert "known: whole input" in next(line for line in costs.split("\n") if line.startswith("  kind"))
    assert not any(line.startswith(("  image ", "  known ")) for line in costs.split("\n"))


def test_a_chain_between_symbols_has_the_details_of_a_stack() -> None:
    inputs = Input((9, 9, 1))
    text = printed(Model(inputs, Flatten()(Conv2D(2, 3)(inputs))), details=True)
    assert "9×9×1 → 7×7×2 → 98" in text
    assert "Connected to" not in text
    assert text.count("input_layer ") == 2  # in the table, and where the journey begins


def test_a_model_within_counts_as_one_layer_with_all_that_it_costs() -> None:
    inner_input = Input((5, 5, 2))
    inner = Model(inner_input, Conv2D(2, 3, padding="same")(inner_input), name="inner")
    inputs = Input((5, 5, 2))
    row = summarize(Model(inputs, inner(inner(inputs)))).rows[-1]
    assert (row.kind, row.params, row.multiply_adds) == ("Functional", 38, 2 * 25 * 2 * 9 * 2)
    assert row.connected_to == ("input_layer_1[0][0]", "inner[0][0]")


def test_a_notebook_shows_what_the_layers_of_a_graph_read() -> None:
    html = two_branches()._repr_html_()
    assert "inputs image 9 × 9 × 1, known 3" in html
    assert ">first, second<" in html
    assert ">reads<" not in network("one_convolution")._repr_html_()


def test_names_out_of_a_file_do_nothing_to_a_terminal() -> None:
    inputs = Input((3,), name="\x1b[31mred")
    text = printed(Model(inputs, Add()([inputs, inputs])), details=True)
    assert "\x1b" not in text
