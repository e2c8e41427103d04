"""Which way to train a classifier on photos: tried on images that are held out, within a stated time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.checks import integer, real
from convoscope.errors import ConfigurationError
from convoscope.seeds import check_seed
from convoscope.transfer.features import Extractor, Progress, View
from convoscope.transfer.fine_tuning import Plan, fine_tune
from convoscope.transfer.frozen import Classified, head_of, train_frozen
from convoscope.transfer.mirroring import may_be_mirrored
from convoscope.transfer.photos import Photos
from convoscope.transfer.rows import AnyImages, Batches, Rows
from convoscope.transfer.scratch import are_uniform, prepared, preprocessing, recipe_for, train_scratch
from convoscope.transfer.tuned import finished
from convoscope.wording import counted

if TYPE_CHECKING:
    from convoscope.models import Model, Sequential
    from convoscope.recipes import Recipe

MINUTES = 3.0
BLOCKS = 4
_FEW = 150  # images, below which fine-tuning learns them by heart
_GOOD = 0.98
_ASKED = 200  # images tell whether all may be mirrored
_MOST_EPOCHS, _LEAST_EPOCHS = 8, 2
_PASSES = 1.8  # through the images: four of five folds to try, and then all
#: A training step beside a forward pass: without any block, and what the square of the share of blocks adds. Of
#: EfficientNet-Lite0's 18 blocks, 4 were measured to take 2.4 times as long, 8 to take 3.2, and all 8.4.
_STEP, _MORE = 2.2, 6.2
_MEASURED = 32  # images
FROZEN, TUNED, SCRATCH = "frozen", "fine-tuned", "scratch"
_WORDS = {FROZEN: "frozen", TUNED: "fine-tuned", SCRATCH: "from scratch"}


@dataclass(frozen=True)
class Attempt:
    """A way that was tried, and how it did on held-out images.

    Attributes
    ----------
    way : {"frozen", "fine-tuned", "scratch"}
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
    way : {"frozen", "fine-tuned", "scratch"}
    reason : str
        A sentence.
    labels : array of int, shape (N,)
        Of the images.
    attempts : list of Attempt
    plan : Plan or None
        How the chosen one was fine-tuned.
    recipe : Recipe or None
        How the chosen one was trained from scratch.
    """

    classified: Classified
    frozen: Classified
    way: str
    reason: str
    labels: npt.NDArray[np.integer]
    attempts: list[Attempt] = field(default_factory=list)
    plan: Plan | None = None
    recipe: Recipe | None = None

    @property
    def epochs(self) -> int:
        """How often all images were gone through to train it; 1 for a head on a frozen backbone."""
        if self.plan is not None:
            return self.plan.epochs
        return 1 if self.recipe is None else math.ceil(self.recipe.epochs)

    def take(self, order: npt.NDArray[np.integer]) -> Choice:
        """Return the same with the images in another order."""
        frozen = self.frozen.take(order)
        classified = frozen if self.classified is self.frozen else self.classified.take(order)
        return replace(self, classified=classified, frozen=frozen, labels=self.labels[order])


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
        Whether rare classes count as much as others.
    seed : int
    """

    minutes: float = MINUTES
    blocks: int | None = None
    balanced: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if real(self.minutes, "minutes", "Training", finite=False) < 0 or not math.isfinite(self.minutes):
            raise ConfigurationError(
                f"minutes, the time limit of fine-tuning, must be at least 0, but is {self.minutes:g}. Try 3."
            )
        if self.blocks is not None:
            integer(self.blocks, "fine_tune", "Training")
        check_seed(self.seed)


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
    are images enough, and the time suffices, the last blocks are fine-tuned without one fifth of the images; and where
    the images are uniform, a small network is trained from scratch without it. If more of that fifth are right then,
    the best way is taken with all images.
    """
    began = time.perf_counter()
    frozen = train_frozen(photos, extractor, balanced=wishes.balanced, seed=wishes.seed, progress=progress)
    first = Attempt(FROZEN, *_right(frozen.held_out, photos.labels, frozen.judged), time.perf_counter() - began)
    if (why_not := _nothing_to_gain(photos, first, wishes)) is not None:
        return Choice(frozen, frozen, FROZEN, why_not, photos.labels, [first])
    trials = _Trials(photos, extractor, wishes, frozen, say)
    candidates = []
    if wishes.blocks is None and are_uniform(photos, first.right / first.images, wishes.seed):
        candidates.append(trials.scratch())
    epochs, needed = _epochs(photos, extractor, wishes)
    if epochs:
        candidates.append(trials.tuned(epochs))
    attempts = [first, *(each.attempt for each in candidates)]
    more = f" Fine-tuning would take about {counted(needed, 'minute')}; --minutes {needed} allows that."
    late = "" if epochs else more
    if not candidates:
        return Choice(frozen, frozen, FROZEN, f"The backbone stays frozen.{late}", photos.labels, attempts)
    best = max(candidates, key=lambda each: each.attempt.right)
    ways = [*(f"{_WORDS[each.attempt.way]} {each.attempt.right}" for each in candidates), f"frozen {trials.before}"]
    compared = f"correct predictions on {counted(best.attempt.images, 'held-out image')}: {', '.join(ways)}"
    if best.attempt.right <= trials.before and wishes.blocks is None:
        return Choice(frozen, frozen, FROZEN, f"The backbone stays frozen; {compared}.{late}", photos.labels, attempts)
    say(f"{best.what} on all images; {compared} ...")
    reason = f"{best.what}; {compared}.{late}"
    return Choice(best.finish(), frozen, best.attempt.way, reason, photos.labels, attempts, best.plan, best.recipe)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """What was tried without a fifth of the images, and can be trained on all of them."""

    attempt: Attempt
    what: str
    finish: Callable[[], Classified]
    plan: Plan | None = None
    recipe: Recipe | None = None


class _Trials:
    """Tries ways without the first fold of the images, and says how many of these they get right."""

    def __init__(
        self, photos: Photos, extractor: Extractor, wishes: Wishes, frozen: Classified, say: Callable[[str], None]
    ) -> None:
        self.photos, self.extractor, self.wishes, self.say = photos, extractor, wishes, say
        out = frozen.folds == 0
        self.out, self.kept = np.flatnonzero(out), np.flatnonzero(~out)
        self.before, _ = _right(frozen.held_out, photos.labels, out)
        self.mirrored = _mirrored(photos, extractor, wishes)

    def tuned(self, epochs: int) -> _Candidate:
        """Try to fine-tune the last blocks of the backbone."""
        photos, wishes = self.photos, self.wishes
        plan = Plan(wishes.blocks or BLOCKS, epochs, self.mirrored, wishes.balanced, wishes.seed)
        self.say(f"Trying to fine-tune {_described(plan)}, holding out a fifth of the images ...")

        def trained(on: Photos) -> Model:
            head, _ = head_of(on, self.extractor, balanced=wishes.balanced, seed=wishes.seed)
            return fine_tune(self.extractor.backbone, head, on.images, on.labels, photos.class_names, plan)

        began = time.perf_counter()
        trial = trained(photos.take(self.kept))
        attempt = self._attempt(TUNED, trial, photos.images, began)

        def finish() -> Classified:
            return finished(trained(photos), trial, photos.images, photos.labels, self.out)

        return _Candidate(attempt, f"Fine-tuning {_described(plan)}", finish, plan)

    def scratch(self) -> _Candidate:
        """Try to train a small network from scratch."""
        photos, wishes, backbone = self.photos, self.wishes, self.extractor.backbone
        self.say("The images are uniform: trying to train from scratch, holding out a fifth of them ...")
        images, classes = prepared(photos, backbone), len(photos.class_names)

        def trained(on: npt.NDArray[np.integer]) -> Sequential:
            return train_scratch(
                images[on],
                photos.labels[on],
                classes,
                balanced=wishes.balanced,
                mirrored=self.mirrored,
                seed=wishes.seed,
            )

        began = time.perf_counter()
        trial = trained(self.kept)
        attempt = self._attempt(SCRATCH, trial, images, began)

        def finish() -> Classified:
            model = trained(np.arange(len(photos)))
            model.class_names, model.preprocessing = list(photos.class_names), preprocessing(backbone)
            return finished(model, trial, images, photos.labels, self.out)

        recipe = recipe_for(len(photos), mirrored=self.mirrored)
        return _Candidate(attempt, "Training from scratch, without a backbone", finish, recipe=recipe)

    def _attempt(self, way: str, trial: Model | Sequential, images: AnyImages, began: float) -> Attempt:
        told = np.asarray(trial.predict(Batches(Rows(images, self.out)), verbose=0), np.float64)
        right = _right(told, self.photos.labels[self.out], np.ones(len(self.out), bool))
        return Attempt(way, *right, time.perf_counter() - began)


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


def _nothing_to_gain(photos: Photos, frozen: Attempt, wishes: Wishes) -> str | None:
    """Say why nothing but the frozen backbone is tried, if so."""
    if wishes.blocks is not None:
        return None
    if not wishes.minutes:
        return "The backbone stays frozen, because --minutes 0 leaves no time for fine-tuning."
    if len(photos) < _FEW:
        return f"The backbone stays frozen: {len(photos)} images are too few to fine-tune it."
    if frozen.right >= _GOOD * frozen.images:
        return (
            f"The backbone stays frozen: {frozen.right} of {frozen.images} held-out images are classified correctly, "
            "which leaves little to gain."
        )
    return None


def _epochs(photos: Photos, extractor: Extractor, wishes: Wishes) -> tuple[int, int]:
    """Return for how many epochs there is time to fine-tune, or 0, and how many minutes the fewest would take."""
    if extractor.seconds_an_image is None:
        extractor.measure(photos.images[:_MEASURED])
    assert extractor.seconds_an_image is not None
    share = (wishes.blocks or BLOCKS) / len(extractor.backbone.block_names)
    step = (_STEP + _MORE * share**2) * extractor.seconds_an_image
    minutes = step * len(photos) * _PASSES / 60  # an epoch
    epochs = min(_MOST_EPOCHS, int((wishes.minutes or MINUTES) / minutes))
    if wishes.blocks is None and epochs < _LEAST_EPOCHS:
        return 0, max(1, math.ceil(minutes * _LEAST_EPOCHS))
    return max(epochs, 1), 0


def as_dict(choice: Choice) -> dict[str, Any]:
    """Give what was tried as plain values, for a report."""
    return {
        "way": choice.way,
        "reason": choice.reason,
        "attempts": [
            {"way": each.way, "right": each.right, "images": each.images, "seconds": round(each.seconds, 2)}
            for each in choice.attempts
        ],
        **({} if choice.plan is None else {"blocks": choice.plan.blocks, "epochs": choice.epochs}),
        **({} if choice.recipe is None else {"recipe": choice.recipe.name, "epochs": choice.epochs}),
    }
