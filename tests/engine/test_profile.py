"""Where training's time went, as the core counts it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope import layers
from convoscope.errors import ConfigurationError

pytest.importorskip("convoscope._native", reason="it needs the native core")


def model() -> Any:
    cs.use_engine("native")
    made = cs.Sequential(
        [
            layers.Rescaling(1 / 255, input_shape=(12, 12, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),  # looks at the whole batch
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ],
        seed=1,
    )
    made.compile("adam", "sparse_categorical_crossentropy")
    return made


def images() -> tuple[Any, Any]:
    draw = np.random.default_rng(2)
    return draw.integers(0, 256, (96, 12, 12, 1), np.uint8), draw.integers(0, 3, 96)


@pytest.mark.parametrize("threads", [1, 2])
def test_every_step_and_what_is_around_them_take_time_and_no_more_than_there_is(threads: int) -> None:
    cs.set_threads(threads)
    trained = model()
    executable = trained.executable()
    executable.start_profile()
    begin = time.perf_counter()
    trained.fit(*images(), epochs=3, batch_size=16, verbose=0)
    passed = time.perf_counter() - begin
    found = executable.profile()
    assert len(found.steps) == len(executable.plan.steps)
    computing = [pair for step, pair in zip(executable.plan.steps, found.steps, strict=True) if step.multiply_adds]
    assert len(computing) == 2
    assert all(there > 0 and back > 0 for there, back in computing)
    assert all(seconds > 0 for seconds in found.around.values())
    assert sum(map(sum, found.steps)) + sum(found.around.values()) <= threads * passed


def test_a_profile_changes_no_weight() -> None:
    plain, watched = model(), model()
    watched.executable().start_profile()
    for each in (plain, watched):
        each.fit(*images(), epochs=2, batch_size=16, verbose=0)
    for one, other in zip(plain.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_was_not_counted_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"Call start_profile\(\) before training"):
        model().executable().profile()
