"""Weights alone in files: Keras' own ones, which are read and written, and safetensors files.

``tests/models/keras_weights`` are files that Keras wrote, and what it predicted: `tools/make_weight_files.py`.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from convoscope import keras
from convoscope.errors import (
    ConfigurationError,
    ConvoscopeError,
    ConvoscopeWarning,
    FileFormatError,
    MissingFileError,
    NotReadyError,
    ShapeError,
    StorageError,
)
from convoscope.models import Model, Sequential
from convoscope.models.network import Network

layers = keras.layers
KERAS = Path(__file__).parent / "keras_weights"


def stack() -> Sequential:
    inner = Sequential([layers.Input((3, 3, 2)), layers.Flatten(), layers.Dense(4), layers.BatchNormalization()])
    return Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Normalization(),
            layers.Conv2D(2, 3, name="first"),
            layers.BatchNormalization(),
            layers.PReLU(shared_axes=[1, 2]),
            layers.MaxPooling2D(),
            layers.Dropout(0.4),
            inner,
            layers.Dense(3, activation="softmax"),
        ]
    )


def graph() -> Model:
    inputs = layers.Input((6, 6, 1))
    late, early = layers.Conv2D(2, 3, padding="same"), layers.Conv2D(2, 3, padding="same")
    x = early(inputs)
    x = layers.Add()([late(x), x])
    x = layers.SeparableConv2D(3, 3)(x)
    return Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


MODELS: dict[str, Callable[[], Network]] = {"stack": stack, "graph": graph}


def images(model: Network) -> np.ndarray:
    shape = (2, *model.input_shape[1:])
    return (np.arange(np.prod(shape)).reshape(shape) % 7 / 7).astype(np.float32)


def filled(name: str) -> Network:
    """Make a model whose weights are all different, and none is what layers begin with."""
    model, draw = MODELS[name](), np.random.default_rng(3)
    model.set_weights([draw.random(w.shape) * 0.5 + 0.1 for w in model.get_weights()])
    return model


def same(one: Network, other: Network) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
@pytest.mark.parametrize("name", MODELS)
def test_weights_that_keras_saved_predict_what_keras_predicted(name: str, ending: str) -> None:
    model = MODELS[name]()
    model.load_weights(KERAS / (name + ending))
    with np.load(KERAS / "predictions.npz") as kept:
        np.testing.assert_allclose(model.predict(images(model), verbose=0), kept[name], atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_what_is_written_has_the_places_and_arrays_of_keras_file(name: str, tmp_path: Path) -> None:
    def listed(path: Path) -> dict[str, tuple[int, ...]]:
        found = {}
        with h5py.File(path) as file:
            file.visititems(lambda place, each: found.setdefault(place, getattr(each, "shape", None)))
        return found

    model = MODELS[name]()
    model.save_weights(tmp_path / "own.weights.h5")
    assert listed(tmp_path / "own.weights.h5") == listed(KERAS / f"{name}.weights.h5")


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".hdf5", ".safetensors"])
@pytest.mark.parametrize("name", MODELS)
def test_weights_come_back_bit_for_bit(name: str, ending: str, tmp_path: Path) -> None:
    model, other = filled(name), MODELS[name]()
    model.save_weights(tmp_path / f"some{ending}")
    assert not same(model, other)
    other.load_weights(str(tmp_path / f"some{ending}"))
    assert same(model, other)


def test_a_name_of_a_tensorflow_checkpoint_is_a_safetensors_file_and_its_folder_is_made(tmp_path: Path) -> None:
    model, other = filled("stack"), stack()
    with pytest.warns(ConvoscopeWarning, match=r"cp\.ckpt will be a safetensors file.*cp\.ckpt\.weights\.h5"):
        model.save_weights(tmp_path / "training_1" / "cp.ckpt")
    other.load_weights(tmp_path / "training_1" / "cp.ckpt")
    assert same(model, other)


def test_the_weights_of_a_whole_model_are_read(tmp_path: Path) -> None:
    model, other = filled("graph"), graph()
    model.compile("adam", "mse")
    model.fit(images(model), np.zeros((2, 2)), verbose=0)
    model.save(tmp_path / "model.safetensors")
    other.load_weights(tmp_path / "model.safetensors")
    assert same(model, other)


def test_a_file_of_weights_is_no_model(tmp_path: Path) -> None:
    filled("stack").save_weights(tmp_path / "weights.safetensors")
    with pytest.raises(FileFormatError, match=r"only weights, not a model.*load_weights"):
        keras.models.load_model(tmp_path / "weights.safetensors")


def test_by_name_takes_the_layers_of_that_name_and_leaves_the_others() -> None:
    whole, part = stack(), Sequential([layers.Input((5, 5, 1)), layers.Conv2D(2, 3, name="first"), layers.Dense(7)])
    whole.load_weights(KERAS / "stack.h5")
    before = part.layers[1].get_weights()
    part.load_weights(KERAS / "stack.h5", by_name=True)
    np.testing.assert_array_equal(part.layers[0].get_weights()[0], whole.get_layer("first").get_weights()[0])
    np.testing.assert_array_equal(part.layers[1].get_weights()[0], before[0])
    with pytest.raises(ConfigurationError, match="by_name=True works only with"):
        part.load_weights(KERAS / "stack.weights.h5", by_name=True)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".safetensors"])
def test_what_does_not_fit_changes_nothing_or_is_left_out(ending: str, tmp_path: Path) -> None:
    def make(last: int) -> Sequential:
        return Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(last)])

    make(2).save_weights(tmp_path / f"two{ending}")
    model = make(5)
    before = model.get_weights()
    with pytest.raises(ShapeError, match=r"Dense 'dense.*\(3, 5\), but the file's is \(3, 2\)\. skip_mismatch=True"):
        model.load_weights(tmp_path / f"two{ending}")
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    with pytest.warns(ConvoscopeWarning, match="left out, because Dense 'dense"):
        model.load_weights(tmp_path / f"two{ending}", skip_mismatch=True)
    assert not (model.get_weights()[0] == before[0]).all()
    assert (model.get_weights()[2] == before[2]).all()


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".safetensors"])
def test_another_number_of_layers_is_said(ending: str, tmp_path: Path) -> None:
    model = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(3)])
    Sequential([layers.Input((4,)), layers.Dense(3)]).save_weights(tmp_path / f"one{ending}")
    with pytest.raises(ShapeError, match=r"has 2 (layers with )?weights.*the file has (1|0)"):
        model.load_weights(tmp_path / f"one{ending}")


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    for call in (
        lambda: stack().save_weights(tmp_path / "a.weights.h5"),
        lambda: stack().load_weights(KERAS / "stack.h5"),
    ):
        with pytest.raises(ConfigurationError, match=r"h5py, which is not installed\. Install it: .*\[h5\]"):
            call()


def test_an_unbuilt_model_a_missing_file_and_one_that_is_there(tmp_path: Path) -> None:
    unbuilt = Sequential([layers.Dense(3)])
    for call in (unbuilt.save_weights, unbuilt.load_weights):
        with pytest.raises(NotReadyError, match="has not been built"):
            call(tmp_path / "a.safetensors")
    with pytest.raises(MissingFileError, match="There is no file"):
        stack().load_weights(tmp_path / "none.weights.h5")
    with pytest.raises(MissingFileError, match="folder"):
        stack().load_weights(tmp_path)
    stack().save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(StorageError, match="overwrite=False"):
        stack().save_weights(tmp_path / "a.weights.h5", overwrite=False)


# ---- hostile files


def changed(path: Path, change: Callable[[h5py.File], None]) -> Path:
    """Write what Keras saved to `path`, with a change."""
    path.write_bytes((KERAS / "stack.weights.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def external_array(file: h5py.File) -> None:
    del file["layers/conv2d/vars/0"]
    file.create_dataset("layers/conv2d/vars/0", (3, 3, 1, 2), "f4", external=[("/etc/passwd", 0, 72)])


def array_in_another_file(file: h5py.File) -> None:
    del file["layers/conv2d/vars/0"]
    file["layers/conv2d/vars/0"] = h5py.ExternalLink("/etc/passwd", "/0")


def layer_by_a_link(file: h5py.File) -> None:
    del file["layers/conv2d"]
    file["layers/conv2d"] = h5py.SoftLink("/layers")


def array_of_terabytes(file: h5py.File) -> None:
    del file["layers/conv2d/vars/0"]
    file.create_dataset("layers/conv2d/vars/0", (1 << 20, 1 << 20), "f4", chunks=(1024, 1024))


def chunk_of_gigabytes(file: h5py.File) -> None:
    del file["layers/conv2d/vars/0"]
    file.create_dataset(
        "layers/conv2d/vars/0",
        (3, 3, 1, 2),
        "f4",
        maxshape=(None,) * 4,
        chunks=(1 << 10, 1 << 10, 1 << 9, 1),
    )


def text(file: h5py.File) -> None:
    del file["layers/conv2d/vars/1"]
    file["layers/conv2d/vars/1"] = np.array([b"a", b"b"])


def array_for_a_group(file: h5py.File) -> None:
    del file["layers/conv2d/vars"]
    file["layers/conv2d/vars"] = np.zeros(2)


@pytest.mark.parametrize(
    "change",
    [
        external_array,
        array_in_another_file,
        layer_by_a_link,
        array_of_terabytes,
        chunk_of_gigabytes,
        text,
        array_for_a_group,
    ],
    ids=lambda change: change.__name__,
)
def test_hostile_files_are_refused_in_words(change: Callable[[h5py.File], None], tmp_path: Path) -> None:
    model = filled("stack")
    before = model.get_weights()
    with pytest.raises(
        (FileFormatError, ShapeError), match=r"is a link to another place|does not fit|has numbers instead of a group"
    ) as raised:
        model.load_weights(changed(tmp_path / "hostile.weights.h5", change))
    assert len(str(raised.value)) < 400
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))


def test_an_archive_that_claims_more_than_it_can_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(20_000_000))
    with pytest.raises(FileFormatError, match="claims to contain 20,000,000 bytes"):
        stack().load_weights(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", b"hello")
    with pytest.raises(FileFormatError, match="an archive of an unknown kind"):
        stack().load_weights(path)


def test_damaged_files_are_refused_or_load(tmp_path: Path) -> None:
    content, draw, path = (KERAS / "graph.weights.h5").read_bytes(), np.random.default_rng(0), tmp_path / "a.weights.h5"
    model, refused = graph(), 0
    for round_ in range(150):
        damaged = bytearray(content)
        for _ in range(8):
            damaged[draw.integers(len(content) if round_ % 2 else 3000)] = draw.integers(256)
        path.write_bytes(damaged if round_ % 5 else damaged[: draw.integers(len(content))])
        try:
            model.load_weights(path)
        except ConvoscopeError:
            refused += 1
    assert refused > 50


def test_weights_that_were_changed_in_a_safetensors_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    filled("graph").save_weights(path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="differ from those that were saved"):
        graph().load_weights(path)
    path.write_bytes(io.BytesIO(b"nonsense" * 4).getvalue())
    with pytest.raises(FileFormatError, match="not a safetensors file"):
        graph().load_weights(path)
