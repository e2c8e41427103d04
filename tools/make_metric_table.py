"""Write what Keras' metrics say after each of three batches: `tests/values/metric_table.json`.

Each metric takes the batches in without and with sample weights. Run it in an environment with Keras 3.15:

    python tools/make_metric_table.py
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).parent.parent / "tests" / "values" / "metric_table.json"
BATCHES = ((0, 5), (5, 9), (9, 14))
#: Keras' class, its settings, and which true values and predictions it gets.
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("Accuracy", {}, "labels", "guesses"),
    ("BinaryAccuracy", {}, "yes_no", "unit"),
    ("BinaryAccuracy", {"threshold": 0.3}, "several", "units"),
    ("CategoricalAccuracy", {}, "one_hot", "shares"),
    ("SparseCategoricalAccuracy", {}, "labels", "shares"),
    ("SparseCategoricalAccuracy", {}, "labels_column", "shares"),
    ("TopKCategoricalAccuracy", {"k": 2}, "one_hot", "shares"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "labels", "shares"),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, "labels", "sorted"),
    *[
        (name, settings, "yes_no", "unit")
        for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall")
        for settings in ({}, {"thresholds": 0.3}, {"thresholds": [0.2, 0.5, 0.6]}, {"thresholds": [0.0, 0.5, 1.0]})
    ],
    *[
        (name, settings, "one_hot", "shares")
        for name in ("Precision", "Recall")
        for settings in ({}, {"top_k": 2}, {"class_id": 1}, {"top_k": 1, "class_id": 2}, {"thresholds": 0.3})
    ],
    *[
        ("AUC", {"curve": curve, "summation_method": method, **more}, true, predicted)
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "minoring", "majoring")
        for more, true, predicted in (
            ({}, "yes_no", "unit"),
            ({"thresholds": [0.1, 0.35, 0.8], "multi_label": True}, "several", "units"),
        )
    ],
    ("AUC", {"num_thresholds": 11}, "several", "units"),
    ("AUC", {"from_logits": True}, "yes_no", "logit"),
    ("AUC", {"multi_label": True, "num_labels": 3}, "several", "units"),
    ("AUC", {"multi_label": True, "label_weights": [0.2, 0.5, 1.0]}, "several", "units"),
    ("AUC", {"label_weights": [0.2, 0.5, 1.0], "thresholds": [0.3, 0.4]}, "several", "units"),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, "yes_no", "unit"),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6, "num_thresholds": 9}, "yes_no", "unit"),
    ("PrecisionAtRecall", {"recall": 0.6}, "yes_no", "unit"),
    ("RecallAtPrecision", {"precision": 0.6, "num_thresholds": 1}, "yes_no", "unit"),
    *[("F1Score", {"average": average}, "one_hot", "shares") for average in (None, "micro", "macro", "weighted")],
    *[
        ("FBetaScore", {"average": average, "beta": 2.0, "threshold": 0.4}, "several", "units")
        for average in (None, "micro", "weighted")
    ],
    *[
        (name, {}, "values", "guessed_values")
        for name in (
            "MeanSquaredError",
            "RootMeanSquaredError",
            "MeanAbsoluteError",
            "MeanAbsolutePercentageError",
            "MeanSquaredLogarithmicError",
            "LogCoshError",
            "CosineSimilarity",
            "Poisson",
        )
    ],
    ("KLDivergence", {}, "one_hot", "shares"),
    ("Hinge", {}, "several", "guessed_values"),
    ("SquaredHinge", {}, "column", "logit"),
    ("CategoricalHinge", {}, "one_hot", "guessed_values"),
    ("BinaryCrossentropy", {}, "column", "unit"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, "column", "logit"),
    ("CategoricalCrossentropy", {}, "one_hot", "shares"),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, "one_hot", "units"),
    ("SparseCategoricalCrossentropy", {}, "labels", "units"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, "labels", "guessed_values"),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, "labels", "shares"),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, "labels", "guesses"),
    ("IoU", {"num_classes": 2, "target_class_ids": [1], "dtype": "float32"}, "labels", "guesses"),
    ("MeanIoU", {"num_classes": 3, "dtype": "float32"}, "labels", "guesses"),
    ("MeanIoU", {"num_classes": 4, "ignore_class": 1, "sparse_y_pred": False}, "labels", "shares"),
    ("MeanIoU", {"num_classes": 3, "sparse_y_pred": False}, "marks", "places"),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.4}, "yes_no", "unit"),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 1], "dtype": "float32"}, "one_hot", "shares"),
    ("OneHotMeanIoU", {"num_classes": 3}, "one_hot", "shares"),
]


def data() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(15)
    labels = generator.integers(0, 3, 14)
    shares = generator.random((14, 3)) + 0.05 + 0.5 * np.eye(3)[labels]
    places = generator.random((14, 2, 2, 3)).round(2)
    yes_no = generator.integers(0, 2, 14)
    return {
        "labels": labels,
        "labels_column": labels[:, None],
        "one_hot": np.eye(3)[labels],
        "guesses": np.where(generator.random(14) < 0.6, labels, generator.integers(0, 3, 14)),
        "shares": (shares / shares.sum(axis=1, keepdims=True)).round(2),
        "sorted": np.stack([generator.permutation(3) for _ in range(14)]),
        "yes_no": yes_no,
        "column": yes_no[:, None],
        "unit": generator.random((14, 1)).round(1),
        "logit": generator.standard_normal((14, 1)).round(2),
        "several": generator.integers(0, 2, (14, 3)),
        "units": generator.random((14, 3)).round(1).clip(0.1, 1.0),
        "values": generator.uniform(0.1, 1.5, (14, 3)).round(2),
        "guessed_values": generator.uniform(0.1, 1.5, (14, 3)).round(2),
        "marks": generator.integers(0, 3, (14, 2, 2)),
        "places": places,
        "sample_weight": generator.integers(1, 9, 14) / 4,
    }


def results(name: str, settings: dict[str, Any], true: Any, predicted: Any, weights: Any) -> list[Any]:
    """Return what a metric says after each batch."""
    import keras

    metric = getattr(keras.metrics, name)(**settings)
    found = []
    for begin, end in BATCHES:
        own = None if weights is None else weights[begin:end]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of weights that are made whole
            metric.update_state(true[begin:end], predicted[begin:end], own)
        value = np.asarray(metric.result(), np.float64)
        found.append([float(f"{each:.8g}") for each in value] if value.ndim else float(f"{value:.8g}"))
    return found


def main() -> None:
    given = data()
    rows = []
    for name, settings, true, predicted in CASES:
        whole = true in ("labels", "labels_column", "marks")
        y, p = given[true].astype(np.int32 if whole else np.float32), given[predicted].astype(np.float32)
        row: dict[str, Any] = {"metric": name, "settings": settings, "true": true, "predicted": predicted}
        row["plain"] = results(name, settings, y, p, None)
        if predicted != "places":  # Keras wants a weight for each place
            row["weighted"] = results(name, settings, y, p, given["sample_weight"].astype(np.float32))
        rows.append(row)
    made = {"batches": BATCHES, "data": {key: array.tolist() for key, array in given.items()}, "table": rows}
    FILE.write_text(json.dumps(made).replace('{"metric"', '\n{"metric"') + "\n")


if __name__ == "__main__":
    main()
