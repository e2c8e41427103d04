"""The filter lab: apply any kernel to any image, and see every step of the computation.

>>> import convoscope as cs
>>> photograph = cs.filters.samples.photograph()
>>> edges = cs.filters.convolve(photograph, "sobel-x")
>>> photograph.shape, edges.shape
((512, 512, 3), (510, 510, 3))
>>> cs.filters.pool(edges).shape
(255, 255, 3)
"""

from convoscope.filters import samples
from convoscope.filters.convolution import convolve
from convoscope.filters.explanation import Explanation, explain
from convoscope.filters.kernel import Kernel
from convoscope.filters.named import get, names, parse
from convoscope.filters.pooling import pool

__all__ = ["Explanation", "Kernel", "convolve", "explain", "get", "names", "parse", "pool", "samples"]
