"""How to train for the race to an accuracy. A recipe is one function; it stands in `RECIPES`, and is chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import convoscope as cs

Recipe = Callable[[Any, Any, int, int, int, int], Iterator[cs.Sequential]]


def plain(images: Any, labels: Any, seed: int, batch: int, every: int, epochs: int) -> Iterator[cs.Sequential]:
    """Train the lesson's network with Adam as it is by default.

    Parameters
    ----------
    images, labels : arrays
        All training images, uint8, N × height × width × channels.
    seed : int
        What the first weights and the order of the images follow from.
    batch, epochs : int
        Images to a step, and passes at most.
    every : int
        Steps between two looks at the accuracy.

    Yields
    ------
    Sequential
        The model, whenever its accuracy may be looked at. Whoever looks stops the clock meanwhile.
    """
    model = cs.models.build_preset("cnn-2", images.shape[1:], int(labels.max()) + 1, scale=1 / 255, seed=seed)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    order = np.random.default_rng(seed)
    for _ in range(epochs):
        rows = order.permutation(len(images))
        for first in range(0, len(rows), every * batch):
            chosen = rows[first : first + every * batch]
            model.fit(images[chosen], labels[chosen], batch_size=batch, shuffle=False, verbose=0)
            yield model


RECIPES: dict[str, Recipe] = {"plain": plain}
