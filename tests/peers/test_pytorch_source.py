"""Models as PyTorch source, run by PyTorch, and PyTorch's modules as models of ours: live."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.interchange.onnx_files import LAYERS, inputs_of, model_of, network
from tests.models.functional_networks import NETWORKS
from tests.modules import module_of
from tests.peers.in_pytorch import without_onednn
from torch import nn
from torch.nn import functional

import convoscope as cs
from convoscope import applications
from convoscope.errors import ConfigurationError, FileFormatError
from convoscope.interchange.pytorch import modules
from convoscope.models.presets import build_preset, preset_names

# The operators of torchvision, which a build for another PyTorch lacks, are not needed for its networks.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))


def loaded(path: Path) -> Any:
    """Return the module that a file of source makes, with its weights."""
    made = module_of(path)
    kinds = [each for each in vars(made).values() if isinstance(each, type) and issubclass(each, nn.Module)]
    return kinds[-1].load()


def listed(told: Any) -> list[Any]:
    return list(told.values()) if isinstance(told, dict) else list(told) if isinstance(told, (list, tuple)) else [told]


def difference(model: Any, folder: Path) -> float:
    model.export(folder / "net.py")
    module, worst = loaded(folder / "net.py"), 0.0
    for count in (1, 3):
        arrays = inputs_of(model, count)
        with torch.no_grad():
            found = listed(module(*map(torch.as_tensor, arrays)))
        expected = listed(model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0))
        for one, other in zip(found, expected, strict=True):
            assert one.shape == other.shape
            worst = max(worst, float(np.abs(one.numpy() - other).max() / max(1.0, np.abs(other).max())))
    return worst


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: f"{row.layer!r} of {row.takes}")
def test_a_layer(row: Any, tmp_path: Path) -> None:
    assert difference(model_of(row), tmp_path) < 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network(name: str, tmp_path: Path) -> None:
    assert difference(network(name), tmp_path) < 1e-5


@pytest.mark.parametrize("name", preset_names())
def test_a_lessons_network(name: str, tmp_path: Path) -> None:
    assert difference(build_preset(name, (28, 28, 1), 10), tmp_path) < 1e-5


@pytest.mark.parametrize("name", ["ResNet18", "MobileNetV2", "EfficientNetLite0"])
def test_a_known_network(name: str, tmp_path: Path) -> None:
    model = getattr(applications, name)(weights=None, input_shape=(96, 96, 3), classes=5)
    assert difference(model, tmp_path) < 1e-5


def test_the_module_trains(tmp_path: Path) -> None:
    network("residual").export(tmp_path / "net.py")
    module = loaded(tmp_path / "net.py").train()
    images = torch.rand(4, *network("residual").graph.input_shapes[0])
    optimizer = torch.optim.SGD(module.parameters(), 0.01)
    losses = []
    for _ in range(5):
        with without_onednn():  # which fails in the network's 1×1 convolution with strides
            loss = module(images).square().mean()
            optimizer.zero_grad()
            loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


# ---- in


class Blocks(nn.Module):
    """A little of what image classifiers are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.excite = nn.Conv2d(8, 8, 1)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.drop = nn.Dropout(0.3)
        self.dense = nn.Linear(128, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu6(self.norm(self.conv(x)))
        x = x + functional.hardswish(self.depthwise(x))
        x = x * torch.sigmoid(self.excite(x.mean((2, 3), keepdim=True)))
        return functional.softmax(self.dense(self.drop(torch.flatten(self.pool(x), 1))), dim=1)


def settled(module: nn.Module) -> nn.Module:
    """Give running means and variances values that they do not begin with."""
    torch.manual_seed(3)
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            each.running_mean.uniform_(-0.2, 0.2)
            each.running_var.uniform_(0.5, 2.0)
    return module


def made(name: str) -> nn.Module:
    if name == "blocks":
        return Blocks()
    from torchvision import models

    return getattr(models, name)(num_classes=5)


@pytest.mark.parametrize("way", ["exported", "traced"])
@pytest.mark.parametrize("name", ["blocks", "resnet18", "mobilenet_v2", "squeezenet1_1", "convnext_tiny"])
def test_a_module_becomes_a_model_that_predicts_the_same_and_can_be_trained(
    name: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "traced":
        monkeypatch.setattr(modules, "find_spec", lambda name: None)
    else:
        monkeypatch.delattr(modules, "_traced")
    module, size = settled(made(name)), 16 if name == "blocks" else 64
    x = torch.rand(2, 3, size, size)
    model = cs.from_torch(module, x)
    assert module.training  # as it was
    with torch.no_grad():
        expected = module.eval()(x).numpy()
    images = x.permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, atol=1e-5)
    without = name in ("squeezenet1_1", "convnext_tiny")
    assert any(type(layer).__name__ == "BatchNormalization" for layer in model.leaf_layers) != without
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch(images, np.zeros_like(expected)))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_written_network_comes_back_by_its_module(name: str, tmp_path: Path) -> None:
    model = network(name)
    model.export(tmp_path / "net.py")
    arrays = inputs_of(model, 3)
    found = modules.converted(loaded(tmp_path / "net.py"), tuple(arrays))
    turned = [np.ascontiguousarray(a.transpose(order)) for a, order in zip(arrays, found.inputs, strict=True)]
    expected = listed(model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0))
    again = listed(found.model.predict(turned if len(turned) > 1 else turned[0], verbose=0))
    for one, other, order in zip(expected, again, found.outputs, strict=True):
        np.testing.assert_allclose(other.transpose(np.argsort(order)), one, atol=1e-5)


def test_what_torch_export_cannot_take_is_traced(capsys: pytest.CaptureFixture[str]) -> None:
    class Deciding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.conv(x)
            return y if float(y.detach().numpy().sum()) < 1e9 else -y

    module, x = Deciding(), torch.rand(1, 3, 8, 8)
    model = cs.from_torch(module, x)
    expected = module(x).detach().permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(model.predict(x.permute(0, 2, 3, 1).numpy(), verbose=0), expected, atol=1e-6)
    assert capsys.readouterr().out == ""


def test_what_is_no_module_or_has_no_layer_is_refused() -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cumsum(x, dim=2)

    with pytest.raises(FileFormatError, match="CumSum"):
        cs.from_torch(Odd(), torch.rand(1, 3, 8, 8))
    with pytest.raises(ConfigurationError, match=r"takes a torch\.nn\.Module, but got int"):
        cs.from_torch(3, torch.rand(1, 3, 8, 8))
