"""The core within a process: instruction sets, threads, several callers, forks, Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from convoscope import _native
from convoscope.engine.base import LossRule, Stretch
from convoscope.engine.native import NativeEngine, NativeExecutable
from convoscope.engine.plan import build
from convoscope.engine.updates import update_rule
from convoscope.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Layer, MaxPooling2D

Array = npt.NDArray[Any]


@pytest.fixture(autouse=True)
def best_isa_and_threads_as_before() -> Iterator[None]:
    threads = _native.get_threads()
    yield
    _native.set_isa("auto")
    _native.set_threads(threads)


def prepared(layers: list[Layer], shape: tuple[int, ...]) -> tuple[NativeExecutable, list[Array]]:
    rng = np.random.default_rng(0)
    plan = build(layers, shape)
    weights = [0.05 * rng.standard_normal(w.shape).astype(np.float32) for w in plan.weights]
    return NativeEngine().prepare(plan, weights), weights


def test_an_instruction_set_is_forced_by_name() -> None:
    for name in _native.isas():
        _native.set_isa(name)
        assert _native.isa() == name
    _native.set_isa("auto")
    assert _native.isa() == _native.isas()[-1]
    with pytest.raises(ValueError, match=r"no instruction set named 'mmx' here\. Known: auto, "):
        _native.set_isa("mmx")


def test_the_number_of_threads_is_set_and_read() -> None:
    for count in (1, 3, 2):
        _native.set_threads(count)
        assert _native.get_threads() == count
    with pytest.raises(ValueError, match="at least one thread"):
        _native.set_threads(0)


def test_several_callers_get_right_results_while_the_number_of_threads_changes() -> None:
    _native.set_threads(2)
    executable, _ = prepared([Conv2D(20, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(10)], (12, 12, 3))
    x = np.random.default_rng(1).random((40, 12, 12, 3), np.float32)
    expected = executable.forward(x)

    def predict_often(_: int) -> bool:
        return all(np.array_equal(executable.forward(x), expected) for _ in range(50))

    with ThreadPoolExecutor(4) as callers:
        results = callers.map(predict_often, range(4))
        for count in (1, 4, 2, 3) * 5:
            _native.set_threads(count)
        assert all(results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_child_computes_with_a_pool_of_its_own() -> None:
    _native.set_threads(2)
    executable, _ = prepared([Conv2D(20, 3), MaxPooling2D()], (12, 12, 3))
    x = np.random.default_rng(1).random((40, 12, 12, 3), np.float32)
    expected = executable.forward(x)
    child = os.fork()
    if child == 0:  # whatever happens, the child must not go on running tests
        right = False
        try:
            right = np.array_equal(executable.forward(x), expected) and _native.get_threads() == 2
        finally:
            os._exit(0 if right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def seconds_until_interrupted(call: Callable[[], object]) -> float:
    """Return how long all threads went on computing after Ctrl-C, in the processors' time: others may be busy too."""
    sent = []

    def interrupt() -> None:
        time.sleep(0.3)
        sent.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        other.join()
    return time.process_time() - sent[0]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent another way there")
@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupted_step_leaves_everything_as_it_was(threads: int) -> None:
    _native.set_threads(threads)
    layers = [Conv2D(128, 5, padding="same", activation="relu"), Conv2D(256, 5), GlobalAveragePooling2D(), Dense(4)]
    executable, weights = prepared(layers, (64, 64, 3))
    before = [weight.copy() for weight in weights]
    samples = 64  # one step of several seconds
    x = np.random.default_rng(0).random((samples, 64, 64, 3), np.float32)
    y = np.zeros(samples, np.int32)
    loss = LossRule("sparse_categorical_crossentropy", from_logits=True)
    slots = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
    stretch = Stretch(
        x=x,
        y=y,
        rows=np.arange(samples),
        batch_size=samples,
        loss=loss,
        rule=update_rule("adam"),
        learning_rates=np.full(1, 1e-3),
        iteration=0,
        seed=0,
        slots=slots,
        losses=np.zeros(samples, np.float32),
        outputs=np.zeros((samples, 4), np.float32),
    )
    assert seconds_until_interrupted(lambda: executable.train(stretch)) < 0.5
    for weight, old in zip(weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert not any(slot.any() for pair in slots for slot in pair)
    assert seconds_until_interrupted(lambda: executable.forward(x)) < 0.5
    assert seconds_until_interrupted(lambda: executable.gradients(x, y, loss)) < 0.5
    assert executable.forward(x[:1]).shape == (1, 4)


def test_numbers_too_small_to_count_are_zero_in_the_core_and_nowhere_else() -> None:
    tiny = np.full((1, 4), 1e-42, np.float32)
    executable, weights = prepared([Dense(3)], (4,))
    weights[0][...] = 1
    np.testing.assert_array_equal(executable.forward(tiny), weights[1][None])
    assert np.all(tiny * np.float32(2) > 0)


def test_no_samples_make_no_outputs() -> None:
    executable, _ = prepared([Conv2D(4, 3), MaxPooling2D()], (12, 12, 3))
    assert executable.forward(np.zeros((0, 12, 12, 3), np.float32)).shape == (0, 5, 5, 4)
