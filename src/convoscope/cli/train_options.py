"""The options of ``convoscope train`` that need more than being passed on."""

from __future__ import annotations

from typing import Any


def refuse_with_resume(given: dict[str, Any]) -> None:
    """Raise ConfigurationError if something was given that a run cannot change on the way."""
    from convoscope.errors import ConfigurationError

    names = {"learning_rate": "lr", "validation": "val", "augmentation": "augment", "color_mode": "color"}
    told = [
        name if name == "DATASET" else f"--{names.get(name, name).replace('_', '-')}"
        for name in given
        if given[name] is not None
    ]
    if told:
        raise ConfigurationError(
            f"--resume goes on with the run's own settings, and {', '.join(told)} cannot be changed on the way. "
            f"Leave it out, or begin a new run. What can be given: --epochs, --threads, --engine, --data-dir, "
            f"--snapshots, --track, --explore, --quiet."
        )


def size(text: str | None) -> tuple[int, int] | None:
    """Read ``64`` or ``48x64``, the height first."""
    from convoscope.errors import ConfigurationError

    if text is None:
        return None
    sides = text.lower().replace("×", "x").split("x")
    if not 1 <= len(sides) <= 2 or not all(side.strip().isdecimal() for side in sides):
        raise ConfigurationError(
            f"--image-size is a side in pixels or HEIGHTxWIDTH, but is {text!r}. Write 64 or 48x64."
        )
    return int(sides[0]), int(sides[-1])
