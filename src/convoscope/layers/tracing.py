"""Classes of yours with a method `call` over layers: it runs once, on symbols, and what it did becomes a graph.

`call` is Python: it may loop, branch on Python values, and hold layers in lists and dicts. It can do with symbols what
layers and operators do. What cannot be noted on the way stops with the line of the program that asked for it.
"""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.layers.graph import trace
from convoscope.layers.symbols import Node, Operation, Symbol
from convoscope.layers.tracing_mode import in_mode
from convoscope.types import Shape

_HERE = str(Path(__file__).parent.parent)


@dataclass(frozen=True)
class Trace:
    """What a method `call` did: the calls between inputs and outputs, and the form in which these came."""

    inputs: tuple[Symbol, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Symbol, ...]
    keys: tuple[str, ...] | None
    single: bool

    def in_form(self, values: Sequence[Any]) -> Any:
        """Return a value for each output in the form in which `call` returned them."""
        if self.keys is not None:
            return dict(zip(self.keys, values, strict=True))
        return values[0] if self.single else list(values)


def traced(operation: Operation, call: Callable[..., Any], inputs: Sequence[Symbol], given: Any) -> Trace:
    """Run `call` on symbols, and return what it did.

    Parameters
    ----------
    operation : Operation
        Whose method it is, for messages.
    call : callable
        It may take `training`: then it runs twice, and must do the same but for layers that only act in training.
    inputs : list of Symbol
    given : Symbol, list, tuple or dict of Symbol
        The same in the form in which `call` gets them.

    Raises
    ------
    ConvoscopeError
        If something cannot be noted; the message has the line of the program.
    """
    parameters = inspect.signature(call).parameters
    others = {"mask": None} if "mask" in parameters else {}
    if "training" not in parameters:
        return _run(operation, call, inputs, given, others, None)
    training, predicting = (
        _run(operation, call, inputs, given, {**others, "training": mode}, mode) for mode in (True, False)
    )
    if _description(training) != _description(predicting):
        raise ConfigurationError(
            f"{operation.describe()}: call computes different layers with training=True than with training=False, at "
            f"{_place_of(call)}. Only layers that do nothing in prediction, such as Dropout, may depend on 'if "
            "training:'; call BatchNormalization and all other layers in both cases, with or without the argument "
            "training."
        )
    return training


def _run(
    operation: Operation, call: Callable[..., Any], inputs: Sequence[Symbol], given: Any, others: Any, mode: bool | None
) -> Trace:
    with in_mode(mode), telling_the_line(operation):
        returned = call(given, **others)
        keys = tuple(returned) if isinstance(returned, dict) else None
        single = not isinstance(returned, (list, tuple, dict))
        outputs = [returned] if single else list(returned.values() if isinstance(returned, dict) else returned)
        for output in outputs:
            if not isinstance(output, Symbol):
                raise ConfigurationError(
                    f"{operation.describe()}: call must return the output of layers, but returned "
                    f"{type(output).__name__} at {_place_of(call)}."
                )
        return Trace(tuple(inputs), tuple(trace(inputs, outputs)), tuple(outputs), keys, single)


def _description(found: Trace) -> Any:
    """Return what happens in prediction: who is called on what, without layers that only act in training."""
    names: dict[Symbol, Any] = {symbol: index for index, symbol in enumerate(found.inputs)}
    for node in found.nodes:
        operation, read = node.operation, tuple(names[symbol] for symbol in node.inputs)
        acts = not getattr(operation, "only_in_training", False)
        kind = type(operation).__name__ if not _has_weights(operation) else id(operation)
        for symbol in node.outputs:
            names[symbol] = (kind, symbol.index, read) if acts else read[0]
    return tuple(names[symbol] for symbol in found.outputs)


def _has_weights(operation: Any) -> bool:
    return bool(getattr(operation, "specs", True))


@contextmanager
def telling_the_line(operation: Operation) -> Iterator[None]:
    """Let errors within say which line of the program they come from."""
    try:
        yield
    except ConvoscopeError as error:
        line = _users_line(error)
        if line is None or getattr(error, "has_line", False):
            raise
        told = type(error)(f"{operation.describe()}, {line}: {error}")
        told.has_line = True  # type: ignore[attr-defined]
        raise told from error


def _users_line(error: BaseException) -> str | None:
    """Return the last line outside this package that led to an error: its file, number and text."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not str(frame.filename).startswith(_HERE)]
    if not frames:
        return None
    last = frames[-1]
    return f"{last.filename}, line {last.lineno}, in {last.name}: {(last.line or '').strip()!r}"


def callers_line() -> str:
    """Return the line of the program that called into this package."""
    for frame in reversed(traceback.extract_stack()):
        if not str(frame.filename).startswith(_HERE):
            return f"{frame.filename}, line {frame.lineno}: {(frame.line or '').strip()!r}"
    return "an unknown line"


def _place_of(call: Callable[..., Any]) -> str:
    code = getattr(call, "__code__", None)
    if code is None:
        return "its definition"
    text = linecache.getline(code.co_filename, code.co_firstlineno).strip()
    return f"{code.co_filename}, line {code.co_firstlineno}: {text!r}"


def operations_in(attributes: Any, without: frozenset[str] = frozenset()) -> list[Operation]:
    """Return the layers and models in attributes, in lists and dicts too: each once, in the order of the attributes."""
    found: dict[int, Operation] = {}

    def look(value: Any, depth: int) -> None:
        if isinstance(value, Operation):
            found.setdefault(id(value), value)
        elif isinstance(value, (list, tuple, dict)) and depth < 8:
            for each in value.values() if isinstance(value, dict) else value:
                look(each, depth + 1)

    for name, value in attributes.items():
        if name not in without:
            look(value, 0)
    return list(found.values())


def form_of(inputs: Any) -> Any:
    """Return the form in which several inputs came: a list, a tuple or a dict, without what was in it."""
    if isinstance(inputs, dict):
        return dict.fromkeys(inputs)
    return type(inputs)([None] * len(inputs)) if isinstance(inputs, (list, tuple)) else None


def given_like(symbols: Sequence[Symbol], form: Any) -> Any:
    """Return symbols in the form of what was given: alone, in a list or tuple, or in a dict with its keys."""
    if isinstance(form, dict):
        return dict(zip(form, symbols, strict=True))
    return type(form)(symbols) if isinstance(form, (list, tuple)) else symbols[0]


def shapes_like(shapes: Sequence[Shape]) -> Any:
    """Return shapes as Keras hands them to `build`: with the batch axis, alone or in a list."""
    with_batch = [(None, *shape) for shape in shapes]
    return with_batch[0] if len(with_batch) == 1 else with_batch
