"""Filters that make vertical lines stand out, and horizontal ones.

A large number in a filter's cell amplifies the pixel under it, a zero kills it; the sum is large where the image has
the filter's own pattern: here the strokes of a handwritten 4.

Run this page: python docs/filters/2_filters_that_look_for_lines.py
"""

import numpy as np

import convoscope as cs

rows = [
    "............",
    "...#....#...",
    "...#....#...",
    "...#....#...",
    "...#....#...",
    "...######...",
    "........#...",
    "........#...",
    "........#...",
    "............",
]
four = np.array([[255 if cell == "#" else 0 for cell in row] for row in rows], np.uint8)


def draw(image: np.ndarray) -> None:
    """Print bright pixels as blocks."""
    for row in image:
        print("  " + "".join(" ░▒▓█"[int(value) * 4 // 255] * 2 for value in row))


print("A four:")
draw(four)

# One cell of the filter alone: 1 keeps a pixel of 255, 3 amplifies it, 0 kills it.
assert [cs.filters.convolve(np.array([[255]]), [[value]]).item() for value in (1, 3, 0)] == [255, 765, 0]

vertical = cs.filters.convolve(four, "vertical-lines", padding="same", clip=False)
horizontal = cs.filters.convolve(four, "horizontal-lines", padding="same", clip=False)
print("Where", cs.filters.get("vertical-lines"), "is strong:")
draw(vertical.clip(0, 255))
print("Where", cs.filters.get("horizontal-lines"), "is strong:")
draw(horizontal.clip(0, 255))

# In the middle of an upright stroke three bright pixels lie under three twos: the most that this filter can say.
assert vertical[3, 3] == vertical[7, 8] == vertical.max() == 3 * 2 * 255
# The level stroke gives it nothing, as each two is taken back by the minus ones beside it; for the other filter it is
# the other way round.
assert vertical[5, 5] == vertical[5, 6] == 0
assert horizontal[5, 5] == horizontal.max() == 3 * 2 * 255
assert horizontal[3, 3] == horizontal[7, 8] == 0

# A convolution is a partly connected layer. Each new pixel is a neuron with nine inputs; in a dense layer it would be
# connected with all pixels of the image.
changed = []
for row in range(four.shape[0]):
    for column in range(four.shape[1]):
        other = four.copy()
        other[row, column] ^= 255
        moved = cs.filters.convolve(other, [[1, 1, 1], [1, 1, 1], [1, 1, 1]], padding="same", clip=False)
        if moved[4, 6] != cs.filters.convolve(four, np.ones((3, 3)), padding="same", clip=False)[4, 6]:
            changed.append((row, column))
print("The new pixel (4, 6) is connected with", len(changed), "pixels:", changed)
assert len(changed) == 9
assert changed == [(row, column) for row in (3, 4, 5) for column in (5, 6, 7)]
