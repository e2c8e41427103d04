"""The arguments without which a layer cannot be made, by its kind; they suit images of 6×6 pixels and one channel."""

from __future__ import annotations

from typing import Any

NEEDED: dict[str, dict[str, Any]] = {
    "InputLayer": {"shape": (6, 6, 1)},
    "Conv2D": {"filters": 2, "kernel_size": 3},
    "Conv2DTranspose": {"filters": 2, "kernel_size": 3},
    "DepthwiseConv2D": {"kernel_size": 3},
    "SeparableConv2D": {"filters": 2, "kernel_size": 3},
    "Dense": {"units": 2},
    "Reshape": {"target_shape": (-1,)},
    "Permute": {"dims": (2, 1, 3)},
    "RepeatVector": {"n": 2},
    "Dropout": {"rate": 0.5},
    "SpatialDropout2D": {"rate": 0.5},
    "GaussianDropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "AlphaDropout": {"rate": 0.5},
    "GroupNormalization": {"groups": 1},
    "Activation": {"activation": "relu"},
    "Rescaling": {"scale": 0.5},
    "Resizing": {"height": 4, "width": 5},
    "CenterCrop": {"height": 4, "width": 5},
    "RandomCrop": {"height": 4, "width": 5},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomRotation": {"factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "RandomContrast": {"factor": 0.1},
    "RandomBrightness": {"factor": 0.1},
}
