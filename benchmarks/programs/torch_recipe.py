"""A recipe of Convoscope's in PyTorch's words: the same network, images, augmentation, optimizer and learning rates."""

from __future__ import annotations

import json
import math
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks import measurement, networks
from benchmarks.measurement import Job, Sample
from benchmarks.programs.torch_words import build, images_as


def train(job: Job) -> Sample:
    """Train by a recipe, and look at the test images once.

    The job: file (of the recipe), data (a folder of NumPy files), images, seed, threads, and target, only passed on.
    """
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    recipe = json.loads(Path(job["file"]).read_text(encoding="utf-8"))
    x, y, x_test, y_test = measurement.lesson_data(job["data"], job["images"])
    start = time.perf_counter()
    data, labels = _floats(x), torch.from_numpy(y.astype(np.int64))
    model = build(networks.NORMALIZED, "channels_last", logits=True).train()
    _fit(model, data, labels, recipe)
    training = time.perf_counter() - start
    model.eval()
    with torch.inference_mode():
        guesses = torch.cat([model(part) for part in _floats(x_test).split(500)]).argmax(dim=1).numpy()
    return {
        "training": training,
        "peak_mib": measurement.peak_mib(),
        "accuracy": float((guesses == y_test).mean()),
        "epochs": recipe["epochs"],
        "target": job.get("target"),
    }


def _floats(x: Any) -> Any:
    return images_as("channels_last", x[..., None].astype(np.float32) / np.float32(255))


def _fit(model: Any, data: Any, labels: Any, recipe: dict[str, Any]) -> None:
    batch = recipe["batch_size"]
    steps = max(1, round(math.ceil(len(data) / batch) * recipe["epochs"]))
    optimizer = torch.optim.AdamW(
        model.parameters(), recipe["learning_rate"], eps=1e-7, weight_decay=recipe["weight_decay"]
    )
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe["learning_rate"], steps, pct_start=recipe["warmup_share"], cycle_momentum=False
    )
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe["label_smoothing"])
    vary = _Variation(recipe["augmentation"])
    order: list[Any] = []
    for _ in range(steps):
        order = order or list(torch.randperm(len(data)).split(batch))
        rows = order.pop(0)
        optimizer.zero_grad()
        criterion(model(vary(data[rows])), labels[rows]).backward()
        optimizer.step()
        rates.step()


class _Variation:
    """Flips and shifts, each image on its own, by whole pixels, as the recipes' nearest ones are."""

    def __init__(self, line: str) -> None:
        shift = re.search(r"shift ([\d.]+)", line)
        self.flips = "flip horizontal" in line
        self.share = float(shift[1]) if shift else 0.0

    def __call__(self, x: Any) -> Any:
        if self.flips:
            x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)
        if not self.share:
            return x
        side = x.shape[2]
        most = round(self.share * side)
        padded = nn.functional.pad(x, (most,) * 4, mode="reflect")
        moved = [((2 * torch.rand(len(x)) - 1) * self.share * side).round().long() + most for _ in range(2)]
        rows, columns = (each[:, None] + torch.arange(side) for each in moved)
        shifted = padded[torch.arange(len(x))[:, None, None], :, rows[:, :, None], columns[:, None, :]]
        return shifted.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
