"""The plan as text: which layers are computed in one step, by which kernel, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from convoscope.engine import select
from convoscope.engine.base import Kernel
from convoscope.engine.steps import Step
from convoscope.models.naming import call_names
from convoscope.names import for_terminal

if TYPE_CHECKING:
    from convoscope.models.network import Network

_INDENT = "     "


def plan_text(model: Network, width: int) -> str:
    """Return the steps that the engine runs in training and in prediction, in lines of at most `width` characters.

    Examples
    --------
    >>> from convoscope.engine import use
    >>> from convoscope.layers import Conv2D, Dropout, MaxPooling2D
    >>> from convoscope.models import Sequential
    >>> _ = use("reference")
    >>> model = Sequential([Conv2D(8, 3, input_shape=(9, 9, 1)), Dropout(0.5), MaxPooling2D()])
    >>> print(plan_text(model, 72))
    In training (reference engine): 3 layers in 3 steps
      1. conv2d → 7×7×8
         convolution: NumPy
      2. dropout → 7×7×8
         dropout: NumPy
      3. max_pooling2d → 3×3×8
         max pooling: NumPy
         not fused: dropout is in between
    In prediction: the same steps
    >>> _ = use("auto")
    """
    executable = model.executable()
    training, prediction = executable.kernels(), executable.kernels(prediction=True)
    names = [for_terminal(name) for name in call_names(model)]
    title = f"In training ({select.current().name} engine): {_count(names, 'layer')} in {_count(training, 'step')}"
    lines = [title, *_steps(names, training, width)]
    if [(step, kernel.name) for step, kernel in prediction] == [(step, kernel.name) for step, kernel in training]:
        return "\n".join([*lines, "In prediction: the same steps"])
    lines.append(f"In prediction: {_count(names, 'layer')} in {_count(prediction, 'step')}")
    return "\n".join([*lines, *_steps(names, prediction, width)])


def _steps(names: Sequence[str], chosen: Sequence[tuple[Step, Kernel]], width: int) -> list[str]:
    lines: list[str] = []
    computed = {call for step, _ in chosen for call in step.calls}
    done = 0
    for number, (step, kernel) in enumerate(chosen, 1):
        idle = [names[call] for call in range(done, min(step.calls)) if call not in computed]
        own = [names[call] for call in step.calls]
        done = max(done, *(call + 1 for call in step.calls))
        shape = "×".join(map(str, step.output_shape))
        lines += _wrapped(f"{number:>3}. ", f"{' + '.join(own)} → {shape}", width)
        lines += _wrapped(_INDENT, f"{step.label}{': ' if kernel.name else ''}{kernel.name}", width)
        for title, text in (
            ("why", kernel.why),
            ("backward", kernel.backward),
            ("not fused", step.apart),
            ("idle before it", ", ".join(idle)),
        ):
            if text:
                lines += _wrapped(_INDENT, f"{title}: {text}", width)
    return lines


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _wrapped(indent: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=_INDENT + "  ", break_on_hyphens=False)
