"""Pooling: keep the largest of each two by two pixels. 16 pixels become 4, and the features stay.

The lesson's windows of 2×2 keep the largest of four values: 16 pixels become 4, 28 become 14, 26 become 13, and 11
become 5. The sixteen values below are ours, because the lesson shows its own only on a slide. So is everything about
the photograph.

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

# 28 becomes 14: half on each axis, a quarter of the area. A remaining row or column is dropped: 11 becomes 5.
assert cs.filters.pool(np.zeros((28, 28))).shape == (14, 14)
assert 14 * 14 * 4 == 28 * 28
assert cs.filters.pool(np.zeros((26, 26))).shape == (13, 13)
assert cs.filters.pool(np.zeros((11, 11))).shape == (5, 5)

# There are average and min pooling too.
assert cs.filters.pool(sixteen, mode="average").tolist() == [[76, 136], [156, 58]]
assert cs.filters.pool(sixteen, mode="min").tolist() == [[0, 128], [0, 0]]

# Pooling a filtered image keeps the feature that the filter found, and makes it stand out: the strongest of each four
# pixels remains, so a thin line takes up a larger share of the image.
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
# Average pooling keeps the brightness instead, and thin lines fade.
averaged = cs.filters.pool(strength, mode="average")
print(f"average pooling:  {(averaged > strong).mean():.1%}")
assert (averaged > strong).mean() < after
assert abs(averaged.mean() - strength.mean()) < 0.01 * strength.mean()

# Strides shrink an image as pooling does, but they keep whichever pixel comes next, so an edge may be lost.
strided = strength[::2, ::2]
assert strided.shape == pooled.shape
assert (strided > strong).mean() < after
