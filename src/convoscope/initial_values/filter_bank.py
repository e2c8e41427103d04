"""FilterBank: well-known filters as the first kernels of a convolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convoscope.initial_values.base import Array, Initializer, Shape, own_generator
from convoscope.initial_values.scaling import GlorotUniform, fans


@dataclass(frozen=True)
class FilterBank(Initializer):
    """Well-known filters first: edges, lines, corners, spots and blur, at Glorot's scale; random ones for the rest.

    Each output channel of a convolution starts as one pattern of the bank, seen through every input channel with a
    random sign; where there are more channels than patterns, the others are Glorot uniform. Every pattern is scaled
    to the variance that Glorot's rule would have given, so that signals keep their size.

    Parameters
    ----------
    share : float
        The share of the output channels that may start from the bank, from 0 to 1.

    Examples
    --------
    >>> kernel = FilterBank()((3, 3, 1, 8), np.random.default_rng(0))
    >>> pattern = kernel[:, :, 0, 0]
    >>> np.sign(pattern).round().astype(int).tolist()  # an edge
    [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
    """

    share: float = 1.0
    seed: int | None = None

    def __call__(self, shape: Shape, generator: np.random.Generator) -> Array:
        generator = own_generator(self.seed, generator)
        kernel = GlorotUniform()(shape, generator)
        if len(shape) != 4 or min(shape[:2]) < 2:
            return kernel
        height, width, channels, filters = shape
        patterns = _patterns(height, width)
        fan_in, fan_out = fans(shape)
        deviation = math.sqrt(2.0 / (fan_in + fan_out))
        for index in range(min(len(patterns), int(self.share * filters))):
            signs = generator.choice([-1.0, 1.0], size=channels) if channels > 1 else np.ones(1)
            kernel[..., index] = deviation * patterns[index][:, :, None] * signs
        return kernel


def _patterns(height: int, width: int) -> list[npt.NDArray[np.float64]]:
    """Return the bank at that size, each pattern with a root mean square of 1."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    bell = np.exp(-2 * (x**2 + y**2))

    def line(across: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        profile: npt.NDArray[np.float64] = np.exp(-4 * across**2)
        profile -= profile.mean()
        return profile

    diagonal, other = (x + y) / math.sqrt(2), (x - y) / math.sqrt(2)
    edges = [x, y, -x, -y, diagonal, other, -diagonal, -other]
    lines = [line(x), line(y), line(diagonal), line(other)]
    corners = [x * y, -x * y]
    spots = [bell - bell.mean(), bell.mean() - bell]
    bank = [*edges, *lines, *corners, *spots, bell]
    sizes = [math.sqrt(float((pattern**2).mean())) for pattern in bank]
    # On two pixels a line or a spot is flat: nothing is left of it.
    return [pattern / size for pattern, size in zip(bank, sizes, strict=True) if size > 1e-6]
