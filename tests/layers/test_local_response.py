"""LocalResponseNormalization by its formula, in whole loops, and Divide against NumPy, both in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as tf
from convoscope.engine.base import Engine
from convoscope.engine.plan import build, build_graph
from convoscope.errors import ConfigurationError
from convoscope.layers import Divide, Input, LocalResponseNormalization
from convoscope.layers.graph import Call, Graph
from convoscope.models import Model

Array = npt.NDArray[Any]
#: PyTorch 2.13: ``F.local_response_norm(torch.arange(-3, 5.).reshape(1, 8, 1), 4, alpha=0.4, beta=0.75, k=1.5)``.
OF_PYTORCH = [-1.3859664, -0.89997715, -0.44998857, 0.0, 0.57323873, 0.89997715, 0.97098356, 1.3166504]


def by_loops(x: Array, before: int, after: int, bias: float, alpha: float, beta: float) -> Array:
    made = np.empty(x.shape)
    for at in np.ndindex(x.shape):
        beside = x[(*at[:-1], slice(max(at[-1] - before, 0), at[-1] + after + 1))]
        made[at] = x[at] / (bias + alpha * sum(float(each) ** 2 for each in beside)) ** beta
    return made


@pytest.mark.parametrize(
    ("radius", "before", "after", "beta"),
    [(2, 2, 2, 0.75), (0, 0, 0, 0.5), ((0, 3), 0, 3, 1.3), ([20, 1], 20, 1, 0.0), (9, 9, 9, 0.75)],
)
def test_it_is_the_formula(engine: Engine, radius: Any, before: int, after: int, beta: float) -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 2, 7)).astype(np.float32)
    layer = LocalResponseNormalization(radius, bias=1.5, alpha=0.3, beta=beta)
    found = engine.prepare(build([layer], (3, 2, 7)), []).forward(x)
    wanted = by_loops(x.astype(np.float64), before, after, 1.5, 0.3, beta)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_pytorch_counts_one_more_channel_before_than_behind_and_divides_alpha(engine: Engine) -> None:
    layer = LocalResponseNormalization((2, 1), bias=1.5, alpha=0.4 / 4, beta=0.75)
    x = np.arange(-3, 5, dtype=np.float32)[None]
    np.testing.assert_allclose(engine.prepare(build([layer], (8,)), []).forward(x)[0], OF_PYTORCH, rtol=1e-6)


def test_large_numbers_do_not_overflow(engine: Engine) -> None:
    x = np.array([[1e30, -1e30, 1.0]], np.float32)
    found = engine.prepare(build([LocalResponseNormalization(1)], (3,)), []).pullback(x, np.ones_like(x))
    wanted = by_loops(x.astype(np.float64), 1, 1, 1.0, 1.0, 0.5)
    np.testing.assert_allclose(found.outputs, wanted, rtol=1e-6)
    assert np.isfinite(found.input).all()


def test_tensorflow_has_it_as_a_function() -> None:
    x = np.random.default_rng(2).normal(size=(2, 3, 3, 6)).astype(np.float32)
    options = {"depth_radius": 2, "bias": 2.0, "alpha": 0.1, "beta": 0.75}
    wanted = by_loops(x.astype(np.float64), 2, 2, 2.0, 0.1, 0.75)
    np.testing.assert_allclose(tf.nn.local_response_normalization(x, **options), wanted, rtol=1e-5)
    image = Input(shape=(3, 3, 6))
    made = Model(image, tf.nn.lrn(input=image, **options, name="lrn"))
    assert type(made.layers[-1]) is LocalResponseNormalization
    np.testing.assert_allclose(made.predict(x, verbose=0), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bias": 0}, ["bias", "above 0"]),
        ({"alpha": -1}, ["alpha", "at least 0"]),
        ({"beta": "large"}, ["beta", "number"]),
        ({"depth_radius": -1}, ["depth_radius", "at least 0"]),
        ({"depth_radius": (1, 2, 3)}, ["depth_radius", "(before, after)"]),
    ],
)
def test_settings_that_cannot_be_are_refused(options: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LocalResponseNormalization(**options)
    assert all(word in str(caught.value) for word in ["LocalResponseNormalization", *words])


def test_quotients_and_their_gradients(engine: Engine) -> None:
    generator = np.random.default_rng(3)
    x, sent = generator.normal(size=(2, 4, 3, 2, 5)).astype(np.float32)
    divisor = generator.uniform(0.5, 2, (4, 3, 1, 5)).astype(np.float32)
    call = Call(Divide(), (0, 1), ((3, 2, 5), (3, 1, 5)), (3, 2, 5))
    plan = build_graph(Graph(((3, 2, 5), (3, 1, 5)), (call,), (2,), (call.layer,)))
    found = engine.prepare(plan, []).pullback([x, divisor], sent)
    np.testing.assert_allclose(found.outputs, x.astype(np.float64) / divisor, rtol=1e-6)
    assert isinstance(found.input, (list, tuple))
    np.testing.assert_allclose(found.input[0], sent.astype(np.float64) / divisor, rtol=1e-6)
    wanted = -(sent.astype(np.float64) * x / divisor**2).sum(axis=2, keepdims=True)
    np.testing.assert_allclose(found.input[1], wanted, rtol=1e-5, atol=1e-6)


def test_symbols_can_be_divided() -> None:
    one, other = Input(shape=(4,)), Input(shape=(4,))
    model = Model([one, other], one / other)
    x = np.float32([[1, 2, 3, 4]])
    np.testing.assert_array_equal(model.predict([x, x + 1], verbose=0), x / (x + 1))
