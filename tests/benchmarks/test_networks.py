"""The descriptions that all peers build from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convoscope as cs
from benchmarks import known_networks, networks, sweep
from benchmarks.__main__ import main
from benchmarks.programs.keras_words import build


def test_the_lessons_operations_are_those_counted_by_hand() -> None:
    first, second, hidden, last = 26 * 26 * 9 * 64, 11 * 11 * 9 * 64 * 64, 1600 * 128, 128 * 10
    forward = 2 * (first + second + hidden + last)
    assert networks.operations(networks.LESSON) == (forward, 3 * forward - 2 * first)


def test_the_sweep_has_at_least_forty_rows_each_under_a_name_of_its_own() -> None:
    names = [sweep.label(row) for row in sweep.EVERY]
    assert len(set(names)) == len(names) >= 40
    assert all(sweep.find(name) == row for name, row in zip(names, sweep.EVERY, strict=True))


def test_some_rows_are_chosen_by_words_in_them(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = [label.split()[0] for label in map(sweep.label, sweep.rows_with(["U-Net", "Lite0"]))]
    assert chosen == ["U-Net", *4 * ["EfficientNet-Lite0"]]
    assert sweep.rows_with([]) == list(sweep.EVERY)
    with pytest.raises(SystemExit):
        main(["sweep", "--rows", "VGG-19"])
    assert "no row has VGG-19; such are" in capsys.readouterr().err


@pytest.mark.parametrize("row", sweep.EVERY, ids=sweep.label)
def test_convoscope_builds_every_row_with_the_shapes_and_weights_of_its_description(row: sweep.Row) -> None:
    network = row.network
    model = build(cs, network)
    described = [layer.output(shape) for layer, shape in network.with_inputs()]
    weights = [array for layer in model.layers for array in layer.get_weights()]
    if network.branches:  # a model has its own order of layers
        assert model.output_shape[1:] == network.shapes()[-1]
        made = [layer.output.shape[1:] for layer in model.layers[1:]]
        assert sorted(map(str, made)) == sorted(map(str, described))
        assert sorted(map(_told, weights)) == sorted(map(_told, networks.weights(network)))
        return
    assert [layer.output_shape[1:] for layer in model.layers] == described == network.shapes()[1:]
    for weight, array in zip(weights, networks.weights(network), strict=True):
        np.testing.assert_array_equal(weight, array)


def _told(array: Any) -> tuple[Any, ...]:
    return array.shape, float(array.sum(dtype=np.float64)), array.ravel()[:3].tolist()


@pytest.mark.parametrize("row", sweep.EVERY, ids=sweep.label)
def test_the_steps_of_every_row_have_its_multiply_adds(row: sweep.Row) -> None:
    steps = build(cs, row.network).executable().plan.steps
    assert sum(step.multiply_adds for step in steps) == row.network.multiply_adds()


# MobileNetV2's are those of keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, include_top=False), 410,208, and of
# a dense layer of 10; EfficientNet-Lite0's are published as 4.65 million.
@pytest.mark.parametrize(
    ("network", "trained", "kept", "multiply_adds"),
    [
        (known_networks.RESNET_20, 272_474, 1_568, 40_813_184),
        (known_networks.MOBILENET_V2, 410_208 + 12_810 - 14_080, 14_080, 10_666_928),
        (known_networks.EFFICIENTNET_LITE0, 4_652_008, 42_016, 385_187_552),
    ],
    ids=lambda value: value.name if isinstance(value, networks.Network) else "",
)
def test_known_networks_have_the_weights_and_multiply_adds_that_people_know(
    network: networks.Network, trained: int, kept: int, multiply_adds: int
) -> None:
    model = build(cs, network)
    assert sum(weight.size for weight in model.trainable_weights) == trained
    assert sum(weight.size for weight in model.non_trainable_weights) == kept
    assert network.multiply_adds() == multiply_adds


@pytest.mark.parametrize(
    ("layer", "side"),
    [(networks.Conv(4, stride=3, padding="same"), 9), (networks.Depthwise(stride=2), 9), (networks.Depthwise(4), 8)],
)
def test_same_padding_that_libraries_understand_differently_is_refused(layer: networks.Layer, side: int) -> None:
    with pytest.raises(ValueError, match="odd kernels and stride 1, or stride 2 on images of even sides"):
        networks.Network("padded", (side, side, 1), (layer,)).shapes()
