"""A filter passes over an image: what happens to one pixel with the value 192.

For every pixel, take its value and the values of its neighbours, multiply each by the filter's value at that position,
and add the products. The lesson gives three of the numbers: the pixel is 192, its upper left neighbour is 0 under a
filter value of -1, and its upper neighbour is 64 under 0. The other numbers are ours, so that you can follow the sum.

Run this page: python docs/filters/1_what_a_convolution_is.py
"""

import numpy as np

import convoscope as cs

image = np.array(
    [
        [0, 64, 128],
        [48, 192, 144],
        [42, 226, 168],
    ],
    np.uint8,
)
kernel = np.array(
    [
        [-1, 0, -2],
        [0.5, 4.5, -1.5],
        [1.5, 2, -3],
    ]
)

# By hand, neighbour by neighbour:
total = (
    0 * -1 + 64 * 0 + 128 * -2
    + 48 * 0.5 + 192 * 4.5 + 144 * -1.5
    + 42 * 1.5 + 226 * 2 + 168 * -3
)  # fmt: skip
print("by hand:", total)
assert total == 427

# The same with Convoscope, which shows its arithmetic:
explanation = cs.filters.explain(image, kernel, 0, 0)
print(explanation)
assert explanation.patch[1, 1, 0] == 192
assert explanation.products[0, 0, 0] == 0 * -1
assert explanation.products[0, 1, 0] == 64 * 0
assert explanation.sum == 427
assert explanation.clipped == 255  # a byte holds no more

new = cs.filters.convolve(image, kernel, clip=False)
assert new.tolist() == [[427]]

# In neural networks the filter is not flipped: that is a correlation. A convolution in mathematics rotates it by 180
# degrees first, so that its lower right value meets the upper left neighbour.
turned = cs.filters.convolve(image, kernel, mode="convolve", clip=False)
print("rotated first:", turned[0, 0])
assert turned[0, 0] == cs.filters.convolve(image, kernel[::-1, ::-1], clip=False)[0, 0]
assert turned[0, 0] == (
    0 * -3 + 64 * 2 + 128 * 1.5
    + 48 * -1.5 + 192 * 4.5 + 144 * 0.5
    + 42 * -2 + 226 * 0 + 168 * -1
)  # fmt: skip
