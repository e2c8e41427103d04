"""Which networks make the same features."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import convoscope as cs
from convoscope.transfer import digest_of_features


def network(size: int = 3, head: int = 4, *, strides: int = 1, name: str = "conv") -> cs.Sequential:
    layers = [
        cs.layers.Conv2D(2, size, strides=strides, input_shape=(8, 8, 3), name=name),
        cs.layers.GlobalAveragePooling2D(),
        cs.layers.Dense(head),
    ]
    model = cs.Sequential(layers)
    for number, weight in enumerate(model.weights):
        weight[...] = np.random.default_rng(number).normal(size=weight.shape)
    return model


def test_the_head_and_names_do_not_count_and_all_else_does(tmp_path: Path) -> None:
    own = digest_of_features(network())
    assert own == digest_of_features(network(head=7)) == digest_of_features(network(name="other"))
    network().save(tmp_path / "model.safetensors")
    assert digest_of_features(cs.load_model(tmp_path / "model.safetensors")) == own
    assert digest_of_features(network(size=5)) != own
    assert digest_of_features(network(strides=2)) != own  # the same weights
    learned = network()
    learned.layers[0].weights[0][0, 0, 0, 0] += 1e-3
    assert digest_of_features(learned) != own
