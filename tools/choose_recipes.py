"""Try settings for a recipe on a validation split: the last 10,000 training images of a data set, never the test set.

    python tools/choose_recipes.py fashion-mnist fast --seeds 3 --epochs 3 learning_rate=0.002 learning_rate=0.004
    python tools/choose_recipes.py digits best --held-out 300
    python tools/choose_recipes.py mnist best --seeds 1 "augmentation=shift 0.08; batch_size=128"

Each word after the recipe's name is one trial: the recipe with those fields of `convoscope.recipes.Recipe` changed. The
first line is the recipe as it is. Given are the accuracy on the held-out images, the mean and the extremes over the
seeds, and the seconds of processor time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from ast import literal_eval
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import convoscope as cs
from convoscope.datasets import Dataset
from convoscope.recipes import Recipe

HELD_OUT = 10_000


def main(words: Sequence[str] | None = None) -> None:
    """Run the trials one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=cs.datasets.names())
    parser.add_argument("recipe", choices=cs.recipes.names())
    parser.add_argument("trials", nargs="*", metavar="FIELD=VALUE[;FIELD=VALUE]")
    parser.add_argument("--epochs", type=float, help="in place of the recipe's")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--held-out", type=int, default=HELD_OUT, metavar="IMAGES")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_intermixed_args(words)
    cs.set_threads(arguments.threads)
    data = cs.datasets.load(arguments.dataset)
    recipe = cs.recipes.get(arguments.recipe, arguments.dataset)
    recipe = recipe.lasting(arguments.epochs or recipe.epochs)
    for trial in ["", *arguments.trials]:
        changed = replace(recipe, **_changes(trial))
        results = [validate(changed, data, arguments.held_out, seed) for seed in range(1, arguments.seeds + 1)]
        found = [100 * accuracy for accuracy, _ in results]
        seconds = statistics.mean(taken for _, taken in results)
        print(
            f"{statistics.mean(found):6.2f} % ({min(found):.2f} to {max(found):.2f})  {seconds:7.1f} s  "
            f"{trial or 'as it is'}",
            flush=True,
        )


def validate(recipe: Recipe, data: Dataset, held_out: int, seed: int) -> tuple[float, float]:
    """Train by the recipe on all but the last training images; return the accuracy on those, and processor seconds."""
    x, y = data.x_train[..., None], data.y_train
    model = recipe.model(data.info.image_shape, len(data.info.class_names), scale=1 / data.info.max_value, seed=seed)
    began = time.process_time()
    recipe.fit(model, x[:-held_out], y[:-held_out], verbose=0)
    seconds = time.process_time() - began
    guesses = model.predict(x[-held_out:], batch_size=500, verbose=0).argmax(axis=1)
    return float((guesses == y[-held_out:]).mean()), seconds


def _changes(trial: str) -> dict[str, Any]:
    return {
        name.strip(): _value(value) for name, _, value in (each.partition("=") for each in trial.split(";") if each)
    }


def _value(text: str) -> Any:
    try:
        return literal_eval(text)
    except (SyntaxError, ValueError):
        return text


if __name__ == "__main__":
    main()
