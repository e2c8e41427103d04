"""Every metric says after each batch what Keras' said (``tools/make_metric_table.py``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope import metrics
from convoscope.training.metrics.known import CLASSES

TABLE = json.loads((Path(__file__).parent / "metric_table.json").read_text())
GIVEN = {name: np.array(values) for name, values in TABLE["data"].items()}


def words(row: dict[str, Any]) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in row["settings"].items())
    return f"{row['metric']}({settings}) {row['true']} {row['predicted']}"


WAYS = [(row, way) for row in TABLE["table"] for way in ("plain", "weighted") if way in row]


@pytest.mark.parametrize(("row", "way"), WAYS, ids=[f"{words(row)} {way}" for row, way in WAYS])
def test_a_metric_says_what_keras_says_after_each_batch(row: dict[str, Any], way: str) -> None:
    expected = row[way]
    metric = getattr(metrics, row["metric"])(**row["settings"])
    for _ in range(2):  # the second time after a reset
        for (begin, end), value in zip(TABLE["batches"], expected, strict=True):
            true, predicted = GIVEN[row["true"]][begin:end], GIVEN[row["predicted"]][begin:end].astype(np.float32)
            metric.update_state(true, predicted, GIVEN["sample_weight"][begin:end] if way == "weighted" else None)
            np.testing.assert_allclose(metric.result(), value, rtol=2e-6, atol=1e-7)
        metric.reset_state()


@pytest.mark.parametrize("row", TABLE["table"], ids=words)
def test_a_metric_made_of_its_description_is_the_same(row: dict[str, Any]) -> None:
    metric = getattr(metrics, row["metric"])(**row["settings"], name="mine")
    again = metrics.get(json.loads(json.dumps(metrics.serialize(metric))))
    assert (type(again), again.name) == (type(metric), "mine")
    for each in (metric, again):
        each.update_state(GIVEN[row["true"]], GIVEN[row["predicted"]])
    np.testing.assert_array_equal(again.result(), metric.result())


def test_the_table_has_every_metric() -> None:
    elsewhere = {"Mean", "Sum", "MeanMetricWrapper"}  # training/test_metrics.py
    assert {row["metric"] for row in TABLE["table"]} | elsewhere == set(CLASSES)
