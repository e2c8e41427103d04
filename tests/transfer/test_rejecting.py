"""When a classifier says "none of these"."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convoscope.models.rejection import Rejection
from convoscope.transfer.head import fit_head
from convoscope.transfer.rejecting import Learned, fit_rejection, rejection_of

Array = npt.NDArray[np.float64]
CLASSES, WIDTH = 4, 32


def images(each: int, seed: int, spread: float = 0.15) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return features of images of each class, of length 1, and their labels."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(CLASSES), each)
    return unit(np.eye(CLASSES, WIDTH)[labels] + random.normal(0, spread, (len(labels), WIDTH))), labels


def unit(features: Array) -> Array:
    return np.asarray(features / np.linalg.norm(features, axis=1, keepdims=True))


def strangers(count: int) -> Array:
    """Return features of images that are of none of the classes."""
    return unit(np.random.default_rng(9).normal(0, 1, (count, WIDTH)))


def refused(rejection: Rejection | None, features: Array) -> float:
    assert rejection is not None
    return float(np.mean(rejection.score(features) > rejection.threshold))


def test_one_odd_image_among_few_does_not_let_everything_pass() -> None:
    features, labels = images(6, seed=1)
    odd = unit(np.eye(1, WIDTH, 0) * 0.3 + strangers(1))  # still classified rightly
    features, labels = np.concatenate([features, odd]), np.append(labels, 0)
    rejection = fit_rejection(features, labels, fit_head(features, labels, CLASSES))
    assert refused(rejection, strangers(200)) > 0.9
    assert refused(rejection, images(50, seed=2)[0]) < 0.1


def test_of_many_the_share_that_is_lost_is_the_one_that_was_meant() -> None:
    features, labels = images(150, seed=1)
    rejection = fit_rejection(features, labels, fit_head(features, labels, CLASSES))
    assert rejection is not None
    assert 0.02 < rejection.lost < 0.05
    assert abs(refused(rejection, images(500, seed=2)[0]) - rejection.lost) < 0.02


def test_a_second_training_may_end_at_features_that_are_spread_otherwise() -> None:
    """The trial's are twice as far from the centres as those of the classifier that is kept."""
    kernel, bias = np.eye(CLASSES, WIDTH).T * 8, np.zeros(CLASSES)
    learned, labels = images(60, seed=1, spread=0.2)
    held_out, truth = images(60, seed=2, spread=0.2)
    final, final_labels = images(60, seed=3, spread=0.1)
    rejection = rejection_of(
        Learned(final, final_labels, kernel, bias), Learned(learned, labels, kernel, bias), (held_out, truth)
    )
    of_trial = rejection_of(
        Learned(learned, labels, kernel, bias), Learned(learned, labels, kernel, bias), (held_out, truth)
    )
    new, _ = images(500, seed=4, spread=0.1)
    assert refused(of_trial, new) == 0
    assert 0.005 < refused(rejection, new) < 0.09
    between, _ = images(500, seed=5, spread=0.22)
    assert refused(rejection, between) > 0.9
