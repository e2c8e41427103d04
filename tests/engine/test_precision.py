"""How closely convolutions keep to plain sums of products: the choice of kernels, and what it changes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine import select
from convoscope.engine.precisions import PRECISIONS
from convoscope.errors import ConfigurationError, UnknownNameError


@pytest.fixture(autouse=True)
def default_afterwards() -> Iterator[None]:
    pytest.importorskip("convoscope._native")
    select.use("native")
    yield
    select.use("auto")


def convolution() -> cs.Sequential:
    """A model that Winograd's tiles suit."""
    image = cs.Input((12, 12, 16))
    return cs.Sequential([image, cs.layers.Conv2D(32, 3, activation="relu"), cs.layers.Conv2D(16, 3)])


def kernels(model: cs.Sequential) -> list[str]:
    return [kernel.name.split(" (")[0] for _, kernel in model.executable().kernels()]


def test_direct_sums_take_winograds_place_and_exact_ones_do_not() -> None:
    model = convolution()
    found = {}
    for name in PRECISIONS:
        cs.set_precision(name)
        found[name] = kernels(model)
    assert found["exact"] == ["Winograd", "Winograd"]
    assert found["direct"] == found["bf16"] == ["direct product", "direct product"]


def test_only_float32_takes_tiles_of_four_and_for_maps_that_hold_two_a_side() -> None:
    tiles = {}
    for name in ("float32", "exact"):
        cs.set_precision(name)
        for side in (8, 9):
            image = cs.Input((side, side, 32))
            model = cs.Sequential([image, cs.layers.Conv2D(32, 3)])
            tiles[name, side] = model.executable().kernels()[0][1].why.split("in tiles of ")[1]
    assert tiles == {
        ("float32", 8): "2×2 outputs",
        ("float32", 9): "up to 4×4 outputs",
        ("exact", 8): "2×2 outputs",
        ("exact", 9): "2×2 outputs",
    }


@pytest.mark.parametrize("name", ["direct", "bf16"])
def test_the_plan_says_which_precision_rules_out_winograd(name: str) -> None:
    cs.set_precision(name)
    said = [f"{kernel.why} {kernel.backward}" for _, kernel in convolution().executable().kernels()]
    assert all(f"the precision is {name}" in words and "by Winograd" not in words for words in said)


def test_a_model_computes_in_the_precision_of_the_moment() -> None:
    model = convolution()
    x = np.random.default_rng(3).standard_normal((2, 12, 12, 16)).astype(np.float32)
    made = {}
    for name in PRECISIONS:
        cs.set_precision(name)
        made[name] = model.predict_on_batch(x)
    for one, other in (("exact", "float32"), ("direct", "float32"), ("direct", "exact")):
        assert not np.array_equal(made[one], made[other])
        np.testing.assert_allclose(made[one], made[other], rtol=0, atol=2e-5)
    assert 1e-4 < np.abs(made["bf16"] - made["direct"]).max() < 0.1


def test_choosing_an_engine_chooses_its_precision() -> None:
    assert select.told_of(select.use("native", precision="exact")) == {"precision": "exact"}
    assert select.told_of(select.use("native")) == {"precision": "float32"}
    cs.set_precision("direct")
    assert select.told_of(select.current()) == {"precision": "direct"}


def test_the_reference_engine_sums_products_whatever_is_asked_for() -> None:
    engine = select.use("reference", precision="exact")
    cs.set_precision("direct")
    assert select.current() is engine
    with pytest.raises(UnknownNameError, match="precision named 'exakt'"):
        cs.set_precision("exakt")


def test_the_reference_engine_does_not_round_factors() -> None:
    with pytest.raises(ConfigurationError, match=r"needs the engine 'native' or 'torch'.*'reference'"):
        select.use("reference", precision="bf16")
    engine = select.use("reference")
    with pytest.raises(ConfigurationError, match="needs the engine 'native'"):
        cs.set_precision("bf16")
    assert select.current() is engine


def test_other_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"precision named 'exakt'.*'exact'"):
        cs.set_precision("exakt")
    with pytest.raises(UnknownNameError, match="precision named 'tf32'"):
        cs.set_precision("tf32")
    with pytest.raises(ConfigurationError, match="is an option of the engine 'torch'"):
        select.use("native", precision="tf32")
    assert select.told_of(select.current()) == {"precision": "float32"}


def test_a_copy_in_another_process_computes_alike() -> None:
    cs.set_precision("direct")
    executable = convolution().executable()
    copied = pickle.loads(pickle.dumps(executable))
    assert [kernel.name for _, kernel in copied.kernels()] == [kernel.name for _, kernel in executable.kernels()]
