"""What callbacks share that watch a measured value for improvements."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from convoscope.checks import real, text
from convoscope.errors import ConfigurationError, ConvoscopeWarning, unknown_name
from convoscope.training.callbacks.base import Callback, Logs
from convoscope.training.progress import as_number


class MonitorCallback(Callback):
    """A callback that watches one of the logs.

    Parameters
    ----------
    monitor : str
        The name in the logs: ``"loss"``, ``"val_loss"``, ``"val_accuracy"`` ...
    mode : {"auto", "min", "max"}
        Whether lower or higher values are better. ``"auto"`` knows it for losses and metrics.
    min_delta : float
        How much better counts as better.
    """

    #: What `state` remembers.
    remembered: tuple[str, ...] = ("best",)

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        if not isinstance(mode, str) or mode not in ("auto", "min", "max"):
            raise unknown_name(f"mode of {type(self).__name__}", mode, ["auto", "min", "max"])
        self.monitor = text(monitor, "monitor", type(self).__name__)
        self.mode = mode
        self.min_delta = abs(real(min_delta, "min_delta", type(self).__name__))
        self.best: float | None = None
        self._to_restore: Mapping[str, Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.reset()
        if self._to_restore is not None:
            self.take_up(self._to_restore)
            self._to_restore = None

    def reset(self) -> None:
        """Begin anew: a callback can serve one training after another."""
        self.best = None

    def state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.remembered}

    def restore(self, state: Mapping[str, Any]) -> None:
        # Kept until training begins, because that is where the callback forgets the training before.
        self._to_restore = dict(state)

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Set what `state` returned."""
        for name in self.remembered:
            setattr(self, name, state[name])

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether `value` is better than `reference` by more than ``min_delta``."""
        if reference is None:
            return True
        return value - self.min_delta > reference if self._higher_is_better() else value + self.min_delta < reference

    def monitored(self, logs: Logs | None) -> float | None:
        """Return the watched value, or None, with a warning, in an epoch that has no such number.

        Raises
        ------
        UnknownNameError
            If nothing of that name can be measured.
        """
        logs = logs or {}
        if self.monitor in logs:
            number = as_number(logs[self.monitor])
            if number is None:
                warnings.warn(
                    f"{type(self).__name__} watches {self.monitor!r}, which must be a number, but in this epoch is a "
                    f"{type(logs[self.monitor]).__name__}.",
                    ConvoscopeWarning,
                    stacklevel=2,
                )
            return number
        if self.monitor.removeprefix("val_") not in logs:
            raise unknown_name(f"value to monitor for {type(self).__name__}", self.monitor, logs)
        warnings.warn(
            f"{type(self).__name__} watches {self.monitor!r}, which was not measured in this epoch. Measured: "
            f"{', '.join(logs)}. Values that start with val_ need validation_data or validation_split in every epoch.",
            ConvoscopeWarning,
            stacklevel=2,
        )
        return None

    def _higher_is_better(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        known = self.model.objective.higher_is_better(name)
        if known is not None:
            return bool(known)
        raise ConfigurationError(
            f"{type(self).__name__}: the name {self.monitor!r} does not tell whether higher is better. Set "
            "mode='max' or mode='min'."
        )
