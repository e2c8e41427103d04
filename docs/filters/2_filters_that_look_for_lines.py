"""Filters that make vertical lines stand out, and horizontal ones.

A large number in a filter amplifies the pixel under it, and a zero removes it. The sum is large where the image looks
like the filter: here, at the strokes of a handwritten 4.

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

# A filter of a single cell: 1 keeps a pixel of 255, 3 amplifies it, 0 removes it.
assert [cs.filters.convolve(np.array([[255]]), [[value]]).item() for value in (1, 3, 0)] == [255, 765, 0]

vertical = cs.filters.convolve(four, "vertical-lines", padding="same", clip=False)
horizontal = cs.filters.convolve(four, "horizontal-lines", padding="same", clip=False)
print("Where the filter", cs.filters.get("vertical-lines"), "responds strongly:")
draw(vertical.clip(0, 255))
print("Where the filter", cs.filters.get("horizontal-lines"), "responds strongly:")
draw(horizontal.clip(0, 255))

# In the middle of a vertical stroke, three bright pixels lie under three twos: the largest value that this filter
# gives.
assert vertical[3, 3] == vertical[7, 8] == vertical.max() == 3 * 2 * 255
# The horizontal stroke gives 0, because the -1s beside each 2 cancel it. For the other filter it is the other way
# round.
assert vertical[5, 5] == vertical[5, 6] == 0
assert horizontal[5, 5] == horizontal.max() == 3 * 2 * 255
assert horizontal[3, 3] == horizontal[7, 8] == 0

# A convolution is a partly connected layer. Each new pixel is a neuron with nine inputs; in a dense layer it would be
# connected to all pixels of the image.
changed = []
for row in range(four.shape[0]):
    for column in range(four.shape[1]):
        other = four.copy()
        other[row, column] ^= 255
        moved = cs.filters.convolve(other, [[1, 1, 1], [1, 1, 1], [1, 1, 1]], padding="same", clip=False)
        if moved[4, 6] != cs.filters.convolve(four, np.ones((3, 3)), padding="same", clip=False)[4, 6]:
            changed.append((row, column))
print("The new pixel (4, 6) is connected to", len(changed), "pixels:", changed)
assert len(changed) == 9
assert changed == [(row, column) for row in (3, 4, 5) for column in (5, 6, 7)]
