"""LiteRT files that we write against LiteRT itself, live: every layer, the networks, photographs, and int8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tests.interchange.litert_files import largest_difference, written_images, written_network
from tests.interchange.onnx_files import LAYERS, Row, inputs_of, known_network, model_of, network
from tests.models.functional_networks import NETWORKS
from tests.odd_photos import odd_photos
from tests.own_images import rejection_for

import convoscope as cs
from convoscope import applications, datasets, layers as cl
from convoscope.errors import ConvoscopeWarning, ShapeError
from convoscope.explore.image_predictions import features_of
from convoscope.explore.submodels import values_at
from convoscope.interchange.litert import schema
from convoscope.interchange.litert.writer.file import content_of, quantized
from convoscope.models.presets import build_preset, preset_names

Array = npt.NDArray[Any]


def runtime(content: bytes, inputs: Sequence[Array], *, delegates: bool = True) -> Any:
    """Return all outputs: by XNNPACK, as on phones, or by the operators that LiteRT has built in."""
    kinds = OpResolverType
    kind = kinds.AUTO if delegates else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=content, num_threads=1, experimental_op_resolver_type=kind)
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.resize_tensor_input(detail["index"], array.shape)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def built_in(content: bytes, inputs: Sequence[Array]) -> Any:
    return runtime(content, inputs, delegates=False)


def test_the_schema_is_the_published_one() -> None:
    from ai_edge_litert import schema_py_generated as published

    operators = {name: code for name, code in vars(published.BuiltinOperator).items() if name in schema.OPERATORS}
    assert operators == {name: code for name, (code, _) in schema.OPERATORS.items()}
    tables = {name: code for name, code in vars(published.BuiltinOptions).items() if name in schema.OPTIONS}
    assert tables == {name: code for name, (code, _) in schema.OPTIONS.items()}
    for kinds, ours in (
        (published.TensorType, schema.TensorType),
        (published.ActivationFunctionType, schema.Activation),
    ):
        assert {each.name: getattr(kinds, each.name) for each in ours} == {each.name: each.value for each in ours}


@pytest.mark.parametrize("name", [*schema.TABLES, *schema.OPTIONS])
def test_a_table_has_the_published_fields(name: str) -> None:
    """In a table that the published code writes, each of our fields is found in its slot."""
    from ai_edge_litert import schema_py_generated as published

    fields = schema.TABLES[name] if name in schema.TABLES else schema.OPTIONS[name][1]
    for field in fields:
        words = field.name.split("_")
        spelled = "".join(word[:1].upper() + word[1:] for word in words)
        adding = getattr(published, f"{name}Add{spelled}")
        written = _Slots()
        adding(written, 0)
        (found,) = written.found
        assert found[1] == field.slot
        if field.kind in schema.SCALARS:
            assert found[0] == f"Prepend{field.kind.capitalize()}Slot"
            assert float(found[2]) == field.default


class _Slots:
    """A builder that notes what it is asked to write."""

    def __init__(self) -> None:
        self.found: list[tuple[str, int, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda slot, value, default: self.found.append((name, slot, default))


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: f"{row.layer!r} of {row.takes}")
def test_a_layer(row: Row) -> None:
    model = model_of(row)
    assert largest_difference(model, runtime) < 1e-5
    assert largest_difference(model, built_in) < 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_between_symbols(name: str) -> None:
    model = network(name)
    assert largest_difference(model, runtime) < 1e-5
    assert largest_difference(model, built_in) < 1e-5


@pytest.mark.parametrize("name", preset_names())
def test_a_network_of_the_lessons(name: str) -> None:
    assert largest_difference(build_preset(name, (28, 28, 1), 10, seed=3), runtime) < 1e-5


@pytest.mark.parametrize("name", ["ResNet18", "ResNet50", "MobileNetV2", "SqueezeNet", "InceptionV3"])
def test_a_known_network(name: str) -> None:
    model = known_network(name)
    assert np.ptp(model.predict(inputs_of(model, 1)[0], verbose=0)) > 0.01
    assert largest_difference(model, runtime, [1, 2]) < 1e-5


def test_published_weights() -> None:
    assert largest_difference(applications.EfficientNetLite0(), runtime, [1, 2]) < 1e-5


def test_outputs_have_names() -> None:
    model = network("two_outputs")
    image = inputs_of(model, 1)[0]
    runner = Interpreter(model_content=content_of(model)).get_signature_runner("serving_default")
    found = runner(**{model.input_names[0]: image})
    for name, wanted in zip(model.output_names, model.predict(image, verbose=0), strict=True):
        np.testing.assert_allclose(found[name], wanted, atol=1e-5)


@pytest.mark.parametrize("max_value", [255, 1, 16, 0.7, 65_535, 100, 3.3])
def test_bytes_become_what_prepare_makes_of_them(max_value: float) -> None:
    """Of all 256, to the last bit."""
    model = cs.Sequential([cl.Input(shape=(16, 16, 1)), cl.Rescaling(1.0)])
    model.preprocessing = cs.Preprocessing(16, channels=1, max_value=max_value).as_dict()
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    wanted = cs.Preprocessing.from_dict(model.preprocessing).scaled(pixels)
    np.testing.assert_array_equal(built_in(content_of(model), [pixels])[0], wanted.astype(np.float32))


def test_photographs(tmp_path: Path) -> None:
    """Probabilities and refusals are those of `predict_images`."""
    cs.utils.clear_session()
    backbone = applications.EfficientNetLite0(include_top=False, pooling="avg", input_shape=(96, 96, 3))
    classes = cl.Dense(5, activation="softmax", name="classes")
    model = cs.Sequential([cs.Input(shape=(96, 96, 3)), backbone, classes], seed=4)
    model.class_names = list("abcde")
    model.preprocessing = cs.Preprocessing(96, fit="crop", edge=0.4).as_dict()
    files = odd_photos(tmp_path / "photos")
    pixels = cs.Preprocessing.from_dict(model.preprocessing).prepare_all(files)
    features = values_at(model, pixels.astype(np.float32), [features_of(model)])[0]
    rejection = rejection_for(features, 5)
    below, above = np.sort(rejection.score(features))[[20, 21]]
    model.rejection = replace(rejection, threshold=float(below + above) / 2)  # no photograph's own score
    probabilities, scores, refused = runtime(content_of(model), [pixels])
    for number, ours in enumerate(model.predict_images(files)):
        np.testing.assert_allclose(probabilities[number], ours.probabilities, atol=2e-5)
        assert abs(scores[number] - ours.score) < 1e-3
        assert refused[number] == ours.none_of_these
    eight, found = quantized(model, pixels)
    probabilities, eighths, refused = runtime(eight, [pixels])
    np.testing.assert_array_equal(refused, eighths > model.rejection.threshold)
    assert np.corrcoef(scores, eighths)[0, 1] > 0.9
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)  # of a softmax of floats
    assert found.difference < 0.05
    (tmp_path / "model.tflite").write_bytes(eight)
    with pytest.warns(ConvoscopeWarning) as said:
        again = cs.load_model(tmp_path / "model.tflite")
    assert [" none of its classes" in str(each.message) for each in said] == [True, False]
    assert again.preprocessing == model.preprocessing
    assert again.class_names == model.class_names
    ours = np.array([each.probabilities for each in again.predict_images(files)])
    assert np.abs(ours - probabilities).mean() < 0.02


# ---- int8


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: f"{row.layer!r} of {row.takes}")
def test_a_layer_in_8_bits(row: Row) -> None:
    """A step is 1/255 of the range; a tanh behind large sums makes some fifteen of it."""
    model = model_of(row)
    _in_8_bits(model, 0.06)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_in_8_bits(name: str) -> None:
    found = _in_8_bits(network(name), 0.05)
    assert found.agreement is None or found.agreement >= 0.9
    assert found.difference < 0.02


def _in_8_bits(model: Any, most: float) -> Any:
    arrays = inputs_of(model, 40)
    images = arrays if len(arrays) > 1 else arrays[0]
    content, found = quantized(model, images)
    wanted = model.predict(images, verbose=0)
    for run in (runtime, built_in):
        for ours, theirs in zip(wanted if isinstance(wanted, list) else [wanted], run(content, arrays), strict=True):
            assert theirs.dtype == np.float32
            assert np.abs(theirs - ours).max() <= most * np.abs(ours).max()
    return found


def test_the_committed_file() -> None:
    files = Path(__file__).parents[1] / "interchange" / "files"
    kept = np.load(files / "written.npz")
    for name, which, most in (("written", "floats", 1e-6), ("written_int8", "int8", 0.005)):
        found = built_in((files / f"{name}.tflite").read_bytes(), [written_images()])[0]
        np.testing.assert_allclose(found, kept[which], atol=most)
    assert written_network().count_params() > 500


@pytest.fixture(scope="module")
def digits() -> Any:
    """A trained network, with the data."""
    data = datasets.load("digits")
    model = build_preset("cnn-2", (8, 8, 1), 10, seed=3)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(data.x_train[..., None], data.y_train, epochs=8, verbose=0)
    model.preprocessing = data.preprocessing
    return model, data


@pytest.mark.parametrize("raw", [False, True])
def test_digits_lose_at_most_a_point(digits: Any, raw: bool) -> None:
    model, data = digits
    test = data.x_test[..., None], data.y_test
    content, found = quantized(model, data.x_train[:300, ..., None], test, raw=raw)
    floats, eight = found.accuracy
    wanted = model.predict(test[0], verbose=0).argmax(axis=1)
    assert floats == np.mean(wanted == data.y_test) > 0.95
    assert eight >= floats - 0.01
    assert found.agreement > 0.98
    given = test[0].astype(np.float32) if raw else np.rint(test[0] * (255 / 16)).astype(np.uint8)
    assert np.mean(runtime(content, [given])[0].argmax(axis=1) == data.y_test) == pytest.approx(eight, abs=0.005)
    assert len(content) == found.sizes[1] < 0.35 * found.sizes[0]


def test_digits_of_int8_come_in_again(digits: Any, tmp_path: Path) -> None:
    """What rounds bytes to the model's sixteen steps is no layer, and is left out."""
    model, data = digits
    content, found = quantized(model, data.x_train[:300, ..., None], (data.x_test[..., None], data.y_test))
    (tmp_path / "digits.tflite").write_bytes(content)
    with pytest.warns(ConvoscopeWarning, match="is quantized"):
        again = cs.load_model(tmp_path / "digits.tflite")
    assert again.preprocessing == cs.Preprocessing.from_dict(model.preprocessing).as_dict()
    right = np.mean(again.predict(data.x_test[..., None], verbose=0).argmax(axis=1) == data.y_test)
    assert right == pytest.approx(found.accuracy[1], abs=0.01)


def test_labels_are_as_many_as_images_and_may_be_one_hot(digits: Any) -> None:
    model, data = digits
    images, labels = data.x_test[:40, ..., None], data.y_test[:40]
    one_hot = np.eye(10)[labels]
    found = [quantized(model, images, (images, given))[1].accuracy for given in (labels, one_hot)]
    assert found[0] == found[1] is not None
    with pytest.raises(ShapeError, match="test has 40 images, but 39 labels"):
        quantized(model, images, (images, labels[:-1]))


def test_what_int8_costs_is_printed(digits: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = digits
    model.export(
        tmp_path / "model.tflite",
        quantize="int8",
        calibration=data.x_train[:100, ..., None],
        test=(data.x_test[..., None], data.y_test),
    )
    printed = capsys.readouterr().out
    assert "int8: accuracy 9" in printed
    assert "of 360 images" in printed
    assert "Measured with LiteRT" in printed
