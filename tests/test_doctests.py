"""Every example in a docstring runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import convoscope


def modules() -> list[str]:
    return [
        info.name
        for info in pkgutil.walk_packages(convoscope.__path__, "convoscope.")
        if not info.name.endswith(("__main__", "._native"))
    ]


@pytest.mark.parametrize("name", modules())
def test_the_examples_run_and_give_what_they_say(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0
