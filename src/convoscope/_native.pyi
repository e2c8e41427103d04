from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]

def isa() -> str: ...
def isas() -> list[str]: ...
def set_isa(name: str) -> None: ...
def bfloat16_unit() -> str: ...
def bfloat16_units() -> list[str]: ...
def set_bfloat16_unit(name: str) -> None: ...
def kinds() -> list[str]: ...
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
        inputs: Sequence[Sequence[int]],
        steps: Sequence[dict[str, Any]],
        weights: Sequence[Array],
        trainable: Sequence[bool],
        outputs: Sequence[int],
        regulation: Sequence[dict[str, Any]] = ...,
        precision: str = ...,
    ) -> None: ...
    @property
    def output_of(self) -> list[int]: ...
    def kernels(self) -> list[str]: ...
    def reasons(self) -> list[str]: ...
    def predict(
        self,
        x: Sequence[Array],
        outputs: Sequence[Array],
        values: Sequence[Array] | None = None,
        moment: int | None = None,
    ) -> None: ...
    def predict_finite(self, x: Sequence[Array], outputs: Sequence[Array], moment: int | None = None) -> bool: ...
    def score(
        self,
        x: Sequence[Array],
        y: Sequence[Array | None],
        losses: Sequence[dict[str, Any] | None],
        outputs: Sequence[Array],
        sample_losses: Sequence[Array | None],
    ) -> None: ...
    def pullback(
        self,
        x: Sequence[Array],
        output_gradients: Sequence[Array | None],
        training: bool,
        seed: int,
        iteration: int,
        outputs: Sequence[Array],
        inputs: Sequence[Array],
        gradients: Sequence[Array],
    ) -> None: ...
    def gradients(
        self,
        x: Sequence[Array],
        y: Sequence[Array | None],
        losses: Sequence[dict[str, Any] | None],
        sample_weights: Sequence[Array | None] | None,
        training: bool,
        seed: int,
        iteration: int,
        sample_losses: Sequence[Array | None],
        outputs: Sequence[Array],
        inputs: Sequence[Array],
        gradients: Sequence[Array],
    ) -> None: ...
    def start_profile(self) -> None: ...
    def profile(self) -> list[float]: ...
    def keep_memory(self) -> None: ...
    def let_memory_go(self) -> None: ...
    def train(
        self,
        x: Sequence[Array],
        y: Sequence[Array | None],
        sample_weights: Sequence[Array | None] | None,
        rows: Array,
        batch_size: int,
        losses: Sequence[dict[str, Any] | None],
        rule: dict[str, Any],
        learning_rates: Array,
        iteration: int,
        seed: int,
        slots: Sequence[Sequence[Array]],
        sample_losses: Sequence[Array | None],
        outputs: Sequence[Array],
        budget: float | None,
        penalties: Array | None = None,
        first_draw: int | None = None,
    ) -> int: ...
