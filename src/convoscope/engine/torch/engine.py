"""What `select.use("torch")` chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from convoscope.engine.base import Array, Moment
from convoscope.engine.plan import Plan
from convoscope.engine.torch.devices import check_precision, choose
from convoscope.engine.torch.executable import TorchExecutable
from convoscope.engine.torch.mode import Alone


@dataclass(frozen=True)
class TorchEngine:
    """Runs plans with PyTorch.

    Parameters
    ----------
    device : str, optional
        "cuda", "cuda:1", "mps", "cpu", or "auto": a GPU where there is one.
    precision : str, optional
        "float32"; "tf32", which rounds the factors of products on NVIDIA's GPUs; "bf16", which computes products and
        keeps what is between layers in 16 bits. Weights, their updates and losses are in 32 bits.
    processes : Alone, optional
        What it sums with other processes.
    """

    device: str | None = None
    precision: str | None = None
    processes: Alone = field(default_factory=Alone)
    name: str = field(default="torch", init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "device", choose(self.device))
        object.__setattr__(self, "precision", check_precision(self.precision, str(self.device)))

    def prepare(self, plan: Plan, weights: Sequence[Array], *, moment: Moment | None = None) -> TorchExecutable:
        """Make a plan runnable with these weights, which are kept, not copied. See `Engine.prepare`."""
        return TorchExecutable(plan, weights, str(self.device), str(self.precision), self.processes, moment)
