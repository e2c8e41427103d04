"""A new kind of step that somebody is in the middle of writing: what is missing is said, nothing falls through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from convoscope.engine.lowering import lower
from convoscope.engine.plan import Plan, build
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.steps import Step
from convoscope.engine.steps.reading import EachValue, Reading
from convoscope.layers import Layer
from convoscope.types import Shape

FACES = ("label", "multiply_adds", "readings", "describe")


class Negation(Layer):
    """Toy: minus the input."""

    def infer_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@dataclass(frozen=True)
class NegationStep(Step):
    @property
    def label(self) -> str:
        return "negation"

    @property
    def multiply_adds(self) -> int:
        return 0

    @property
    def readings(self) -> Sequence[Reading]:
        return [EachValue()]

    def describe(self) -> list[dict[str, Any]]:
        return [self._description("negation")]


@pytest.mark.parametrize("face", FACES)
def test_a_step_that_leaves_a_question_open_cannot_be_made(face: str) -> None:
    answers = {name: getattr(NegationStep, name) for name in FACES if name != face}
    unfinished = dataclass(frozen=True)(type("UnfinishedStep", (Step,), answers))
    with pytest.raises(TypeError, match=face):
        unfinished(0, 0, (1,), (1,), ())


def test_a_layer_without_a_meaning_says_where_to_give_it_one() -> None:
    with pytest.raises(NotImplementedError, match=r"Negation .*lowering\.py"):
        build([Negation()], (2,))


def test_an_engine_that_does_not_know_a_step_says_where_to_teach_it() -> None:
    step = NegationStep((0,), (0,), ((2,),), (2,), ())
    plan = Plan(((2,),), ((2,),), (step,), (1,), (step,), (1,), (), 1)
    with pytest.raises(NotImplementedError, match=r"NegationStep .*engine/reference"):
        ReferenceEngine().prepare(plan, []).forward(np.zeros((1, 2), np.float32))


def test_every_kind_of_step_has_a_lowering() -> None:
    kinds = {kind.__name__ for kind in lower.registry if kind is not object}
    assert "Conv2D" in kinds
    assert "Negation" not in kinds
