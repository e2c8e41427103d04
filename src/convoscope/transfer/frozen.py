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
from convoscope.transfer.mirroring import may_be_mirrored
from convoscope.transfer.photos import Photos
from convoscope.transfer.rejecting import fit_rejection
from convoscope.transfer.store import Features

if TYPE_CHECKING:
    from convoscope.models import Model, Sequential


@dataclass(frozen=True, eq=False)
class Classified:
    """What was learned from images, and how well it does on those that it was not shown.

    Attributes
    ----------
    model : Model or Sequential
        Images in, calibrated probabilities out; it can refuse images.
    features : array of float32, shape (N, D)
        Of the images it was trained with, as they go into its last layer.
    held_out : array of float64, shape (N, classes)
        Calibrated probabilities of each image by a classifier that was trained without it.
    judged : array of bool, shape (N,)
        Whether that was done.
    temperature : float
    penalty : float
        Of the head; 0 of what was trained in another way.
    folds : array of int, shape (N,)
        With which others each image was held out.
    """

    model: Model | Sequential
    features: Features
    held_out: Array
    judged: npt.NDArray[np.bool_]
    temperature: float
    penalty: float
    folds: npt.NDArray[np.int64]

    def take(self, order: npt.NDArray[np.integer]) -> Classified:
        """Return the same of some images, or of all in another order."""
        some = {name: getattr(self, name)[order] for name in ("features", "held_out", "judged", "folds")}
        return replace(self, **some)


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
        Whether rare classes count as much as others.
    seed : int
    progress : callable, optional
        ``progress(done, total, what)``, while features are computed.
    """
    head, features = head_of(photos, extractor, balanced=balanced, seed=seed, progress=progress)
    model = assemble(extractor.model, head, photos.class_names, extractor.backbone.preprocessing, seed=seed)
    model.rejection = fit_rejection(features, photos.labels, head)
    return Classified(model, features, head.held_out, head.folds >= 0, head.temperature, head.penalty, head.folds)


def head_of(
    photos: Photos,
    extractor: Extractor,
    *,
    balanced: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Head, Features]:
    """Fit a head to all views of images. Return it, with what it says of the first view, and the features of that."""
    classes = len(photos.class_names)
    given = photos.views(extractor.backbone)
    views = photos.features(extractor, given, progress)
    if len(views) > 1 and not may_be_mirrored(views[0], views[1], photos.labels, classes, seed, groups=photos.groups):
        views = [each for each, view in zip(views, given, strict=True) if not view.mirrored]
    count, times = len(photos), len(views)
    together = np.arange(count) if photos.groups is None else photos.groups
    head = fit_head(
        np.concatenate(views),
        np.tile(photos.labels, times),
        classes,
        groups=np.tile(together, times),
        balanced=balanced,
        seed=seed,
    )
    return replace(head, held_out_scores=head.held_out_scores[:count], folds=head.folds[:count]), views[0]
