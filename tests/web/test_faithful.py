"""How faithful a map is and what excites a filter, as the page asks Python; and the values that the page is held to."""

from __future__ import annotations

import base64
import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.explore.networks import inverted, values

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.explore.interventions import with_interventions
from convoscope.explore.likeness import spearman
from convoscope.web.explored import Explored
from convoscope.web.explorer import site
from convoscope.web.runs import Runs

from .test_runs import read

ROOT = Path(__file__).parents[2]
LAYER = 6  # block1a_project_conv


@pytest.fixture(scope="module")
def explored() -> Explored:
    return Explored(inverted(), values("inverted_images").astype(np.float32), values("inverted_classes"))


def asked(explored: Explored, address: str, **question: Any) -> bytes:
    return bytes(site(explored).questions[address](question).body)


def curve(explored: Explored, kind: Any, seen: npt.NDArray[Any], **more: Any) -> Any:
    told = {"map": base64.b64encode(seen.astype("<f4").tobytes()).decode(), "shape": list(seen.shape)}
    question = {"image": 2, "classIndex": 1, "steps": 20, "kind": kind, **told, **more}
    return json.loads(asked(explored, "ask/curve", **question))["curve"]


def test_the_curves_are_those_of_faithfulness(explored: Explored) -> None:
    model, image = explored.model, explored.images[2]
    wanted = cs.explore.faithfulness(model, image, 1, orders=2, networks=0, layer=LAYER)
    seen = cs.explore.grad_cam(model, image, 1, LAYER).raw[0]
    np.testing.assert_allclose(curve(explored, "deletion", seen), wanted.deletion[0], rtol=1e-5)
    np.testing.assert_allclose(curve(explored, "insertion", seen), wanted.insertion[0], rtol=1e-5)
    np.testing.assert_allclose([curve(explored, each, seen) for each in (0, 1)], wanted.random[:, 0], rtol=1e-5)
    own = base64.b64encode(image.astype("<f4").tobytes()).decode()
    assert curve(explored, "deletion", seen, own=[own]) == curve(explored, "deletion", seen)


def test_filters_that_are_off_count_in_the_curve(explored: Explored) -> None:
    off, image = {"1": [0, 2]}, explored.images[2]
    found = curve(explored, "deletion", np.ones((2, 2)), silenced=off)
    outputs = with_interventions(explored.model, {1: [0, 2]}, [])(image[None])
    assert found[0] == pytest.approx(float(outputs[0, 1]), rel=1e-5)
    assert found[0] != curve(explored, "deletion", np.ones((2, 2)))[0]


def test_random_networks_differ_by_their_seeds_and_are_those_of_faithfulness(explored: Explored) -> None:
    runs, question = Runs(), {"image": 2, "position": LAYER, "classes": [1], "method": "grad_cam"}
    wanted = cs.explore.faithfulness(explored.model, explored.images[2], 1, layer=LAYER, orders=1).randomization
    assert wanted is not None
    seen, *others = (
        read(runs.evidence(explored, {**question, **more}))[0].ravel()
        for more in ({}, *({"trained": False, "seed": seed} for seed in (1, 2, 3)))
    )
    found = [spearman(seen, other) for other in others]
    np.testing.assert_allclose(found, wanted.spearman[0, :, 0], atol=1e-3)


def test_a_value_and_its_gradient_are_those_before_the_activation(explored: Explored, engine: Engine) -> None:
    model = cs.Sequential(
        [cs.layers.Conv2D(2, 3, activation="relu", input_shape=(4, 4, 1)), cs.layers.Flatten(), cs.layers.Dense(2)]
    )
    kernel = np.arange(18.0).reshape(3, 3, 1, 2) - 9
    model.layers[0].set_weights([kernel, [-50.0, 0.25]])
    small = Explored(model, np.ones((3, 4, 4, 1), np.float32))
    value, gradient = read(asked(small, "ask/pull", image=0, position=0, unit=0))
    wanted = np.zeros((4, 4, 1))
    wanted[:3, :3] = kernel[..., 0]
    assert value.tolist() == [0]  # ReLU makes it 0, and its gradient would be
    np.testing.assert_array_equal(gradient, wanted)
    changed = [{"position": 0, "weight": "kernel", "index": 0, "value": 7}]
    assert read(asked(small, "ask/pull", image=0, position=0, unit=0, changes=changed))[1][0, 0, 0] == 7


def test_peaks_are_the_largest_values_of_a_channel(explored: Explored) -> None:
    found, where = read(asked(explored, "ask/peaks", position=LAYER, channel=3, images=[4, 0]))
    maps = cs.explore.activations(explored.model, explored.images[[4, 0]], [LAYER]).outputs[0]
    np.testing.assert_allclose(found, maps[..., 3].max(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose([each.ravel()[int(at)] for each, at in zip(maps, where, strict=True)], found, rtol=1e-5)


WRONG = [
    ("ask/curve", {"kind": "delete"}, "expected deletion"),
    ("ask/curve", {"classIndex": 4}, "from 0 to 3"),
    ("ask/curve", {"steps": 0}, "from 1 to 100"),
    ("ask/curve", {"steps": 1000}, "from 1 to 100"),
    ("ask/curve", {"shape": [9, 9]}, "must have 81 numbers"),
    ("ask/curve", {"shape": [10**8, 10**8]}, "a height and a width"),
    ("ask/curve", {"shape": None}, "a height and a width"),
    ("ask/curve", {"map": "?"}, "base64"),
    ("ask/curve", {"image": 99}, "There is no image 99"),
    ("ask/pull", {"position": 99, "unit": 0}, "has 12 layers"),
    ("ask/pull", {"position": 0, "unit": 10**9}, "numbered from 0"),
    ("ask/peaks", {"position": 0, "channel": 6, "images": [0]}, "6 channels"),
    ("ask/peaks", {"position": 0, "channel": 0, "images": list(range(65))}, "1 to 64"),
    (
        "ask/evidence",
        {"position": LAYER, "classes": [1], "method": "grad_cam", "trained": False, "seed": "x"},
        "a seed",
    ),
]


@pytest.mark.parametrize(("address", "wrong", "words"), WRONG)
def test_what_makes_no_sense_is_refused(explored: Explored, address: str, wrong: dict[str, Any], words: str) -> None:
    plain = base64.b64encode(np.ones(4, "<f4").tobytes()).decode()
    good = {"image": 0, "classIndex": 0, "steps": 2, "kind": "deletion", "map": plain, "shape": [2, 2]}
    with pytest.raises(ConvoscopeError, match=f"(?i){words}"):
        asked(explored, address, **{**good, **wrong})


def test_of_several_inputs_nothing_is_asked() -> None:
    a, b = cs.layers.Input((4, 4, 1)), cs.layers.Input((4, 4, 1))
    model = cs.Model([a, b], cs.layers.Dense(2)(cs.layers.Flatten()(cs.layers.Add()([a, b]))))
    pair = Explored(model, [np.ones((1, 4, 4, 1), np.float32)] * 2)
    for address in ("ask/curve", "ask/pull", "ask/peaks"):
        with pytest.raises(ConfigurationError, match="one input"):
            asked(pair, address, image=0)


def test_the_pages_values_are_those_that_python_has_now() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "make_faithfulness_values.py"))
    known = json.loads((ROOT / "tests" / "web" / "faithfulness.json").read_text(encoding="utf-8"))
    for name, layer in (("colour", 2), ("single", 1)):
        model = cs.load_model(ROOT / "tests" / "web" / f"faithful-{name}.safetensors")
        found = tool["values_of"](model, layer)
        for part in ("deletion", "insertion", "random", "areas", "correlations"):
            np.testing.assert_allclose(found[part], known[name][part], rtol=1e-4, atol=1e-5, err_msg=part)
        assert found["maximized"]["value"] == pytest.approx(known[name]["maximized"]["value"], rel=1e-2)
