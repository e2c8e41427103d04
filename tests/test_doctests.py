"""Every example in a docstring runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from importlib.util import find_spec

import pytest

import convoscope
from convoscope import nn

# What the engine of that name is made of is not installed for these tests; anywidget may be missing as well.
_LEFT_OUT = [
    *([] if find_spec("torch") else ["convoscope.engine.torch"]),
    *(
        []
        if find_spec("anywidget")
        else ["convoscope.widgets.base", "convoscope.widgets.explorer", "convoscope.widgets.lab"]
    ),
]


def modules() -> list[str]:
    return [
        info.name
        for info in pkgutil.walk_packages(convoscope.__path__, "convoscope.")
        if not info.name.endswith(("__main__", "._native")) and info.name not in _LEFT_OUT
    ]


@pytest.mark.parametrize("name", modules())
def test_the_examples_run_and_give_what_they_say(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


@pytest.mark.parametrize("name", nn.__all__)
def test_the_examples_of_activations_hold_for_those_of_nn(name: str) -> None:
    """They are made of other functions, so doctest does not find them by itself."""
    text = getattr(nn, name).__doc__
    example = doctest.DocTestParser().get_doctest(text, dict(vars(nn)), name, None, 0)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0
