"""PyTorch's measurements: ``python -m benchmarks.programs.pytorch JOB``."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks import measurement, networks, sweep
from benchmarks.measurement import Job, Sample
from benchmarks.programs import torch_recipe
from benchmarks.programs.torch_words import build, images_as, images_for


def _epoch(model: Any, data: Any, labels: Any, batch: int, optimizer: Any, autocast: bool) -> None:
    """Train on all images once, in random order."""
    criterion = nn.CrossEntropyLoss()
    order = torch.randperm(len(data))
    for first in range(0, len(data), batch):
        rows = order[first : first + batch]
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16) if autocast else contextlib.nullcontext():
            loss = criterion(model(data[rows]), labels[rows])
        loss.backward()
        optimizer.step()


def _adam(model: Any) -> Any:
    return torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)  # Keras' epsilon


def lesson(job: Job) -> Sample:
    """Train an epoch. The job: images, warm_up, batch, threads, data (a folder of NumPy files), precision."""
    torch.set_num_threads(job["threads"])
    x, y, x_test, y_test = measurement.lesson_data(job["data"], job["images"])
    data = images_as("channels_last", x[..., None].astype(np.float32) / np.float32(255))
    labels = torch.from_numpy(y.astype(np.int64))
    model = build(networks.LESSON, "channels_last", logits=True)
    optimizer, autocast = _adam(model), job["precision"] == "bf16"
    _epoch(model, data[: job["warm_up"]], labels[: job["warm_up"]], job["batch"], optimizer, autocast)
    start = time.perf_counter()
    _epoch(model, data, labels, job["batch"], optimizer, autocast)
    seconds = time.perf_counter() - start
    peak = measurement.peak_mib()
    test = images_as("channels_last", x_test[..., None].astype(np.float32) / np.float32(255))
    with torch.inference_mode():
        guesses = torch.cat([model(part) for part in test.split(500)]).argmax(dim=1).numpy()
    return {"seconds": seconds, "peak_mib": peak, "accuracy": float((guesses == y_test).mean())}


def row(job: Job) -> Sample:
    """Predict a batch again and again, then train on a pool of batches in random order: seconds a pass and a step.

    The job: row (a label of the sweep), threads, budget (seconds for each), work (operations in the pool), layout.
    """
    torch.set_num_threads(job["threads"])
    chosen = sweep.find(job["row"])
    steps = measurement.pool_size(chosen.network, chosen.batch, job["work"])
    images, numbers = measurement.images_and_labels(chosen.network, steps * chosen.batch)
    data, labels = images_for(chosen.network, job["layout"], images), torch.from_numpy(numbers)
    forward, outputs = _predicted(chosen.network, data[: chosen.batch], job)
    if not chosen.trains:
        return {"forward": forward, "outputs": outputs}
    model = build(chosen.network, job["layout"], logits=True)
    optimizer = _adam(model)

    def once() -> None:
        _epoch(model, data, labels, chosen.batch, optimizer, autocast=False)

    step = measurement.seconds_a_call(once, job["budget"], 3)
    return {"forward": forward, "step": step / steps, "outputs": outputs}


def inference(job: Job) -> Sample:
    """Predict batches with the lesson's network. The job: batch, threads, budget, layout."""
    torch.set_num_threads(job["threads"])
    x = images_as(job["layout"], measurement.random_images(networks.LESSON.input, job["batch"])[0])
    seconds, outputs = _predicted(networks.LESSON, x, job)
    return {"seconds": seconds, "outputs": outputs}


def errors(job: Job) -> Sample:
    """Say how far results are from PyTorch's own in float64. The job: row, file (with images), threads, layout."""
    torch.set_num_threads(job["threads"])
    network, loaded = sweep.find(job["row"]).network.before_the_head(), np.load(job["file"])
    model = build(network, job["layout"], logits=True).eval()
    images = images_as(job["layout"], loaded["images"])
    gradient = torch.from_numpy(loaded["gradient"]).movedim(-1, 1)
    found, exact = _pulled(model, images, gradient), _pulled(model.double(), images.double(), gradient.double())
    first, *of_weights, last = [_error(ours, right) for ours, right in zip(found, exact, strict=True)]
    return {"forward": [first], "weights": of_weights, "images": [last]}


def _pulled(model: Any, images: Any, gradient: Any) -> list[Any]:
    """Return the outputs, and the gradients of the weights and the images."""
    images = images.detach().requires_grad_()
    outputs = model(images)
    model.zero_grad()
    outputs.backward(gradient)
    return [outputs.detach(), *(weight.grad for weight in model.parameters()), images.grad]


def _error(found: Any, exact: Any) -> tuple[float, float, int]:
    """Return the root of the mean square error and the largest, as shares of the exact values' root, and the count."""
    difference, size = found.double() - exact, exact.square().mean().sqrt()
    return float(difference.square().mean().sqrt() / size), float(difference.abs().max() / size), exact.numel()


def _predicted(network: networks.Network, x: Any, job: Job) -> tuple[float, list[float]]:
    """Return the seconds of a forward pass, and the first image's outputs."""
    model = build(network, job["layout"]).eval()
    with torch.inference_mode():
        seconds = measurement.seconds_a_call(lambda: model(x), job["budget"])
        return seconds, channels_back(model(x))[0].flatten().tolist()


def channels_back(outputs: Any) -> Any:
    """Return outputs with the channels last, as all peers tell them."""
    return outputs.movedim(1, -1)


def prediction(job: Job) -> Sample:
    """Build the lesson's network and predict one image."""
    model = build(networks.LESSON, "contiguous").eval()
    x = images_as("contiguous", measurement.random_images(networks.LESSON.input, 1)[0])
    with torch.inference_mode():
        return {"outputs": model(x)[0].tolist()}


if __name__ == "__main__":
    tasks = {task.__name__: task for task in (lesson, row, inference, prediction, errors)}
    measurement.run_jobs({**tasks, "recipe": torch_recipe.train}, ["torch"])
