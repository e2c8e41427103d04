"""What `compile` is told of losses, their weights and metrics, in all forms that Keras takes, made one objective."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from convoscope.checks import real
from convoscope.errors import ConfigurationError, unknown_name
from convoscope.training import losses as known_losses, metrics as known_metrics
from convoscope.training.losses import Loss
from convoscope.training.metrics import Metric
from convoscope.training.objective import Goal, Objective


def make_objective(
    names: Sequence[str],
    loss: Any = None,
    loss_weights: Any = None,
    metrics: Any = None,
    weighted_metrics: Any = None,
    *,
    partial: bool = False,
) -> Objective:
    """Return the objective of a model whose outputs have those names.

    Parameters
    ----------
    names : sequence of str
        The outputs' names, in order.
    loss : str, Loss, list or dict
        One for all outputs, a list with one for each (None for none), or a dict by name.
    loss_weights : float, list or dict, optional
        What each loss counts.
    metrics, weighted_metrics : list or dict, optional
        For one output a list; for several a list with a list for each, or a dict by name.
    partial : bool
        Whether outputs that a dict of losses leaves out have none.

    Raises
    ------
    UnknownNameError
        If there is no such output, loss or metric.
    ConfigurationError
        If there are more or fewer entries than outputs, or a weight is not a number.

    Examples
    --------
    >>> objective = make_objective(["a", "b"], {"a": "mse", "b": "mse"}, [1.0, 0.5], {"b": ["accuracy"]})
    >>> objective.names
    ['loss', 'a_loss', 'b_loss', 'b_accuracy']
    """
    losses = _losses(loss, names, partial)
    goals = zip(
        names,
        losses,
        _weights(loss_weights, names, losses),
        _metrics(metrics, names, "metrics"),
        _metrics(weighted_metrics, names, "weighted_metrics"),
        strict=True,
    )
    return Objective(tuple(Goal(*goal) for goal in goals))


def by_name(given: Mapping[Any, Any], names: Sequence[str], what: str, default: Any = None) -> list[Any]:
    """Return the values of a dict in the order of the outputs, with `default` for those that it leaves out.

    Raises
    ------
    UnknownNameError
        If it names an output that the model does not have.
    """
    for name in given:
        if name not in names:
            raise unknown_name(f"model output (in {what})", name, names)
    return [given.get(name, default) for name in names]


def _losses(given: Any, names: Sequence[str], partial: bool) -> list[Loss | None]:
    listed: Sequence[Any] = [given] * len(names)
    if _is_by_name(given):
        listed = by_name(given, names, "compile's loss")
        if not partial and (missing := [name for name in names if name not in given]):
            raise ConfigurationError(
                f"compile: the dict of losses leaves out {_quoted(missing)}; the model's outputs are "
                f"{_quoted(names)}. Give each a loss, or None to train without it: loss={{..., {missing[0]!r}: None}}."
            )
    elif isinstance(given, (list, tuple)):
        listed = given
        _check_count(given, names, "loss", "a loss for each of them, or None")
    return [None if each is None else known_losses.get(each) for each in listed]


def _weights(given: Any, names: Sequence[str], losses: Sequence[Loss | None]) -> list[float]:
    listed: Sequence[Any] = [1.0 if given is None else given] * len(names)
    if isinstance(given, Mapping):
        listed = by_name(given, names, "compile's loss_weights")
        missing = [n for n, weight, loss in zip(names, listed, losses, strict=True) if weight is None and loss]
        if missing:
            raise ConfigurationError(
                f"compile: loss_weights leaves out {_quoted(missing)}. Give every output with a loss a weight; 1.0 is "
                "neutral."
            )
    elif isinstance(given, (list, tuple)):
        listed = given
        learned = [index for index, loss in enumerate(losses) if loss is not None]
        if len(given) == len(learned) < len(names):
            listed = [given[learned.index(index)] if index in learned else None for index in range(len(names))]
        _check_count(listed, names, "loss_weights", "a weight for each of them")
    return [1.0 if each is None else _weight(each, name) for each, name in zip(listed, names, strict=True)]


def _weight(given: Any, name: str) -> float:
    return real(given, f"loss_weights (of output {name!r})", "compile")


def _metrics(given: Any, names: Sequence[str], argument: str) -> list[tuple[Metric, ...]]:
    """Return each output's metrics."""
    if _is_by_name(given):
        listed = by_name(given, names, f"compile's {argument}")
    elif given is None or len(names) == 1:
        listed = [given, *[None] * (len(names) - 1)]
    elif isinstance(given, (list, tuple)):
        listed = list(given) or [None] * len(names)
        _check_count(listed, names, argument, f"a list of metrics for each of them, or a dict, {argument}={{...}}")
    else:
        raise ConfigurationError(
            f"compile: the model has {len(names)} outputs, and {argument}={given!r} could refer to any of them. Give "
            f"a dict keyed by output, such as {argument}={{{names[0]!r}: [{given!r}]}}."
        )
    return [tuple(map(known_metrics.get, _flat(each))) for each in listed]


def _flat(given: Any) -> Iterator[Any]:
    """Yield what stands in a list and in the lists in it; what is alone, alone; nothing for None."""
    if isinstance(given, (list, tuple)):
        for each in given:
            yield from _flat(each)
    elif given is not None:
        yield given


def _is_by_name(given: Any) -> bool:
    """Whether something is a dict by output, and not one that describes a loss or a metric."""
    return isinstance(given, Mapping) and "class_name" not in given


def _check_count(given: Sequence[Any], names: Sequence[str], argument: str, wanted: str) -> None:
    if len(given) != len(names):
        outputs = f"{len(names)} outputs ({_quoted(names)})" if len(names) > 1 else f"one output ({names[0]!r})"
        raise ConfigurationError(
            f"compile: the model has {outputs}, but {argument} is a list of {len(given)}. Give {wanted}."
        )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
