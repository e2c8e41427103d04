"""Why the result is smaller: 3×3 loses two pixels on each axis, 5×5 four; zeros around the image keep its size.

A pixel in the corner has no neighbours above and to its left, and the next one has none above. The first pixel with all
eight neighbours is the second one in the second row.

Run this page: python docs/filters/6_borders_stride_and_padding.py
"""

import numpy as np

import convoscope as cs

image = np.arange(28 * 28).reshape(28, 28) % 251

for size, left in ((3, 26), (5, 24), (7, 22)):
    result = cs.filters.convolve(image, f"box:{size}")
    print(f"28×28 filtered with {size}×{size}: {result.shape[0]}×{result.shape[1]}")
    assert result.shape == (left, left)
assert 28 - 26 == 2  # 3×3 loses two
assert 28 - 24 == 4  # 5×5 loses four

# Which neighbours does a pixel have? With padding, there is a window for every pixel; `explain` says what is missing.
for row, column, words, missing in (
    (0, 0, "above and to the left", 5),
    (0, 1, "above", 3),
    (1, 0, "to the left", 3),
    (1, 1, "", 0),
):
    explanation = cs.filters.explain(image, "box:3", row, column, padding="same")
    print(f"pixel ({row}, {column}):", explanation.reason or "has all eight neighbours")
    assert explanation.missing.sum() == missing
    assert f"No pixels {words}:" in explanation.reason or not words
# So the first position of a window that stays inside has the second pixel of the second row under its centre.
first = cs.filters.explain(image, "box:3", 0, 0)
assert (first.rows[1], first.columns[1]) == (1, 1)

# Zero padding keeps the size; 'full' lets the window overlap the border as far as possible.
assert cs.filters.convolve(image, "box:3", padding="same").shape == (28, 28)
assert cs.filters.convolve(image, "box:5", padding="same").shape == (28, 28)
assert cs.filters.convolve(image, "box:3", padding="full").shape == (30, 30)
# Zeros darken the border; mirroring the image or repeating its edge does not.
white = np.full((4, 4), 90, np.uint8)
assert cs.filters.convolve(white, "box-blur", padding="same")[0].tolist() == [40, 60, 60, 40]
for pad_mode in ("reflect", "edge"):
    assert cs.filters.convolve(white, "box-blur", padding="same", pad_mode=pad_mode).min() == 90

# A stride of 2 moves two pixels at a time: it uses every second position.
every_position = cs.filters.convolve(image, "sobel-x")
every_second = cs.filters.convolve(image, "sobel-x", stride=2)
print("stride 2:", every_second.shape, "of", every_position.shape)
assert np.array_equal(every_second, every_position[::2, ::2])
# So strides shrink an image as pooling does.
assert every_second.shape == cs.filters.pool(every_position).shape == (13, 13)
