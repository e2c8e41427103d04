"""The default engine: the C++ core, called with NumPy arrays.

Here arrays are checked and made room for; everything is computed in `convoscope._native`, without Python's lock, on one
pool of threads. Ctrl-C ends a call within a fraction of a second, and leaves what the last whole step made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from convoscope import _native
from convoscope.engine.arguments import check_inputs, check_weights, expect_shape, sample_weights_for, targets_for
from convoscope.engine.base import Array, Arrays, Gradients, Kernel, LossRule, Moment, Stretch, each, plain
from convoscope.engine.plan import Plan, PlannedWeight
from convoscope.engine.precisions import check_precision
from convoscope.engine.steps import Step
from convoscope.errors import ConfigurationError, DataError, ShapeError

_INPUT_TYPES = (np.uint8, np.float32, np.float64)
_AROUND = ("reading", "preparing", "scoring", "clearing", "updating")  # as in native/core/profile.hpp


@dataclass(frozen=True)
class Profile:
    """Where the time of training went: seconds of all threads together.

    Attributes
    ----------
    around : dict
        What is around the steps: ``reading`` images, ``preparing`` weights for the kernels, ``scoring`` (the loss, and
        copying the outputs), ``clearing`` gradients, ``updating`` the weights.
    steps : list of (float, float)
        Each step of the plan, forward and back.
    """

    around: dict[str, float]
    steps: list[tuple[float, float]]


@dataclass(frozen=True)
class NativeEngine:
    """Runs plans in the C++ core.

    Parameters
    ----------
    precision : {"float32", "exact", "direct", "bf16"}
        See `convoscope.set_precision`.

    Examples
    --------
    >>> from convoscope.engine.plan import build
    >>> from convoscope.layers import Flatten
    >>> executable = NativeEngine().prepare(build([Flatten()], (2, 2, 1)), [])
    >>> executable.forward(np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1))
    array([[0., 1., 2., 3.]], dtype=float32)
    """

    precision: str = "float32"
    name: str = field(default="native", init=False)

    def __post_init__(self) -> None:
        check_precision(self.precision)

    def prepare(self, plan: Plan, weights: Sequence[Array], *, moment: Moment | None = None) -> NativeExecutable:
        """Make a plan runnable with these weights, which are kept, not copied.

        Parameters
        ----------
        plan : Plan
        weights : sequence of float32 arrays
            C-contiguous and writable, in the plan's order.
        moment : function, optional
            See `Engine.prepare`.

        Raises
        ------
        ConfigurationError
            If a weight is missing, or is not such an array, or not of the planned shape.
        """
        return NativeExecutable(plan, weights, moment, self.precision)


class NativeExecutable:
    """A plan with its weights, ready to run in the core. Safe to call from several threads, except for `train`."""

    def __init__(
        self, plan: Plan, weights: Sequence[Array], moment: Moment | None = None, precision: str = "float32"
    ) -> None:
        check_weights(plan, weights)
        self.plan = plan
        self._moment = moment
        self._precision = precision
        self._weights = list(weights)
        self._prediction = self._program(plan.prediction_steps, plan.prediction_outputs)

    def __reduce__(self) -> tuple[type[NativeExecutable], tuple[Plan, list[Array], None, str]]:
        return NativeExecutable, (self.plan, self._weights, None, self._precision)  # the core's programs are made anew

    @cached_property
    def _training(self) -> _native.Program:
        plan = self.plan
        same = plan.steps == plan.prediction_steps and plan.outputs == plan.prediction_outputs
        return self._prediction if same else self._program(plan.steps, plan.outputs)

    def _program(self, steps: Sequence[Step], outputs: Sequence[int]) -> _native.Program:
        told = _Told(steps, len(self.plan.input_shapes))
        shapes = [list(shape) for shape in self.plan.input_shapes]
        trainable = [weight.trainable for weight in self.plan.weights]
        regulation = [_regulation(weight) for weight in self.plan.weights]
        names = [told.values[value] for value in outputs]
        return _native.Program(shapes, told.descriptions, self._weights, trainable, names, regulation, self._precision)

    def kernels(self, *, prediction: bool = False) -> list[tuple[Step, Kernel]]:
        """Return the steps that are run, in training or in prediction, each with what computes it."""
        steps = self.plan.prediction_steps if prediction else self.plan.steps
        program = self._prediction if prediction else self._training
        names, reasons = program.kernels(), program.reasons()
        chosen = []
        for step, (done, end) in zip(steps, self._places(program, steps), strict=True):
            why = "; ".join(filter(None, reasons[done:end]))
            forward, backward = zip(*(name.partition("; ")[::2] for name in names[done:end] or [""]), strict=True)
            kernel = Kernel(" and then ".join(forward), why, "" if prediction else "; ".join(filter(None, backward)))
            chosen.append((step, kernel))
        return chosen

    def _places(self, program: _native.Program, steps: Sequence[Step]) -> list[tuple[int, int]]:
        """Return where in a program each step begins and ends: none for one that only reshapes, two for some."""
        places, done = [], 0
        for last in _Told(steps, len(self.plan.input_shapes)).last:
            end = max(done, program.output_of[last] + 1)
            places.append((done, end))
            done = end
        return places

    def start_profile(self) -> None:
        """Count from now on where `train` spends its time, for `profile`."""
        self._training.start_profile()

    def profile(self) -> Profile:
        """Return where `train` has spent its time since `start_profile`."""
        program, around = self._training, len(_AROUND)
        seconds, count = program.profile(), len(program.kernels())
        if not seconds:
            raise ConfigurationError("profile: nothing was counted. Call start_profile() before training.")
        there, back = seconds[around : around + count], seconds[around + count :]
        places = self._places(program, self.plan.steps)
        return Profile(
            dict(zip(_AROUND, seconds, strict=False)),
            [(sum(there[begin:end]), sum(back[begin:end])) for begin, end in places],
        )

    def forward(self, x: Arrays) -> Any:
        """Return the outputs (N, *output_shape) for inputs (N, *input_shape), as in prediction."""
        inputs, samples = self._inputs(x)
        outputs = _rooms(samples, self.plan.output_shapes)
        self._prediction.predict(inputs, outputs, None, self._moment() if self._moment else None)
        return plain(outputs)

    def forward_if_finite(self, x: Arrays) -> Any | None:
        """Return the same as `forward`, or None where a float32 value that comes in is not finite."""
        inputs, samples = self._inputs(x)
        outputs = _rooms(samples, self.plan.output_shapes)
        finite = self._prediction.predict_finite(inputs, outputs, self._moment() if self._moment else None)
        return plain(outputs) if finite else None

    def step_outputs(self, x: Arrays) -> list[Array]:
        """Return the output of every step, in order, as in prediction."""
        inputs, samples = self._inputs(x)
        program, steps = self._training, self.plan.steps
        told = _Told(steps, len(inputs))
        output_of = program.output_of
        # The last of those that share a core step has its shape.
        shapes = {core: told.descriptions[index]["output"] for index, core in enumerate(output_of) if core >= 0}
        values = [_room(samples, shapes[core]) for core in sorted(shapes)]
        program.predict(inputs, _rooms(samples, self.plan.output_shapes), values)
        # What only reshapes an input is -1 for the first one, -2 for the second ...
        made = [values[core] if core >= 0 else inputs[-1 - core].astype(np.float32) for core in output_of]
        return [made[last].reshape(samples, *step.output_shape) for step, last in zip(steps, told.last, strict=True)]

    def score(
        self, x: Arrays, y: Array | Sequence[Array | None], loss: LossRule | Sequence[LossRule | None]
    ) -> tuple[Any, Any]:
        """Return the outputs and each sample's loss (N,), as in prediction."""
        inputs, samples = self._inputs(x)
        rules, targets = self._judges(y, loss, samples)
        outputs, losses = _rooms(samples, self.plan.output_shapes), _loss_rooms(rules, samples)
        self._prediction.score(inputs, targets, rules, outputs, losses)
        return plain(outputs), plain(losses)

    def pullback(
        self,
        x: Arrays,
        output_gradient: Array | Sequence[Array | None],
        *,
        training: bool = False,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        """Return the gradients of sum(outputs × output_gradient) with respect to weights and input."""
        inputs, samples = self._inputs(x)
        arriving = [
            None if given is None else np.ascontiguousarray(given, np.float32)
            for given in each(output_gradient, len(self.plan.outputs))
        ]
        for gradient, shape in zip(arriving, self.plan.output_shapes, strict=True):
            if gradient is not None:
                expect_shape("The gradient of the outputs", gradient, (samples, *shape))
        outputs, befores, weights = self._gradient_rooms(samples)
        self._training.pullback(
            inputs, arriving, training, *_counters(seed, iteration), outputs, befores, _present(weights)
        )
        return Gradients(plain(outputs), weights, plain(befores))

    def gradients(
        self,
        x: Arrays,
        y: Array | Sequence[Array | None],
        loss: LossRule | Sequence[LossRule | None],
        *,
        sample_weight: Array | Sequence[Array | None] | None = None,
        training: bool = True,
        seed: int = 0,
        iteration: int = 0,
    ) -> Gradients:
        """Return the gradients of a batch's loss, and each sample's loss times its weight in ``losses``."""
        inputs, samples = self._inputs(x)
        rules, targets = self._judges(y, loss, samples)
        losses = _loss_rooms(rules, samples)
        outputs, befores, weights = self._gradient_rooms(samples)
        self._training.gradients(
            inputs,
            targets,
            rules,
            sample_weights_for(self.plan, sample_weight, samples),
            training,
            *_counters(seed, iteration),
            losses,
            outputs,
            befores,
            _present(weights),
        )
        return Gradients(plain(outputs), weights, plain(befores), plain(losses))

    def train(self, stretch: Stretch, budget: float | None = None) -> int:
        """Take training steps until the stretch or `budget` (seconds) is used up; return how many, at least one."""
        inputs, samples = self._inputs(stretch.x)
        count = len(self.plan.outputs)
        rules, targets = self._judges(stretch.y, stretch.loss, samples)
        losses, outputs = each(stretch.losses, count), each(stretch.outputs, count)
        for what, arrays in (("losses", losses), ("outputs", outputs)):
            for array in arrays:
                if array is not None and (array.dtype != np.float32 or not array.flags.c_contiguous):
                    raise DataError(f"The {what} of a stretch must be a C-contiguous float32 array.")
        if stretch.penalties is not None and len(stretch.penalties) < stretch.steps:
            raise ShapeError(
                f"{stretch.steps} steps each write a penalty, but there is room for only {len(stretch.penalties)}."
            )
        return self._training.train(
            inputs,
            targets,
            sample_weights_for(self.plan, stretch.sample_weight, samples),
            np.ascontiguousarray(stretch.rows, np.int64),
            stretch.batch_size,
            rules,
            stretch.rule.describe(),
            np.ascontiguousarray(stretch.learning_rates, np.float64),
            stretch.iteration,
            _counters(stretch.seed, 0)[0],
            [list(arrays) for arrays in stretch.slots],
            losses,
            outputs,
            budget,
            stretch.penalties,
            stretch.first_draw,
        )

    @contextmanager
    def keeping_memory(self) -> Iterator[None]:
        """Keep the memory of a training step for the next one, however much it is, and then let it go."""
        program = self._training
        program.keep_memory()
        try:
            yield
        finally:
            program.let_memory_go()

    def _inputs(self, x: Arrays) -> tuple[list[Array], int]:
        """Return the inputs as the core reads them, and how many samples each of them has."""
        given = each(x, 1)
        samples = check_inputs(self.plan, given)
        known = [array if array.dtype in _INPUT_TYPES else array.astype(np.float32) for array in given]
        return [np.ascontiguousarray(array) for array in known], samples

    def _judges(
        self, y: Array | Sequence[Array | None], loss: LossRule | Sequence[LossRule | None], samples: int
    ) -> tuple[list[dict[str, Any] | None], list[Array | None]]:
        """Return each output's loss and targets as the core takes them: None for those without."""
        rules = each(loss, len(self.plan.outputs))
        targets = targets_for(self.plan, y, rules, samples)
        pairs = zip(rules, targets, strict=True)
        return [None if rule is None or own is None else asdict(rule) for rule, own in pairs], targets

    def _gradient_rooms(self, samples: int) -> tuple[list[Array], list[Array], list[Array | None]]:
        """Return room for the outputs, for the gradients of the inputs, and for those of the weights."""
        weights = [np.empty(w.shape, np.float32) if w.trainable else None for w in self.plan.weights]
        return _rooms(samples, self.plan.output_shapes), _rooms(samples, self.plan.input_shapes), weights


def _room(samples: int, shape: tuple[int, ...]) -> Array:
    return np.empty((samples, *shape), np.float32)


def _rooms(samples: int, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    return [_room(samples, shape) for shape in shapes]


def _loss_rooms(rules: Sequence[dict[str, Any] | None], samples: int) -> list[Array | None]:
    return [None if rule is None else np.empty(samples, np.float32) for rule in rules]


def _present(weights: Sequence[Array | None]) -> list[Array]:
    return [array for array in weights if array is not None]


def _counters(seed: int, iteration: int) -> tuple[int, int]:
    return seed & 0xFFFFFFFFFFFFFFFF, iteration & 0xFFFFFFFF


class _Told:
    """What the core is told of a plan's steps.

    Attributes
    ----------
    descriptions : list of dict
        One for each step, or two for one that the core computes in two: each makes a value of its own.
    last : list of int
        For each step the index of its last description.
    values : list of int
        For each of the plan's values, the inputs first, its number in the core.
    """

    def __init__(self, steps: Sequence[Step], inputs: int) -> None:
        self.descriptions: list[dict[str, Any]] = []
        self.last: list[int] = []
        self.values = list(range(inputs))
        for step in steps:
            read = [self.values[value] for value in step.inputs]
            for description in step.describe():
                self.descriptions.append({**description, "from": read})
                read = [inputs + len(self.descriptions) - 1]
            self.last.append(len(self.descriptions) - 1)
            self.values += read


def _regulation(weight: PlannedWeight) -> dict[str, Any]:
    """Return what the core is told of a weight's penalty and bounds."""
    regularizer, constraint = weight.regularizer, weight.constraint
    return {
        "l1": 0.0 if regularizer is None else regularizer.l1,
        "l2": 0.0 if regularizer is None else regularizer.l2,
        "orthogonal": None if regularizer is None else regularizer.orthogonal,
        "constraint": None if constraint is None else constraint.description(weight.shape),
    }
