"""A classifier on a frozen backbone: features, a head, and when to refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from convoscope.transfer.assembling import assemble
from convoscope.transfer.calibration import Array
from convoscope.transfer.features import Extractor, Progress
from convoscope.transfer.head import Head, fit_head
from convoscope.transfer.photos import Photos
from convoscope.transfer.rejecting import fit_rejection
from convoscope.transfer.store import Features

if TYPE_CHECKING:
    from convoscope.models import Model


@dataclass(frozen=True, eq=False)
class Classified:
    """What was learned from images, and how well it does on those that it was not shown.

    Attributes
    ----------
    model : Model
        Images in, calibrated probabilities out; it can refuse images.
    features : array of float32, shape (N, D)
        Of the images it was trained with, as they go into its last layer.
    held_out : array of float64, shape (N, classes)
        Calibrated probabilities of each image by a classifier that was trained without it.
    judged : array of bool, shape (N,)
        Whether that could be done: without the only image of a class there would be no class.
    temperature : float
    penalty : float
        Of the head.
    """

    model: Model
    features: Features
    held_out: Array
    judged: npt.NDArray[np.bool_]
    temperature: float
    penalty: float


def train_frozen(
    photos: Photos,
    extractor: Extractor,
    *,
    balanced: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Classified:
    """Train a head on the features of a frozen backbone.

    Parameters
    ----------
    photos : Photos
    extractor : Extractor
    balanced : bool
        Whether rare classes weigh as much as others.
    seed : int
    progress : callable, optional
        ``progress(done, total, what)``, while features are computed.
    """
    head, features = head_of(photos, extractor, balanced=balanced, seed=seed, progress=progress)
    model = assemble(extractor.model, head, photos.class_names, extractor.backbone.preprocessing)
    model.rejection = fit_rejection(features, photos.labels, head)
    return Classified(model, features, head.held_out, head.folds >= 0, head.temperature, head.penalty)


def head_of(
    photos: Photos,
    extractor: Extractor,
    *,
    balanced: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Head, Features]:
    """Fit a head to all views of the images. Return it, with what it says of the first view, and the features of that."""
    views = photos.features(extractor, progress)
    count, times = len(photos), len(views)
    head = fit_head(
        np.concatenate(views),
        np.tile(photos.labels, times),
        len(photos.class_names),
        groups=np.tile(np.arange(count), times),
        balanced=balanced,
        seed=seed,
    )
    return replace(head, held_out_scores=head.held_out_scores[:count], folds=head.folds[:count]), views[0]
