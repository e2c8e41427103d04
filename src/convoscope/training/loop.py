"""The inner loops: an epoch of training, and a pass over data without training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from convoscope.engine.base import Array, Executable, Stretch, each, plain
from convoscope.errors import TrainingDivergedError
from convoscope.layers import moments
from convoscope.training.callbacks import CallbackList
from convoscope.training.data import first_bad_sample
from convoscope.training.optimizer import Optimizer
from convoscope.training.samples import Samples, compiled, part_of
from convoscope.training.scores import Scores
from convoscope.training.trainable import Trainable

Report = Callable[[int, Mapping[str, float]], None]

_BUDGET = 0.1  # seconds that the engine runs before it reports
_OUTPUTS = 1 << 22  # values of outputs that are kept at a time (16 MB)
BLOCK = 256  # samples to a pass without training: few enough for every layer's output to stay small


class Snapshot:
    """Weights, slots and step count at one moment, to go back to."""

    def __init__(self, model: Trainable, optimizer: Optimizer, slots: Sequence[tuple[Array, ...]]) -> None:
        arrays = [*model.own_weights, *(slot for each in slots for slot in each)]
        self._kept = [(array, array.copy()) for array in arrays]
        self._optimizer = optimizer
        self._iterations = optimizer.iterations

    def restore(self) -> None:
        """Go back."""
        with moments.writing():
            for array, copy in self._kept:
                array[...] = copy
            self._optimizer.iterations = self._iterations


def train(
    model: Trainable,
    samples: Samples,
    order: npt.NDArray[np.int64],
    batch_size: int,
    callbacks: CallbackList,
    report: Report,
    where: str,
) -> dict[str, float]:
    """Train on the samples in that order, once, and return loss and metrics.

    Parameters
    ----------
    model : Trainable
    samples : Samples
    order : int64 array
        Which samples, in which order.
    batch_size : int
    callbacks : CallbackList
        Its batch hooks are called.
    report : callable
        Told, about ten times a second, how many samples are done, and loss and metrics so far.
    where : str
        What messages call this: ``"epoch 3"``.

    Raises
    ------
    TrainingDivergedError
        If a loss or a weight is no longer a number; the model is as it was before.
    """
    optimizer, objective = compiled(model, where)
    executable = model.executable()
    with moments.writing():  # the first time, they are made
        slots = optimizer.slots_for(model.own_trainable_weights)
    before = Snapshot(model, optimizer, slots)
    scores, rules = Scores(objective), objective.rules()
    singly = callbacks.watches_train_batches
    at_once = batch_size if singly else _rows_at_once(executable, batch_size, len(order))
    losses = [np.empty(at_once, np.float32) for _ in rules]
    outputs = [np.empty((at_once, *shape), np.float32) for shape in executable.plan.output_shapes]
    done = 0
    while done < len(order):
        rows = order[done : done + at_once]
        batch = done // batch_size
        if singly:
            callbacks.on_train_batch_begin(batch, {})
        steps = -(-len(rows) // batch_size)
        stretch = Stretch(
            x=plain(samples.inputs),
            y=plain(samples.learned_targets(objective)),
            rows=rows,
            batch_size=batch_size,
            loss=plain(rules),
            rule=optimizer.rule(),
            learning_rates=optimizer.learning_rates(optimizer.iterations, steps),
            iteration=optimizer.iterations,
            seed=model.seed,
            slots=slots,
            losses=plain([own[: len(rows)] for own in losses]),
            outputs=plain([own[: len(rows)] for own in outputs]),
            sample_weight=plain(samples.weights),
            penalties=np.zeros(steps) if executable.plan.regularized else None,
        )
        seen = min(_run(executable, stretch, optimizer) * batch_size, len(rows))
        bad = [first_bad_sample(losses[output][:seen]) for output in objective.learned]
        if found := [index for index in bad if index is not None]:
            step = min(found) // batch_size
            before.restore()
            rate = float(stretch.learning_rates[step])
            raise _diverged(where, batch + step + 1, -(-len(order) // batch_size), rate, samples.inputs)
        targets, weights = (part_of(own, rows[:seen]) for own in (samples.targets, samples.weights))
        made = [own[:seen] for own in outputs]
        scores.add([own[:seen] for own in losses], targets, made, weights, _penalties(stretch, seen))
        done += seen
        logs = scores.results()
        if singly:
            callbacks.on_train_batch_end(batch, logs)
        report(done, logs)
        if model.stop_training:
            break
    if any(first_bad_sample(weight) is not None for weight in model.own_weights):
        steps = -(-len(order) // batch_size)
        before.restore()
        raise _diverged(where, steps, steps, optimizer.learning_rate, samples.inputs)
    return scores.results()


def _rows_at_once(executable: Executable, batch_size: int, count: int) -> int:
    """Return how many samples a stretch may have at most, in whole batches, so that its outputs stay small."""
    values = sum(math.prod(shape) for shape in executable.plan.output_shapes)
    batches = max(1, _OUTPUTS // (batch_size * max(1, values)))
    return min(batches * batch_size, -(-count // batch_size) * batch_size)


def _run(executable: Executable, stretch: Stretch, optimizer: Optimizer) -> int:
    """Take some steps of a stretch, count them, and return how many."""
    for losses in each(stretch.losses, 1):
        losses.fill(np.nan)
    with moments.writing():
        try:
            # What overflows shows in the losses, and is answered there.
            with np.errstate(all="ignore"):
                taken = executable.train(stretch, _BUDGET)
        except KeyboardInterrupt:
            # The weights are those after the last whole step. The engine cannot say which one it was, but has written
            # the losses of each.
            learned = next(n for n, rule in enumerate(each(stretch.loss, 1)) if rule is not None)
            written = int(np.count_nonzero(~np.isnan(each(stretch.losses, 1)[learned])))
            optimizer.iterations += written // stretch.batch_size
            raise
        optimizer.iterations += taken
    return taken


def _penalties(stretch: Stretch, count: int) -> Array | None:
    """Return for each sample its batch's penalty: the mean of losses and penalties is the loss as Keras reports it."""
    if stretch.penalties is None:
        return None
    return np.repeat(stretch.penalties, stretch.batch_size)[:count]


def _diverged(where: str, step: int, steps: int, rate: float, inputs: Sequence[Array]) -> TrainingDivergedError:
    largest = max(max(abs(float(x.max())), abs(float(x.min()))) for x in inputs)
    scale = f"scale the images to 0..1 (the largest value in x is {largest:g}); " if largest > 2 else ""
    return TrainingDivergedError(
        f"Training diverged: in {where}, step {step} of {steps}, with a learning rate of {rate:g}, the loss or a "
        f"weight is no longer a number. The model is as it was before {where}. What helps: {scale}a lower learning "
        f"rate (learning_rate={rate / 10:g}); bounded gradients (clipnorm=1.0 in the optimizer)."
    )


def measure(
    model: Trainable, samples: Samples, batch_size: int, callbacks: CallbackList, report: Report
) -> dict[str, float]:
    """Return loss and metrics on the samples, without training."""
    _, objective = compiled(model, "evaluate")
    executable, rules, scores = model.executable(), objective.rules(), Scores(objective)
    penalty = float(sum(model.losses))
    singly = callbacks.watches_test_batches
    callbacks.on_test_begin()
    for batch, part in enumerate(_parts(len(samples), batch_size, singly)):
        if singly:
            callbacks.on_test_batch_begin(batch, {})
        taken = samples.rows(part)
        outputs, losses = executable.score(plain(taken.inputs), plain(taken.learned_targets(objective)), plain(rules))
        own, penalties = _weighted(each(losses, 1), taken.weights), np.full(len(taken), penalty) if penalty else None
        scores.add(own, taken.targets, each(outputs, 1), taken.weights, penalties)
        logs = scores.results()
        if singly:
            callbacks.on_test_batch_end(batch, logs)
        report(part.stop, logs)
    results = scores.results()
    callbacks.on_test_end(results)
    return results


def _weighted(losses: Sequence[Array | None], weights: Sequence[Array | None]) -> list[Array | None]:
    """Return each output's losses times its sample weights."""
    both = zip(losses, weights, strict=True)
    return [own if own is None or weight is None else own * weight for own, weight in both]


def forward(
    model: Trainable, inputs: Sequence[Array], batch_size: int, callbacks: CallbackList, report: Report
) -> list[Array]:
    """Return the model's outputs, each (N, *output_shape), for inputs that have been checked."""
    executable, count = model.executable(), len(inputs[0])
    outputs = [np.empty((count, *shape), np.float32) for shape in executable.plan.output_shapes]
    singly = callbacks.watches_predict_batches
    callbacks.on_predict_begin()
    for batch, part in enumerate(_parts(count, batch_size, singly)):
        if singly:
            callbacks.on_predict_batch_begin(batch, {})
        for output, made in zip(outputs, each(executable.forward(plain([x[part] for x in inputs])), 1), strict=True):
            output[part] = made
        if singly:
            callbacks.on_predict_batch_end(batch, {})
        report(part.stop, {})
    callbacks.on_predict_end()
    return outputs


def _parts(count: int, batch_size: int, singly: bool) -> list[slice]:
    """Return slices over `count` samples: of one batch each, or larger where nobody asks for every batch."""
    size = min(batch_size if singly else max(batch_size, BLOCK), count)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
