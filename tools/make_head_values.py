"""Write what scikit-learn and SciPy find where `convoscope.transfer` finds something of its own.

    python tools/make_head_values.py tests/transfer/values.json

Needs scikit-learn and SciPy, and the package itself for its digits.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from convoscope.datasets import digits

IMAGES, SHOWN = 120, 15
PENALTIES = (1.0, 0.1, 0.003)


def logistic() -> list[dict[str, object]]:
    """Fit digits' pixels, as they are, with several penalties, and with weights for the images."""
    (x, y), (x_test, _) = digits.load_data()
    features, labels = x[:IMAGES].reshape(IMAGES, -1) / 16.0, y[:IMAGES]
    shown = x_test[:SHOWN].reshape(SHOWN, -1) / 16.0
    weights = np.where(labels < 3, 2.0, 0.5)
    weights = weights * len(weights) / weights.sum()
    rows: list[dict[str, object]] = []
    for penalty in PENALTIES:
        for weighted in (False, True):
            model = LogisticRegression(C=1 / (penalty * IMAGES), tol=1e-10, max_iter=10_000)
            model.fit(features, labels, sample_weight=weights if weighted else None)
            probabilities = model.predict_proba(shown).round(8).tolist()
            rows.append({"penalty": penalty, "weighted": weighted, "probabilities": probabilities})
    return rows


def temperatures() -> list[dict[str, object]]:
    """Find the best temperatures of random scores."""
    generator = np.random.default_rng(7)
    rows: list[dict[str, object]] = []
    for sharpness in (0.3, 1.0, 6.0):
        labels = generator.integers(0, 4, 80)
        scores = (generator.normal(size=(80, 4)) + 1.5 * np.eye(4)[labels]) * sharpness

        def loss(inverse: float, scores=scores, labels=labels) -> float:  # type: ignore[no-untyped-def]
            return float(-log_softmax(scores * inverse, axis=1)[np.arange(80), labels].mean())

        best = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-10})
        rows.append({"scores": scores.round(6).tolist(), "labels": labels.tolist(), "temperature": 1 / best.x})
    return rows


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    given.file.write_text(json.dumps({"logistic": logistic(), "temperatures": temperatures()}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
