"""Networks against PyTorch's, live: with their published weights, and with weights that PyTorch draws."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from convoscope import applications
from convoscope.applications.published import PUBLISHED
from convoscope.filters import samples

# The operators of torchvision, which a build for another PyTorch lacks, are not needed for its networks.
sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))
import timm  # noqa: E402
from torchvision import models  # noqa: E402

Array = npt.NDArray[Any]


def photographs(size: int) -> Array:
    """Return cuts of the sample photograph, and one of noise: (3, size, size, 3), values from 0 to 255."""
    with Image.open(f"{samples.__path__[0]}/photograph.png") as file:
        whole = np.asarray(file.convert("RGB"), np.float32)
    noise = np.random.default_rng(5).uniform(0, 255, (size, size, 3)).astype(np.float32)
    return np.stack([whole[:size, :size], whole[-size:, -size:][:, ::-1], noise])


def pytorchs(network: torch.nn.Module, images: Array) -> Array:
    network.eval().double()
    with torch.no_grad():
        return network(torch.tensor(images, dtype=torch.float64).permute(0, 3, 1, 2)).numpy()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_published_weights(number: int) -> None:
    network = EfficientNet.from_name(f"efficientnet-lite{number}")
    published: Any = PUBLISHED[f"efficientnet-lite{number}"]
    network.load_state_dict(torch.load(published.find(), weights_only=True))
    ours = getattr(applications, f"EfficientNetLite{number}")(classifier_activation=None)
    images = photographs(ours.input_shape[1])
    theirs = pytorchs(network, (images - 127.0) / 128.0)
    np.testing.assert_allclose(ours.predict(images, verbose=0), theirs, atol=1e-4)


LITES = [(f"EfficientNetLite{n}", f"tf_efficientnet_lite{n}", size) for n, size in enumerate((224, 240, 260, 280, 300))]


@pytest.mark.parametrize(
    ("function", "make", "size"),
    [
        ("ResNet18", models.resnet18, 224),
        ("ResNet34", models.resnet34, 160),
        ("ResNet50", models.resnet50, 224),
        ("MobileNetV2", models.mobilenet_v2, 224),
        ("SqueezeNet", models.squeezenet1_1, 224),
        ("VGG16", models.vgg16, 224),
        *LITES,
    ],
)
def test_weights_that_pytorch_wrote(function: str, make: Any, size: int, tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = timm.create_model(make) if isinstance(make, str) else make()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    path = tmp_path / "weights.pth"
    torch.save(network.state_dict(), path, _use_new_zipfile_serialization=size == 224)
    images = photographs(size)[1:]
    prepared = (images - 127.0) / 128.0
    given = images if function.startswith("EfficientNet") else prepared
    options: dict[str, Any] = {"weights": path, "input_shape": (size, size, 3), "classifier_activation": None}
    ours = getattr(applications, function)(**options).predict(given, verbose=0)
    theirs = pytorchs(network, prepared)
    np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())
