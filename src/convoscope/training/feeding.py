"""From what people hand over to `fit`, `evaluate` and `predict` to something that batches come from."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from convoscope.checks import equal, integer
from convoscope.engine.base import each
from convoscope.errors import ConfigurationError, DataError
from convoscope.training.data.batches import Batch, hands_out_batches, is_numbered, unpack
from convoscope.training.feeds import ArrayFeed, Feed
from convoscope.training.samples import Samples, gather
from convoscope.training.trainable import Trainable

DEFAULT_BATCH_SIZE = 32

ClassWeight = Mapping[int, float] | str | None


def labelled_feed(
    model: Trainable,
    batch: Batch,
    where: str,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    seed: int | None = None,
    class_weight: ClassWeight = None,
    steps_argument: str = "steps",
    **threads: int | None,
) -> Feed:
    """Return what batches with labels come from.

    Parameters
    ----------
    model : Trainable
    batch : Batch
        All samples in arrays; or, as its ``x``, what yields batches.
    where : str
        What the data is called in messages.
    batch_size, steps : int, optional
        As given. Without `batch_size`, arrays are cut into `steps` batches, or into batches of 32, as in Keras. What
        yields batches has sizes of its own.
    seed : int, optional
        Of the order in which samples (or the batches of a `PyDataset`) come; None leaves them in order.
    class_weight : mapping, "auto" or None
    steps_argument : str
        What `steps` is called where the person writes it.
    **threads
        ``workers`` and ``room``: see `convoscope.training.streaming.stream_feed`.
    """
    if not hands_out_batches(batch.x):
        samples = gather(model, *batch, where).weighted(class_weight, model, where)
        return array_feed(samples, batch_size, steps, seed)
    _refuse_beside_batches(batch, class_weight, where)

    def check(made: Batch, place: str) -> Samples:
        return gather(model, *made, place).weighted(class_weight, model, place)

    # Its threads and queues are loaded by whoever streams; arrays need none.
    from convoscope.training.streaming import refuse_endless, stream_feed

    feed = stream_feed(batch.x, check, where, seed, **threads)
    refuse_endless(feed, steps, where, steps_argument)
    return feed


def unlabelled_feed(
    model: Trainable, x: Any, where: str, *, batch_size: int | None = None, steps: int | None = None
) -> Feed:
    """Return what batches of inputs come from, as `labelled_feed` does; labels that come with them are ignored."""

    def check(made: Batch, place: str) -> Samples:
        inputs = each(model.check_inputs(made.x, place), 1)
        nothing: list[Any] = [None] * len(model.output_names)
        return Samples(list(inputs), nothing, nothing)

    if not hands_out_batches(x):
        samples = check(Batch(x), where)
        return array_feed(samples, batch_size, steps)
    _refuse_beside_batches(Batch(x), None, where)
    from convoscope.training.streaming import refuse_endless, stream_feed

    feed = stream_feed(x, check, where)
    refuse_endless(feed, steps, where, "steps")
    return feed


def array_feed(samples: Samples, batch_size: int | None, steps: int | None, seed: int | None = None) -> Feed:
    """Return batches of samples, as large as makes so many steps, or 32, where no size is given."""
    if batch_size is None:
        batch_size = DEFAULT_BATCH_SIZE if steps is None else -(-len(samples) // steps)
    return ArrayFeed(samples, batch_size, seed)


def validation_batch(validation_data: Any) -> Batch:
    """Return ``(x, y)``, ``(x, y, sample_weight)`` or what yields batches as a batch."""
    if hands_out_batches(validation_data):
        return Batch(validation_data)
    if not isinstance(validation_data, Sequence) or len(validation_data) not in (2, 3):
        raise ConfigurationError(
            "fit: validation_data must be (x, y), (x, y, sample_weight) or something that yields batches, but is a "
            f"{type(validation_data).__name__}."
        )
    return Batch(*validation_data)


def split(model: Trainable, batch: Batch, validation_split: float | None) -> tuple[Samples, Samples] | None:
    """Return the samples to train with and those to validate with, if some are to be held out."""
    if validation_split is None or equal(validation_split, 0):
        return None
    if hands_out_batches(batch.x):
        raise ConfigurationError(
            f"fit: validation_split={validation_split!r} needs arrays, but x is a {type(batch.x).__name__}. Pass the "
            "validation data as validation_data."
        )
    return gather(model, *batch).split(validation_split)


def peeked(x: Any) -> tuple[Any, Any]:
    """Return the inputs of the first batch of something that yields batches, and what stands for it from now on."""
    try:
        if is_numbered(x):
            return unpack(x[0], "batch 1").x, x
        first = next(iter(x))
    except StopIteration:
        raise DataError(f"The {type(x).__name__} yielded no batches, but at least one is needed.") from None
    return unpack(first, "batch 1").x, itertools.chain([first], x) if hasattr(x, "__next__") else x


def checked_steps(steps: Any, argument: str, where: str) -> int | None:
    """Return the number of steps as an int, or None."""
    return None if steps is None else integer(steps, argument, where)


def _refuse_beside_batches(batch: Batch, class_weight: ClassWeight, where: str) -> None:
    """Say what cannot be given beside something that yields batches."""
    kind = type(batch.x).__name__
    for name, given in (("y", batch.y), ("sample_weight", batch.sample_weight)):
        if given is not None:
            raise ConfigurationError(
                f"{where}: x is a {kind} that yields batches, so {name} must be part of each batch, as in (x, y, "
                "sample_weight), and cannot be passed separately."
            )
    if class_weight == "auto":
        raise ConfigurationError(
            f"{where}: class_weight='auto' needs all labels at once, but a {kind} yields them batch by batch. Give a "
            "dict of class number to weight."
        )
