"""The inner loops: an epoch of training, and a pass over data without training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from convoscope.engine.base import Array, Executable, Stretch, each, plain
from convoscope.engine.loss_rule import LossRule
from convoscope.errors import TrainingDivergedError
from convoscope.layers import moments
from convoscope.training.callbacks import CallbackList
from convoscope.training.data import first_bad_sample
from convoscope.training.feeds import Portion
from convoscope.training.optimizer import Optimizer
from convoscope.training.samples import Samples, compiled, part_of
from convoscope.training.scores import Scores
from convoscope.training.trainable import Trainable

#: Is told how many steps and how many samples are done, and loss and metrics so far.
Report = Callable[[int, int, Mapping[str, float]], None]

_BUDGET = 0.1  # seconds that the engine runs before it reports
_OUTPUTS = 1 << 22  # values of outputs that are kept at a time (16 MB)
BLOCK = 256  # samples to a pass without training: few enough for every layer's output to stay small


class Snapshot:
    """Weights, slots and step counts at one moment, to go back to."""

    def __init__(self, model: Trainable, optimizer: Optimizer, slots: Sequence[tuple[Array, ...]]) -> None:
        arrays = [*model.own_weights, *(slot for each in slots for slot in each)]
        self._kept = [(array, array.copy()) for array in arrays]
        self._model, self._optimizer = model, optimizer
        self._iterations, self._draws = optimizer.iterations, model.draws

    def restore(self) -> None:
        """Go back."""
        with moments.writing():
            for array, copy in self._kept:
                array[...] = copy
            self._optimizer.iterations, self._model.draws = self._iterations, self._draws


def train(
    model: Trainable,
    portions: Iterable[Portion],
    callbacks: CallbackList,
    report: Report,
    where: str,
    steps: int | None = None,
) -> tuple[dict[str, float], int]:
    """Train on samples in their order, once, and return loss and metrics, and how many steps that were.

    Parameters
    ----------
    model : Trainable
    portions : iterable of Portion
    callbacks : CallbackList
        Its batch hooks are called.
    report : callable
        Told, about ten times a second, how far training is.
    where : str
        What messages call this: ``"epoch 3"``.
    steps : int, optional
        How many there will be, for messages.

    Raises
    ------
    TrainingDivergedError
        If a loss or a weight is no longer a number; the model is as it was before.
    """
    epoch = _Epoch(model, callbacks, report, where, steps)
    for portion in portions:
        epoch.train(portion)
        if model.stop_training:
            break
    epoch.check_weights()
    return epoch.scores.results(), epoch.steps


class _Epoch:
    """What training knows while it goes over the data once."""

    def __init__(
        self, model: Trainable, callbacks: CallbackList, report: Report, where: str, planned: int | None
    ) -> None:
        self._model, self._callbacks, self._report = model, callbacks, report
        self._where, self._planned = where, planned
        self._optimizer, self._objective = compiled(model, where)
        self._executable = model.executable()
        with moments.writing():  # the first time, they are made
            self._slots = self._optimizer.slots_for(model.own_trainable_weights)
        self._before = Snapshot(model, self._optimizer, self._slots)
        self._singly = callbacks.watches_train_batches
        self._rooms: tuple[list[Array], list[Array]] = ([], [])
        self._inputs: Sequence[Array] = ()  # what was trained on last, for messages
        self.scores = Scores(self._objective)
        self.steps = self.samples = 0

    def train(self, portion: Portion) -> None:
        """Train on some samples in their order."""
        order, size, done = portion.order, portion.batch_size, 0
        at_once = size if self._singly else _rows_at_once(self._executable, size, len(order))
        losses, outputs = self._room_for(min(at_once, len(order)))
        self._inputs = portion.samples.inputs
        while done < len(order):
            rows = order[done : done + (size if self._callbacks.wants_one_batch() else at_once)]
            if self._singly:
                self._callbacks.on_train_batch_begin(self.steps, {})
            stretch = _stretch(self._model, portion, rows, self._slots, losses, outputs)
            taken = _run(self._executable, stretch, self._model, self._optimizer)
            seen = min(taken * size, len(rows))
            self._check_losses(losses, seen, stretch)
            targets, weights = (part_of(own, rows[:seen]) for own in (portion.samples.targets, portion.samples.weights))
            made = [own[:seen] for own in outputs]
            told = [own[:seen] for own in losses]
            self.scores.add(told, targets, made, weights, size, _penalties(stretch, seen))
            done += seen
            self.samples += seen
            self.steps += taken
            logs = self.scores.results()
            if self._singly:
                self._callbacks.on_train_batch_end(self.steps - 1, logs)
            self._report(self.steps, self.samples, logs)
            if self._model.stop_training:
                break

    def check_weights(self) -> None:
        """Say so if a weight is no longer a number."""
        if any(first_bad_sample(weight) is not None for weight in self._model.own_weights):
            self._before.restore()
            raise self._diverged(self.steps, self._optimizer.learning_rate)

    def _check_losses(self, losses: Sequence[Array], seen: int, stretch: Stretch) -> None:
        bad = [first_bad_sample(losses[output][:seen]) for output in self._objective.learned]
        if found := [index for index in bad if index is not None]:
            step = min(found) // stretch.batch_size
            self._before.restore()
            raise self._diverged(self.steps + step + 1, float(stretch.learning_rates[step]))

    def _room_for(self, count: int) -> tuple[list[Array], list[Array]]:
        """Return arrays for so many losses and outputs, for each output of the model: the same again if they do."""
        if not self._rooms[1] or len(self._rooms[1][0]) < count:
            shapes = self._executable.plan.output_shapes
            self._rooms = (
                [np.empty(count, np.float32) for _ in shapes],
                [np.empty((count, *shape), np.float32) for shape in shapes],
            )
        return self._rooms

    def _diverged(self, step: int, rate: float) -> TrainingDivergedError:
        largest = max(max(abs(float(x.max())), abs(float(x.min()))) for x in self._inputs)
        scale = f"scale the images to 0..1 (the largest value in x is {largest:g}); " if largest > 2 else ""
        planned = f" of {self._planned}" if self._planned is not None else ""
        return TrainingDivergedError(
            f"Training diverged: in {self._where}, step {step}{planned}, with a learning rate of {rate:g}, the loss "
            f"or a weight became NaN or infinite. The model was restored to its state before {self._where}. Possible "
            f"remedies: {scale}a lower learning rate (learning_rate={rate / 10:g}); gradient clipping (clipnorm=1.0 "
            "in the optimizer)."
        )


def _stretch(
    model: Trainable,
    portion: Portion,
    rows: Array,
    slots: Sequence[tuple[Array, ...]],
    losses: Sequence[Array],
    outputs: Sequence[Array],
) -> Stretch:
    """Return some rows of a portion with all that the engine needs to train on them."""
    optimizer, objective = compiled(model, "fit")
    plan = model.executable().plan
    steps = -(-len(rows) // portion.batch_size)
    return Stretch(
        x=plain(portion.samples.inputs),
        y=plain(portion.samples.learned_targets(objective)),
        rows=rows,
        batch_size=portion.batch_size,
        loss=plain(objective.rules()),
        rule=optimizer.rule_for(model.own_weights, [weight.name for weight in plan.weights], plan.trainable),
        learning_rates=optimizer.learning_rates(optimizer.iterations, steps),
        iteration=optimizer.iterations,
        seed=model.seed,
        slots=slots,
        losses=plain([own[: len(rows)] for own in losses]),
        outputs=plain([own[: len(rows)] for own in outputs]),
        sample_weight=plain(portion.samples.weights),
        penalties=np.zeros(steps) if plan.regularized else None,
        # An optimizer that was kept without its model knows of more steps than a model that was made anew.
        first_draw=max(model.draws.steps, optimizer.iterations),
    )


def _rows_at_once(executable: Executable, batch_size: int, count: int) -> int:
    """Return how many samples a stretch may have at most, in whole batches, so that its outputs stay small."""
    values = sum(math.prod(shape) for shape in executable.plan.output_shapes)
    batches = max(1, _OUTPUTS // (batch_size * max(1, values)))
    return min(batches * batch_size, -(-count // batch_size) * batch_size)


def _run(executable: Executable, stretch: Stretch, model: Trainable, optimizer: Optimizer) -> int:
    """Take some steps of a stretch, count them, and return how many."""

    first_draw = stretch.first_draw or 0

    def count(steps: int) -> None:
        optimizer.iterations += steps
        model.draws = replace(model.draws, steps=first_draw + steps)

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
            count(written // stretch.batch_size)
            raise
        count(taken)
    return taken


def _penalties(stretch: Stretch, count: int) -> Array | None:
    """Return for each sample its batch's penalty: the mean of losses and penalties is the loss as Keras reports it."""
    if stretch.penalties is None:
        return None
    return np.repeat(stretch.penalties, stretch.batch_size)[:count]


def measure(
    model: Trainable, portions: Iterable[Portion], callbacks: CallbackList, report: Report
) -> tuple[dict[str, float], int]:
    """Return loss and metrics on the samples, without training, and how many batches they were."""
    _, objective = compiled(model, "evaluate")
    executable, rules, scores = model.executable(), objective.rules(), Scores(objective)
    penalty = float(sum(model.losses))
    singly = callbacks.watches_test_batches
    callbacks.on_test_begin()
    steps = count = 0
    for portion in portions:
        for part in _parts(portion, singly):
            if singly:
                callbacks.on_test_batch_begin(steps, {})
            taken = portion.samples.rows(part)
            targets = taken.learned_targets(objective)
            outputs, losses = executable.score(plain(taken.inputs), plain(targets), plain(rules))
            own = _told(each(losses, 1), rules, taken, portion.batch_size)
            whole = np.full(len(taken), penalty) if penalty else None
            scores.add(own, taken.targets, each(outputs, 1), taken.weights, portion.batch_size, whole)
            logs = scores.results()
            if singly:
                callbacks.on_test_batch_end(steps, logs)
            steps, count = steps + -(-len(taken) // portion.batch_size), count + len(taken)
            report(steps, count, logs)
    results = scores.results()
    callbacks.on_test_end(results)
    return results, steps


def _told(
    losses: Sequence[Array | None], rules: Sequence[LossRule | None], samples: Samples, batch_size: int
) -> list[Array | None]:
    """Return each output's losses times sample weights, so that their mean over a batch is the batch's loss."""
    told: list[Array | None] = []
    for own, rule, weights, targets in zip(losses, rules, samples.weights, samples.targets, strict=True):
        told.append(own if own is None or weights is None else own * weights)
        if told[-1] is None or rule is None or rule.plain:
            continue
        for start in range(0, len(samples), batch_size):
            part = slice(start, start + batch_size)
            labels = targets[part] if targets is not None and rule.sparse else None
            count = len(told[-1][part])
            rows = 1 if targets is None else math.prod(targets.shape[1 : None if rule.sparse else -1])
            told[-1][part] *= rule.shares(labels, None if weights is None else weights[part], count, rows).told
    return told


def forward(
    model: Trainable, portions: Iterable[Portion], count: int | None, callbacks: CallbackList, report: Report
) -> tuple[list[Array], int]:
    """Return the model's outputs, each (N, *output_shape), for inputs that have been checked, and the batches.

    `count` is how many samples there will be, where that is known: then their outputs are written into one array.
    """
    executable = model.executable()
    shapes = executable.plan.output_shapes
    rooms = None if count is None else [np.empty((count, *shape), np.float32) for shape in shapes]
    found: list[list[Array]] = [[] for _ in shapes]
    singly = callbacks.watches_predict_batches
    callbacks.on_predict_begin()
    steps = done = 0
    for portion in portions:
        for part in _parts(portion, singly):
            if singly:
                callbacks.on_predict_batch_begin(steps, {})
            outputs = each(executable.forward(plain([x[part] for x in portion.samples.inputs])), 1)
            size = len(outputs[0])
            for index, made in enumerate(outputs):
                if rooms is None:
                    found[index].append(made)
                else:
                    rooms[index][done : done + size] = made
            if singly:
                callbacks.on_predict_batch_end(steps, {"outputs": plain(outputs)})
            steps, done = steps + -(-size // portion.batch_size), done + size
            report(steps, done, {})
    callbacks.on_predict_end()
    if rooms is not None:
        return rooms, steps
    return [
        np.concatenate(made) if made else np.empty((0, *shape)) for made, shape in zip(found, shapes, strict=True)
    ], steps


def _parts(portion: Portion, singly: bool) -> list[slice]:
    """Return slices over the samples: of one batch each, or larger where nobody asks for every batch."""
    size, count = portion.batch_size, len(portion.samples)
    # In whole batches, so that the steps that are done can be counted.
    size = size if singly or portion.is_share else max(1, -(-BLOCK // size)) * size
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
