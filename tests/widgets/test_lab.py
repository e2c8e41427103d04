"""The filter lab's widget in Python: its traits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import convoscope as cs
from convoscope.errors import ConfigurationError

from .conftest import Channel

EDGES = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


@pytest.fixture
def widget(channel: Channel) -> Any:
    return cs.LabWidget(np.zeros((6, 7), np.uint8), "sobel-x")


def test_it_begins_with_a_kernel_and_an_image(widget: Any) -> None:
    state = widget.get_state()
    assert (state["kernels"], state["weight"], state["bias"]) == ([EDGES], 1, 0)
    assert "data:image/png" in state["_esm"]
    assert len(state["_esm"].encode()) < 1_000_000


def test_kernels_go_both_ways(channel: Channel, widget: Any) -> None:
    heard: list[Any] = []
    widget.observe(lambda change: heard.append(change.new), "kernel")
    channel.tell(widget, kernels=[[[1, 2], [3, 4]]], weight=0.5, bias=1)
    assert_array_equal(heard[0], [[1, 2], [3, 4]])
    assert (widget.weight, widget.bias) == (0.5, 1)
    channel.updates()
    widget.kernel = np.stack([np.eye(3), 2 * np.eye(3), 3 * np.eye(3)], axis=-1)
    assert_array_equal(channel.updates()["kernels"], [np.eye(3), 2 * np.eye(3), 3 * np.eye(3)])
    widget.kernel = "box:3"
    assert channel.updates() == {"kernels": [[[1, 1, 1]] * 3], "weight": pytest.approx(1 / 9), "bias": 0}
    channel.tell(widget, kernels=None, weight=None, bias=None)  # a pooling is selected
    assert widget.kernel is None


def test_the_image_comes_with_its_shape(channel: Channel, widget: Any) -> None:
    values = np.arange(12, dtype="<f4")
    for shape, wanted in (((4, 3, 1), (4, 3)), ((2, 2, 3), (2, 2, 3))):
        channel.tell(widget, image=np.array(shape, "<u4").tobytes() + values.tobytes())
        assert_array_equal(widget.image, values.reshape(wanted))


@pytest.mark.parametrize("kernel", [np.zeros((9, 9)), np.zeros((3, 5)), np.zeros((3, 3, 2))])
def test_a_kernel_that_the_page_has_no_room_for_is_an_error(widget: Any, kernel: Any) -> None:
    with pytest.raises(ConfigurationError, match="square kernels"):
        widget.kernel = kernel
    assert_array_equal(widget.kernel, EDGES)
