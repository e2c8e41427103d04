"""Which way to train a classifier on photos: tried on images that are held out, within a stated time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from convoscope.transfer.features import Extractor, Progress, View
from convoscope.transfer.fine_tuning import Plan, fine_tune
from convoscope.transfer.frozen import Classified, head_of, train_frozen
from convoscope.transfer.mirroring import may_be_mirrored
from convoscope.transfer.photos import Photos
from convoscope.transfer.tuned import finished
from convoscope.wording import counted

MINUTES = 3.0
BLOCKS = 4
_FEW = 150  # images, below which fine-tuning learns them by heart
_GOOD = 0.98
_ASKED = 200  # images tell whether all may be mirrored
_MOST_EPOCHS, _LEAST_EPOCHS = 8, 3
_PASSES = 1.8  # through the images: four of five folds to try, and then all
_STEP, _FORWARD = 3.0, 0.03  # a training step beside a forward pass, and the seconds of one if none was measured
FROZEN, TUNED = "frozen", "fine-tuned"


@dataclass(frozen=True)
class Attempt:
    """A way that was tried, and how it did on held-out images.

    Attributes
    ----------
    way : {"frozen", "fine-tuned"}
    right, images : int
        How many of the held-out images were right, of how many.
    seconds : float
    """

    way: str
    right: int
    images: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Choice:
    """The classifier that was chosen, and why.

    Attributes
    ----------
    classified : Classified
        What was chosen.
    frozen : Classified
        What the frozen backbone came to: it has held out every image.
    way : {"frozen", "fine-tuned"}
    reason : str
        A sentence.
    labels : array of int, shape (N,)
        Of the images.
    attempts : list of Attempt
    plan : Plan or None
        How the chosen one was fine-tuned.
    """

    classified: Classified
    frozen: Classified
    way: str
    reason: str
    labels: npt.NDArray[np.integer]
    attempts: list[Attempt] = field(default_factory=list)
    plan: Plan | None = None


@dataclass(frozen=True)
class Wishes:
    """What was asked for.

    Attributes
    ----------
    minutes : float
        How long fine-tuning may take, with what it takes to try it; 0 for none.
    blocks : int or None
        How many of the last blocks are to be fine-tuned, whatever a trial would say. None: it is tried.
    balanced : bool
        Whether rare classes weigh as much as others.
    seed : int
    """

    minutes: float = MINUTES
    blocks: int | None = None
    balanced: bool = False
    seed: int = 0


def train(
    photos: Photos,
    extractor: Extractor,
    wishes: Wishes,
    *,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Choice:
    """Train a classifier on photos in the way that does best on held-out ones.

    Parameters
    ----------
    photos : Photos
    extractor : Extractor
    wishes : Wishes
    progress : callable, optional
        ``progress(done, total, what)``.
    say : callable
        Is told in a sentence what happens next, where that takes long.

    Notes
    -----
    A head on the frozen backbone is trained first, and each image held out once. If it leaves something to gain, there
    are images enough, and the time suffices, the last blocks are fine-tuned without one fifth of the images; if more of
    that fifth are right then, they are fine-tuned on all of them.
    """
    began = time.perf_counter()
    frozen = train_frozen(photos, extractor, balanced=wishes.balanced, seed=wishes.seed, progress=progress)
    folds = frozen.folds == 0
    attempts = [Attempt(FROZEN, *_right(frozen.held_out, photos.labels, frozen.judged), time.perf_counter() - began)]
    epochs, why_not = _epochs(photos, extractor, attempts[0], wishes)
    if why_not:
        return Choice(frozen, frozen, FROZEN, why_not, photos.labels, attempts)
    plan = Plan(wishes.blocks or BLOCKS, epochs, _mirrored(photos, extractor, wishes), wishes.balanced, wishes.seed)
    say(f"Trying to fine-tune {_described(plan)}, without a fifth of the images ...")
    began = time.perf_counter()
    held_out = np.flatnonzero(folds)
    training = photos.take(np.flatnonzero(~folds))
    head, _ = head_of(training, extractor, balanced=wishes.balanced, seed=wishes.seed)
    trial = fine_tune(extractor.backbone, head, training.images, training.labels, photos.class_names, plan)
    told = np.asarray(trial.predict(photos.images[held_out], verbose=0), np.float64)
    everyone = np.ones(len(held_out), bool)
    tuned = Attempt(TUNED, *_right(told, photos.labels[held_out], everyone), time.perf_counter() - began)
    before, _ = _right(frozen.held_out[held_out], photos.labels[held_out], everyone)
    attempts.append(tuned)
    compared = (
        f"{tuned.right} of {counted(tuned.images, 'held-out image')} right, and {before} with the frozen backbone"
    )
    if tuned.right <= before and wishes.blocks is None:
        return Choice(frozen, frozen, FROZEN, f"Fine-tuning gained nothing: {compared}.", photos.labels, attempts)
    say(f"Fine-tuning {_described(plan)} on all images: {compared} ...")
    head, _ = head_of(photos, extractor, balanced=wishes.balanced, seed=wishes.seed)
    model = fine_tune(extractor.backbone, head, photos.images, photos.labels, photos.class_names, plan)
    classified = finished(model, photos, trial, held_out)
    reason = f"Fine-tuning {_described(plan)}: {compared}."
    return Choice(classified, frozen, TUNED, reason, photos.labels, attempts, plan)


def _described(plan: Plan) -> str:
    mirrored = ", mirrored too" if plan.mirrored else ""
    return f"the last {counted(plan.blocks, 'block')} for {counted(plan.epochs, 'epoch')}{mirrored}"


def _mirrored(photos: Photos, extractor: Extractor, wishes: Wishes) -> bool:
    some = photos.take(np.sort(np.random.default_rng(wishes.seed).permutation(len(photos))[:_ASKED]))
    own = View(extractor.backbone.preprocessing)
    both = some.features(extractor, [own, View(own.preprocessing, mirrored=True)])
    return may_be_mirrored(both[0], both[1], some.labels, len(photos.class_names), wishes.seed)


def _right(
    probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.integer], judged: npt.NDArray[np.bool_]
) -> tuple[int, int]:
    return int(np.sum((probabilities.argmax(axis=1) == labels)[judged])), int(judged.sum())


def _epochs(photos: Photos, extractor: Extractor, frozen: Attempt, wishes: Wishes) -> tuple[int, str]:
    """Return for how many epochs to fine-tune, or why not to."""
    if wishes.blocks is None and not wishes.minutes:
        return 0, "The backbone stays frozen, as --minutes 0 leaves no time to fine-tune it."
    if wishes.blocks is None and len(photos) < _FEW:
        return 0, f"The backbone stays frozen: {len(photos)} images are too few to fine-tune it."
    if wishes.blocks is None and frozen.right >= _GOOD * frozen.images:
        return 0, (
            f"The backbone stays frozen: {frozen.right} of {frozen.images} held-out images are right, which leaves "
            f"little to gain."
        )
    seconds = _STEP * (extractor.seconds_an_image or _FORWARD) * len(photos) * _PASSES
    epochs = min(_MOST_EPOCHS, int((wishes.minutes or MINUTES) * 60 / seconds))
    if wishes.blocks is None and epochs < _LEAST_EPOCHS:
        needed = seconds * _LEAST_EPOCHS / 60
        return 0, (
            f"The backbone stays frozen: to fine-tune it would take about {needed:.0f} minutes; --minutes "
            f"{needed:.0f} allows that."
        )
    return max(epochs, 1), ""


def as_dict(choice: Choice) -> dict[str, Any]:
    """Give what was tried as plain values, for a report."""
    return {
        "way": choice.way,
        "reason": choice.reason,
        "attempts": [
            {"way": each.way, "right": each.right, "images": each.images, "seconds": round(each.seconds, 2)}
            for each in choice.attempts
        ],
        **({} if choice.plan is None else {"blocks": choice.plan.blocks, "epochs": choice.plan.epochs}),
    }
