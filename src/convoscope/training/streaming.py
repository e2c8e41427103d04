"""Batches from generators, sequences and data sets: made in threads beside training, several trained on at a time."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from convoscope import processes
from convoscope.background import Prefetch, ordered
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ConvoscopeError, DataError
from convoscope.training.data.batches import Batch, is_numbered, unpack
from convoscope.training.draws import Position
from convoscope.training.feeds import Feed, Portion, order_of
from convoscope.training.samples import Samples
from convoscope.wording import clause

#: Brings a batch into the form that engines take, or says what is wrong with it.
Check = Callable[[Batch, str], Samples]

_IN_A_ROW = 8  # batches that many processes train on in a row
_ROOM = 10  # batches made in advance, as in Keras
_AT_ONCE = 1 << 25  # bytes of the batches that are trained on in a row: they are copied into one array


class StreamFeed(Feed):
    """Batches that are made one after the other, in a thread of their own.

    Parameters
    ----------
    check : callable
    where : str
        What messages call the data: ``"fit"``.
    room : int
        How many batches may be made in advance. Together they take at most 128 MB, unless a single one is larger.

    Notes
    -----
    No batch is asked for before the epoch that it belongs to: what is random in making one (in a person's generator)
    then comes in the same order in every run.
    """

    #: Whether batches have just this process's part.
    is_share = False

    def __init__(self, check: Check, where: str, room: int = _ROOM) -> None:
        self._check, self._where, self._room = check, where, room
        self._first_pass: int | None = None

    def portions(self, position: Position, count: int | None) -> Generator[Portion, None, None]:
        number = position.batch
        self._first_pass = position.number if self._first_pass is None else self._first_pass
        made = (unpack(each, self._batch(position, index)) for index, each in self._numbered(position, count))
        with Prefetch(made, self._room, size=lambda batch: batch.nbytes) as ready:
            while True:
                try:
                    taken = self._taken(ready)
                except Exception as error:
                    raise self._failed(error, self._batch(position, number + 1)) from error
                if not taken:
                    return
                yield from self._grouped(taken, position, number)
                number += len(taken)

    def _taken(self, ready: Prefetch[Batch]) -> list[Batch]:
        """Return the next batches: what lies ready, or in many processes as many in each of them."""
        team = processes.team()
        if team.size == 1:
            return ready.take()
        taken: list[Batch] = []
        while len(taken) < _IN_A_ROW and (more := ready.take(_IN_A_ROW - len(taken))):
            taken += more
        counts = [count for (count,) in team.numbers([len(taken)])]
        if len(set(counts)) > 1:
            raise ConfigurationError(
                f"{self._where}: all processes must get the same batches, of which each computes its share, but they "
                f"get {', '.join(map(str, counts))} of the next {_IN_A_ROW}. Do not split the data yourself."
            )
        return taken

    @abstractmethod
    def raw(self, position: Position, count: int | None) -> Iterator[Any]:
        """Give batches as they are handed over. Runs in the thread."""

    def _numbered(self, position: Position, count: int | None) -> Iterator[tuple[int, Any]]:
        return zip(itertools.count(position.batch + 1), self.raw(position, count), strict=False)

    def _grouped(self, taken: Sequence[Batch], position: Position, number: int) -> Iterator[Portion]:
        """Join batches that fit together, so that the engine has some to take in a row."""
        group: list[Samples] = []
        for index, batch in enumerate(taken, number + 1):
            try:
                samples = self._check(batch, self._batch(position, index))
            except ConvoscopeError:
                yield from _joined(group, self.is_share)  # what came before is trained on
                raise
            if group and not _fits(group, samples):
                yield from _joined(group, self.is_share)
                group = []
            group.append(samples)
        yield from _joined(group, self.is_share)

    def _batch(self, position: Position, index: int) -> str:
        """Return what messages call a batch."""
        passes = position.number - (self._first_pass or 0)
        return f"{self._where}, batch {index}{f' of pass {passes + 1}' if passes else ''}"

    @staticmethod
    def _failed(error: Exception, where: str) -> DataError:
        if isinstance(error, DataError):
            return error
        return DataError(
            f"{where}: the data raised {type(error).__name__}: {clause(error)}. The model keeps its state after the "
            "previous batch."
        )


class IterableFeed(StreamFeed):
    """Batches of a generator, a `Dataset`, a PyTorch ``DataLoader``, or whatever else can be iterated over.

    Parameters
    ----------
    data : iterable
        A pass is what one iteration over it gives. A generator has only one.
    check, where, room
        As in `StreamFeed`.
    """

    def __init__(self, data: Any, check: Check, where: str, room: int = _ROOM) -> None:
        super().__init__(check, where, room)
        self._data = data
        self._iterator: Iterator[Any] | None = None
        self.repeats = not hasattr(data, "__next__")
        self.batches = None
        with suppress(TypeError):  # generators have no length, and endless data sets say so
            self.batches = len(data)
        cardinality = getattr(data, "cardinality", None)
        self.is_endless = callable(cardinality) and int(cardinality()) == -1

    def raw(self, position: Position, count: int | None) -> Iterator[Any]:
        if self._iterator is None or (self.repeats and position.batch == 0):
            self.close()
            self._iterator = self._begun()
        elif self.repeats and self.batches is None:
            # Nobody could know that the pass was over with the epoch before: an epoch without batches helps nobody.
            first = list(itertools.islice(self._iterator, 1))
            self._iterator = itertools.chain(first, self._iterator) if first else self._begun()
        return itertools.islice(self._iterator, count)

    def _begun(self) -> Iterator[Any]:
        """Begin a pass; where the data can make a process's part of each batch alone, only that is made."""
        team = processes.team()
        share = getattr(self._data, "share", None) if team.size > 1 else None
        share = None if share is None else share(team.rank, team.size)
        self.is_share = share is not None
        return iter(self._data if share is None else share)

    def close(self) -> None:
        """Close the iterator, unless it is a person's own generator, which may be used further."""
        if self.repeats:
            getattr(self._iterator, "close", lambda: None)()
        self._iterator = None


class IndexedFeed(StreamFeed):
    """Batches that can be asked for by their number: those of a `PyDataset` (Keras' old name: `Sequence`).

    Parameters
    ----------
    data : object with ``__getitem__`` and ``__len__``
    check, where
        As in `StreamFeed`.
    seed : int, optional
        Of the model: the order of the batches in a pass follows from it. None leaves them in order.
    workers : int, optional
        How many threads make batches; what the data says if left out.
    room : int, optional
        How many batches may be made in advance; if left out, what the data says.
    """

    def __init__(
        self,
        data: Any,
        check: Check,
        where: str,
        seed: int | None = None,
        workers: int | None = None,
        room: int | None = None,
    ) -> None:
        super().__init__(check, where, room or int(getattr(data, "max_queue_size", _ROOM)))
        self._data, self._seed = data, seed
        self._workers = getattr(data, "workers", 1) if workers is None else workers
        self.batches = data.num_batches if hasattr(data, "num_batches") else len(data)
        self.is_endless = self.batches is None
        if self.batches == 0:
            raise DataError(f"{where}: the {type(data).__name__} has no batches: its length is 0.")

    def epoch_begins(self) -> None:
        getattr(self._data, "on_epoch_begin", lambda: None)()

    def epoch_ends(self) -> None:
        getattr(self._data, "on_epoch_end", lambda: None)()

    def raw(self, position: Position, count: int | None) -> Iterator[Any]:
        first, last = position.batch, None if count is None else position.batch + count
        if self.batches is None:
            numbers: Iterator[int] = itertools.islice(itertools.count(), first, last)
        elif self._seed is None:
            numbers = iter(range(self.batches)[first:last])
        else:
            numbers = iter(order_of(self._seed, position.number, self.batches)[first:last].tolist())
        return ordered(self._data.__getitem__, numbers, self._workers, self._room)


def stream_feed(data: Any, check: Check, where: str, seed: int | None = None, **threads: int | None) -> Feed:
    """Return the feed for something that yields batches.

    Parameters
    ----------
    data, check, where, seed
        See `IndexedFeed` and `IterableFeed`.
    **threads
        ``workers`` and ``room``, where a caller knows better than the data.
    """
    if is_numbered(data):
        return IndexedFeed(data, check, where, seed, **threads)
    return IterableFeed(data, check, where, threads.get("room") or _ROOM)


def refuse_endless(feed: Feed, steps: int | None, where: str, argument: str) -> None:
    """Say that steps are needed where the data has no end."""
    if steps is None and feed.is_endless:
        raise ConfigurationError(
            f"{where}: the data is endless, so set the number of steps per epoch, such as {argument}=100."
        )


def _fits(group: Sequence[Samples], samples: Samples) -> bool:
    """Whether a batch can stand behind others in one array: all have one size, the last may be smaller."""
    first, last = group[0], group[-1]
    if len(last) < len(first) or len(samples) > len(first):
        return False
    both = zip(_arrays(first), _arrays(samples), strict=True)
    if any((a is None) != (b is None) or (a is not None and b is not None and not _alike(a, b)) for a, b in both):
        return False
    return sum(array.nbytes for each in (*group, samples) for array in each.inputs) <= _AT_ONCE


def _alike(one: Array, other: Array) -> bool:
    return one.dtype == other.dtype and one.shape[1:] == other.shape[1:]


def _arrays(samples: Samples) -> list[Array | None]:
    return [*samples.inputs, *samples.targets, *samples.weights]


def _joined(group: Sequence[Samples], is_share: bool) -> Iterator[Portion]:
    """Give the batches of a group as one portion, if there are any."""
    if len(group) == 1:
        yield Portion(group[0], len(group[0]), is_share=is_share)
    elif group:

        def joined(*parts: Array | None) -> Array | None:
            there = [part for part in parts if part is not None]
            return np.concatenate(there) if there else None

        inputs = [np.concatenate(parts) for parts in zip(*(each.inputs for each in group), strict=True)]
        targets = [joined(*parts) for parts in zip(*(each.targets for each in group), strict=True)]
        weights = [joined(*parts) for parts in zip(*(each.weights for each in group), strict=True)]
        yield Portion(Samples(inputs, targets, weights), len(group[0]), is_share=is_share)
