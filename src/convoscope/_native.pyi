from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]

def isa() -> str: ...
def isas() -> list[str]: ...
def set_isa(name: str) -> None: ...
def get_threads() -> int: ...
def set_threads(count: int) -> None: ...
def all_finite(values: Array) -> bool: ...
def filter(
    image: Array,
    kernel: Array,
    output: Array,
    stride: tuple[int, int],
    dilation: tuple[int, int],
    weight: float,
    bias: float,
    low: float,
    high: float,
    single_precision: bool,
) -> None: ...

class Program:
    def __init__(
        self,
        input: Sequence[int],
        steps: Sequence[dict[str, Any]],
        weights: Sequence[Array],
        trainable: Sequence[bool],
    ) -> None: ...
    @property
    def output_of(self) -> list[int]: ...
    def kernels(self) -> list[str]: ...
    def reasons(self) -> list[str]: ...
    def predict(self, x: Array, outputs: Array, steps: Sequence[Array] | None = None) -> None: ...
    def score(self, x: Array, y: Array, loss: dict[str, Any], outputs: Array, losses: Array) -> None: ...
    def pullback(
        self,
        x: Array,
        output_gradient: Array,
        training: bool,
        seed: int,
        iteration: int,
        outputs: Array,
        input: Array,
        gradients: Sequence[Array],
    ) -> None: ...
    def gradients(
        self,
        x: Array,
        y: Array,
        loss: dict[str, Any],
        sample_weight: Array | None,
        training: bool,
        seed: int,
        iteration: int,
        losses: Array,
        outputs: Array,
        input: Array,
        gradients: Sequence[Array],
    ) -> None: ...
    def train(
        self,
        x: Array,
        y: Array,
        sample_weight: Array | None,
        rows: Array,
        batch_size: int,
        loss: dict[str, Any],
        rule: dict[str, Any],
        learning_rates: Array,
        iteration: int,
        seed: int,
        slots: Sequence[Sequence[Array]],
        losses: Array,
        outputs: Array,
        budget: float | None,
    ) -> int: ...
