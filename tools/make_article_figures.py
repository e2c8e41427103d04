"""Draw the figures of docs/how-it-works.md from a small network that is trained here, on the digits of the package.

Run it from anywhere: ``python tools/make_article_figures.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from make_explanation_figures import _CELL, Drawing

import convoscope as cs

Values = npt.NDArray[Any]
_SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
_PLACE = (2, 2)  # the window's first row and column
_SHOWN = 6  # maps of a row


def main() -> None:
    (x, y), (x_test, y_test) = cs.datasets.digits.load_data()
    model = trained(x, y)
    found = model.predict(x_test[..., None], verbose=0)
    # One that is classified correctly, yet leaves something to choose: else all probabilities but one would be zero.
    chosen = np.flatnonzero((found.argmax(1) == y_test) & (found.max(1) < 0.8))[0]
    image, label = x_test[chosen].astype(int), int(y_test[chosen])
    names = [layer.name for layer in model.layers]
    maps = dict(zip(names, model.layer_outputs(x_test[chosen : chosen + 1, ..., None]), strict=True))
    numbers(image, label)
    window(image)
    first_maps(model, image, maps)
    sum_of_maps(model, maps)
    scores(model, maps, label)


def trained(x: Values, y: Values) -> Any:
    """Return the network of the article, trained."""
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Rescaling(1 / 16, input_shape=(8, 8, 1), name="scaled"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(2, name="pooled"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="second"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", name="classes"),
        ],
        seed=1,
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[..., None], y, epochs=20, verbose=0)
    return model


def numbers(image: Values, label: int) -> None:
    drawing = Drawing(640, 330, f"A handwritten {label} of 8×8 pixels, and the numbers that it is made of")
    for (row, column), value in np.ndenumerate(image):
        drawing.box(20 + column * _CELL, 40 + row * _CELL, _CELL, _CELL, grey(value))
    drawing.text(20 + 4 * _CELL, 28, "what we see", grey=True)
    drawing.arrow(308, 176, 336, 176)
    drawing.grid(346, 40, image, lambda r, c: "#fff", "what the network gets")
    drawing.write("article-numbers.svg")


def window(image: Values) -> None:
    """Draw a window on the image, the kernel, the nine products and their sum."""
    top, left = _PLACE
    seen = image[top : top + 3, left : left + 3]
    products = seen * _SOBEL
    drawing = Drawing(800, 350, "A window of 3×3 pixels times a kernel of 3×3 weights: nine products and their sum")
    drawing.grid(20, 50, image, lambda r, c: "#bcd7f2" if inside(r, c) else "#fff", "image")
    drawing.box(20 + left * _CELL, 50 + top * _CELL, 3 * _CELL, 3 * _CELL, "none", heavy=True)
    drawing.grid(330, 130, seen, lambda r, c: "#bcd7f2", "window")
    drawing.text(451, 186, "×")
    drawing.grid(470, 130, _SOBEL, lambda r, c: "#f7c99b", "kernel")
    drawing.text(591, 186, "=")
    drawing.grid(610, 130, products, lambda r, c: "#f2f2f2", "products")
    drawing.text(661, 262, f"their sum: {products.sum()}".replace("-", "−"))
    drawing.text(330, 304, "The sum is one pixel of the output. Then the window", anchor="start", grey=True)
    drawing.text(330, 324, "moves on by one pixel.", anchor="start", grey=True)
    drawing.write("article-window.svg")


def inside(row: int, column: int) -> bool:
    return 0 <= row - _PLACE[0] < 3 and 0 <= column - _PLACE[1] < 3


def first_maps(model: Any, image: Values, maps: dict[str, Values]) -> None:
    """Draw the image, and of the strongest filters the map before ReLU, behind it, and after pooling."""
    kernel, bias = model.get_layer("first").get_weights()
    padded = np.pad(maps["scaled"][0, ..., 0], 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    before = np.einsum("yxij,ijc->yxc", windows, kernel[:, :, 0]) + bias
    after, pooled = maps["first"][0], maps["pooled"][0]
    assert np.allclose(np.maximum(before, 0), after, atol=1e-5)
    shown = np.argsort(-after.sum((0, 1)))[:_SHOWN]
    drawing = Drawing(800, 390, "Six filters: what each finds in the image, what ReLU leaves, and what pooling keeps")
    rows = (("convolution", before, 10), ("ReLU", after, 10), ("pooling", pooled, 20))
    for (row, column), value in np.ndenumerate(image):
        drawing.box(20 + column * 10, 60 + row * 10, 10, 10, grey(value))
    drawing.text(60, 48, "image", grey=True)
    limit = float(np.abs(before[..., shown]).max())
    for place, channel in enumerate(shown):
        drawing.text(260 + 90 * place, 28, f"filter {channel}", grey=True)
        for line, (_, values, cell) in enumerate(rows):
            heat(drawing, 220 + 90 * place, 44 + 110 * line, values[..., channel], limit, cell)
    for line, (name, _, _) in enumerate(rows):
        drawing.text(208, 88 + 110 * line, name, anchor="end", grey=True)
    drawing.text(
        220, 372, "orange: above zero, blue: below; the deeper, the further from zero", anchor="start", grey=True
    )
    drawing.write("article-maps.svg")


def sum_of_maps(model: Any, maps: dict[str, Values]) -> None:
    """Draw what the strongest maps contribute to a map of the second convolution, and their sum."""
    kernel, bias = model.get_layer("second").get_weights()
    channel = int(maps["second"][0].sum((0, 1)).argmax())
    padded = np.pad(maps["pooled"][0], ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))
    parts = np.einsum("yxcij,ijc->yxc", windows, kernel[..., channel])
    total = parts.sum(-1) + bias[channel]
    assert np.allclose(np.maximum(total, 0), maps["second"][0, ..., channel], atol=1e-5)
    shown = np.argsort(-np.abs(parts).sum((0, 1)))[:5]
    rest = parts.sum(-1) - parts[..., shown].sum(-1)
    limit = float(max(np.abs(parts).max(), np.abs(total).max()))
    drawing = Drawing(800, 250, "A map of the second convolution is the sum of what each map below contributes")
    pictures = [(f"map {c}", maps["pooled"][0, ..., c], parts[..., c]) for c in shown]
    for place, (name, below, part) in enumerate(pictures):
        heat(drawing, 20 + 110 * place, 34, below, limit, 18)
        drawing.text(56 + 110 * place, 24, name, grey=True)
        drawing.arrow(56 + 110 * place, 110, 56 + 110 * place, 134)
        heat(drawing, 20 + 110 * place, 138, part, limit, 18)
        drawing.text(110 + 110 * place, 179, "+")
    heat(drawing, 570, 138, rest, limit, 18)
    drawing.text(606, 126, f"the other {parts.shape[-1] - len(shown)}", grey=True)
    drawing.text(666, 179, "→")
    heat(drawing, 700, 138, np.maximum(total, 0), limit, 18)
    drawing.text(736, 126, "bias, ReLU", grey=True)
    drawing.text(736, 230, f"map {channel}", grey=True)
    drawing.write("article-sum.svg")


def scores(model: Any, maps: dict[str, Values], label: int) -> None:
    """Draw the ten scores, and the probabilities that softmax makes of them."""
    kernel, bias = model.get_layer("classes").get_weights()
    values = maps["second"].reshape(1, -1)[0] @ kernel + bias
    found = maps["classes"][0]
    assert found.argmax() == label
    drawing = Drawing(700, 330, "Ten scores, one for each digit, and the probabilities that softmax makes of them")
    drawing.text(190, 24, "scores", grey=True)
    drawing.text(520, 24, "softmax: probabilities", grey=True)
    widest = float(np.abs(values).max())
    for digit in range(10):
        y = 40 + 28 * digit
        drawing.text(24, y + 15, str(digit))
        length = 120 * float(values[digit]) / widest
        drawing.box(190 + min(length, 0), y, abs(length), 20, "#f7c99b" if length > 0 else "#bcd7f2")
        drawing.text(326, y + 15, f"{values[digit]:.1f}".replace("-", "−"), anchor="start")
        drawing.box(420, y, 200 * float(found[digit]), 20, "#f7c99b")
        drawing.text(632, y + 15, f"{100 * found[digit]:.1f} %", anchor="start")
    drawing.write("article-softmax.svg")


def heat(drawing: Drawing, x: float, y: float, values: Values, limit: float, cell: int) -> None:
    """Draw a map: white is zero, orange above it, blue below."""
    for (row, column), value in np.ndenumerate(values):
        strength = min(1.0, abs(float(value)) / limit) ** 0.7
        end = np.array([196, 84, 8] if value > 0 else [38, 111, 186])
        drawing.box(x + column * cell, y + row * cell, cell, cell, colour(255 + (end - 255) * strength), line=False)
    drawing.box(x, y, values.shape[1] * cell, values.shape[0] * cell, "none")


def grey(value: float) -> str:
    """Return ink on paper: 16 is black."""
    return colour(np.full(3, 255 - 15.9 * value))


def colour(channels: Values) -> str:
    return "#" + "".join(f"{round(float(channel)):02x}" for channel in channels)


if __name__ == "__main__":
    main()
