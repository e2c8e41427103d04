"""The engine of PyTorch: the tests that the other engines pass, and what only this one does.

On the CPU; ``CONVOSCOPE_TEST_DEVICE=cuda`` takes another device.
"""

from __future__ import annotations

import importlib
import inspect
import os
from typing import Any

import pytest
import torch

from convoscope.engine.base import Engine
from convoscope.engine.select import use

#: Files whose tests are given an engine: layers, graphs, losses, optimizers, and tables of Keras' numbers.
FILES = (
    "tests.engine.test_augmentation",
    "tests.engine.test_losses",
    "tests.engine.test_noise_and_tone",
    "tests.engine.test_regulation",
    "tests.engine.test_steps",
    "tests.engine.test_training",
    "tests.explore.test_gradients",
    "tests.explore.test_predictions",
    "tests.layers.test_every_layer",
    "tests.layers.test_every_layer_in_a_model",
    "tests.layers.test_symbols",
    "tests.models.test_autoencoder",
    "tests.models.test_copies",
    "tests.models.test_files",
    "tests.models.test_functional_networks",
    "tests.models.test_graph_files",
    "tests.models.test_kept_files",
    "tests.models.test_open_sizes",
    "tests.models.test_sequential",
    "tests.models.test_threads",
    "tests.models.test_training",
    "tests.models.test_view",
    "tests.peers.test_against_pytorch",
    "tests.preprocessing.test_fit",
    "tests.training.test_against_keras",
    "tests.training.test_compatibility",
    "tests.training.test_divergence",
    "tests.training.test_draws",
    "tests.training.test_evaluate",
    "tests.training.test_fit",
    "tests.training.test_fit_against_keras",
    "tests.training.test_optimizer_values",
    "tests.training.test_programs",
    "tests.training.test_regularizers",
    "tests.training.test_repeatable",
    "tests.training.test_several_outputs",
    "tests.training.test_shared_layers",
    "tests.training.test_streaming",
    "tests.values.test_against_keras",
    "tests.values.test_loss_table",
    "tests.values.test_regularization",
)
#: What counts on steps within a fifth of a second; `test_torch_steps` interrupts after steps instead.
ELSEWHERE = ("test_an_interruption_leaves_the_state_after_a_whole_step",)
SHARED = ("tests.training.conftest", "tests.explore.conftest")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Run the tests with this engine, in place of each of the others."""
    # Some tests are about repeating a training exactly. On a GPU that has a price, and is only done when asked for.
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    return use("torch", os.environ.get("CONVOSCOPE_TEST_DEVICE", "cpu"))


def _is_fixture(thing: Any) -> bool:
    return type(thing).__name__ == "FixtureFunctionDefinition"


def _taken(name: str) -> dict[str, Any]:
    """Return a file's tests that are given an engine, under names of their own, and its fixtures."""
    module = importlib.import_module(name)
    short = name.rpartition(".")[2]
    found: dict[str, Any] = {}
    for own, thing in vars(module).items():
        if _is_fixture(thing) and own != "engine":
            found[own] = thing
        elif own.startswith("test_") and own not in ELSEWHERE and "engine" in inspect.signature(thing).parameters:
            found[f"{short}_{own.removeprefix('test_')}"] = thing
    return found


pytest.register_assert_rewrite(*FILES)
for _name in (*SHARED, *FILES):
    globals().update(_taken(_name))
