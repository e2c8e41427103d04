"""A model with large kernels in 8 bits, for a page that is smaller, and what difference that makes.

Each output channel of a kernel has its own scale: its largest number becomes 127. (Symmetric quantization per channel,
as in Krishnamoorthi 2018, arXiv:1806.08342.) Biases and everything that is small stay as they are, and the arithmetic
is that of 32-bit floats.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.explore.predictions import Predictions
from convoscope.models import extras, tensorfile
from convoscope.models.network import Network
from convoscope.names import json_text

Array = npt.NDArray[np.float32]

SCALE = ".scale"  # what is added to a kernel's name in the file for its scales
_LARGEST = 127
_LARGE = 1_000  # numbers of a kernel from which on it is worth it


@dataclass(frozen=True, eq=False)
class Quantized:
    """A model whose large kernels have 8 bits.

    Attributes
    ----------
    model : Sequential or Model
        With the numbers that the page then has.
    content : bytes
        Its file: safetensors as `save` writes it, but kernels are I8, each with the scales of its channels beside it.
    saved : int
        How many bytes smaller its weights are.
    """

    model: Network
    content: bytes
    saved: int


def quantized(model: Network) -> Quantized:
    """Return a copy of a model with its large kernels in 8 bits.

    Examples
    --------
    >>> import convoscope as cs
    >>> found = quantized(cs.Sequential([cs.layers.Dense(100, input_shape=(50,))]))
    >>> found.saved  # of 50 × 100 numbers three bytes of four, less 100 scales
    14600
    """
    from safetensors.numpy import save

    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path, include_optimizer=False)
        header, tensors = tensorfile.read_tensors(path)
    twin = copy.deepcopy(model)
    written: dict[str, npt.NDArray[Any]] = {**extras.arrays(twin)}
    saved = 0
    for index, layer in enumerate(twin.leaf_layers):
        for spec, weight in zip(layer.specs, layer.weights, strict=True):
            name = f"layers/{index}/{spec.name}"
            written[name] = weight[...] = tensors[name]
            if spec.name.endswith("kernel") and weight.size >= _LARGE:
                written[name], written[name + SCALE] = eight_bits(tensors[name])
                weight[...] = written[name] * written[name + SCALE]
                saved += weight.nbytes - written[name].nbytes - written[name + SCALE].nbytes
    told = {name: value for name, value in header.metadata.items() if name != "sha256"}
    content = save(written, {tensorfile.KEY: json_text(told)})
    return Quantized(twin, content, saved)


def eight_bits(kernel: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """Return whole numbers from -127 to 127, shaped as `kernel` (..., out), and scales (out,): kernel ≈ number × scale.

    Examples
    --------
    >>> eight_bits(np.array([[1.0, 0.0], [-0.5, 0.0]], np.float32))
    (array([[127,   0],
           [-64,   0]], dtype=int8), array([0.00787402, 1.        ], dtype=float32))
    """
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    scales = np.where(largest > 0, largest / np.float32(_LARGEST), np.float32(1)).astype(np.float32)
    return np.clip(np.rint(kernel / scales), -_LARGEST, _LARGEST).astype(np.int8), scales


def difference(saved: int, costs: list[str] | None) -> str:
    """Say in a sentence or two what is saved, and what that costs on test images.

    Parameters
    ----------
    saved : int
        Bytes.
    costs : list of str or None
        How far the predictions of the two are apart, in words; None where there are no test images.
    """
    if saved <= 0:
        return "No kernel is large enough to be worth 8 bits: all weights keep full precision."
    words = f"Kernels in 8 bits instead of 32: {_bytes(saved)} saved."
    if costs is None:
        return f"{words} Without test images the difference is not known."
    return f"{words} On the test images {', '.join(costs)}."


def predictions_apart(
    was: Predictions | None, now: Predictions | None, labels: npt.NDArray[np.int64] | None
) -> list[str] | None:
    """Say how far the predictions of a model as it was trained, and with its kernels in 8 bits, are apart."""
    if was is None or now is None:
        return None
    kind = "probability" if was.probabilities else "score"
    changed, count = int(np.sum(was.predicted != now.predicted)), len(was.predicted)
    parts = [
        f"a {kind} differs by at most {np.abs(was.scores - now.scores).max():.2g}",
        f"{changed:,} of {count:,} predictions {'is' if changed == 1 else 'are'} different",
    ]
    if labels is not None:
        shares = [100 * float(np.mean(each.predicted == labels)) for each in (was, now)]
        parts.append(f"accuracy {shares[0]:.2f} % before, {shares[1]:.2f} % after")
    return parts


def _bytes(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
