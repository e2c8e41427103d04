"""Classifiers as PyTorch exports them, with both of its exporters: read, and held to ONNX Runtime."""

from __future__ import annotations

import sys
import types
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

import convoscope as cs
from convoscope.interchange.onnx.reader.file import read_converted

# The operators of torchvision, which a build for another PyTorch lacks, are not needed for its networks.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
import timm  # noqa: E402
from torchvision import models  # noqa: E402

#: Of each network how it is exported: by the older exporter or by the newer one ("new"), and for which opset.
EXPORTS = [
    ("resnet18", "old", 9),
    ("resnet18", "old", 17),
    ("resnet18", "new", 18),
    ("mobilenet_v2", "old", 9),
    ("mobilenet_v2", "new", 20),
    ("mobilenet_v3_small", "old", 13),
    ("mobilenet_v3_small", "new", 18),
    ("squeezenet1_1", "old", 11),
    ("vgg11", "old", 17),
    ("densenet121", "old", 17),
    ("efficientnet_b0", "old", 16),
    ("efficientnet_b0", "new", 18),
    ("googlenet", "old", 14),
    ("inception_v3", "old", 17),
    ("shufflenet_v2_x0_5", "old", 17),
    ("shufflenet_v2_x0_5", "new", 18),
    ("regnet_y_400mf", "old", 17),
    ("convnext_tiny", "old", 16),
    ("timm:mobilenetv4_conv_small", "old", 17),
    ("timm:ghostnet_100", "old", 17),
    ("timm:repvgg_a0", "old", 17),
    ("timm:lcnet_050", "new", 20),
]
#: Networks that put channels in another order: one transposition for each time.
SHUFFLES = {"shufflenet_v2_x0_5": 16}


def _network(name: str) -> tuple[torch.nn.Module, int]:
    torch.manual_seed(1)
    if name.startswith("timm:"):
        network = timm.create_model(name.removeprefix("timm:"))
        size = network.default_cfg["input_size"][-1]
    else:
        inception = name in ("googlenet", "inception_v3")
        options = {"init_weights": False, "aux_logits": False, "transform_input": True} if inception else {}
        network, size = getattr(models, name)(**options), 299 if name == "inception_v3" else 224
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # as training would leave it
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return network.eval(), size


def _export(network: torch.nn.Module, size: int, path: Path, exporter: str, opset: int, **options: Any) -> None:
    images = torch.randn(2, 3, size, size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "new":
            batch = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(
                network, (images,), path, dynamo=True, opset_version=opset, dynamic_shapes=batch, verbose=False
            )
        else:
            axes = {"image": {0: "batch"}}
            torch.onnx.export(
                network,
                images,
                path,
                dynamo=False,
                opset_version=opset,
                input_names=["image"],
                dynamic_axes=axes,
                **options,
            )


@pytest.mark.parametrize(("name", "exporter", "opset"), EXPORTS)
def test_classifiers(name: str, exporter: str, opset: int, tmp_path: Path) -> None:
    network, size = _network(name)
    path = tmp_path / "network.onnx"
    _export(network, size, path, exporter, opset)
    found = read_converted(path)
    assert found.model.input_shape == (None, size, size, 3)
    session = onnxruntime.InferenceSession(path)
    images = np.random.default_rng(0).normal(size=(2, size, size, 3)).astype(np.float32)
    given = {session.get_inputs()[0].name: np.ascontiguousarray(images.transpose(0, 3, 1, 2))}
    (theirs,) = session.run(None, given)
    ours = found.model.predict(images, verbose=0)
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()
    assert Counter(type(layer).__name__ for layer in found.model.layers)["Permute"] == SHUFFLES.get(name, 0)


def test_a_residual_network_trains_on(tmp_path: Path) -> None:
    """Its normalisations stay layers, where the exporter left them, and their averages move."""
    network, size = _network("resnet18")
    keep = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
    _export(network, size, tmp_path / "network.onnx", "old", 17, **keep)
    model = cs.load_model(tmp_path / "network.onnx")
    normalizations = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    assert len(normalizations) == 20
    before = normalizations[0].get_weights()[2]
    images, classes = np.random.default_rng(1).normal(size=(4, size, size, 3)).astype(np.float32), np.arange(4)
    loss = cs.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=cs.optimizers.SGD(1e-3, momentum=0.9), loss=loss)
    losses = model.fit(images, classes, batch_size=4, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert (normalizations[0].get_weights()[2] != before).all()
    model.save(tmp_path / "model.safetensors")
    again = cs.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(images, verbose=0), model.predict(images, verbose=0))
