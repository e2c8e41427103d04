"""What every measuring program does: take jobs, run them, print one line of JSON for each."""

from __future__ import annotations

import json
import math
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.networks import Network, operations

Job = dict[str, Any]
Sample = dict[str, Any]
Task = Callable[[Job], Sample]


def run_jobs(tasks: dict[str, Task], versions: Iterable[str]) -> None:
    """Run the job in the first argument, or those that come, a line each, on standard input; print each result.

    Parameters
    ----------
    tasks : dict
        What this program can do, by name; the job's ``task`` chooses.
    versions : iterable of str
        The distributions whose versions belong to the result.
    """
    from importlib.metadata import version

    for line in sys.argv[1:] or sys.stdin:
        job, begin = json.loads(line), time.process_time()
        sample = tasks[job["task"]](job)
        sample.setdefault("peak_mib", peak_mib())
        sample.setdefault("versions", {name: version(name) for name in versions})
        sample["processor_seconds"] = time.process_time() - begin
        print(json.dumps(sample), flush=True)


def peak_mib() -> float:
    """Return the most memory that this process has had resident so far, in MiB."""
    try:
        # getrusage's figure includes the starting process's between fork and exec; this one does not.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024**2


def seconds_a_call(call: Callable[[], Any], budget: float, least: int = 5) -> float:
    """Return the median time of a call, from as many as fit into the budget (seconds), after a fifth to warm up."""
    _repeat(call, budget / 5, 1)
    return statistics.median(_repeat(call, budget, least))


def _repeat(call: Callable[[], Any], budget: float, least: int) -> list[float]:
    times: list[float] = []
    end = time.perf_counter() + budget
    while len(times) < least or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def pool_size(network: Network, batch: int, work: float) -> int:
    """Return how many batches to train on in turn: so many that they come to `work` operations, and at most 64 MB.

    One call of `fit` has costs that an epoch of real size does not notice; 4 to 64 steps to a call keep them small.
    """
    steps = min(work / (operations(network)[1] * batch), 16_000_000 / (math.prod(network.input) * batch))
    return max(4, min(64, int(steps)))


def random_images(shape: tuple[int, ...], count: int) -> tuple[Any, Any]:
    """Return float32 images with values 0 to 1 and labels 0 to 9, the same in every environment."""
    import numpy as np

    draw = np.random.default_rng(11)
    return draw.random((count, *shape), dtype=np.float32), draw.integers(0, 10, count)


def images_and_labels(network: Network, count: int) -> tuple[Any, Any]:
    """Return images for a network, and labels: one an image, or one a pixel where the network says so much."""
    import numpy as np

    images, labels = random_images(network.input, count)
    *places, classes = network.shapes()[-1]
    return images, np.random.default_rng(13).integers(0, classes, (count, *places)) if places else labels


def lesson_data(folder: str, images: int) -> tuple[Any, Any, Any, Any]:
    """Return training images (uint8, N×28×28) and labels, and the test images and labels, from prepared files."""
    import numpy as np

    x, y, x_test, y_test = (np.load(f"{folder}/{name}.npy") for name in ("x_train", "y_train", "x_test", "y_test"))
    return x[:images], y[:images], x_test, y_test
