"""Fine-tuning in two halves: held to `fit` of the whole network, which keeps everything for the way back."""

from __future__ import annotations

import numpy as np
import pytest
from tests.photos import drawn

import convoscope as cs
from convoscope.applications import backbone
from convoscope.models import Model
from convoscope.training import losses, optimizers
from convoscope.training.schedules import OneCycle
from convoscope.transfer import Extractor, fine_tuning
from convoscope.transfer.assembling import assemble
from convoscope.transfer.head import fit_head
from convoscope.transfer.network import feature_network

LITE0 = backbone("efficientnet-lite0")
NAMES = ("one", "other")


@pytest.mark.long
def test_two_halves_learn_what_the_whole_network_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    images = cs.Preprocessing.from_dict(LITE0.preprocessing).prepare_all([drawn("disc", each) for each in range(11)])
    labels = (np.arange(11) % 3 == 0).astype(np.int64)  # that cannot be learned, so that nothing is quite sure
    head = fit_head(Extractor(LITE0).compute(images), labels, 2)
    plan = fine_tuning.Plan(2, 2, mirrored=False, balanced=True, seed=3)
    monkeypatch.setattr(fine_tuning, "_variation", lambda plan: [])
    found = fine_tuning.fine_tune(LITE0, head, images, labels, NAMES, plan)

    expected = assemble(feature_network(LITE0), head, NAMES, LITE0.preprocessing)
    before = expected.predict(images, verbose=0)
    for layer in (*fine_tuning.tuned_layers(expected, LITE0, 2), expected.layers[-1]):
        layer.trainable = True
    whole = Model(expected.inputs, expected.outputs[0], seed=3)
    loss = losses.SparseCategoricalCrossentropy(label_smoothing=0.05)
    whole.compile(optimizers.AdamW(OneCycle(5e-4, 2, 0.2), weight_decay=0.02), loss)
    whole.fit(images, labels, batch_size=16, epochs=2, class_weight="auto", verbose=0)

    predictions = found.predict(images, verbose=0)
    np.testing.assert_allclose(predictions, whole.predict(images, verbose=0), atol=1e-5)
    assert np.abs(predictions - before).max() > 1e-3
    assert not any(layer.trainable for layer in found.layers)
