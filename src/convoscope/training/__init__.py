"""Training: optimizers, schedules, losses, metrics, checks of data, callbacks, and the loop that joins them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convoscope.training import stages as fit  # noqa: F401


def __getattr__(name: str) -> Any:
    if name == "fit":  # the old name of `stages`, by which `models.trainer` still asks for it
        from convoscope.training import stages

        return stages
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
