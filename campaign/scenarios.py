"""What is killed, or runs out of room: training, comparisons, saving, exporting, downloading."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import ClassVar

import numpy as np
import PIL.Image

import convoscope as cs
from campaign import loopback, whole
from campaign.commands import end_with
from campaign.processes import Ended, Process
from campaign.trouble import Trouble
from convoscope.datasets.description import FileInfo
from convoscope.datasets.download import Patience, download
from convoscope.errors import ConvoscopeError, StorageError

_LAYERS = "flatten, dense 10 softmax"
_TIMES_SAVED = 20


class Scenario:
    """One thing that is killed."""

    name: ClassVar[str]
    full: ClassVar[int]  # trials
    short: ClassVar[int]

    def __init__(self, root: Path) -> None:
        self.root = root

    def trial(self, folder: Path, trouble: Trouble) -> Iterator[str]:
        """Kill it in an empty folder, let it go on, and name what is wrong."""
        raise NotImplementedError

    def end(self) -> None:
        """Let go of what was made."""


class Train(Scenario):
    """Training with snapshots; what was killed goes on with ``--resume``."""

    name, full, short = "train", 60, 6
    interruptions = 1

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.data = self._data()
        self.undisturbed = root / "undisturbed"
        ended = _convoscope(root, *self._words(self.undisturbed))
        assert not ended.status, ended.said
        self.takes = ended.seconds

    def trial(self, folder: Path, trouble: Trouble) -> Iterator[str]:
        run = folder / "run"
        yield from trouble.befall(partial(end_with, *self._words(run)), folder, self.takes)
        yield from self._looked(run)
        for _ in range(self.interruptions - 1):
            if (run / "config.json").exists():
                yield from trouble.befall(partial(end_with, "train", "--resume", str(run)), folder, self.takes)
                yield from self._looked(run)
        yield from self._to_the_end(folder, run)

    def _to_the_end(self, folder: Path, run: Path) -> Iterator[str]:
        begun, finished = (run / "config.json").exists(), (run / "report.json").exists()
        before = _identity(run / "checkpoint.safetensors")
        words = ("train", "--resume", str(run)) if begun else self._words(run)
        ended = _convoscope(folder, *words)
        if ended.status and not finished:
            yield f"{' '.join(words[:2])} ended with {ended.status}: {ended.said[-400:]}"
            return
        if finished and _identity(run / "checkpoint.safetensors") != before:
            yield "a finished run was trained again"
        yield from whole.broken(run)
        yield from whole.leftovers(run)
        yield from whole.differences(run, self.undisturbed)

    def _looked(self, run: Path) -> Iterator[str]:
        if run.exists():
            yield from whole.broken(run)
            yield from whole.no_prefix(run, self.undisturbed)

    def _data(self) -> tuple[str, ...]:
        return ("digits", "--layers", _LAYERS)

    def _words(self, run: Path) -> tuple[str, ...]:
        settings = ("--epochs", "12", "--threads", "1", "--seed", "3", "--snapshots", "--quiet")
        return ("train", *self.data, *settings, "--out", str(run))


class Own(Train):
    """The same with your own images: they are decoded into a cache first, and some are used for validation."""

    name, full, short = "train-folder", 40, 3

    def _data(self) -> tuple[str, ...]:
        rng = np.random.default_rng(1)
        photos = self.root / "photos"
        for label in "abc":
            (photos / label).mkdir(parents=True)
            for number in range(12):
                pixels = rng.integers(0, 256, (6, 7, 3), np.uint8)
                PIL.Image.fromarray(pixels).save(photos / label / f"{number}.png")
        layers = "conv 2 3 relu, flatten, dense 3 softmax"
        return (str(photos), "--layers", layers, "--val", "0.25", "--data-dir", "cache")

    def trial(self, folder: Path, trouble: Trouble) -> Iterator[str]:
        """Kill it; every other time the cache is there already, so that the signal falls into training."""
        if trouble.rng.random() < 0.5:
            shutil.copytree(self.root / "cache", folder / "cache")
        return super().trial(folder, trouble)


class Resume(Train):
    """Training that is killed again and again."""

    name, full, short = "train-resume", 30, 2
    interruptions = 4


class Compare(Scenario):
    """A grid of three networks in two processes."""

    name, full, short = "compare", 10, 1
    interruptions = 1
    again: tuple[str, ...] = ()  # what to say beside --resume

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.undisturbed = root / "undisturbed"
        ended = _convoscope(root, *self._words(self.undisturbed))
        assert not ended.status, ended.said
        self.takes = ended.seconds

    def trial(self, folder: Path, trouble: Trouble) -> Iterator[str]:
        path = folder / "experiment"
        start = self._words(path)
        for _ in range(self.interruptions):
            yield from trouble.befall(partial(end_with, *start), folder, self.takes, alone=0.5)
            yield from whole.broken(path)
            if (path / "experiment.json").exists():
                start = ("compare", "--resume", str(path), "--jobs", "2", *self.again)
        finished = {report: _identity(report) for report in path.glob("runs/*/report.json")}
        ended = _convoscope(folder, *start)
        if ended.status:
            yield f"{' '.join(start[:2])} ended with {ended.status}: {ended.said[-400:]}"
            return
        if finished != {report: _identity(report) for report in finished}:
            yield "a finished run was trained again"
        yield from whole.broken(path)
        yield from whole.leftovers(path)
        yield from self._compared(path)

    def _compared(self, path: Path) -> Iterator[str]:
        own, wanted = _names(path / "runs"), _names(self.undisturbed / "runs")
        if own != wanted:
            yield f"the runs are {own}, but should be {wanted}"
            return
        for name in wanted:
            problems = whole.differences(path / "runs" / name, self.undisturbed / "runs" / name)
            yield from (f"{name}: {problem}" for problem in problems)

    def _words(self, path: Path) -> tuple[str, ...]:
        what = ("--vary", "lr=0.001,0.002,0.003", "--set", f"layers={_LAYERS}", "--set", "epochs=3")
        return ("compare", "digits", *what, "--threads", "1", "--jobs", "2", "--quiet", "--out", str(path))


class CompareAgain(Compare):
    """A comparison that is killed again and again."""

    name, full, short = "compare-resume", 6, 0
    interruptions = 3


class Search(Compare):
    """A search: what it tries depends on time, so that only what is whole can be asked for."""

    name, full, short = "search", 4, 0
    again = ("--minutes", "0.05")

    def _compared(self, path: Path) -> Iterator[str]:
        # A trial that was behind the others, or running when the time was up, is left where it was.
        if not any(path.glob("runs/*/report.json")):
            yield "no trial was finished"

    def _words(self, path: Path) -> tuple[str, ...]:
        what = ("--search", "--vary", "lr=0.001..0.01", "--set", f"layers={_LAYERS}", "--set", "epochs=2")
        own = ("--minutes", "0.05", "--threads", "1", "--jobs", "2", "--quiet", "--out", str(path))
        return ("compare", "digits", *what, *own)


class Save(Scenario):
    """``model.save`` over a file, again and again: it is one model or the other."""

    name, full, short = "save", 60, 6

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        shape = cs.layers.Flatten(input_shape=(16, 16, 1))
        self.models = [cs.Sequential([shape, cs.layers.Dense(400)], seed=seed) for seed in (1, 2)]
        self.contents = []
        for index, model in enumerate(self.models):
            model.save(root / f"{index}.safetensors")
            self.contents.append((root / f"{index}.safetensors").read_bytes())

    def trial(self, folder: Path, trouble: Trouble) -> Iterator[str]:
        path = folder / "model.safetensors"
        path.write_bytes(self.contents[0])

        def saving() -> None:
            for model in _TIMES_SAVED * self.models:
                try:
                    model.save(path)
                except StorageError as error:
                    sys.exit(str(error))

        yield from trouble.befall(saving, folder, 0.2)
        if path.read_bytes() not in self.contents:
            yield "the file is neither the old nor the new one"
        self.models[0].save(path)
        yield from whole.leftovers(folder)


class Export(Train):
    """A page that is written over an older one."""

    name, full, short = "export", 20, 2

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        ended = _convoscope(root, *self._export(root / "page.html"))
        assert not ended.status, ended.said
        self.page = (root / "page.html").read_bytes()
        self.takes = ended.seconds

    def trial(self, folder: Path, trouble: Trouble) -> Iterator[str]:
        target, old = folder / "page.html", b"<html>old</html>"
        target.write_bytes(old)
        yield from trouble.befall(partial(end_with, *self._export(target)), folder, self.takes)
        if target.read_bytes() not in (old, self.page):
            yield "the page is neither the old nor the new one"
        ended = _convoscope(folder, *self._export(target))
        if ended.status or target.read_bytes() != self.page:
            yield f"the next try does not write it: {ended.said[-400:]}"
        yield from whole.leftovers(folder)

    def _export(self, target: Path) -> tuple[str, ...]:
        return ("export", str(self.undisturbed), "--html", str(target))


class Predict(Train):
    """Rows of predictions, which are gone on with after the last whole one."""

    name, full, short = "predict", 30, 4
    interruptions = 3

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.photos = root / "photos"
        self.photos.mkdir()
        rng = np.random.default_rng(2)
        for number in range(300):
            PIL.Image.fromarray(rng.integers(0, 256, (80, 70), np.uint8)).save(self.photos / f"{number}.png")
        (self.photos / "100.png").write_bytes(b"no image")
        self.whole, self.takes = {}, 0.0
        for name in ("rows.csv", "rows.jsonl"):
            ended = _convoscope(root, *self._predict(name))
            assert ended.status == 1, ended.said  # one of them is no image
            self.whole[name], self.takes = (root / name).read_bytes(), ended.seconds

    def trial(self, folder: Path, trouble: Trouble) -> Iterator[str]:
        """Kill it a few times, and let it come to its end."""
        name = trouble.rng.choice(sorted(self.whole))
        for _ in range(self.interruptions):
            yield from trouble.befall(partial(end_with, *self._predict(name)), folder, self.takes)
            there = (folder / name).read_bytes() if (folder / name).exists() else b""
            if not self.whole[name].startswith(there):
                yield "the rows are not the first ones of all"
        ended = _convoscope(folder, *self._predict(name))
        if ended.status != 1 or (folder / name).read_bytes() != self.whole[name]:
            yield f"the rows are not those of an undisturbed run: {ended.said[-400:]}"

    def _predict(self, name: str) -> tuple[str, ...]:
        return ("predict", str(self.undisturbed), str(self.photos), "--output", name)


class Download(Scenario):
    """Downloads into a cache from a slow server on this machine."""

    name, full, short = "download", 30, 4
    takes = 0.3

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.content = Random(5).randbytes(300_000)
        self.server = loopback.Files({"values.gz": self.content}, pause=self.takes / 20, piece=15_000)
        self.file = FileInfo("values.gz", len(self.content), hashlib.sha256(self.content).hexdigest())

    def trial(self, folder: Path, trouble: Trouble) -> Iterator[str]:
        def fetching() -> None:
            try:
                download(folder, [self.file], [self.server.address], patience=Patience(5.0, 1, 0.0))
            except ConvoscopeError as error:
                sys.exit(str(error))

        for _ in range(2):
            yield from trouble.befall(fetching, folder, self.takes)
            if self._arrived(folder) not in (b"", self.content):
                yield "the file has its name, but not its content"
        ended = Process(fetching, folder).wait()
        if ended.status or self._arrived(folder) != self.content:
            yield f"the next try does not fetch it: {ended.said[-400:]}"
        names = sorted(path.name for path in folder.iterdir())
        if names != [self.file.name]:
            yield f"there is more in the folder than the file: {names}"

    def end(self) -> None:
        self.server.close()

    def _arrived(self, folder: Path) -> bytes:
        path = folder / self.file.name
        return path.read_bytes() if path.exists() else b""


ALL: tuple[type[Scenario], ...] = (
    *(Train, Own, Resume, Compare, CompareAgain, Search),
    *(Save, Export, Predict, Download),
)


def _convoscope(folder: Path, *words: str) -> Ended:
    """Run ``convoscope WORDS`` in a folder to its end."""
    return Process(partial(end_with, *words), folder).wait()


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is written again."""
    if not path.exists():
        return None
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
