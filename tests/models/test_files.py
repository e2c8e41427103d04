"""Models as files: what comes back, what is refused, and that nothing half-written stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from tests.layers.needed import NEEDED
from tests.models.support import small_model

from convoscope.engine.base import Engine
from convoscope.layers import (
    ELU,
    Activation,
    Add,
    Average,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Divide,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Input,
    InputLayer,
    Layer,
    LeakyReLU,
    Maximum,
    MaxPooling2D,
    Minimum,
    MinPooling2D,
    Multiply,
    RandomErasing,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    ReLU,
    Rescaling,
    Reshape,
    Softmax,
    Subtract,
    UpSampling2D,
    ZeroPadding2D,
)
from convoscope.layers.serialization import KINDS
from convoscope.models import Model, Sequential, load_model, read_header, save_model
from convoscope.training import optimizers, schedules
from convoscope.utils import clear_session

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Row:
    """A layer with settings other than its own, and the shape of what it takes, or of each of several inputs."""

    layer: Layer
    takes: tuple[Any, ...] = field(default=(6, 7, 2))

    def model(self) -> Any:
        """Return the layer with an activation behind it, which changes nothing, as a model."""
        if isinstance(self.takes[0], tuple):
            inputs = [Input(shape) for shape in self.takes]
            return Model(inputs, Activation("linear")(self.layer(inputs)), seed=6)
        layers = [self.layer] if isinstance(self.layer, InputLayer) else [Input(self.takes), self.layer]
        return Sequential([*layers, Activation("linear")], seed=6)


ROWS = [
    Row(InputLayer((6, 7, 2))),
    Row(Conv2D(3, (2, 3), (2, 1), "same", dilation_rate=1, activation="elu", kernel_initializer="he_normal")),
    Row(Conv2D(3, 2, dilation_rate=(2, 1), use_bias=False, name="dilated", trainable=False)),
    Row(Conv2DTranspose(3, (2, 3), (2, 1), "same", output_padding=(1, 0), activation="elu", use_bias=False)),
    Row(Conv2DTranspose(2, 3, dilation_rate=(2, 1))),
    Row(UpSampling2D((2, 3), interpolation="bilinear")),
    Row(MaxPooling2D((2, 3), strides=1, padding="same")),
    Row(AveragePooling2D(3, 2)),
    Row(MinPooling2D(2)),
    Row(GlobalAveragePooling2D(keepdims=True)),
    Row(GlobalMaxPooling2D()),
    Row(Flatten()),
    Row(Reshape((7, -1))),
    Row(Dense(4, activation="gelu", bias_initializer="ones")),
    Row(Dense(4, use_bias=False), (5,)),
    Row(Dropout(0.3, seed=11)),
    Row(BatchNormalization(momentum=0.8, epsilon=0.01)),
    Row(BatchNormalization(center=False, scale=False)),
    Row(Activation("tanh")),
    Row(ReLU(negative_slope=0.1)),
    Row(LeakyReLU(0.25)),
    Row(ELU(0.25)),
    Row(ReLU(6.0)),
    Row(Softmax(), (5,)),
    Row(ZeroPadding2D(((1, 2), (0, 3)))),
    Row(Rescaling(1 / 255, -0.5)),
    Row(RandomFlip("vertical", seed=2)),
    Row(RandomTranslation((0, 0.1), 0.2, "wrap", "nearest")),
    Row(RandomRotation(0.1, "constant", fill_value=1.5)),
    Row(RandomErasing((0.2, 0.9), 0.4, fill_value=3, value_range=(0, 16))),
    Row(Add(name="sum"), ((3, 4, 2), (3, 4, 2), (1, 1, 2))),
    Row(Subtract(), ((5,), (5,))),
    Row(Divide(), ((5,), (5,))),
    Row(Multiply(trainable=False), ((3, 4, 2), (3, 4, 1))),
    Row(Average(), ((5,), (5,))),
    Row(Maximum(), ((5,), (5,))),
    Row(Minimum(), ((5,), (5,))),
    Row(Concatenate(1), ((3, 4, 2), (1, 4, 2))),
]
# The others with what they need and nothing else; see tests/layers/test_every_layer_in_a_model.py for their settings.
ROWS += [
    Row(kind(**NEEDED.get(name, {})), (6,) if name == "RepeatVector" else (6, 6, 1))
    for name, kind in KINDS.items()
    if not any(type(row.layer) is kind for row in ROWS)
]


def data(count: int = 24) -> tuple[Array, Array]:
    generator = np.random.default_rng(3)
    return generator.random((count, 8, 8, 1), np.float32), generator.integers(0, 3, count)


# ---- what comes back


def test_no_kind_of_layer_is_left_out() -> None:
    assert {type(row.layer).__name__ for row in ROWS} == set(KINDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row.layer).__name__)
def test_every_layer_comes_back_with_settings_weights_and_outputs_to_the_bit(
    row: Row, tmp_path: Path, engine: Engine
) -> None:
    model = row.model()
    generator = np.random.default_rng(2)
    model.set_weights([generator.uniform(0.1, 1.0, weight.shape) for weight in model.weights])
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert again.get_config() == model.get_config()
    for weight, same in zip(model.weights, again.weights, strict=True):
        assert weight.tobytes() == same.tobytes()
    given = [generator.normal(size=(3, *shape)).astype(np.float32) for shape in model.plan_input_shapes]
    x = given if len(given) > 1 else given[0]
    assert model.predict_on_batch(x).tobytes() == again.predict_on_batch(x).tobytes()


def test_names_classes_preprocessing_and_seed_come_back(tmp_path: Path) -> None:
    model = small_model(seed=77)
    model.class_names = ["T-shirt/top", "Hose", "靴"]
    model.preprocessing = {"size": [8, 8], "channels": 1, "scale": 1 / 255}
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert (again.name, again.seed) == ("small", 77)
    assert again.class_names == model.class_names
    assert again.preprocessing == model.preprocessing


OPTIMIZERS: dict[str, Callable[[], optimizers.Optimizer]] = {
    "sgd": lambda: optimizers.SGD(0.05),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: optimizers.Adam(0.01),
    "adamw": lambda: optimizers.AdamW(0.01, clipnorm=1.0),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "schedule": lambda: optimizers.Adam(schedules.ExponentialDecay(0.01, 5, 0.5)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_exactly_as_if_it_had_not_been_interrupted(name: str, tmp_path: Path, engine: Engine) -> None:
    x, y = data()
    path = tmp_path / "model.safetensors"

    def fresh() -> Sequential:
        model = small_model()
        model.compile(OPTIMIZERS[name](), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    whole, first = fresh(), fresh()
    whole.fit(x, y, batch_size=5, epochs=4, verbose=0)
    first.fit(x, y, batch_size=5, epochs=2, verbose=0)
    first.save(path)
    resumed = load_model(path)
    assert resumed.optimizer is not None
    assert resumed.optimizer.iterations == 10
    history = resumed.fit(x, y, batch_size=5, epochs=4, initial_epoch=2, verbose=0)
    for weight, same in zip(whole.weights, resumed.weights, strict=True):
        assert weight.tobytes() == same.tobytes()
    assert whole.history is not None
    assert history.history["accuracy"] == whole.history.history["accuracy"][2:]


def test_a_frozen_layer_has_no_slots_and_stays_frozen(tmp_path: Path) -> None:
    x, y = data()
    model = small_model()
    model.layers[0].trainable = False
    model.fit(x, y, epochs=1, verbose=0)
    model.save(tmp_path / "model.safetensors")
    assert "optimizer/0/momentum" not in read_header(tmp_path / "model.safetensors")["tensors"]
    again = load_model(tmp_path / "model.safetensors")
    assert [layer.trainable for layer in again.layers] == [layer.trainable for layer in model.layers]
    again.fit(x, y, epochs=1, verbose=0)


def test_without_the_optimizer_the_file_is_smaller_and_the_model_not_compiled(tmp_path: Path) -> None:
    x, y = data()
    model = small_model()
    model.fit(x, y, epochs=1, verbose=0)
    model.save(tmp_path / "whole.safetensors")
    save_model(model, tmp_path / "weights.safetensors", include_optimizer=False)
    again = load_model(tmp_path / "weights.safetensors")
    assert not again.compiled
    assert model.predict_on_batch(x).tobytes() == again.predict_on_batch(x).tobytes()
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("weights", "whole")]
    assert sizes[1] - sizes[0] > 2 * 4 * sum(weight.size for weight in model.trainable_weights)


def test_a_training_state_rides_along(tmp_path: Path) -> None:
    state = {"epoch": 3, "callbacks": [{"best": float("inf"), "wait": 1}]}
    save_model(small_model(), tmp_path / "m.safetensors", training_state=state)
    assert read_header(tmp_path / "m.safetensors")["training_state"] == state
    small_model().save(tmp_path / "n.safetensors")
    assert read_header(tmp_path / "n.safetensors")["training_state"] is None


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    x, y = data()
    files = []
    for number in range(2):
        clear_session()  # names count over the process
        model = small_model()
        model.fit(x, y, epochs=1, verbose=0)
        model.save(tmp_path / f"{number}.safetensors")
        files.append((tmp_path / f"{number}.safetensors").read_bytes())
    assert files[0] == files[1]
    again = load_model(tmp_path / "0.safetensors")
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == files[0]


# ---- the format


def test_the_safetensors_library_reads_what_we_write(tmp_path: Path) -> None:
    x, y = data()
    model = small_model()
    model.fit(x, y, epochs=1, verbose=0)
    path = tmp_path / "model.safetensors"
    model.save(path)
    tensors = load_file(path)
    np.testing.assert_array_equal(tensors["layers/0/kernel"], model.weights[0])
    assert {name for name in tensors if name.startswith("layers/")} == {
        "layers/0/kernel",
        "layers/0/bias",
        "layers/2/gamma",
        "layers/2/beta",
        "layers/2/moving_mean",
        "layers/2/moving_variance",
        "layers/5/kernel",
        "layers/5/bias",
    }
    assert "optimizer/6/velocity" in tensors
    with safe_open(path, "np") as file:
        description = json.loads(file.metadata()["convoscope"])
    assert (description["format"], description["version"]) == ("convoscope-model", 1)
    assert description["model"]["architecture"]["name"] == "small"


def test_we_read_what_the_safetensors_library_writes(tmp_path: Path) -> None:
    model = small_model()
    model.save(tmp_path / "ours.safetensors")
    with safe_open(tmp_path / "ours.safetensors", "np") as file:
        description = json.loads(file.metadata()["convoscope"])
    tensors = load_file(tmp_path / "ours.safetensors")
    del description["sha256"]
    tensors["layers/0/kernel"] = tensors["layers/0/kernel"] * 2
    save_file(tensors, tmp_path / "theirs.safetensors", {"convoscope": json.dumps(description)})
    again = load_model(tmp_path / "theirs.safetensors")
    np.testing.assert_array_equal(again.weights[0], 2 * model.weights[0])


def test_the_header_is_read_without_the_weights(tmp_path: Path) -> None:
    model = small_model()
    model.class_names = ["a", "b", "c"]
    model.save(tmp_path / "model.safetensors")
    header = read_header(tmp_path / "model.safetensors")
    assert header["model"]["class_names"] == ["a", "b", "c"]
    assert header["tensors"]["layers/5/kernel"] == (36, 3)
    assert header["model"]["training"]["optimizer"]["class_name"] == "Adam"
