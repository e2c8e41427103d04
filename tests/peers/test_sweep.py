"""The networks of the sweep in every peer's words: the same weights make the same outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import convoscope as cs
from benchmarks import networks, sweep
from benchmarks.programs import keras_words, torch_words
from benchmarks.programs.pytorch import channels_back

TOLERANCE = 1e-4  # of the largest output
NETWORKS = list(dict.fromkeys(row.network for row in sweep.EVERY))


def images(network: networks.Network) -> Any:
    return np.random.default_rng(5).random((2, *network.input), dtype=np.float32)


def logits(network: networks.Network) -> Any:
    """Return our outputs before the softmax, and see that they tell the images apart."""
    cs.use_engine("native")
    outputs = keras_words.build(cs, network.with_logits()).predict_on_batch(images(network))
    assert abs(outputs[0] - outputs[1]).max() > 20 * TOLERANCE * abs(outputs).max()
    return outputs


@pytest.mark.parametrize("layout", torch_words.FORMATS)
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_pytorch_and_convoscope_make_the_same_of_each_network(network: networks.Network, layout: str) -> None:
    module = torch_words.build(network, layout, logits=True).eval()
    with torch.inference_mode():
        theirs = channels_back(module(torch_words.images_for(network, layout, images(network)))).numpy()
    ours = logits(network)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * abs(theirs).max())


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_pytorch_counts_as_many_weights_and_multiply_adds(network: networks.Network) -> None:
    module = torch_words.build(network, "channels_last", logits=True).eval()
    state = [value for name, value in module.state_dict().items() if not name.endswith("num_batches_tracked")]
    assert sum(value.numel() for value in state) == keras_words.build(cs, network).count_params()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        module(torch_words.images_for(network, "channels_last", images(network)[:1]))
    assert counter.get_total_flops() == 2 * network.multiply_adds()


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_onnx_runtime_makes_the_same_of_each_network(network: networks.Network) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="an optional peer")
    onnx_words = pytest.importorskip("benchmarks.programs.onnx_words", reason="an optional peer")
    file = onnx_words.build(network.with_logits())
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    theirs = session.run(None, {"image": onnx_words.images_for(images(network))})[0]
    theirs = np.moveaxis(theirs, 1, -1)
    ours = logits(network)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * abs(theirs).max())
