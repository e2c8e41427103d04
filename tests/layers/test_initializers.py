"""First values: the spread that the papers ask for, seeds, and the bank of filters."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from convoscope import initializers

SHAPE = (3, 3, 40, 60)  # 21,600 values: their variance is known to about 1 %
FAN_IN, FAN_OUT = 3 * 3 * 40, 3 * 3 * 60

# The variances of Glorot and Bengio (2010), He and others (2015), LeCun and others (1998); Keras' defaults.
VARIANCES = {
    "glorot_uniform": 2 / (FAN_IN + FAN_OUT),
    "glorot_normal": 2 / (FAN_IN + FAN_OUT),
    "he_uniform": 2 / FAN_IN,
    "he_normal": 2 / FAN_IN,
    "lecun_uniform": 1 / FAN_IN,
    "lecun_normal": 1 / FAN_IN,
    "variance_scaling": 1 / FAN_IN,
    "random_normal": 0.05**2,
    "random_uniform": 0.1**2 / 12,
    "truncated_normal": (0.05 * 0.87962566) ** 2,
    "zeros": 0.0,
    "ones": 0.0,
    "constant": 0.0,
}


@pytest.mark.parametrize(("name", "variance"), VARIANCES.items())
def test_values_have_the_variance_of_the_rule(name: str, variance: float) -> None:
    values = initializers.get(name)(SHAPE, np.random.default_rng(0))
    assert values.shape == SHAPE
    assert values.dtype == np.float32
    np.testing.assert_allclose(values.var(dtype=np.float64), variance, rtol=0.04, atol=1e-12)
    np.testing.assert_allclose(values.mean(), 1.0 if name == "ones" else 0.0, atol=0.02 * math.sqrt(variance) + 1e-9)


def test_uniform_values_stay_within_their_bounds_and_cut_normal_ones_within_two_deviations() -> None:
    limit = math.sqrt(6 / (FAN_IN + FAN_OUT))
    values = initializers.get("glorot_uniform")(SHAPE, np.random.default_rng(0))
    assert 0.99 * limit < np.abs(values).max() <= limit
    values = initializers.get("truncated_normal")(SHAPE, np.random.default_rng(0))
    assert 0.099 < np.abs(values).max() <= 0.1


@pytest.mark.parametrize("name", sorted(VARIANCES.keys() | {"filter_bank"}))
def test_an_initializer_made_again_from_its_json_is_the_same(name: str) -> None:
    first = initializers.get(name)
    assert initializers.get(json.loads(json.dumps(initializers.serialize(first)))) == first


@pytest.mark.parametrize(
    "initializer",
    [
        initializers.GlorotUniform(seed=3),
        initializers.HeNormal(seed=3),
        initializers.VarianceScaling(seed=3),
        initializers.RandomNormal(seed=3),
        initializers.RandomUniform(seed=3),
        initializers.TruncatedNormal(seed=3),
        initializers.FilterBank(seed=3),
    ],
    ids=lambda initializer: type(initializer).__name__,
)
def test_a_seed_of_its_own_gives_the_same_values_whatever_the_generator(initializer: initializers.Initializer) -> None:
    again = initializers.get(initializers.serialize(initializer))
    first = initializer((3, 3, 2, 30), np.random.default_rng(1))
    np.testing.assert_array_equal(first, again((3, 3, 2, 30), np.random.default_rng(2)))


@pytest.mark.parametrize("size", [(2, 2), (2, 3), (3, 3), (5, 4), (7, 7)])
def test_the_filter_bank_has_glorot_s_scale_at_every_size(size: tuple[int, int]) -> None:
    shape = (*size, 3, 12)
    kernel = initializers.FilterBank()(shape, np.random.default_rng(0))
    assert np.isfinite(kernel).all()
    fan_in, fan_out = initializers.fans(shape)
    np.testing.assert_allclose(np.square(kernel).mean(), 2 / (fan_in + fan_out), rtol=0.35)


def test_the_filter_bank_begins_with_edges() -> None:
    kernel = initializers.FilterBank()((3, 3, 1, 40), np.random.default_rng(0))
    left_to_right = kernel[:, :, 0, 0] / kernel[0, 2, 0, 0]
    np.testing.assert_allclose(left_to_right, [[-1, 0, 1]] * 3, atol=1e-6)
    assert np.unique(kernel.reshape(9, 40).round(6), axis=1).shape[1] == 40  # no two filters alike
