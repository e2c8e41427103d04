"""Seeds: repeatable where one is set, fresh where none is."""

from __future__ import annotations

import random

import numpy as np
import pytest

from convoscope.errors import ConfigurationError
from convoscope.layers import Dense
from convoscope.models import Sequential
from convoscope.seeds import next_seed, set_random_seed


def models() -> list[Sequential]:
    return [Sequential([Dense(3, input_shape=(4,))]) for _ in range(2)]


def test_after_setting_a_seed_models_are_the_same_in_every_run() -> None:
    set_random_seed(5)
    first = models()
    set_random_seed(5)
    for model, same in zip(first, models(), strict=True):
        assert model.seed == same.seed
        np.testing.assert_array_equal(model.weights[0], same.weights[0])
    assert first[0].seed != first[1].seed


def test_the_seeds_after_a_seed_are_these_forever() -> None:
    """Numbers from NumPy's SeedSequence, whose stream is guaranteed: a change would change every seeded result."""
    set_random_seed(0)
    expected = [int(child.generate_state(1)[0]) for child in np.random.SeedSequence(0).spawn(2)]
    assert [next_seed(), next_seed()] == expected


def test_other_seeds_give_other_models() -> None:
    set_random_seed(5)
    first = models()[0]
    set_random_seed(6)
    assert models()[0].seed != first.seed


def test_pythons_and_numpys_own_generators_are_seeded_as_in_keras() -> None:
    set_random_seed(3)
    drawn = random.random(), np.random.random()  # noqa: NPY002 - the global generator is what is meant
    set_random_seed(3)
    assert drawn == (random.random(), np.random.random())  # noqa: NPY002


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "x"])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(ConfigurationError, match=r"[Ss]eed"):
        set_random_seed(seed)  # type: ignore[arg-type]
