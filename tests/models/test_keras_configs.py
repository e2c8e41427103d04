"""Architectures as JSON: Keras' own are read, and ours are written in its layout; clones.

``keras_configs.json`` is from Keras: `tools/make_keras_configs.py`.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError, ConvoscopeError, UnknownNameError
from convoscope.layers import Add, Conv2D, Dense, Dropout, Flatten, Input
from convoscope.layers.serialization import KINDS
from convoscope.models import Model, Sequential, clone_model, load_model, model_from_json
from convoscope.models.network import Network

KERAS = json.loads((Path(__file__).parent / "keras_configs.json").read_text())


def pattern(shape: tuple[int, ...]) -> np.ndarray:
    return ((np.arange(np.prod(shape)).reshape(shape) % 7 - 2) / 8).astype(np.float32)


def predictions(model: Network) -> list[np.ndarray]:
    model.set_weights([pattern(w.shape) for w in model.get_weights()])
    told = model.predict(pattern((2, *model.input_shape[1:])), verbose=0)
    return told if isinstance(told, list) else [told]


@pytest.mark.parametrize("name", KERAS["models"])
def test_a_model_that_keras_described_predicts_what_it_predicted(name: str) -> None:
    kept = KERAS["models"][name]
    model = model_from_json(kept["json"])
    for _ in range(2):
        for found, expected in zip(predictions(model), kept["predictions"], strict=True):
            np.testing.assert_allclose(found, expected, atol=2e-6)
        model = model_from_json(model.to_json(indent=1))  # and the same from what we write
    assert model.name == name


@pytest.mark.parametrize("described", KERAS["layers"], ids=lambda described: described["class_name"])
def test_every_layer_of_keras_is_read_and_written_as_keras_has_it(described: dict[str, Any]) -> None:
    text = json.dumps({"class_name": "Sequential", "config": {"name": "one", "layers": [described]}})
    model = model_from_json(text)
    assert type(model.layers[0]) is KINDS[described["class_name"]]
    written = json.loads(model.to_json())["config"]["layers"][0]
    for key, value in written["config"].items():
        expected = described["config"].get(key)
        if isinstance(value, dict):
            assert (value["class_name"], value["module"]) == (expected["class_name"], expected["module"])
        elif not isinstance(value, list) and key != "dtype" and expected is not None:
            assert value == expected
    assert model_from_json(model.to_json()).get_config() == model.get_config()


def test_get_config_of_keras_makes_the_same_model() -> None:
    for name, kind in (("stack", Sequential), ("graph", Model)):
        config = json.loads(KERAS["models"][name]["json"])["config"]
        for found, expected in zip(
            predictions(kind.from_config(config)), KERAS["models"][name]["predictions"], strict=True
        ):
            np.testing.assert_allclose(found, expected, atol=2e-6)


def one(layer: str) -> str:
    return f'{{"class_name": "Sequential", "config": {{"layers": [{layer}]}}}}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r"takes what model\.to_json\(\) returned"),
        ("[]", "described by a dict with its class_name"),
        ('{"class_name": "Dense", "config": {"units": 3}}', "a layer, not a model"),
        (one('{"class_name": "LSTM", "config": {}}'), "named 'LSTM'"),
        (one('{"class_name": "Dense", "config": {"units": 3, "x": 1}}'), "no argument of Dense named 'x'"),
        (KERAS["models"]["graph"]["json"].replace('"image", 0, 0', '"nobody", 0, 0'), "'nobody'|no layer outputs"),
        (KERAS["models"]["graph"]["json"].replace('"image", 0, 0', '"image", 0, 9'), "no layer outputs"),
        (KERAS["models"]["graph"]["json"].replace('"TrueDivide"', '"Eval"'), "no operation on symbols named 'Eval'"),
        ('{"class_name":"Sequential","config":{"layers":[' * 40 + "]}}" * 40, "more than 32 deep"),
        ("[" * 100_000, "model_from_json takes"),
    ],
)
def test_what_is_no_description_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        model_from_json(text)
    assert len(str(raised.value)) < 2000


def test_damaged_descriptions_are_refused_or_read() -> None:
    draw, text = np.random.default_rng(0), KERAS["models"]["graph"]["json"]
    marks = [place for place, sign in enumerate(text) if sign in '0123456789"[]{}']
    for _ in range(300):
        place = marks[draw.integers(len(marks))]
        changed = text[:place] + draw.choice(list('079"[]{}x')) + text[place + 1 :]
        with contextlib.suppress(ConvoscopeError):
            model_from_json(changed)


# ---- clones


def branched() -> Model:
    inputs = Input((6, 6, 1), name="image")
    twice = Conv2D(1, 3, padding="same")
    x = Add()([twice(inputs), twice(twice(inputs))])
    inner = Sequential([Input((6, 6, 1)), Flatten(), Dense(3)], name="inner")
    return Model(inputs, {"first": inner(x), "second": Flatten()(x)}, name="branched")


@pytest.mark.parametrize(
    "make", [branched, lambda: Sequential([Input((4,), name="four"), Dense(3), Dropout(0.1), Dense(2)], name="plain")]
)
def test_a_clone_has_the_architecture_and_weights_of_its_own(make: Any) -> None:
    model = make()
    model.compile("adam", "mse")
    twin = clone_model(model)
    assert twin.get_config() == model.get_config()
    assert not twin.compiled
    assert not any(mine is yours for mine in model.own_weights for yours in twin.own_weights)
    assert (twin.get_weights()[0] != model.get_weights()[0]).any()
    twin.set_weights(model.get_weights())
    x = pattern((2, *model.input_shape[1:]))
    mine, yours = (each.predict(x, verbose=0) for each in (model, twin))
    for key in mine if isinstance(mine, dict) else [slice(None)]:
        np.testing.assert_array_equal(mine[key], yours[key])


def test_a_clone_function_chooses_each_layer() -> None:
    model = Sequential([Input((4,)), Dense(3), Dropout(0.1), Dense(2)])
    twin = clone_model(model, clone_function=lambda layer: Dropout(0.7) if isinstance(layer, Dropout) else layer)
    assert twin.layers[1].rate == 0.7
    assert twin.layers[0] is model.layers[0]
    inner = branched()
    assert clone_model(inner, clone_function=lambda layer: layer).get_layer("inner") is inner.get_layer("inner")


def test_a_clone_on_other_inputs() -> None:
    model = Sequential([Input((4,)), Dense(3)])
    given = Input((4,), name="mine")
    assert clone_model(model, input_tensors=given).input_names == ["mine"]
    assert clone_model(model, input_tensors=[Dense(5)(given)]).input_names == ["input_layer_1"]
    assert clone_model(branched(), input_tensors=[Input((6, 6, 1), name="other")]).input_names == ["other"]
    with pytest.raises(ConfigurationError, match="input_tensors must be symbols"):
        clone_model(model, input_tensors=np.zeros((2, 4)))
    with pytest.raises(ConfigurationError, match="takes a model, but got 3"):
        clone_model(3)
    with pytest.raises(ConfigurationError, match="has 1 inputs, but input_tensors has 2"):
        clone_model(branched(), input_tensors=[Input((6, 6, 1)), Input((6, 6, 1))])


# ---- load_model's arguments, and Keras' names of files


def test_a_model_can_be_loaded_without_what_was_compiled(tmp_path: Path) -> None:
    model = Sequential([Input((4,)), Dense(3)])
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 4)), np.zeros((2, 3)), verbose=0)
    model.save(tmp_path / "m.safetensors")
    assert load_model(tmp_path / "m.safetensors").compiled
    plain = load_model(tmp_path / "m.safetensors", compile=False, safe_mode=False)
    assert not plain.compiled
    np.testing.assert_array_equal(plain.get_weights()[0], model.get_weights()[0])


def test_a_class_of_yours_is_found_by_its_name(tmp_path: Path) -> None:
    class Wide(Dense):
        pass

    model = Sequential([Input((4,)), Wide(3)])
    model.save(tmp_path / "m.safetensors")
    with pytest.raises(ConvoscopeError, match=r"named 'Wide'"):
        load_model(tmp_path / "m.safetensors")
    assert type(load_model(tmp_path / "m.safetensors", custom_objects={"Wide": Wide}).layers[0]) is Wide
    assert type(model_from_json(model.to_json(), custom_objects={"Wide": Wide}).layers[0]) is Wide
    with pytest.raises(UnknownNameError, match="named 'Wide'"):
        model_from_json(model.to_json())


# ---- what summary shows on request


def two_models() -> tuple[Sequential, Model]:
    inner = Sequential([Input((6, 6, 2)), Flatten(), Dense(3)], name="inner")
    one = Sequential([Input((6, 6, 1)), Conv2D(2, 3, padding="same"), inner, Dense(2)])
    one.layers[0].trainable = False
    first, deep_input = Input((6, 6, 1)), Input((6, 6, 2))
    x = Conv2D(2, 3, padding="same")(first)
    x = Add()([x, Conv2D(2, 3, padding="same")(x)])
    deep = Model(deep_input, Dense(2)(inner(deep_input)), name="deep")
    return one, Model(first, deep(x))


def test_summary_shows_inner_layers_and_what_learns_as_keras_does() -> None:
    models = two_models()
    for kept in KERAS["summaries"]:
        lines: list[str] = []
        models[kept["model"]].summary(line_length=kept["width"], print_fn=lines.append, **kept["options"])
        assert [line.rstrip() for line in lines[0].splitlines()] == [
            line.rstrip() for line in kept["text"].rstrip().splitlines()
        ]
