"""Colour: red, green and blue are each convolved with their own numbers, and the three results are added.

A convolutional layer does this with a colour image: one filter, three times nine numbers, one result.

Run this page: python docs/filters/5_colour.py
"""

import numpy as np

import convoscope as cs

photograph = cs.filters.samples.photograph()
red, green, blue = (photograph[..., channel] for channel in range(3))

kernel = np.stack(
    [
        cs.filters.get("sobel-x").values,  # for red
        cs.filters.get("sobel-y").values,  # for green
        cs.filters.get("laplacian").values,  # for blue
    ],
    axis=-1,
)  # (3, 3, 3): rows, columns, channels

together = cs.filters.convolve(photograph, kernel, channels="sum", clip=False)
print("one filter turns", photograph.shape, "into", together.shape)
assert together.shape == (510, 510, 1)

three = [
    cs.filters.convolve(plane, kernel[..., channel], clip=False) for channel, plane in enumerate((red, green, blue))
]
assert np.array_equal(together[..., 0], three[0] + three[1] + three[2])

print(cs.filters.explain(photograph, kernel, 250, 290, channels="sum", clip=False))

# A layer of a network does the same: its kernel has the shape (rows, columns, channels, filters).
layer = cs.Sequential([cs.layers.Conv2D(1, 3, input_shape=(512, 512, 3))])
layer.set_weights([kernel[..., None].astype(np.float32), np.zeros(1, np.float32)])
by_layer = layer.predict(photograph[None].astype(np.float32), verbose=0)[0]
assert np.allclose(by_layer, together, atol=1e-2)

# Photographs are usually filtered differently: each channel by itself with the same numbers, which keeps the colours.
apart = cs.filters.convolve(photograph, "gaussian-5")
assert apart.shape == (508, 508, 3)
assert np.array_equal(apart[..., 1], cs.filters.convolve(green, "gaussian-5"))
