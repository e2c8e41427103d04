"""A recipe for data that nothing was tried out on: by the size, the colour and the number of its images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from convoscope.checks import integer, shape as as_shape
from convoscope.errors import unknown_name
from convoscope.recipes.recipe import Recipe

NAMES = ("fast", "best")
_FEW_IMAGES = 10_000
_LESSONS_SIDE = 32
_LARGE_SIDE = 48
_WIDTHS = (32, 64, 128, 256)
#: cnn-2 with a batch normalization after each pooling, which saves about a third of the epochs for the same accuracy
#: and makes each of them a fifth to a quarter longer.
NORMALIZED = (
    "conv 64 3 relu, maxpool 2, batchnorm, conv 64 3 relu, maxpool 2, batchnorm, flatten, "
    "dense 128 relu, dense {classes} softmax"
)
# Two pixels of 28, and eleven degrees. No flips: who knows whether what is mirrored still is the same.
_SHIFTED = "shift 0.08 interpolation=nearest"
_TURNED = "shift 0.08, rotate 0.03"
# Photos that the network knows by heart. 280 of ants and bees at 64 × 64, the other 117 to validate with, one seed: as
# `_TURNED` 66.7 %, varied like this, mirrored, with a smoothing of 0.1 and a decay of 0.05 82.1 %, and the
# cross-entropy 0.46 in place of 0.87. 400 of five flowers, mirrored, 500 to validate with: 66.8 in place of 63.0 %, and
# 0.91 in place of 1.56; cut to a square in place of letterboxed 68.6. 400 of ten hand signs, not mirrored, 600 to
# validate with: 99.3 in place of 98.7 %.
_FEW_PHOTOS = 1_000
_VARIED = "shift 0.1, rotate 0.03, zoom 0.2, contrast 0.3, brightness 0.15"


def suggest(name: str, image_shape: Sequence[int], images: int, *, mirrored: bool = False) -> Recipe:
    """Return a recipe for new data, by a rule.

    Parameters
    ----------
    name : {"fast", "best"}
        ``"fast"`` is the lesson's network cnn-2 for images like the lesson's, grey and small, with a batch
        normalization after each pooling if there are many; for other images, it has one convolution for each time that
        the image can be halved, and one more. ``"best"`` has twice as many.
    image_shape : (height, width, channels)
    images : int
        The number of training images.
    mirrored : bool
        Whether a mirrored image still belongs to its class: a bee does, a hand sign may not. Only small sets of
        photo-sized colour images are then mirrored in training.

    Examples
    --------
    >>> suggest("fast", (64, 64, 3), 400, mirrored=True).augmentation
    'flip horizontal, shift 0.1, rotate 0.03, zoom 0.2, contrast 0.3, brightness 0.15'
    >>> suggest("best", (32, 32, 3), 5_000).augmentation
    'shift 0.08 interpolation=nearest'
    >>> suggest("fast", (28, 28, 1), 6_000).network
    'cnn-2'
    """
    check_name(name)
    shape = as_shape(image_shape, "image_shape", "A recipe")
    count = integer(images, "images", "A recipe")
    side = min(shape[:2])
    batch = 32 if count < _FEW_IMAGES else 64
    if name == "best":
        return Recipe(
            name,
            None,
            blocks(side),
            _epochs(1_000_000, count, 12, 100),
            batch,
            learning_rate=4e-3,
            warmup_share=0.2,
            optimizer="adamw",
            weight_decay=0.03,
            augmentation=_SHIFTED,
        )
    if shape[2] == 1 and max(shape[:2]) <= _LESSONS_SIDE and count < _FEW_IMAGES:
        return Recipe(name, None, "cnn-2", _epochs(300_000, count, 3, 30), batch, learning_rate=3e-3, warmup_share=0.15)
    if shape[2] == 1 and max(shape[:2]) <= _LESSONS_SIDE:
        # As was chosen for Fashion-MNIST, and for a little longer.
        return Recipe(
            name,
            None,
            NORMALIZED,
            _epochs(300_000, count, 3, 30),
            batch_size=32,
            learning_rate=3e-3,
            warmup_share=0.15,
            optimizer="adamw",
            weight_decay=0.05,
            label_smoothing=0.05,
        )
    stages = Recipe(
        name,
        None,
        _stages(side),
        _epochs(80_000, count, 6, 50),
        batch,
        learning_rate=4e-3,
        warmup_share=0.2,
        optimizer="adamw",
        weight_decay=0.03,
        augmentation=_TURNED,
    )
    if shape[2] == 3 and side >= _LARGE_SIDE and count < _FEW_PHOTOS:
        varied = f"flip horizontal, {_VARIED}" if mirrored else _VARIED
        return replace(stages, weight_decay=0.05, label_smoothing=0.1, augmentation=varied)
    return stages


def check_name(name: str) -> None:
    """Raise UnknownNameError if there is no such recipe."""
    if name not in NAMES:
        raise unknown_name("recipe", name, NAMES)


def blocks(side: int, widths: Sequence[int] = _WIDTHS) -> str:
    """Return a network of pairs of convolutions, as many as the image can be halved times and leave 3 pixels."""
    pairs = ", ".join(
        f"conv {width} 3 relu same, batchnorm, conv {width} 3 relu same, maxpool 2, batchnorm"
        for width in widths[: _halvings(side)]
    )
    return f"{pairs}, flatten, dropout 0.3, dense {{classes}} softmax"


def _stages(side: int) -> str:
    """Return a network of one convolution for each halving and one more, half as wide where images are large."""
    # Tried on 1,920 drawn shapes of 64 × 64 in colour, on the 240 to validate with, one seed: after five epochs 55 %;
    # with `flatten` in place of the last convolution and the mean, and batch normalization's own momentum, 24 %.
    widths = [width // 2 if side >= _LARGE_SIDE else width for width in _WIDTHS[: _halvings(side)]]
    # Of few images an epoch is few steps: with the usual momentum the means would come too late for validation.
    stages = ", ".join(f"conv {width} 3 relu same, maxpool 2, batchnorm momentum=0.9" for width in widths)
    return f"{stages}, conv {widths[-1]} 3 relu same, globalavgpool, dropout 0.2, dense {{classes}} softmax"


def _halvings(side: int) -> int:
    return min(max(int(math.log2(side / 3)), 1), len(_WIDTHS))


def _epochs(seen: int, images: int, least: int, most: int) -> int:
    """Return the epochs in which so many images are seen, within bounds: few images are known by heart sooner."""
    return min(max(round(seen / images), least), most)
