"""Looking into graphs: values and gradients that PyTorch found (tools/make_graph_values.py), and cases by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file

import convoscope as cs
from convoscope import layers as cl
from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.explore.interventions import WeightChange, with_interventions
from convoscope.explore.submodels import main_output, submodel, values_at
from convoscope.layers.graph import Graph
from convoscope.models.naming import call_names

FOLDER = Path(__file__).parent.parent / "web"
FOUND = json.loads((FOLDER / "graphs.json").read_text(encoding="utf-8"))
NAMES = ("residual", "siamese")
Array = npt.NDArray[Any]
# What PyTorch's description of a layer leaves out, because the weights say it.
SIZES = {"Conv2D": "filters", "Dense": "units"}


def arrays(listed: list[Any]) -> list[Array]:
    """Arrays with a batch axis, of one sample."""
    return [np.array(each["data"], np.float32).reshape(1, *each["shape"]) for each in listed]


def graph(name: str) -> cs.Model:
    """The network of that name in tools/make_graph_values.py."""
    path = FOLDER / f"{name}.safetensors"
    tensors = load_file(path)
    header = json.loads(path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")])
    told = json.loads(header["__metadata__"]["convoscope"])["model"]["graph"]
    layers = []
    for index, described in enumerate(told["layers"]):
        kind, config = described["class_name"], dict(described["config"])
        if kind in SIZES:
            config[SIZES[kind]] = tensors[f"layers/{index}/kernel"].shape[-1]
        layers.append(getattr(cl, kind)(**config))
    symbols = [cl.Input(shape=shape) for shape in told["input_shapes"]]
    inputs = list(symbols)
    for call in told["calls"]:
        given = [symbols[number] for number in call["inputs"]]
        layer = layers[call["layer"]]
        symbols.append(layer(given if isinstance(layer, cl.Add | cl.Concatenate) or len(given) > 1 else given[0]))
    for index, layer in enumerate(layers):
        if layer.weights:
            layer.set_weights([tensors[f"layers/{index}/{spec.name}"] for spec in layer.specs])
    outputs = [symbols[number] for number in told["outputs"]]
    return cs.Model(inputs, outputs if len(outputs) > 1 else outputs[0])


def images(name: str) -> Any:
    found = arrays(FOUND[name]["inputs"])
    return found[0] if len(found) == 1 else found


def tool_name(name: str, value: int) -> str:
    """The name of the call that makes a value of the tool's numbers."""
    path = FOLDER / f"{name}.safetensors"
    header = json.loads(path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")])
    told = json.loads(header["__metadata__"]["convoscope"])["model"]["graph"]
    return str(told["calls"][value - len(told["input_shapes"])]["name"])


@pytest.mark.parametrize("name", NAMES)
def test_every_call_makes_what_pytorch_makes(name: str) -> None:
    result = cs.explore.activations(graph(name), images(name))
    expected = arrays(FOUND[name]["outputs"])
    assert len(result.outputs) == len(expected)
    for number, wanted in enumerate(expected):
        found = result[tool_name(name, number + len(FOUND[name]["inputs"]))]
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_grad_cam_and_saliency_go_through_joins_as_autograd_does() -> None:
    model, found = graph("residual"), FOUND["residual"]
    layer = tool_name("residual", found["maps"])
    for each in range(3):
        evidence = cs.explore.grad_cam(model, images("residual"), each, layer).raw
        np.testing.assert_allclose(evidence[..., None], arrays([found["evidence"][each]])[0], rtol=1e-4, atol=1e-6)
        gradients = cs.explore.saliency(model, images("residual"), each).gradients
        np.testing.assert_allclose(gradients, arrays(found["gradients"][each])[0], rtol=1e-4, atol=1e-6)


def test_the_output_with_the_classes_is_the_one_that_is_explained() -> None:
    model = graph("siamese")
    assert main_output(model) == 1  # the other one has two numbers that are no probabilities
    model.class_names = ["small", "large"]
    assert main_output(model) == 0
    model.class_names = None
    x = [np.repeat(image, 4, axis=0) for image in images("siamese")]
    for image in x:
        image[1:] += np.arange(1, 4)[:, None, None, None]
    shares = model.predict(x)[1]
    assert cs.explore.confusion(model, x, shares.argmax(axis=1)).accuracy == 1
    assert cs.explore.embedding(model, x, [[0, 0, 0, 0], [0, 1, 2, 0]]).points.shape == (4, 2)


def test_a_channel_that_is_off_is_off_for_every_reader() -> None:
    """Judged by another way: the channel's kernel and bias are 0, and its ReLU makes 0 of that."""
    model = graph("residual")
    first, gated = model.get_layer("layer_0"), model.get_layer("layer_11")
    run = with_interventions(model, {0: [1, 3], 11: [2]}, [])
    assert [call_names(model)[index] for index in (0, 11)] == ["layer_0", "layer_11"]
    outputs = run(images("residual"))
    for layer, channels in ((first, [1, 3]), (gated, [2])):
        kernel, bias = layer.get_weights()
        kernel[..., channels], bias[channels] = 0, 0
        layer.set_weights([kernel, bias])
    np.testing.assert_allclose(outputs, model.predict(images("residual")), rtol=1e-5)


def test_an_ablated_sum_and_a_changed_weight_leave_the_model_as_it_was() -> None:
    model = graph("residual")
    before = model.predict(images("residual"))
    result = cs.explore.ablate(model, "layer_7", range(4), images("residual"), [0])
    assert result.layer == "layer_7"
    assert not np.allclose(result.outputs, before)
    index = call_names(model).index("layer_0")
    changed = with_interventions(model, {}, [WeightChange(index, "bias", 2, 5.0)])(images("residual"))
    np.testing.assert_array_equal(model.predict(images("residual")), before)
    kernel, bias = model.get_layer("layer_0").get_weights()
    bias[2] = 5.0
    model.get_layer("layer_0").set_weights([kernel, bias])
    np.testing.assert_allclose(changed, model.predict(images("residual")), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_receptive_field_is_exactly_what_changes_the_unit(name: str) -> None:
    """Every pixel is changed in turn, in 16 random images: behind a ReLU one alone may not show it."""
    model, generator = graph(name), np.random.default_rng(3)
    shapes = model.plan_input_shapes
    for index in (3, len(model.graph.calls) // 2, len(model.graph.calls) - 4):
        shape = model.graph.calls[index].output_shape
        unit = tuple(size // 2 for size in shape)
        for which, seen in enumerate(shapes):
            base = [generator.normal(size=(16, *shape)).astype(np.float32) for shape in shapes]
            value = model.graph.value_of(index)
            plain = _values(model, base, value)[(slice(None), *unit)]
            reached = np.zeros(seen, bool)
            for pixel in np.ndindex(seen):
                other = [image.copy() for image in base]
                other[which][(slice(None), *pixel)] += 3
                reached[pixel] = np.any(_values(model, other, value)[(slice(None), *unit)] != plain)
            mask = cs.explore.receptive_field(model, index, unit, which).mask
            np.testing.assert_array_equal(reached, mask, err_msg=f"{call_names(model)[index]}, input {which}")


def _values(model: cs.Model, inputs: list[Array], value: int) -> Array:
    return values_at(model, inputs if len(inputs) > 1 else inputs[0], [value])[0]


def test_calls_are_named_by_layer_name_and_index() -> None:
    model = graph("siamese")
    shared = model.get_layer("layer_0")
    calls = [index for index, call in enumerate(model.graph.calls) if call.layer is shared]
    names = [call_names(model)[index] for index in calls]
    assert names == ["layer_0", "layer_0 (2nd call)"]
    outputs = cs.explore.activations(model, images("siamese"), [shared, "layer_0 (2nd call)", calls[1]])
    assert outputs.layers == ("layer_0", "layer_0 (2nd call)", "layer_0 (2nd call)")
    assert not np.allclose(outputs.outputs[0], outputs.outputs[1])
    np.testing.assert_array_equal(outputs.outputs[1], outputs.outputs[2])
    with pytest.raises(UnknownNameError, match="layer_0"):
        cs.explore.activations(model, images("siamese"), ["layer_00"])


def test_the_part_behind_a_value_takes_what_comes_past_it_from_the_inputs() -> None:
    model, known = graph("residual"), images("residual")
    for index in range(len(model.graph.calls)):
        value = model.graph.value_of(index)
        (inner,) = values_at(model, known, [value])
        np.testing.assert_allclose(
            submodel(model, [value]).run({value: inner, 0: known}), model.predict(known), rtol=1e-5, atol=1e-6
        )


def test_between_values_of_a_chain_is_the_rest_of_the_chain() -> None:
    layers = [cl.Dense(3), cl.Dense(4), cl.Dense(2)]
    behind, takes = Graph.chain(layers, (5,)).between([2], [3])
    assert behind.is_chain
    assert (takes, behind.input_shapes, behind.layers) == ((2,), ((4,),), (layers[2],))


@pytest.mark.parametrize("look", ["saliency", "grad_cam", "occlusion"])
def test_what_looks_at_one_image_says_so_where_there_are_two(look: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{look} takes one image .* 2 inputs \(input_layer"):
        getattr(cs.explore, look)(graph("siamese"), images("siamese"))


def test_a_layer_without_a_way_to_the_classes_has_no_evidence_for_them() -> None:
    x = cl.Input(shape=(6, 6, 1))
    maps = cl.Conv2D(2, 3)(x)
    other = cl.Conv2D(3, 3, name="other")(x)
    kinds = cl.Dense(3, activation="softmax")(cl.GlobalAveragePooling2D()(maps))
    model = cs.Model(x, [kinds, other])
    with pytest.raises(ConfigurationError, match="leads only to other outputs"):
        cs.explore.grad_cam(model, np.ones((1, 6, 6, 1)), 0, "other")
    assert cs.explore.grad_cam(model, np.ones((1, 6, 6, 1)), 0).layer == "conv2d"


def test_dead_filters_are_judged_behind_the_one_reader_of_a_layer() -> None:
    x = cl.Input(shape=(4, 4, 1))
    first = cl.Conv2D(2, 1, use_bias=False, name="read_once")
    second = cl.Conv2D(2, 1, use_bias=False, name="read_twice")
    a = cl.ReLU()(first(x))
    b = second(x)
    outputs = cl.Dense(2)(cl.GlobalAveragePooling2D()(cl.Add()([a, cl.ReLU()(b), b])))
    model = cs.Model(x, outputs)
    for layer in (first, second):
        layer.set_weights([np.array([1.0, -1.0], np.float32).reshape(1, 1, 1, 2)])
    ramp = np.arange(16.0).reshape(1, 4, 4, 1)
    assert cs.explore.dead_filters(model, ramp).dead == {"read_once": [1], "read_twice": []}
