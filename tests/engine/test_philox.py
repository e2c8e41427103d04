"""Random words against the vectors that Random123 is published with, and what dropout makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from convoscope.engine import philox

# Random123's known answers for philox4x32-10 ("kat_vectors"): counter, key, words.
ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), ANSWERS)
def test_the_published_vectors_come_out(
    counter: tuple[int, ...], key: tuple[int, int], answer: tuple[int, ...]
) -> None:
    words = philox.scramble([np.array([word], np.uint64) for word in counter], key)
    assert tuple(int(word[0]) for word in words) == answer


@given(st.integers(0, 70), st.integers(0, 2**64 - 1), st.integers(0, 2**31), st.integers(0, 100))
def test_a_shorter_draw_is_the_beginning_of_a_longer_one(count: int, seed: int, iteration: int, stream: int) -> None:
    longer = philox.words(count + 9, seed=seed, iteration=iteration, stream=stream)
    shorter = philox.words(count, seed=seed, iteration=iteration, stream=stream)
    assert shorter.dtype == np.uint32
    np.testing.assert_array_equal(shorter, longer[:count])


def test_seed_iteration_and_stream_each_give_other_words() -> None:
    settings = [(0, 0, 0), (1, 0, 0), (2**32, 0, 0), (0, 1, 0), (0, 0, 1)]
    draws = {tuple(philox.words(4, seed=s, iteration=i, stream=k)) for s, i, k in settings}
    assert len(draws) == len(settings)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.25, 0.5, 0.9, 0.999])
def test_dropout_keeps_the_share_that_it_should(rate: float) -> None:
    count = 100_000
    kept = philox.keep_mask(count, rate, seed=5, iteration=6, stream=7).mean()
    assert abs(kept - (1 - rate)) <= 4 * np.sqrt(rate * (1 - rate) / count)  # four standard deviations


def test_masks_of_neighbouring_steps_are_not_correlated() -> None:
    count = 100_000
    first, second = (philox.keep_mask(count, 0.5, seed=1, iteration=i, stream=0) for i in (10, 11))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(count)
