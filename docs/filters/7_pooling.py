"""Pooling: of each two by two pixels keep the biggest. 16 pixels become 4, and the features stay.

The lesson's: windows of 2×2 that keep the biggest of four, 16 pixels that become 4, 28 that become 14, 26 that become
13, 11 that become 5. Ours: the sixteen values, which the lesson shows on a slide but does not name, and everything
about the photograph.

Run this page: python docs/filters/7_pooling.py
"""

import numpy as np

import convoscope as cs

sixteen = np.array(
    [
        [0, 64, 128, 128],
        [48, 192, 144, 144],
        [142, 226, 168, 0],
        [255, 0, 0, 64],
    ],
    np.uint8,
)
four = cs.filters.pool(sixteen, 2)
print("16 pixels become 4:", four.tolist())
assert sixteen.size == 16
assert four.tolist() == [[192, 144], [255, 168]]

# 28 becomes 14: halved on each axis, quartered in area. What is left over is dropped: 11 becomes 5.
assert cs.filters.pool(np.zeros((28, 28))).shape == (14, 14)
assert 14 * 14 * 4 == 28 * 28
assert cs.filters.pool(np.zeros((26, 26))).shape == (13, 13)
assert cs.filters.pool(np.zeros((11, 11))).shape == (5, 5)

# There are average and min pooling too.
assert cs.filters.pool(sixteen, mode="average").tolist() == [[76, 136], [156, 58]]
assert cs.filters.pool(sixteen, mode="min").tolist() == [[0, 128], [0, 0]]

# Pooling a filtered image keeps the feature that the filter found, and makes it stand out more: of each four pixels
# the strongest is left, so what was a thin line takes a larger share of the image.
photograph = cs.filters.samples.photograph()
edges = cs.filters.convolve(photograph.mean(axis=2), "sobel-x")
strength = np.abs(edges)
pooled = cs.filters.pool(strength)
strong = 200
before, after = (strength > strong).mean(), (pooled > strong).mean()
print(f"{strength.shape} to {pooled.shape}: strong edges are {before:.1%} of the pixels before and {after:.1%} after")
assert pooled.size * 4 == strength.size
assert pooled.max() == strength.max()
assert after > 1.3 * before
# Averages keep the brightness instead, and thin lines fade.
averaged = cs.filters.pool(strength, mode="average")
print(f"by averages: {(averaged > strong).mean():.1%}")
assert (averaged > strong).mean() < after
assert abs(averaged.mean() - strength.mean()) < 0.01 * strength.mean()

# Strides can shrink as pooling does, but they take whatever pixel comes: the edge may fall between.
strided = strength[::2, ::2]
assert strided.shape == pooled.shape
assert (strided > strong).mean() < after
