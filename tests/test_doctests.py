"""Every example in a docstring runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from importlib.util import find_spec

import pytest

import convoscope

_TORCH = find_spec("torch") is not None  # what the engine of that name is made of is not installed for these tests


def modules() -> list[str]:
    return [
        info.name
        for info in pkgutil.walk_packages(convoscope.__path__, "convoscope.")
        if not info.name.endswith(("__main__", "._native")) and (_TORCH or info.name != "convoscope.engine.torch")
    ]


@pytest.mark.parametrize("name", modules())
def test_the_examples_run_and_give_what_they_say(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0
