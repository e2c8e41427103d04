"""Pipelines that TensorFlow's Dataset and ours run alike; NumPy is all that they compute with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

X = np.arange(14, dtype=np.float32).reshape(7, 2)
Y = np.arange(7, dtype=np.int64) % 3


def counted() -> Iterator[Any]:
    """Give three numbers and their squares."""
    for number in range(3):
        yield number, [number**2, 1]


#: What each makes of the class `Dataset`, and of a module with its constants.
PIPELINES: dict[str, Callable[[Any], Any]] = {
    "range": lambda ds: ds.range(5),
    "range from to by": lambda ds: ds.range(10, 2, -3),
    "slices": lambda ds: ds.from_tensor_slices(X),
    "slices of a list": lambda ds: ds.from_tensor_slices([1.5, 2.5]),
    "slices of whole numbers": lambda ds: ds.from_tensor_slices([[1, 2], [3, 4]]),
    "slices of a pair": lambda ds: ds.from_tensor_slices((X, Y)),
    "slices of a dict": lambda ds: ds.from_tensor_slices({"image": X, "label": Y}),
    "slices of a pair with a dict": lambda ds: ds.from_tensor_slices(({"a": X, "b": Y}, Y)),
    "one element": lambda ds: ds.from_tensors((X, Y)),
    "batches": lambda ds: ds.from_tensor_slices((X, Y)).batch(3),
    "whole batches": lambda ds: ds.from_tensor_slices((X, Y)).batch(3, drop_remainder=True),
    "batches of batches": lambda ds: ds.range(12).batch(3).batch(2),
    "unbatched": lambda ds: ds.from_tensor_slices((X, Y)).batch(3).unbatch(),
    "mapped": lambda ds: ds.range(5).map(lambda n: n * n),
    "mapped in threads": lambda ds: ds.range(9).map(lambda n: n * 2 + 1, num_parallel_calls=4),
    "mapped to a pair": lambda ds: ds.range(4).map(lambda n: (n, n + 1)),
    "mapped from a pair": lambda ds: ds.from_tensor_slices((X, Y)).map(lambda x, y: (x / 2, y)),
    "mapped from a dict": lambda ds: ds.from_tensor_slices({"x": X, "y": Y}).map(lambda each: (each["x"], each["y"])),
    "mapped after batch": lambda ds: ds.from_tensor_slices(X).batch(4).map(lambda x: x + 1),
    "filtered": lambda ds: ds.range(10).filter(lambda n: n % 3 == 1),
    "filtered pairs": lambda ds: ds.from_tensor_slices((X, Y)).filter(lambda x, y: y > 0),
    "numbered": lambda ds: ds.from_tensor_slices(Y).enumerate(start=5),
    "taken": lambda ds: ds.range(10).take(3),
    "all taken": lambda ds: ds.range(3).take(-1),
    "more taken than there are": lambda ds: ds.range(3).take(8),
    "skipped": lambda ds: ds.range(10).skip(7),
    "all skipped": lambda ds: ds.range(10).skip(-1),
    "repeated": lambda ds: ds.range(3).repeat(2),
    "repeated never": lambda ds: ds.range(3).repeat(0),
    "repeated without end": lambda ds: ds.range(3).repeat().take(7),
    "repeated, then batched": lambda ds: ds.range(5).repeat(2).batch(3),
    "batched, then repeated": lambda ds: ds.range(5).batch(3).repeat(2),
    "concatenated": lambda ds: ds.range(3).concatenate(ds.range(10, 12)),
    "zipped": lambda ds: ds.zip((ds.range(5), ds.range(10, 13))),
    "zipped side by side": lambda ds: ds.zip(ds.range(2), ds.range(2)),
    "zipped deeply": lambda ds: ds.zip(((ds.range(3), ds.range(3, 6)), {"c": ds.range(9)})),
    "sharded": lambda ds: ds.range(10).shard(3, 1),
    "interleaved": lambda ds: ds.range(1, 6).interleave(
        lambda n: ds.from_tensors(n).repeat(6), cycle_length=2, block_length=4
    ),
    "interleaved one by one": lambda ds: ds.range(4).interleave(lambda n: ds.range(n), cycle_length=3),
    "flat": lambda ds: ds.range(4).flat_map(lambda n: ds.range(n)),
    "cached": lambda ds: ds.range(4).map(lambda n: n + 1).cache().repeat(2),
    "prefetched": lambda ds: ds.range(7).batch(2).prefetch(3),
    "shuffled one by one": lambda ds: ds.range(6).shuffle(1),
    "generated": lambda ds: ds.from_generator(counted, output_types=(np.int32, np.float32)),
    "generated with shapes": lambda ds: ds.from_generator(
        counted, output_types=(np.int64, np.float32), output_shapes=((), (2,))
    ).batch(2),
    "applied": lambda ds: ds.range(4).apply(lambda dataset: dataset.batch(3)),
    "as in lessons": lambda ds: (
        ds.from_tensor_slices((X, Y))
        .map(lambda x, y: (x / 255.0, y), num_parallel_calls=-1)
        .cache()
        .batch(4)
        .prefetch(-1)
    ),
}


def plain(element: Any) -> Any:
    """Return an element as JSON has it: each array with its type."""
    if isinstance(element, dict):
        return {key: plain(value) for key, value in element.items()}
    if isinstance(element, tuple):
        return [plain(value) for value in element]
    return [str(element.dtype), np.asarray(element).tolist()]


def described(spec: Any) -> Any:
    """Return the spec of an element as JSON has it."""
    if isinstance(spec, dict):
        return {key: described(value) for key, value in spec.items()}
    if isinstance(spec, tuple):
        return [described(value) for value in spec]
    shape = None if spec.shape is None or getattr(spec.shape, "rank", 0) is None else list(spec.shape)
    return [shape, np.dtype(getattr(spec.dtype, "as_numpy_dtype", spec.dtype)).name]
