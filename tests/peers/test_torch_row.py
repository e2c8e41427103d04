"""Weights in one row: each begins where a GPU's widest reads may begin, and comes back as it was."""

from __future__ import annotations

import numpy as np
import torch

from convoscope.engine.torch.row import Layout

_SHAPES = [(3, 3, 1, 2), (2,), (), (5, 7), (32,), (0,)]
_CPU = torch.device("cpu")


def test_arrays_come_back_from_the_row_as_they_were() -> None:
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in _SHAPES]
    layout, found = Layout(_SHAPES), [np.empty(shape, np.float32) for shape in _SHAPES]
    row = layout.load(arrays, _CPU)
    layout.save(layout.row(layout.pieces(row)), found)
    for one, other in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_array_begins_at_a_multiple_of_128_bytes() -> None:
    layout = Layout(_SHAPES)
    row = layout.load([np.ones(shape, np.float32) for shape in _SHAPES], _CPU)
    offsets = [piece.storage_offset() * piece.element_size() for piece in layout.pieces(row)]
    assert all(offset % 128 == 0 for offset in offsets)
    assert len(row) * 4 % 128 == 0


def test_between_the_arrays_there_are_zeros() -> None:
    layout = Layout([(3,), (2, 2)])
    row = layout.row([torch.ones(3), torch.ones(2, 2)])
    assert row.sum() == 7
    assert layout.spread(torch.tensor([2.0, 3.0])).tolist() == [2.0] * 32 + [3.0] * 32


def test_no_arrays_are_an_empty_row() -> None:
    assert Layout([]).load([], _CPU).shape == (0,)
