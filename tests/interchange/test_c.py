"""Models written in C: compiled without a warning, they predict what the reference engine does."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as cs
from convoscope import layers as cl
from convoscope.errors import ConfigurationError
from convoscope.interchange.c.memory import Life, places
from convoscope.interchange.c.part import quoted

COMPILER = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
STRICT = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic"]
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")


def sequential(*stack: cl.Layer, shape: tuple[int, ...] = (9, 8, 3)) -> cs.Sequential:
    return cs.Sequential([cl.Input(shape), *stack])


def residual() -> cs.Model:
    """Branches that join in every way, and values that live long."""
    image = cl.Input((9, 8, 4))
    once = cl.Conv2D(4, 3, padding="same", activation="relu")
    one = once(image)
    two = once(one)
    joined = cl.Add()([image, one, two])
    more = cl.Concatenate()([joined, cl.Subtract()([one, two]), cl.Maximum()([image, two])])
    flat = cl.Concatenate(axis=1)([cl.GlobalAveragePooling2D()(more), cl.Flatten()(cl.Multiply()([one, joined]))])
    quotient = cl.Divide()([cl.Dense(5)(flat), cl.Dense(5, activation="exponential")(flat)])
    mean = cl.Average()([quotient, cl.Dense(5, use_bias=False)(flat)])
    return cs.Model(image, cl.Softmax()(cl.Minimum()([mean, cl.Dense(5)(flat)])))


NETWORKS = {
    "lesson": lambda: sequential(
        *(cl.Conv2D(8, 3, activation="relu"), cl.MaxPooling2D(2), cl.Conv2D(8, 3, activation="relu")),
        *(cl.MaxPooling2D(2), cl.Flatten(), cl.Dense(16, activation="relu"), cl.Dropout(0.5)),
        cl.Dense(10, activation="softmax"),
        shape=(28, 28, 1),
    ),
    "windows": lambda: sequential(
        *(cl.Conv2D(6, (3, 2), strides=2, padding="same", groups=3), cl.BatchNormalization()),
        *(cl.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), cl.PReLU(), cl.UpSampling2D((3, 2))),
        *(cl.SeparableConv2D(5, 3, padding="same", depth_multiplier=2, activation="silu"), cl.ZeroPadding2D((1, 2))),
        *(
            cl.Conv2D(4, 3, dilation_rate=2, activation="gelu"),
            cl.AveragePooling2D(3, 2, "same"),
            cl.MinPooling2D(2, 1),
        ),
        *(cl.Cropping2D(((1, 0), (0, 1))), cl.MaxPooling2D((2, 3), 1, "same"), cl.GlobalMaxPooling2D()),
    ),
    "values": lambda: sequential(
        *(cl.RandomFlip(), cl.Rescaling(0.1, -0.3), cl.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])),
        *(cl.Normalization(mean=0.4, variance=2.0, axis=None, invert=True), cl.ReLU(2.0, 0.1, 0.2), cl.LeakyReLU(0.3)),
        *(
            cl.ELU(0.7),
            cl.UnitNormalization(),
            cl.LocalResponseNormalization((1, 2), 0.3, 0.7),
            cl.Reshape((36, 6)),
            cl.Dense(7, activation="softmax"),
        ),
    ),
    "residual": residual,
}


for _name in (
    "sigmoid",
    "tanh",
    "selu",
    "softplus",
    "softsign",
    "hard_sigmoid",
    "hard_silu",
    "mish",
    "exponential",
    "log_softmax",
):
    NETWORKS[_name] = lambda name=_name: sequential(cl.Activation(name), cl.Dense(3, activation="relu6"))  # type: ignore[misc]


def written(model: Any, path: Path) -> ctypes.CDLL:
    model.export(path)
    library = path.with_suffix(".so")
    assert COMPILER is not None
    subprocess.run([COMPILER, *STRICT, "-shared", "-fPIC", str(path), "-o", str(library), "-lm"], check=True)
    return ctypes.CDLL(str(library))


def predicted(function: Any, images: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    made = np.full((len(images), *shape), np.nan, np.float32)
    for image, row in zip(images, made, strict=True):
        function(np.ascontiguousarray(image).ctypes.data_as(ctypes.c_void_p), row.ctypes.data_as(ctypes.c_void_p))
    return made


def with_weights(model: Any) -> Any:
    random = np.random.default_rng(2)
    model.set_weights([random.uniform(0.1, 0.6, each.shape) for each in model.get_weights()])
    return model


@needs_compiler
@pytest.mark.parametrize("name", NETWORKS)
def test_compiled_it_predicts_the_same(tmp_path: Path, name: str) -> None:
    model = with_weights(NETWORKS[name]())
    images = np.random.default_rng(3).normal(0, 2, (3, *model.input_shape[1:])).astype(np.float32)
    wanted = model.predict(images, verbose=0)
    library = written(model, tmp_path / f"{name}.c")
    found = predicted(getattr(library, f"{name}_predict"), images, wanted.shape[1:])
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


@needs_compiler
def test_its_program_reads_bytes_and_prints_names(tmp_path: Path) -> None:
    model = with_weights(sequential(cl.Flatten(), cl.Dense(3, activation="softmax"), shape=(8, 8, 1)))
    model.class_names, model.preprocessing = ["né", 'a "b"', "??=c"], {"height": 8, "width": 8, "max_value": 16}
    model.export(tmp_path / "my-digits.c")
    assert COMPILER is not None
    program = tmp_path / "program"
    options = [*STRICT, "-DMY_DIGITS_MAIN", str(tmp_path / "my-digits.c"), "-o", str(program), "-lm"]
    subprocess.run([COMPILER, *options], check=True)
    images = np.random.default_rng(1).integers(0, 256, (2, 64), np.uint8)
    said = subprocess.run([program], input=images.tobytes(), capture_output=True, check=True).stdout.decode()
    scaled = np.rint(images.astype(np.float32) * np.float32(16 / 255)).reshape(2, 8, 8, 1)
    lines = [line.split(" ", 1) for line in said.splitlines()]
    assert [name for _, name in lines] == [*model.class_names, *model.class_names]
    found = np.array([float(value) for value, _ in lines]).reshape(2, 3)
    np.testing.assert_allclose(found, model.predict(scaled, verbose=0), atol=1e-5)


def test_a_name_is_written_in_any_letters() -> None:
    assert quoted("né\n") == r'"n\303\251\012"'


def test_values_that_live_at_once_lie_apart() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        lives = [Life(int(size), int(first), int(first + more)) for size, first, more in random.integers(1, 9, (12, 3))]
        offsets, whole = places(lives)
        memory = np.zeros((40, whole), int)
        for offset, life in zip(offsets, lives, strict=True):
            memory[life.first : life.last + 1, offset : offset + life.size] += 1
        assert memory.max() == 1
        assert whole <= sum(life.size for life in lives)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sequential(cl.LayerNormalization()), "a LayerNormalization cannot be exported to C"),
        (lambda: sequential(cl.UpSampling2D(2, interpolation="bilinear")), "only interpolation='nearest'"),
        (
            lambda: sequential(cl.Flatten(), cl.Dense(10_000)),
            "of up to 2,000,000 weights, but this one has 2,170,000",
        ),
        (lambda: cs.Model([i := cl.Input((4,)), j := cl.Input((4,))], cl.Add()([i, j])), "one input and one output"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path, make: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace("(", r"\(")):
        make().export(tmp_path / "network.c")
    assert not list(tmp_path.iterdir())
