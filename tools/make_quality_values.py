"""Compute, with cleanlab and scikit-learn, the values that `convoscope.quality` is held to.

Needs an environment of its own (``pip install cleanlab scikit-learn``; the committed file is from cleanlab 2.9.0 and
scikit-learn 1.9.1). Writes ``tests/quality/values.json``. Probabilities are multiples of 1/1024, so the file is short.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from cleanlab.count import compute_confident_joint, get_confident_thresholds
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestNeighbors

TARGET = Path(__file__).parents[1] / "tests" / "quality" / "values.json"
UNIT = 1024


def confident(generator: np.random.Generator, images: int, classes: int, sharpness: float) -> dict[str, Any]:
    """Labels, of which some are wrong, and probabilities that mostly favour what is right."""
    truth = np.concatenate([np.arange(classes), generator.integers(0, classes, images - classes)])
    logits = generator.normal(size=(images, classes)) + sharpness * np.eye(classes)[truth]
    powers = np.exp(logits)
    units = np.maximum(1, np.rint(powers / powers.sum(axis=1, keepdims=True) * UNIT)).astype(int)
    units[:, 0] += UNIT - units.sum(axis=1)
    labels = np.where(generator.random(images) < 0.15, generator.integers(0, classes, images), truth)
    labels[:classes] = np.arange(classes)
    probabilities = units / UNIT
    joint = compute_confident_joint(labels, probabilities, calibrate=False)
    return {
        "labels": labels.tolist(),
        "units": units.tolist(),
        "thresholds": get_confident_thresholds(labels, probabilities).tolist(),
        "joint": joint.tolist(),
        "calibrated": compute_confident_joint(labels, probabilities, calibrate=True).tolist(),
    }


def neighbours(generator: np.random.Generator) -> dict[str, Any]:
    """The five nearest of 30 points by cosine distance."""
    points = generator.integers(-8, 9, (30, 7))
    found = NearestNeighbors(n_neighbors=6, metric="cosine", algorithm="brute").fit(points)
    distances, indices = found.kneighbors(points)
    return {"points": points.tolist(), "indices": indices[:, 1:].tolist(), "cosines": (1 - distances[:, 1:]).tolist()}


def discriminant(generator: np.random.Generator) -> dict[str, Any]:
    """One fold of the classifier that only sees the background: 3 classes that count alike."""
    labels = np.array([0] * 12 + [1] * 8 + [2] * 4)
    seen = generator.integers(0, 128, (24, 5)) / 256 + 0.1 * labels[:, None]
    held = np.arange(24) % 4 == 0
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2, priors=[1 / 3] * 3).fit(seen[~held], labels[~held])
    scores = model.decision_function(seen[held]) + np.log(3)  # without the logarithms of the priors
    return {"seen": seen.tolist(), "labels": labels.tolist(), "held": held.tolist(), "scores": scores.tolist()}


def main() -> None:
    """Write the file."""
    generator = np.random.default_rng(4)
    values = {
        "confident": [
            confident(generator, *each)
            for each in ((40, 2, 2.0), (40, 4, 2.0), (30, 3, 0.5), (25, 6, 4.0), (12, 2, 8.0))
        ],
        "neighbours": neighbours(generator),
        "discriminant": discriminant(generator),
    }
    TARGET.write_text(json.dumps(values) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
