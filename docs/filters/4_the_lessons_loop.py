"""Convolution as the lesson writes it: two loops over a photograph, a weight, and clipping to 0..255.

A loop over all pixels except those at the border, nine products, the weight that normalizes the filter, and clipping of
values below 0 or above 255. ``convolve`` gives the same result, to the last bit, and is much faster.

Run this page: python docs/filters/4_the_lessons_loop.py
"""

import numpy as np

import convoscope as cs

photograph = cs.filters.samples.photograph()[190:254, 250:314, 0]  # a corner of the striped ball, red only


def by_loops(image: np.ndarray, kernel: np.ndarray, weight: float) -> np.ndarray:
    """Filter an image pixel by pixel."""
    result = np.zeros((image.shape[0] - 2, image.shape[1] - 2), np.uint8)
    for y in range(1, image.shape[0] - 1):
        for x in range(1, image.shape[1] - 1):
            total = 0.0
            for row in range(3):
                for column in range(3):
                    total += float(image[y + row - 1, x + column - 1]) * kernel[row][column]
            total *= weight
            total = min(max(total, 0), 255)
            result[y - 1, x - 1] = round(total)
    return result


for name in ("sobel-x", "sobel-y", "laplacian", "box-blur", "gaussian-3", "emboss"):
    kernel = cs.filters.get(name)
    expected = by_loops(photograph, kernel.values, kernel.weight)
    found = cs.filters.convolve(photograph, name)
    print(f"{name:10}  sum {kernel.values.sum():3g}, weight {kernel.weight:.4f}: {found.min():3} to {found.max():3}")
    assert np.array_equal(found, expected)

# Without the weight, a blur of nine ones would be nine times too bright, and everything would be clipped to white.
assert cs.filters.convolve(photograph, np.ones((3, 3))).min() == 255
# Without clipping, the sums leave the range of a byte, on both sides.
unclipped = cs.filters.convolve(photograph, "sobel-x", clip=False)
print(f"sobel-x unclipped: {unclipped.min():g} to {unclipped.max():g}")
assert unclipped.min() < 0
assert unclipped.max() > 255
