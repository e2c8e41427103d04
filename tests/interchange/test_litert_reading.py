"""LiteRT files that others wrote, as models: held to TensorFlow's interpreter, and refused where they are hostile.

The files are Keras', by `tools/make_litert_models.py`.
"""

from __future__ import annotations

import io
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.interchange.litert_files import written_images
from tests.interchange.litert_graphs import GRAPHS, Graph, drawn, file_of

import convoscope as cs
from convoscope.errors import ConfigurationError, ConvoscopeWarning, FileFormatError
from convoscope.interchange import formats
from convoscope.interchange.litert.reader import flatbuffer as reading
from convoscope.interchange.litert.reader.call import TRANSLATORS
from convoscope.interchange.litert.reader.file import read, read_converted
from convoscope.interchange.litert.writer.file import content_of
from convoscope.interchange.litert.writer.flatbuffer import flatbuffer
from convoscope.interchange.onnx.reader import context

FILES = Path(__file__).parent / "files"
FLOATS = ("lesson", "mobile", "mobile_half", "mixed", "rows", "two")


def _values(name: str, kind: str) -> list[Any]:
    with np.load(FILES / "litert.npz") as kept:
        return [kept[key] for key in kept.files if key.startswith(f"{name}/{kind}")]


def _predicted(model: Any, arrays: list[Any]) -> list[Any]:
    found = model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)
    return found if isinstance(found, list) else [found]


def _difference(found: list[Any], expected: list[Any]) -> float:
    assert [each.shape for each in found] == [each.shape for each in expected]
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(found, expected, strict=True))


def _written(content: bytes, folder: Path) -> Path:
    path = folder / "network.tflite"
    path.write_bytes(content)
    return path


# ---- networks


@pytest.mark.parametrize("name", FLOATS)
def test_networks_of_keras(name: str) -> None:
    model = cs.load_model(FILES / f"{name}.tflite")
    assert _difference(_predicted(model, _values(name, "in")), _values(name, "out")) < 1e-5


def test_layers_are_those_that_keras_has() -> None:
    model = read(FILES / "lesson.tflite")
    assert [type(layer).__name__ for layer in model.layers[1:]] == [
        "Conv2D", "ReLU", "MaxPooling2D", "Conv2D", "ReLU", "MaxPooling2D", "Reshape", "Dense", "ReLU", "Dense",
        "Softmax",
    ]  # fmt: skip
    assert [layer.name for layer in model.layers if layer.weights][:2] == ["first_1", "second_1"]  # Keras numbers them
    kinds = [type(layer).__name__ for layer in read(FILES / "mixed.tflite").layers]
    assert "Permute" not in kinds
    (dilated,) = (each for each in read(FILES / "two.tflite").layers if getattr(each, "dilation_rate", 1) == (2, 2))
    assert type(dilated).__name__ == "Conv2D"


@pytest.mark.parametrize("name", ["mobile_bytes", "mobile_signed"])
def test_quantized_networks_compute_with_floats(name: str) -> None:
    with pytest.warns(ConvoscopeWarning, match=r"is quantized: it computes with 8-bit integers"):
        model = cs.load_model(FILES / f"{name}.tflite")
    images, expected = _values(name, "in"), _values(name, "out")
    assert images[0].dtype == (np.uint8 if name == "mobile_bytes" else np.float32)
    assert np.abs(_predicted(model, images)[0] - expected[0]).max() < 0.01


def test_it_trains_on(tmp_path: Path) -> None:
    model = read(FILES / "lesson.tflite")
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    images, classes = np.random.default_rng(5).normal(size=(12, 14, 14, 1)), np.arange(12) % 5
    history = model.fit(images, classes, epochs=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    model.save(tmp_path / "model.safetensors")
    again = cs.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(images, verbose=0), model.predict(images, verbose=0))


@pytest.mark.parametrize("name", GRAPHS)
def test_operators_that_keras_seldom_writes(name: str, tmp_path: Path) -> None:
    content, images, expected = file_of(name)
    model = read_converted(_written(content, tmp_path)).model
    assert _difference(_predicted(model, [images]), expected) < 1e-5


def test_weights_of_four_bits(tmp_path: Path) -> None:
    graph = Graph((3,))
    numbers = np.array([[-8, 7, 1], [0, -1, 3]])
    packed = numbers.reshape(-1) & 15
    kernel = graph.constant((packed[::2] | packed[1::2] << 4).astype(np.uint8))
    graph.tensors[kernel].update(type=17, shape=[2, 3], quantization={"scale": [0.5, 2.0], "zero_point": [0, 0]})
    (made,) = graph.add("FULLY_CONNECTED", [graph.inputs[0], kernel, -1], (2,))
    with pytest.warns(ConvoscopeWarning, match="is quantized"):
        model = read(_written(flatbuffer(graph.tables([made])), tmp_path))
    np.testing.assert_allclose(model.layers[-1].get_weights()[0], (numbers * [[0.5], [2.0]]).T)


def test_our_own_come_back_as_they_were(tmp_path: Path) -> None:
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(3, 3, input_shape=(6, 6, 1)),
            layers.BatchNormalization(),
            layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.5),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ],
        seed=1,
    )
    model.class_names = ["left", "right"]
    path = _written(content_of(model), tmp_path)
    found = cs.load_model(path)
    assert found.get_config() == model.get_config()
    assert found.class_names == ["left", "right"]
    for ours, theirs in zip(found.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_our_own_of_8_bits_know_how_images_are_prepared(tmp_path: Path) -> None:
    """They take bytes, whatever range the model itself is for, and bring them into it."""
    path = _written((FILES / "written_int8.tflite").read_bytes(), tmp_path)
    with pytest.warns(ConvoscopeWarning, match="is quantized") as told:
        model = cs.load_model(path)
    assert [each.filename for each in told] == [__file__]
    assert model.class_names == list("abcde")
    assert model.preprocessing == cs.Preprocessing((10, 8)).as_dict()
    image = written_images(1)[0]
    with np.load(FILES / "written.npz") as computed:
        np.testing.assert_allclose(model.predict_images([image])[0].probabilities, computed["int8"][0], atol=0.02)


def test_preprocessing_that_does_not_fit_is_not_taken(tmp_path: Path) -> None:
    whole = (FILES / "written_int8.tflite").read_bytes()
    for old, new in ((b'"height":', b'"hei ht":'), (b'"width": 8', b'"width": 9'), (b'"fit":', b'"fit"]')):
        assert whole.count(old) == 1
        path = _written(whole.replace(old, new), tmp_path)
        with pytest.warns(ConvoscopeWarning, match="is quantized"):
            assert cs.load_model(path).preprocessing is None


# ---- names


def _archive(**texts: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in texts.items():
            archive.writestr(f"{name}.txt", text)
    return content.getvalue()


_LINES = "apple\nGolden Delicious\npear\nplum\nquince\n"
_NUMBERED = "".join(f"{number} {name}\n" for number, name in enumerate(_LINES.splitlines()))


@pytest.mark.parametrize(
    ("appended", "beside", "expected"),
    [
        (_archive(labels=_LINES), None, _LINES),
        (_archive(about="no names", labelmap=_LINES), None, _LINES),
        (b"", _NUMBERED, _LINES),
        (b"", _LINES, _LINES),
        (_archive(labels="only\ntwo\n"), _NUMBERED, _LINES),
        (_archive(labels=_LINES)[:-8], None, None),
        (b"", "one\none\nthree\nfour\nfive\n", None),
        (b"", None, None),
    ],
    ids=["appended", "among others", "beside, numbered", "beside", "of another number", "damaged", "twice", "none"],
)
def test_names_of_classes(appended: bytes, beside: str | None, expected: str | None, tmp_path: Path) -> None:
    path = _written((FILES / "lesson.tflite").read_bytes() + appended, tmp_path)
    if beside is not None:
        (tmp_path / "labels.txt").write_text(beside)
    assert cs.load_model(path).class_names == (expected.splitlines() if expected else None)


# ---- what is refused


def test_the_documentation_names_the_operators_that_are_read() -> None:
    page = (FILES.parents[2] / "docs" / "litert.md").read_text(encoding="utf-8")
    named = re.findall(r"`([A-Z0-9_]+)`", page.partition("These operators are read:")[2].partition("\n\nSome are")[0])
    known = {name for name in TRANSLATORS if "." not in name}
    assert named == sorted(known | {"BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND"})


def test_sizes_that_are_left_open(tmp_path: Path) -> None:
    graph = Graph((-1, -1, 3))
    kernel, bias = graph.constant(drawn(4, 3, 3, 3)), graph.constant(drawn(4))
    (made,) = graph.add("CONV_2D", [graph.inputs[0], kernel, bias], (-1, -1, 4), padding=1, stride_w=1, stride_h=1)
    (mean,) = graph.add("MEAN", [made, graph.constant([1, 2])], (4,))
    path = _written(flatbuffer(graph.tables([mean])), tmp_path)
    with pytest.raises(ConfigurationError, match=r"LiteRT file leaves sizes of its input 'v0' open: \(\?, \?, 3\)"):
        cs.load_model(path)
    assert formats.read(path, input_shape=(9, 8, 3)).output_shape == (None, 4)


def test_all_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    graph = Graph((4, 4, 2))
    (x,) = graph.inputs
    logs = [graph.add("LOG", [x], (4, 4, 2))[0] for _ in range(3)]
    own = graph.add("Landmarks", [x], (4, 4, 2))
    (top,) = graph.add("ARG_MAX", [x, graph.constant(3)], (4, 4))
    (wide,) = graph.add("PAD", [x, graph.constant([[1, 0], [0, 0], [0, 0], [0, 0]])], (4, 4, 2))
    (joined,) = graph.add("CONCATENATION", [*logs, *own, wide], (4, 4, 10), axis=3)
    with pytest.raises(FileFormatError) as error:
        read(_written(flatbuffer(graph.tables([joined, top])), tmp_path))
    assert "it has operators that cannot be layers: " in str(error.value)
    for part in ("LOG 'v1' and 2 more (there is no layer for it)", "CUSTOM 'Landmarks' 'v4' (it belongs to another",
                 "ARG_MAX 'v6' (it picks the class", "PAD 'v8' (it pads the batch axis"):  # fmt: skip
        assert part in str(error.value)
    assert "CONCATENATION" not in str(error.value)


def test_an_output_of_another_shape_than_the_file_says(tmp_path: Path) -> None:
    graph = Graph((4, 4, 2))
    (made,) = graph.add("MEAN", [graph.inputs[0], graph.constant([1, 2])], (3,))
    with pytest.raises(FileFormatError, match=r"its output has shape \(2,\), but according to the file \(3,\)"):
        read(_written(flatbuffer(graph.tables([made])), tmp_path))


def test_a_batch_axis_that_is_left_out_stays(tmp_path: Path) -> None:
    graph = Graph((4, 4, 2))
    graph.tensors[0].update(shape=[1, 4, 4, 2], shape_signature=None)
    (mean,) = graph.add("MEAN", [graph.inputs[0], graph.constant([1, 2])], (2,))
    (row,) = graph.add("SQUEEZE", [mean], ())
    graph.tensors[mean].update(shape=[1, 2], shape_signature=None)
    graph.tensors[row].update(shape=[2], shape_signature=None)
    assert read(_written(flatbuffer(graph.tables([row])), tmp_path)).output_shape == (None, 2)


def _changed(change: Callable[[Graph, dict[str, Any]], Any]) -> bytes:
    graph = Graph((4, 4, 2))
    kernel, bias = graph.constant(drawn(3, 3, 3, 2)), graph.constant(drawn(3))
    (made,) = graph.add("CONV_2D", [graph.inputs[0], kernel, bias], (2, 2, 3), padding=1, stride_w=1, stride_h=1)
    (ends,) = graph.add("RELU", [made], (2, 2, 3))
    tables = graph.tables([ends])
    change(graph, tables)
    return flatbuffer(tables)


def _shared(graph: Graph, tables: dict[str, Any]) -> None:
    """Kernels that are the same bytes, each of which would be floats of its own."""
    kernel = graph.constant(np.zeros((256, 32), np.int8), quantization={"scale": [0.5], "zero_point": [0]})
    made = []
    for _ in range(300):
        graph.tensors.append({**graph.tensors[kernel], "name": f"k{len(graph.tensors)}"})
        made += graph.add("FULLY_CONNECTED", [graph.inputs[0], len(graph.tensors) - 1, -1], (256,))
    tables.update(graph.tables(made))


def _many(graph: Graph, tables: dict[str, Any]) -> None:
    graph.inputs = [graph.value((2, 2)) for _ in range(100)]
    tables.update(graph.tables(graph.add("CONCATENATION", graph.inputs, (2, 200), axis=2)))


def _pointed(at: int, value: int) -> bytes:
    content = bytearray(_changed(lambda *_: None))
    struct.pack_into("<I", content, at, value)
    return bytes(content)


def _spread(graph: Graph, tables: dict[str, Any]) -> None:
    """Sums of constants, each of which is 400 times as large as these."""
    row, column = graph.constant(np.zeros((1, 400), np.float32)), graph.constant(np.zeros((400, 1), np.float32))
    made = []
    for _ in range(12):
        (wide,) = graph.add("ADD", [row, column], (400,))
        made += graph.add("ADD", [graph.inputs[0], wide], (400,))
    tables.update(graph.tables(made))


def _reused(graph: Graph, tables: dict[str, Any]) -> None:
    """One kernel that many layers would each have a copy of."""
    kernel = graph.constant(np.zeros((2_000, 32), np.float32))
    made = [graph.add("FULLY_CONNECTED", [graph.inputs[0], kernel, -1], (2_000,))[0] for _ in range(40)]
    tables.update(graph.tables(made))


HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not a valid LiteRT file: it does not have TFL3"),
    "its root beyond the end": (_pointed(0, 2**32 - 4), "points beyond its end"),
    "its root in itself": (_pointed(0, 0), "damaged or not a valid LiteRT file"),
    "another version": (_changed(lambda _, t: t.update(version=2)), "schema version 2, but only"),
    "no graph": (_changed(lambda _, t: t.update(subgraphs=[])), "it has no graph"),
    "no outputs": (_changed(lambda _, t: t["subgraphs"][0].update(outputs=[])), "its graph has no outputs"),
    "a tensor that is not there": (_changed(lambda g, _: g.operators[0]["inputs"].append(99)), "does not exist"),
    "an operator of no kind": (_changed(lambda g, _: g.operators[0].update(opcode_index=7)), "does not define"),
    "a circle": (_changed(lambda g, _: g.operators[0].update(inputs=[4, 1, 2])), "form a cycle"),
    "made twice": (_changed(lambda g, _: g.operators.append(g.operators[0])), "is computed twice"),
    "made by nothing": (
        _changed(lambda g, _: g.operators[0].update(inputs=[g.value((4, 4, 2)), 1, 2])),
        "is read but never computed",
    ),
    "a buffer that is not there": (_changed(lambda g, _: g.tensors[1].update(buffer=9)), "does not exist"),
    "weights beyond the end": (
        _changed(lambda g, _: g.buffers[1].update(data=None, offset=64, size=2**62)),
        "weights are said to be beyond its end",
    ),
    "too many inputs": (_changed(_many), "it has 100 inputs"),
    "a huge shape": (_changed(lambda g, _: g.tensors[1].update(shape=[2**30] * 4)), "is said to have the shape"),
    "no values in a huge shape": (
        _changed(lambda g, _: g.tensors[1].update(shape=[2**28, 2**28, 2**28, 0], buffer=0)),
        "is said to have the shape",
    ),
    "a shape that does not fit": (_changed(lambda g, _: g.tensors[1].update(shape=[3, 3, 3, 3])), "takes 324 bytes"),
    "more scales than channels": (
        _changed(lambda g, _: g.tensors[1].update(type=9, shape=[3, 3, 3, 8], quantization={"scale": [1.0, 2.0]})),
        "has 2 scales",
    ),
    "bytes that many share": (_changed(_shared), "together have far more numbers than the file"),
    "constants that grow": (_changed(_spread), "would be expanded too often"),
    "a kernel for many": (_changed(_reused), "would be expanded too often"),
    "sparse weights": (_changed(lambda g, _: g.tensors[1].update(sparsity={})), "it is sparse"),
    "a variable": (_changed(lambda g, _: g.tensors[0].update(is_variable=True)), "keeps its value"),
    "a graph within": (
        _changed(lambda _, t: t["operator_codes"][1].update(deprecated_builtin_code=118, builtin_code=118)),
        "IF 'v4' (it contains its own graph)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MOST_TOGETHER", 1 << 16)
    content, says = HOSTILE[what]
    with pytest.raises(FileFormatError) as error:
        read(_written(content, tmp_path))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_references_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vector may name one table again and again, names may lie over one another, and tables at every byte."""
    monkeypatch.setattr(reading, "MOST_NUMBERS", 5_000)
    monkeypatch.setattr(reading, "MOST_TABLES", 500)
    graph = Graph((2,))
    with pytest.raises(FileFormatError, match="more than 5,000 references and sizes"):
        read(_written(flatbuffer({**graph.tables([0]), "metadata_buffer": [0] * 6_000}), tmp_path))
    with pytest.raises(FileFormatError, match="more than 500 tables"):
        read(_written(flatbuffer({**graph.tables([0]), "buffers": [{}] * 600}), tmp_path))


def test_names_that_lie_over_one_another(tmp_path: Path) -> None:
    """Each of 3,000 tensors has a name that is almost the whole file."""
    graph = Graph((2,))
    for _ in range(3_000):
        graph.value((2,))
    content = bytearray(flatbuffer(graph.tables([0])))
    for at in _name_positions(content):
        struct.pack_into("<I", content, at, len(content) - at - 4)
    tracemalloc.start()
    with pytest.raises(FileFormatError, match="names in it are longer than the file"):
        read(_written(bytes(content), tmp_path))
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def _name_positions(content: bytearray) -> list[int]:
    """Return where the lengths of names such as ``v12`` stand."""
    found, at = [], content.find(b"v", 0)
    while at >= 0:
        length = struct.unpack_from("<I", content, at - 4)[0] if at >= 4 else 0
        if length in (2, 3, 4, 5) and content[at + 1 : at + length].isdigit():
            found.append(at - 4)
        at = content.find(b"v", at + 1)
    return found


def test_files_that_are_cut_short(tmp_path: Path) -> None:
    content = (FILES / "lesson.tflite").read_bytes()
    for length in range(0, len(content) - 1, 97):
        with pytest.raises(FileFormatError):
            read(_written(content[:length], tmp_path))
