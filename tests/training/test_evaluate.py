"""Evaluation and prediction: what they measure is what is computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convoscope.engine.base import Engine
from convoscope.errors import DataError, ShapeError
from convoscope.training import losses
from convoscope.training.callbacks import LambdaCallback
from convoscope.training.stages import evaluate, predict


def many(images: Any) -> tuple[np.ndarray, np.ndarray]:
    """More samples than go through the engine at once."""
    return np.tile(images[0], (7, 1, 1, 1)), np.tile(images[1], 7)


def test_evaluation_is_what_is_computed_by_hand(model: Any, images: Any, engine: Engine) -> None:
    x, y = many(images)
    model.fit(x, y, verbose=0)
    loss, accuracy = model.evaluate(x, y, verbose=0)
    probabilities = model.predict(x, verbose=0).astype(np.float64)
    assert probabilities.shape == (679, 3)
    assert loss == pytest.approx(-np.log(probabilities[np.arange(len(y)), y]).mean(), rel=1e-5)
    assert accuracy == (probabilities.argmax(axis=1) == y).mean()


def test_sample_weights_weigh_the_loss_and_leave_metrics_alone(model: Any, images: Any) -> None:
    x, y = many(images)
    weights = np.random.default_rng(0).random(len(y))
    loss, accuracy = model.evaluate(x, y, sample_weight=weights, verbose=0)
    each = losses.sparse_categorical_crossentropy(y, model.predict(x, verbose=0))
    assert loss == pytest.approx((weights * each).sum() / len(y), rel=1e-5)
    assert accuracy == model.evaluate(x, y, verbose=0)[1]


def test_batch_sizes_do_not_matter(model: Any, images: Any) -> None:
    x, y = many(images)
    results = [model.evaluate(x, y, batch_size=size, verbose=0) for size in (1, 32, 500, 10000)]
    for result in results:
        assert result == pytest.approx(results[0], rel=1e-6)
    predictions = [model.predict(x, batch_size=size, verbose=0) for size in (7, 10000)]
    np.testing.assert_allclose(predictions[0], predictions[1], rtol=1e-5, atol=1e-7)


def test_results_come_as_a_number_a_list_or_by_name(new_model: Any, images: Any) -> None:
    plain = new_model(metrics=None)
    assert isinstance(plain.evaluate(*images, verbose=0), float)
    model = new_model()
    listed, named = model.evaluate(*images, verbose=0), model.evaluate(*images, verbose=0, return_dict=True)
    assert named == {"loss": listed[0], "accuracy": listed[1]}


def test_batches_are_counted_where_a_callback_watches_them(model: Any, images: Any) -> None:
    seen: list[int] = []
    spy = LambdaCallback(
        on_test_batch_end=lambda batch, logs: seen.append(batch),
        on_predict_batch_begin=lambda batch, logs: seen.append(100 + batch),
    )
    watched = evaluate(model, *images, batch_size=40, verbose=0, callbacks=[spy])
    assert watched == pytest.approx(model.evaluate(*images, verbose=0), rel=1e-6)
    predict(model, images[0], batch_size=40, verbose=0, callbacks=[spy])
    assert seen == [0, 1, 2, 100, 101, 102]


def test_bad_data_is_refused_by_the_name_of_what_was_asked(model: Any, images: Any) -> None:
    x, y = images
    with pytest.raises(ShapeError, match=r"^evaluate: .*have 2 channels, not 1"):
        model.evaluate(np.tile(x, 2), y, verbose=0)
    with pytest.raises(DataError, match=r"^evaluate: label 3 at"):
        model.evaluate(x, y + 1, verbose=0)
    with pytest.raises(DataError, match=r"^predict: x is empty"):
        model.predict(x[:0], verbose=0)
