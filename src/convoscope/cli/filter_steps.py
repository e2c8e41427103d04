"""Filters and poolings from the words of a command line, in the order typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from convoscope.cli.errors import FriendlyCommand
from convoscope.errors import ConfigurationError

if TYPE_CHECKING:
    from convoscope.filters.chain import Step

_ORDER = "convoscope.order"
_OPTIONS = ("stride", "padding", "pad_mode", "dilation", "weight", "bias", "channels", "mode")
_OF_POOLINGS = ("stride", "padding")


class InOrder(FriendlyCommand):
    """A command that knows in which order its options were typed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, and remember the order."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [parameter.name for parameter in order]
        return super().parse_args(ctx, args)


def steps_from(ctx: Any, given: Mapping[str, Sequence[Any]], clip: bool | None) -> list[Step]:
    """Make the chain: each ``--kernel`` and ``--pool`` begins a step, other options belong to the step before them.

    Parameters
    ----------
    ctx : typer.Context
        Of an `InOrder` command.
    given : mapping of str to list
        The options' values; options that come before any step are for all steps.
    clip : bool or None
        Given to every filter.
    """
    from convoscope.filters.chain import Filter, pooling_from

    values: dict[str, Iterator[Any]] = {name: iter(words) for name, words in given.items()}
    for_all: dict[str, Any] = {}
    chain: list[tuple[str, str, dict[str, Any]]] = []
    for name in ctx.meta[_ORDER]:
        if name not in values:
            continue
        word = next(values[name])
        if name in ("kernel", "pool"):
            chain.append((name, word, {}))
        else:
            (chain[-1][2] if chain else for_all)[name] = word
    steps: list[Step] = []
    for kind, word, own in chain:
        if kind == "kernel":
            options = _options({**for_all, **own})
            steps.append(Filter(word, {**options, **({} if clip is None else {"clip": clip})}))
            continue
        wrong = [name for name in own if name not in _OF_POOLINGS]
        if wrong:
            raise ConfigurationError(
                f"--{wrong[0].replace('_', '-')} is an option of --kernel, but follows --pool {word}. Options apply "
                "to the --kernel or --pool before them."
            )
        pooling = pooling_from(word)
        steps.append(
            type(pooling)(
                pooling.size,
                _numbers(own["stride"], "stride") if "stride" in own else pooling.stride,
                pooling.mode,
                _padding(own.get("padding", "valid")),
            )
        )
    return steps


def _options(words: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name in _OPTIONS:
        if name not in words:
            continue
        if name in ("stride", "dilation"):
            options[name] = _numbers(words[name], name)
        elif name == "padding":
            options[name] = _padding(words[name])
        else:
            options[name] = words[name]
    return options


def _padding(word: str) -> Any:
    return word if word.isalpha() else _numbers(word, "padding")


def _numbers(word: str, what: str) -> Any:
    """Read ``2`` or ``2,1``."""
    parts = word.split(",")
    if len(parts) > 2 or not all(part.strip().isdecimal() for part in parts):
        raise ConfigurationError(
            f"--{what} takes a number such as 2, or two for rows and columns, such as 2,1, but got {word!r}."
        )
    numbers = tuple(int(part) for part in parts)
    return numbers[0] if len(numbers) == 1 else numbers
