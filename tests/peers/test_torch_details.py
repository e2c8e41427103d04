"""What only the engine of PyTorch has: parts of batches, precisions, devices; and where it must not differ."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tests.engine import test_graphs, test_random_graphs, test_random_stacks
from tests.engine.support import random_weights
from tests.engine.test_new_step import NegationStep
from tests.engine.test_training import first_stretch, first_weights

import convoscope as cs
from convoscope.activations import BY_NAME
from convoscope.engine.loss_rule import KINDS
from convoscope.engine.plan import Plan, build
from convoscope.engine.reference import ReferenceEngine, combine, known as reference
from convoscope.engine.select import use
from convoscope.engine.torch import TorchEngine, activation, elementary, known, losses
from convoscope.engine.torch.mode import Alone
from convoscope.engine.updates import update_rule
from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.layers import (
    Activation,
    AlphaDropout,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    Layer,
    MaxPooling2D,
    MinPooling2D,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    ReLU,
    SpatialDropout2D,
)
from convoscope.models import load_model, save_model

Array = npt.NDArray[Any]
CPU = TorchEngine("cpu")


# ---- the tables


def test_what_the_reference_knows_is_known() -> None:
    assert known.OPERATIONS.keys() == reference.OPERATIONS.keys()
    assert set(losses._KINDS) == set(KINDS)
    assert activation._BY_NAME.keys() == BY_NAME.keys()
    assert elementary._MODES.keys() == combine._MODES.keys()


def test_a_step_that_is_not_known_is_named() -> None:
    step = NegationStep((0,), (0,), ((2,),), (2,), ())
    plan = Plan(((2,),), ((2,),), (step,), (1,), (step,), (1,), (), 1)
    with pytest.raises(NotImplementedError, match=r"NegationStep .*engine/torch"):
        CPU.prepare(plan, []).forward(np.zeros((1, 2), np.float32))


# ---- graphs, and networks drawn at random: the tests of the core, with this engine in its place


@pytest.fixture
def in_place_of_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (test_graphs, test_random_graphs):
        monkeypatch.setattr(module, "NativeEngine", lambda: CPU)


@pytest.mark.parametrize("network", test_graphs.NETWORKS)
def test_graphs_agree_with_the_reference(network: Callable[[], Any], in_place_of_the_core: None) -> None:
    for samples in (1, 40):
        test_graphs.test_predictions_agree(network, samples, 1)
    test_graphs.test_gradients_agree(network, "auto")
    test_graphs.test_training_agrees(network)


@pytest.mark.parametrize(
    "name", ["test_native_is_the_reference_to_rounding", "test_losses_of_all_outputs_have_the_gradients_of_float64"]
)
def test_random_graphs_agree_with_the_reference(name: str, in_place_of_the_core: None) -> None:
    getattr(test_random_graphs, name)()


def test_random_stacks_are_double_precision_to_rounding() -> None:
    test_random_stacks.test_single_precision_is_double_precision_to_rounding("torch")


# ---- corners, where PyTorch's own gradients may be others


def corners() -> list[Layer]:
    return [
        *(Activation(name) for name in BY_NAME),
        ReLU(max_value=6.0, negative_slope=0.1, threshold=3.0),
        MaxPooling2D(2),
        MinPooling2D(2),
        MaxPooling2D(3, strides=1, padding="same"),
    ]


@pytest.mark.parametrize("layer", corners(), ids=repr)
def test_gradients_at_corners_and_among_equals_are_the_reference_s(layer: Layer) -> None:
    rng = np.random.default_rng(1)
    x = rng.choice([-3.0, 0.0, 3.0, 6.0], (2, 6, 6, 2)).astype(np.float32)
    plan = build([layer], (6, 6, 2))
    sent_back = rng.standard_normal((2, *plan.output_shape)).astype(np.float32)
    ours, theirs = (each.prepare(plan, []).pullback(x, sent_back) for each in (CPU, ReferenceEngine()))
    np.testing.assert_allclose(ours.outputs, theirs.outputs, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.input, theirs.input, rtol=1e-5, atol=1e-6)


# ---- a part of a batch


class Part(Alone):
    """One of several processes, without the others."""

    def __init__(self, first: int, last: int) -> None:
        self._part = slice(first, last)

    def part(self, count: int) -> slice:
        return self._part


DRAWING: list[Layer] = [
    AlphaDropout(0.3),
    Dropout(0.4),
    GaussianDropout(0.4),
    GaussianNoise(0.5),
    RandomBrightness(0.4),
    RandomContrast(0.4),
    RandomCrop(4, 3),
    RandomErasing(1.0, value_range=(0, 1)),
    RandomFlip(),
    RandomRotation(0.2),
    RandomTranslation(0.3, 0.3, fill_mode="constant"),
    RandomZoom(0.4),
    SpatialDropout2D(0.4),
]


def train_part(stretch: Any, plan: Plan, first: int, last: int) -> tuple[list[Array], Array]:
    weights = first_weights(plan)
    outputs = np.full((last - first, *plan.output_shape), np.nan, np.float32)
    told = np.zeros(last - first, np.float32)
    own = replace(stretch, rows=stretch.rows[: stretch.batch_size], outputs=np.zeros_like(stretch.outputs))

    class Gathering(Part):
        def gathered(self, parts: Sequence[Array], counts: Sequence[int]) -> list[Array]:
            (found,) = parts
            target = outputs if found.ndim > 1 else told
            target[...] = found
            return [np.zeros((count, *found.shape[1:]), found.dtype) for count in counts]

    TorchEngine("cpu", processes=Gathering(first, last)).prepare(plan, weights).train(own)
    return weights, outputs


@pytest.mark.parametrize("layer", DRAWING, ids=lambda layer: type(layer).__name__)
def test_parts_of_a_batch_draw_by_the_position_in_the_whole(layer: Layer) -> None:
    """And gradients of parts add up to that of the whole: steps of SGD, and so changes of weights, do too."""
    plan = build([layer, Flatten(), Dense(3, activation="softmax")], (7, 6, 2))
    stretch = first_stretch(plan, rule=update_rule("sgd"), batch_size=23)
    before = first_weights(plan)
    whole, outputs = train_part(stretch, plan, 0, 23)
    parts = [train_part(stretch, plan, *part) for part in ((0, 7), (7, 8), (8, 23))]
    np.testing.assert_allclose(np.concatenate([made for _, made in parts]), outputs, rtol=1e-5, atol=1e-6)
    for index, old in enumerate(before):
        change = sum(weights[index] - old for weights, _ in parts)
        np.testing.assert_allclose(change, whole[index] - old, rtol=1e-3, atol=2e-7)


def test_batch_normalization_over_all_processes_is_that_of_the_whole_batch() -> None:
    """Each part is given the sums of the others, as another process would send them."""
    plan = build([BatchNormalization()], (3, 4, 2))
    weights = random_weights(plan, np.random.default_rng(1))
    x = np.random.default_rng(2).normal(3, 2, (9, 3, 4, 2)).astype(np.float32)
    expected = ReferenceEngine().prepare(plan, weights).pullback(x, np.zeros_like(x), training=True).outputs

    class Others(Alone):
        normalizes_together = True

        def moments(self, sums: torch.Tensor) -> torch.Tensor:
            values = torch.from_numpy(x[4:]).reshape(-1, 2)
            if len(sums) == 3:
                return sums + torch.cat([values.sum(dim=0), torch.tensor([float(len(values))])])
            return sums + (values - torch.from_numpy(x).reshape(-1, 2).mean(dim=0)).square().sum(dim=0)

    from convoscope.engine.torch.mode import Mode
    from convoscope.engine.torch.network import values_of

    mode = Mode(training=True, processes=Others())
    *_, found = values_of(plan, [torch.from_numpy(x[:4])], [torch.from_numpy(w) for w in weights], mode)
    np.testing.assert_allclose(found.numpy(), expected[:4], rtol=1e-4, atol=1e-5)


# ---- precision, devices


def test_bfloat16_learns_what_single_precision_learns_with_weights_in_single() -> None:
    x, y = cs.datasets.load("digits").x_train[..., None] / 16.0, cs.datasets.load("digits").y_train
    found = []
    for precision in ("float32", "bf16"):
        use("torch", "cpu", precision)
        model = cs.Sequential(
            [
                cs.layers.Conv2D(16, 3, activation="relu", input_shape=(8, 8, 1)),
                cs.layers.BatchNormalization(),
                cs.layers.MaxPooling2D(),
                cs.layers.Flatten(),
                cs.layers.Dropout(0.2),
                cs.layers.Dense(10, activation="softmax"),
            ],
            seed=3,
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        logs = model.fit(x, y, epochs=4, verbose=0).history
        assert all(weight.dtype == np.float32 for weight in model.get_weights())
        found.append((logs["loss"], logs["accuracy"][-1], model.predict(x[:9], verbose=0)))
    (losses_, accuracy, single), (half_losses, half_accuracy, half) = found
    np.testing.assert_allclose(half_losses, losses_, rtol=0.05)
    assert half_losses != losses_
    assert abs(accuracy - half_accuracy) < 0.02
    np.testing.assert_allclose(half, single, atol=0.1)
    assert half.dtype == np.float32


def test_devices_and_precisions_that_are_not_here_are_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="'cuda:1'"):
        use("torch", "cuda:first")
    with pytest.raises(UnknownNameError, match="bf16"):
        use("torch", "cpu", "bfloat")
    with pytest.raises(ConfigurationError, match="'tf32' needs an NVIDIA GPU"):
        use("torch", "cpu", "tf32")
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: False)
    with pytest.raises(ConfigurationError, match=r"'cuda:1' cannot be used: .*built without CUDA.*'cpu' always works"):
        use("torch", "cuda:1")
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def no_driver() -> None:
        raise RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU.\nMore.")

    monkeypatch.setattr(torch.cuda, "init", no_driver)
    expected = r"PyTorch cannot start CUDA: Found no NVIDIA driver.*GPU\. The device"
    with pytest.raises(ConfigurationError, match=expected):
        use("torch", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ConfigurationError, match=r"no device 'cuda:2': PyTorch finds 2 here \(cuda:0, cuda:1\)"):
        use("torch", "cuda:2")
    assert use("torch").device == "cuda"  # type: ignore[attr-defined]


def test_another_device_or_precision_makes_another_executable() -> None:
    model = cs.Sequential([cs.layers.Dense(2, input_shape=(3,))])
    found = [use("torch", "cpu", precision) and model.executable() for precision in ("float32", "float32", "bf16")]
    assert found[0] is found[1]
    assert found[1] is not found[2]


# ---- one run, two engines


def test_a_checkpoint_of_one_engine_goes_on_in_another(tmp_path: Path) -> None:
    """Weights, slots, averages and draws go over: four epochs in one engine are three there and one here."""
    data = cs.datasets.load("digits")
    x, y = data.x_train[:300, ..., None] / 16.0, data.y_train[:300]

    def new_model() -> cs.Sequential:
        model = cs.Sequential(
            [
                cs.layers.RandomTranslation(0.1, 0.1, input_shape=(8, 8, 1)),
                cs.layers.Conv2D(8, 3, activation="relu"),
                cs.layers.BatchNormalization(),
                cs.layers.Flatten(),
                cs.layers.Dropout(0.3),
                cs.layers.Dense(10, activation="softmax"),
            ],
            seed=5,
        )
        model.compile(cs.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
        return model

    for first, second in (("native", "torch"), ("torch", "native")):
        use(first)
        whole, begun = new_model(), new_model()
        whole.fit(x, y, epochs=4, verbose=0)
        begun.fit(x, y, epochs=3, verbose=0)
        save_model(begun, tmp_path / f"{first}.safetensors")
        use(second)
        resumed = load_model(tmp_path / f"{first}.safetensors")
        resumed.fit(x, y, epochs=4, initial_epoch=3, verbose=0)
        for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)


def test_pytorch_s_own_settings_stay() -> None:
    before = torch.get_float32_matmul_precision(), torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")
    use("torch", "cpu", "bf16")
    model = cs.Sequential([Conv2D(2, 3, input_shape=(5, 5, 1)), Flatten(), Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(np.zeros((4, 5, 5, 1), np.float32), np.zeros(4, int), verbose=0)
    after = torch.get_float32_matmul_precision(), torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")
    assert before == after
