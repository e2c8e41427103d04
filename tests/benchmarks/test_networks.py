"""The descriptions that all peers build from."""

from __future__ import annotations

import numpy as np
import pytest

import convoscope as cs
from benchmarks import networks, sweep
from benchmarks.programs.keras_words import build


def test_the_lessons_operations_are_those_counted_by_hand() -> None:
    first, second, hidden, last = 26 * 26 * 9 * 64, 11 * 11 * 9 * 64 * 64, 1600 * 128, 128 * 10
    forward = 2 * (first + second + hidden + last)
    assert networks.operations(networks.LESSON) == (forward, 3 * forward - 2 * first)


def test_the_sweep_has_at_least_forty_rows_each_under_a_name_of_its_own() -> None:
    names = [sweep.label(row) for row in sweep.ROWS]
    assert len(set(names)) == len(names) >= 40
    assert all(sweep.find(name) == row for name, row in zip(names, sweep.ROWS, strict=True))


@pytest.mark.parametrize("row", sweep.ROWS, ids=sweep.label)
def test_convoscope_builds_every_row_with_the_shapes_and_weights_of_its_description(row: sweep.Row) -> None:
    model = build(cs, row.network)
    assert [layer.output_shape[1:] for layer in model.layers] == row.network.shapes()[1:]
    for weight, array in zip(model.get_weights(), networks.weights(row.network), strict=True):
        np.testing.assert_array_equal(weight, array)


def test_same_padding_that_libraries_understand_differently_is_refused() -> None:
    network = networks.Network("strided", (8, 8, 1), (networks.Conv(4, stride=2, padding="same"),))
    with pytest.raises(ValueError, match="odd kernels and stride 1"):
        network.shapes()
