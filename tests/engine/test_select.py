"""Which engine runs, and what is said where the native one cannot."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator

import pytest

from convoscope.engine import select
from convoscope.errors import ConfigurationError, EngineFallbackWarning, UnknownNameError


@pytest.fixture
def no_choice_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(select._Choice, "engine", None)
    monkeypatch.setattr(select._Choice, "warned", False)
    yield
    monkeypatch.undo()


def test_the_native_engine_is_the_default_and_each_can_be_chosen(no_choice_yet: None) -> None:
    pytest.importorskip("convoscope._native")
    assert select.current().name == "native"
    assert select.use("reference").name == "reference"
    assert select.current().name == "reference"
    assert select.use("auto").name == "native"


def test_an_engine_that_is_not_known_is_named_with_the_nearest_right_one() -> None:
    with pytest.raises(UnknownNameError, match=r"named 'nativ'\. Did you mean 'native'"):
        select.use("nativ")


def test_without_a_compiled_core_the_reference_engine_takes_over_with_one_warning(
    no_choice_yet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(select, "_CORE", "convoscope._not_there")
    with pytest.warns(EngineFallbackWarning, match=r"not compiled when Convoscope was installed.*C\+\+17.*doctor"):
        assert select.current().name == "reference"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert select.use("auto").name == "reference"
    assert "C++17" in select.available()["native"]
    with pytest.raises(ConfigurationError, match=r"cannot be used.*reinstall"):
        select.use("native")


def test_a_core_that_does_not_load_is_told_with_the_reason(
    no_choice_yet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("convoscope._native")

    def broken(name: str) -> None:
        raise ImportError("libstdc++.so.6: version `GLIBCXX_3.4.99' not found")

    monkeypatch.setattr(importlib, "import_module", broken)
    problem = select.native_problem()
    assert problem is not None
    assert "could not be loaded (libstdc++.so.6" in problem


def test_without_pytorch_its_engine_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "_PYTORCH", "pytorch_that_is_not_there")
    with pytest.raises(ConfigurationError, match=r"cannot be used.*not installed; pip install 'convoscope\[torch"):
        select.use("torch")
    assert "not installed" in select.available()["torch"]


def test_a_pytorch_that_does_not_load_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise OSError("libcudart.so.12: cannot open shared object file")

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ConfigurationError, match=r"'torch' cannot be used: PyTorch could not be loaded \(libcudart"):
        select.use("torch")


@pytest.mark.parametrize("engine", ["auto", "native", "reference"])
@pytest.mark.parametrize("told", [{"device": "cuda"}, {"precision": "tf32"}], ids=str)
def test_device_and_precision_are_refused_with_another_engine(engine: str, told: dict[str, str]) -> None:
    ((what, value),) = told.items()
    with pytest.raises(
        ConfigurationError,
        match=f"The {what} '{value}' is an option of the engine 'torch', but the engine is '{engine}'",
    ):
        select.use(engine, **told)
