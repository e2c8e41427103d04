"""Targets and sample weights of several outputs, in all forms that Keras takes: an array, a list, a dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convoscope.errors import DataError, ShapeError
from convoscope.training.compiling import by_name
from convoscope.training.objective import Objective
from convoscope.types import Shape


def targets_by_output(
    y: Any, names: Sequence[str], objective: Objective, count: int, first_shape: Shape, where: str
) -> list[Any]:
    """Return the targets of each output as they were given, None for those that have none.

    Parameters
    ----------
    y : array, list or dict
        For several outputs a list with an array for each, or for each that has a loss; or a dict by name.
    names : sequence of str
        The outputs' names.
    objective : Objective
    count : int
        How many samples there are.
    first_shape : tuple of int
        The shape of the first output, without the batch axis: an array of that shape in a list is no list of one.
    where : str
        What the data is called in messages.

    Raises
    ------
    UnknownNameError
        If a dict names an output that there is not.
    DataError, ShapeError
        If targets are missing, or there are more or fewer arrays than outputs.
    """
    if isinstance(y, Mapping):
        given = by_name(y, names, f"y of {where}")
    elif len(names) == 1:
        given = [y[0] if _is_list_of_one(y, count, first_shape) else y]
    else:
        given = _listed(y, names, objective, where)
    if len(names) > 1 or isinstance(y, Mapping):
        for own, goal, name in zip(given, objective.goals, names, strict=True):
            if own is None and goal.is_measured:
                needed = "a loss" if goal.loss is not None else "metrics"
                raise DataError(
                    f"{where}: output {name!r} has {needed} but no targets. Include an array for it in y, as in "
                    f"{{{name!r}: y}}, or compile the model with None for this output."
                )
    return given


def sample_weights_by_output(sample_weight: Any, names: Sequence[str], where: str) -> list[Any]:
    """Return the sample weights of each output as they were given: one array counts for all of them."""
    if isinstance(sample_weight, Mapping):
        return by_name(sample_weight, names, f"sample_weight of {where}")
    if not _is_list_of_arrays(sample_weight):
        return [sample_weight] * len(names)
    if len(sample_weight) != len(names):
        if len(names) == 1:
            return [sample_weight]
        raise ShapeError(
            f"{where}: sample_weight is a list of {len(sample_weight)} arrays, but the model has {len(names)} outputs "
            f"({', '.join(map(repr, names))}). Give one array for all of them, a list with one (or None) for each, or "
            "a dict by name."
        )
    return list(sample_weight)


def _listed(y: Any, names: Sequence[str], objective: Objective, where: str) -> list[Any]:
    """Return the targets of several outputs from a list, or from the array of the only one that has a loss."""
    learned = objective.learned
    arrays = list(y) if _is_list_of_arrays(y) else [y]
    if len(arrays) == len(names):
        return arrays
    if len(arrays) == len(learned) and y is not None:
        return [arrays[learned.index(index)] if index in learned else None for index in range(len(names))]
    came = f"got a list of {len(arrays)}" if _is_list_of_arrays(y) else f"got a {type(y).__name__}"
    raise ShapeError(
        f"{where}: the model has {len(names)} outputs ({', '.join(map(repr, names))}) and takes for y a list with an "
        f"array for each, or a dict, but {came}."
    )


def _is_list_of_arrays(given: Any) -> bool:
    """Whether something is a list of arrays (or None), and not one of numbers."""
    return isinstance(given, (list, tuple)) and all(own is None or _has_axes(own) for own in given)


def _has_axes(given: Any) -> bool:
    try:
        return np.ndim(given) > 0
    except ValueError:  # its parts differ in shape, which is told where it is checked
        return True


def _is_list_of_one(y: Any, count: int, shape: Shape) -> bool:
    """Whether the targets of the only output stand in a list, as [y]."""
    if not isinstance(y, (list, tuple)) or len(y) != 1 or not hasattr(y[0], "shape"):
        return False
    return y[0].shape[:1] == (count,) and (1, *y[0].shape) != (count, *shape)
