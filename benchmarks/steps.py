"""Where a network's time goes: ``python -m benchmarks.steps "ResNet-20 32×32×3, batch 32" [--training]``.

Each step of the plan is run alone, on random values, many times; the best time counts, less the time that it takes to
hand over the outputs and gradients, which stay in the core in the whole network. With one thread it is the processor's
time, which other programs hardly change.

Beside it stand what a step computes and what it has to read and write. What the machine would need for both at its peak
is the least that the step can take, and the steps are in the order of what they take beyond that. Alone, a step does
not find its input where the last step left it: the sum of all steps beside the time of the whole says how much that is.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import convoscope as cs
from benchmarks import sweep
from benchmarks.machine import available_cores
from benchmarks.processes import MALLOC
from benchmarks.programs.keras_words import build
from benchmarks.programs.peak import peak
from convoscope.engine.native import NativeEngine, NativeExecutable
from convoscope.engine.plan import Plan
from convoscope.engine.steps import Step

_BYTES = 4
Clock = Callable[[], float]
_WAYS = {False: 1, True: 3}  # forward; or forward, back for the weights, and back for the input


@dataclass(frozen=True)
class Timed:
    """A step of a network and its seconds for a batch: forward, or forward and back again as in training."""

    step: Step
    name: str
    kernel: str
    batch: int
    training: bool
    weights: int
    seconds: float

    @property
    def multiply_adds(self) -> int:
        """Products with their sums, computed densely."""
        return self.step.multiply_adds * self.batch * _WAYS[self.training]

    @property
    def traffic(self) -> int:
        """The bytes of inputs, output and weights; back again, of these and their gradients."""
        values = sum(map(math.prod, self.step.input_shapes)) + math.prod(self.step.output_shape)
        return _BYTES * (self.batch * values + self.weights) * _WAYS[self.training]

    def least(self, machine: Machine) -> float:
        """Return the seconds that the step takes at least."""
        return max(self.multiply_adds / machine.multiply_adds, self.traffic / machine.bandwidth)


@dataclass(frozen=True)
class Machine:
    """What a machine does in a second at most: multiply-adds on registers, and bytes from and to its memory."""

    multiply_adds: float
    bandwidth: float

    @classmethod
    def measured(cls, threads: int) -> Machine:
        """Measure this one."""
        source, target = np.ones(16_000_000, np.float32), np.ones(16_000_000, np.float32)
        copying = best(lambda: np.copyto(target, source), 0.3, clock_for(threads))
        flops = max(peak({"threads": threads})["flops"] for _ in range(3))
        return cls(flops / 2, 2 * source.nbytes / copying)


def clock_for(threads: int) -> Clock:
    """Return the clock that counts: the processor's time, or that of the wall where several threads work."""
    return time.process_time if threads == 1 else time.perf_counter


def timed_steps(
    plan: Plan, names: Sequence[str], batch: int, *, training: bool, budget: float, clock: Clock = time.perf_counter
) -> list[Timed]:
    """Time each step of a plan alone.

    Parameters
    ----------
    plan : Plan
    names : sequence of str
        Of the plan's calls.
    batch : int
        Images at once.
    training : bool
        Whether a step goes back as well, as in training; else it runs as in prediction.
    budget : float
        Seconds for each step.
    clock : callable
        Returns seconds.
    """
    draw = np.random.default_rng(3)
    timed = []
    for step in plan.steps if training else plan.prediction_steps:
        alone = _alone(plan, step)
        weights = [_weight(each.name, each.shape, draw) for each in alone.weights]
        executable = NativeEngine().prepare(alone, weights)
        seconds = best(call_of(executable, batch, training=training), budget, clock)
        if training:
            seconds = max(1e-9, seconds - best(_handing_over(alone, batch), budget / 5, clock))
        kernel = executable.kernels(prediction=not training)[0][1]
        words = "; ".join(filter(None, (kernel.name, kernel.backward)))
        name = " + ".join(names[call] for call in step.calls)
        timed.append(Timed(step, name, words, batch, training, sum(each.size for each in weights), seconds))
    return timed


def _alone(plan: Plan, step: Step) -> Plan:
    """Return a plan of that step only."""
    count = len(step.inputs)
    moved = replace(step, inputs=tuple(range(count)), weights=tuple(range(len(step.weights))))
    normalization = getattr(step, "normalization", None)
    if normalization is not None:  # its weights are the last ones
        own = range(len(step.weights) - len(normalization.weights), len(step.weights))
        moved = replace(moved, normalization=replace(normalization, weights=tuple(own)))  # type: ignore[call-arg]
    steps, outputs = (moved,), (count,)
    weights = tuple(plan.weights[index] for index in step.weights)
    shapes = step.input_shapes, (step.output_shape,)
    return Plan(*shapes, steps, outputs, steps, outputs, weights, call_count=plan.call_count)


def _weight(name: str, shape: tuple[int, ...], draw: np.random.Generator) -> Any:
    """Return values of an ordinary size: variances are positive, and kernels keep what goes in about as large."""
    if "variance" in name or "gamma" in name:
        return np.ones(shape, np.float32)
    return draw.standard_normal(shape, np.float32) / np.float32(math.sqrt(max(1, math.prod(shape[:-1]))))


def call_of(executable: NativeExecutable, batch: int, *, training: bool) -> Callable[[], Any]:
    """Return what takes a random batch forward, or forward and back."""
    draw, plan = np.random.default_rng(5), executable.plan
    x = [draw.standard_normal((batch, *shape), np.float32) for shape in plan.input_shapes]
    given = x if len(x) > 1 else x[0]
    if not training:
        return lambda: executable.forward(given)
    arriving = draw.standard_normal((batch, *plan.output_shape), np.float32)
    return lambda: executable.pullback(given, arriving, training=True)


def _handing_over(plan: Plan, batch: int) -> Callable[[], Any]:
    """Return what copies as much as the outputs and both gradients of a batch that goes forward and back."""
    sizes = [plan.output_shape, plan.output_shape, *plan.input_shapes]
    pairs = [(np.zeros((batch, *size), np.float32), np.ones((batch, *size), np.float32)) for size in sizes]

    def copy() -> None:
        for target, source in pairs:
            np.copyto(target, source)

    return copy


def best(call: Callable[[], Any], budget: float, clock: Clock = time.perf_counter) -> float:
    """Return the least time of a call: other programs only make it longer."""
    times: list[float] = []
    call()
    end = time.perf_counter() + budget
    while len(times) < 3 or time.perf_counter() < end:
        start = clock()
        call()
        times.append(clock() - start)
    return min(times)


def report(timed: Sequence[Timed], machine: Machine) -> str:
    """Return a table of steps, first those that take most beyond the least that they can."""
    ordered = sorted(timed, key=lambda each: each.least(machine) - each.seconds)
    whole = sum(each.seconds for each in timed)
    lines = [f"{'µs':>8} {'share':>6} {'least':>8} {'× least':>8} {'GMA/s':>7} {'GB/s':>6}  step"]
    for each in ordered:
        least = each.least(machine)
        shapes = "×".join(map(str, each.step.input_shape)) + " -> " + "×".join(map(str, each.step.output_shape))
        lines.append(
            f"{each.seconds * 1e6:8.1f} {each.seconds / whole:6.1%} {least * 1e6:8.1f} {each.seconds / least:8.1f} "
            f"{each.multiply_adds / each.seconds / 1e9:7.1f} {each.traffic / each.seconds / 1e9:6.1f}  "
            f"{each.name}: {shapes}, {each.step.label} [{each.kernel}]"
        )
    return "\n".join(lines)


def main(words: list[str] | None = None) -> None:
    """Print where the time of a row goes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__.splitlines()[0])
    parser.add_argument("row", choices=[sweep.label(row) for row in sweep.EVERY], metavar="ROW", help="its name")
    parser.add_argument("--training", action="store_true", help="forward and back, in place of a prediction")
    parser.add_argument("--batch", type=int, help="images at once (the row's)")
    parser.add_argument("--threads", type=int, default=available_cores(), help="of the core (all)")
    parser.add_argument("--budget", type=float, default=0.05, help="seconds for each step (0.05)")
    arguments = parser.parse_args(words)
    cs.set_threads(arguments.threads)
    cs.use_engine("native")
    row = sweep.find(arguments.row)
    model = build(cs, row.network)
    executable, training, batch = model.executable(), arguments.training, arguments.batch or row.batch
    machine = Machine.measured(arguments.threads)
    names = [call.layer.name for call in model.graph.calls]
    clock = clock_for(arguments.threads)
    timed = timed_steps(executable.plan, names, batch, training=training, budget=arguments.budget, clock=clock)
    whole = best(call_of(executable, batch, training=training), 10 * arguments.budget, clock)
    alone, least = sum(each.seconds for each in timed), sum(each.least(machine) for each in timed)
    print(report(timed, machine))
    print(f"\n{machine.multiply_adds / 1e9:.0f} GMA/s on registers, copies at {machine.bandwidth / 1e9:.0f} GB/s")
    print(f"ms: all steps alone {alone * 1e3:.2f}, at least {least * 1e3:.2f}; the whole network {whole * 1e3:.2f}")


if __name__ == "__main__":
    if not MALLOC.items() <= os.environ.items():  # else large arrays go back to the system after each call
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.steps", *sys.argv[1:]], {**os.environ, **MALLOC})
    main()
