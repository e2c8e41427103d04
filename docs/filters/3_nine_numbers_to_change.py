"""A small tool with nine numbers to change: blur, the same image, brighter, edges.

On the page of ``convoscope lab``, you change them with the mouse. Here, the lesson's own five sets of numbers are
applied to the sample photograph, and what each of them does is checked.

Run this page: python docs/filters/3_nine_numbers_to_change.py
"""

import numpy as np

import convoscope as cs

photograph = cs.filters.samples.photograph()
grey = np.rint(photograph.mean(axis=2)).astype(np.uint8)
inner = grey[1:-1, 1:-1].astype(int)  # the pixels that have all eight neighbours


def show(name: str, image: np.ndarray) -> None:
    """Print how bright an image is, and how much neighbouring pixels differ."""
    values = image.astype(float)
    print(f"{name:28} mean {values.mean():6.1f}   neighbours differ by {np.abs(np.diff(values, axis=1)).mean():5.2f}")


show("the photograph", inner)

# Nine times 0.1: each pixel becomes (nearly) the average of nine. The image is blurred and, since nine tenths are less
# than one, a little darker.
blurred = cs.filters.convolve(grey, [[0.1, 0.1, 0.1]] * 3)
show("nine times 0.1", blurred)
nine = sum(grey[row : row + 510, column : column + 510].astype(float) for row in range(3) for column in range(3))
assert np.abs(blurred - nine / 10).max() <= 0.5 + 1e-9  # rounded to whole numbers
assert np.abs(np.diff(blurred.astype(int), axis=1)).mean() < 0.8 * np.abs(np.diff(inner, axis=1)).mean()

# Middle 1, the others 0: the image itself.
same = cs.filters.convolve(grey, [[0, 0, 0], [0, 1, 0], [0, 0, 0]])
show("middle 1", same)
assert np.array_equal(same, inner)

# Middle 2: twice as bright, and values above 255 are clipped.
bright = cs.filters.convolve(grey, [[0, 0, 0], [0, 2, 0], [0, 0, 0]])
show("middle 2", bright)
assert np.array_equal(bright, np.minimum(2 * inner, 255))
assert (2 * inner > 255).any()

# Middle 1, above it -1: the difference from the pixel above. Uniform areas vanish, horizontal edges remain.
edges = cs.filters.convolve(grey, [[0, -1, 0], [0, 1, 0], [0, 0, 0]])
show("middle 1, above it -1", edges)
assert np.array_equal(edges, np.maximum(inner - grey[:-2, 1:-1].astype(int), 0))
step = np.zeros((5, 5), np.uint8)
step[2:] = 100
assert cs.filters.convolve(step, "lesson-above").tolist() == [[0, 0, 0], [100, 100, 100], [0, 0, 0]]
assert not cs.filters.convolve(step.T, "lesson-above").any()  # it does not see vertical edges

# Middle 1, around it -0.1: a fifth of the brightness, with the details emphasized.
around = cs.filters.convolve(grey, "lesson-around")
show("middle 1, around it -0.1", around)
assert np.abs(around - np.clip(inner - 0.1 * (nine - inner), 0, 255)).max() <= 0.5 + 1e-9
assert cs.filters.convolve(np.full((3, 3), 100, np.uint8), "lesson-around").tolist() == [[20]]

# The nine numbers may be anything. If their sum is neither 0 nor 1, a factor, the weight, restores the brightness: it
# normalizes the filter.
kernel = cs.filters.parse("1 2 1; 2 4 2; 1 2 1").normalized
assert kernel.weight == 1 / 16
soft = cs.filters.convolve(grey, kernel)
show("1 2 1; 2 4 2; 1 2 1, / 16", soft)
assert abs(float(soft.mean()) - float(inner.mean())) < 0.5
