"""What processes tell one another while they train together."""

from __future__ import annotations

import atexit
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError, ProcessLostError
from convoscope.processes.watch import FAILURE, Watch
from convoscope.processes.world import World, has_store

T = TypeVar("T")
Array = npt.NDArray[Any]

_MEETING = timedelta(minutes=10)  # in which all processes must have been started
_LONGEST = timedelta(hours=2)  # that the others wait for one that writes a checkpoint, or runs a callback
_PATIENCE = 1.0  # seconds in which the first to fail says why: it does so before it ends
_SHOWN = 60  # characters before and after what differs between processes
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Single:
    """The only process. `Team` does the same among several."""

    rank, size = 0, 1

    def told(self, value: Any) -> Any:
        """Return what the first process gives, plain JSON values, in all of them."""
        return value

    def everyone(self, value: Any) -> list[Any]:
        """Return what each process gives, plain JSON values, in their order."""
        return [value]

    def numbers(self, own: Sequence[int]) -> list[list[int]]:
        """Return the whole numbers that each process gives, as many of each."""
        return [list(own)]

    def spread(self, arrays: Sequence[Array]) -> None:
        """Write the first process's values into the arrays of all."""

    def joined(self, part: Array, counts: Sequence[int]) -> Array:
        """Return the parts of all processes, of so many rows, one after the other."""
        return part

    def check_same(self, own: str, what: str) -> None:
        """Raise ConfigurationError in all processes if one says something else than the first."""

    #: Whether Ctrl-C has been pressed in this process.
    is_interrupted = False
    #: Whether its part is over, perhaps by an error: it tells nobody anything more.
    has_left = False
    #: Whether the error that ended its part has ended that of another, too, which has said so.
    is_repeating = False

    def leave(self) -> None:
        """Tell nobody anything more."""


SINGLE = Single()


class Team(Single):
    """The processes that train one model, seen from one of them.

    Parameters
    ----------
    world : World
        Which of them this is. They wait for one another.

    Raises
    ------
    ConfigurationError
        If they do not come together.
    """

    def __init__(self, world: World) -> None:
        import torch.distributed as dist

        self.rank, self.size, self._world, self._dist = world.rank, world.size, world, dist
        store = _store(world)
        self._store = dist.PrefixStore(f"convoscope/{world.restarts}", store)
        try:
            dist.init_process_group(
                _backends(world), store=self._store, rank=world.rank, world_size=world.size, timeout=_LONGEST
            )
        except (RuntimeError, ValueError) as error:
            raise ConfigurationError(
                f"The {world.size} processes could not connect at {world.address}, port {world.port}: "
                f"{_first_line(error)} Make sure that each was started with the same address, port and number of "
                "processes."
            ) from error
        own = dist.PrefixStore(f"convoscope/{world.restarts}", _store(world, client=True))
        self._watch = Watch(world, own)
        atexit.register(self._end)

    def told(self, value: Any) -> Any:
        return self._call(lambda: self._told(value))

    def everyone(self, value: Any) -> list[Any]:
        return self._call(lambda: self._everyone(value))

    def numbers(self, own: Sequence[int]) -> list[list[int]]:
        import torch

        def gather() -> list[list[int]]:
            mine = torch.tensor(list(own), dtype=torch.int64)
            found = [torch.empty_like(mine) for _ in range(self.size)]
            self._dist.all_gather(found, mine)
            return [each.tolist() for each in found]

        return self._call(gather)

    def spread(self, arrays: Sequence[Array]) -> None:
        import torch

        def broadcast() -> None:
            for array in arrays:
                values = torch.from_numpy(np.ascontiguousarray(array))
                self._dist.broadcast(values, 0)
                if self.rank:
                    array[...] = values.numpy()

        self._call(broadcast)

    def joined(self, part: Array, counts: Sequence[int]) -> Array:
        import torch

        def gather() -> Array:
            mine = torch.zeros((max(counts), *part.shape[1:]), dtype=torch.from_numpy(part[:0].copy()).dtype)
            mine[: len(part)] = torch.from_numpy(np.array(part))  # what is read-only warns
            found = [torch.empty_like(mine) for _ in range(self.size)]
            self._dist.all_gather(found, mine)
            return np.concatenate([each.numpy()[:count] for each, count in zip(found, counts, strict=True)])

        return self._call(gather)

    def check_same(self, own: str, what: str) -> None:
        all_of_them = self.everyone(own)
        for number, other in enumerate(all_of_them):
            if other != all_of_them[0]:
                one, another = _around_difference(all_of_them[0], other)
                raise ConfigurationError(
                    f"All processes must have the same {what}, but process 1 has {one} and process {number + 1} has "
                    f"{another}. Start the same command in all of them."
                )

    # ---- being interrupted, and ending

    def leave(self) -> None:
        self.has_left = True
        self._watch.is_needed = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take note of the first Ctrl-C: all processes stop together, when they next agree. A second one ends this."""

        def note(number: int, frame: Any) -> None:
            if self.is_interrupted or self.has_left:
                raise KeyboardInterrupt
            self.is_interrupted = True

        before = signal.getsignal(signal.SIGINT)
        self.is_interrupted = False
        signal.signal(signal.SIGINT, note)
        self._watch.is_needed = True
        try:
            yield
        finally:
            self._watch.is_needed = False
            signal.signal(signal.SIGINT, before)

    def run(self, work: Callable[[], T]) -> T:
        """Do what all processes do together, such as a sum; an error in it is that of a process that has gone."""
        return self._call(work)

    def announce(self, error: BaseException) -> None:
        """Tell the others why this process ends.

        Raises
        ------
        ProcessLostError
            If another has ended before, for another reason.
        """
        self.leave()
        if isinstance(error, (ProcessLostError, KeyboardInterrupt, SystemExit)) or hasattr(error, "exit_code"):
            return
        before = self._watch.announce(self.rank, reason := f"{_kind(error)}{error}")
        self.is_repeating = before is not None and before["reason"] == reason
        if before is not None and not self.is_repeating:
            raise ProcessLostError(_lost(before), is_told=True) from error

    def _call(self, work: Callable[[], T]) -> T:
        if self.has_left:
            raise ProcessLostError("This process left the group of processes after an error.", is_told=True)
        try:
            return work()
        except RuntimeError as error:
            self.leave()
            raise self._reason(error) from error

    def _reason(self, error: RuntimeError) -> ProcessLostError:
        """Return why a process has gone: what it said, if it said anything."""
        until = time.monotonic() + _PATIENCE
        with suppress(RuntimeError):  # the store went with the first process
            while time.monotonic() < until:
                if self._store.check([FAILURE]):
                    return ProcessLostError(_lost(json.loads(self._store.get(FAILURE))), is_told=True)
                time.sleep(0.05)
        return ProcessLostError(
            f"Another of the {self.size} processes ended without a message: it was killed, or memory ran out. "
            f"({_first_line(error)})"
        )

    def _told(self, value: Any) -> Any:
        import torch

        text = json.dumps(value).encode() if self.rank == 0 else b""
        length = torch.tensor([len(text)])
        self._dist.broadcast(length, 0)
        room = np.zeros(int(length), np.uint8)
        if self.rank == 0:
            room[:] = np.frombuffer(text, np.uint8)
        self._dist.broadcast(torch.from_numpy(room), 0)
        return value if self.rank == 0 else json.loads(room.tobytes())

    def _everyone(self, value: Any) -> list[Any]:
        text = np.frombuffer(json.dumps(value).encode(), np.uint8)
        counts = [count for (count,) in self.numbers([len(text)])]
        whole = self.joined(text, counts).tobytes()
        ends = np.cumsum([0, *counts])
        return [json.loads(whole[end - count : end]) for end, count in zip(ends[1:], counts, strict=True)]

    def _end(self) -> None:
        self._watch.close()
        if not self.has_left:
            with suppress(RuntimeError):
                self._dist.destroy_process_group()


def _store(world: World, *, client: bool = False) -> Any:
    """Return the store in which processes find one another; the first one keeps it, unless torchrun does."""
    import torch.distributed as dist

    keeps = world.rank == 0 and not client and not has_store()
    options: dict[str, Any] = {"timeout": _MEETING, "wait_for_workers": False}
    try:
        if keeps and world.address in _LOOPBACK:  # then nobody on another machine can reach it
            with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as own:
                own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                own.bind(("127.0.0.1", world.port))
                own.listen(1024)
                listens = own.detach()
            return dist.TCPStore("127.0.0.1", world.port, None, True, master_listen_fd=listens, **options)
        return dist.TCPStore(world.address, world.port, None, keeps, **options)
    except (RuntimeError, OSError) as error:
        if keeps:
            raise ConfigurationError(
                f"Port {world.port} of {world.address} cannot be used to connect the processes: {_first_line(error)} "
                "Another program may be using it. Choose another with torchrun --master-port."
            ) from error
        raise ConfigurationError(
            f"Process 1 was not found at {world.address}, port {world.port}: {_first_line(error)} Check that it is "
            "running and that this machine can reach it."
        ) from error


def _backends(world: World) -> str:
    """Return what carries which arrays: Gloo those in memory, NCCL those on NVIDIA's GPUs."""
    import torch

    if not torch.cuda.is_available() or not torch.distributed.is_nccl_available():
        return "gloo"
    if world.local_rank < torch.cuda.device_count():
        torch.cuda.set_device(world.local_rank)
    return "cpu:gloo,cuda:nccl"


def _around_difference(one: str, other: str) -> tuple[str, str]:
    """Return the parts of two texts around the first character in which they differ."""
    at = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    start = max(0, at - _SHOWN)
    both = (f"{'…' * (start > 0)}{text[start : at + _SHOWN]}{'…' * (at + _SHOWN < len(text))}" for text in (one, other))
    return next(both), next(both)


def _lost(failure: dict[str, Any]) -> str:
    return f"Process {failure['rank'] + 1} ended: {failure['reason']}"


def _kind(error: BaseException) -> str:
    from convoscope.errors import ConvoscopeError

    return "" if isinstance(error, ConvoscopeError) else f"{type(error).__name__}: "


def _first_line(error: BaseException) -> str:
    text = (str(error).splitlines() or [type(error).__name__])[0].split(" Exception raised from")[0].strip()
    return text if text.endswith(".") else f"{text}."
