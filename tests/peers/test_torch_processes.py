"""Training in many processes on one machine: the same as in one, and what happens when one of them dies."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.peers import many_processes

import convoscope as cs
from convoscope.engine import threads
from convoscope.processes.launching import launch
from convoscope.runs import RunFolder

ROOT = Path(__file__).parents[2]
PLACES = (2, 4)
LINE = "conv 4 3 relu, maxpool, batchnorm, flatten, dropout 0.3, dense 10 softmax"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
LONGEST = 240  # seconds until a command counts as stuck


def torchrun(count: int, *command: Any, restarts: int = 0, wait: bool = True, where: Path = ROOT) -> Any:
    """Run a command in so many processes, which find one another on a free port."""
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", count]
    words += ["--max-restarts", restarts, *command]
    return _command(words, wait, where)


def train(*options: Any, where: Path, wait: bool = True) -> Any:
    """Run ``convoscope train``."""
    return _command([sys.executable, "-m", "convoscope", "train", *options, "--quiet"], wait, where)


def _command(words: list[Any], wait: bool, where: Path) -> Any:
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    process = subprocess.Popen(
        [str(word) for word in words],
        cwd=where,
        env={**environment, **ONE_THREAD},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if not wait:
        return process
    said, _ = process.communicate(timeout=LONGEST)
    return process.returncode, said


# ---- the same numbers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 29 images of two classes, and with what one process and many have trained."""
    folder = tmp_path_factory.mktemp("many")
    generator = np.random.default_rng(2)
    for name, count in (("a", 14), ("b", 15)):
        (folder / "images" / name).mkdir(parents=True)
        for number in range(count):
            pixels = generator.integers(0, 255, (9, 10), np.uint8)
            Image.fromarray(pixels).save(folder / "images" / name / f"{number}.png")
    np.random.seed(0)  # noqa: NPY002 - the order of a folder follows from it in one process
    running = {count: torchrun(count, many_processes.__file__, folder, wait=False) for count in PLACES}
    for count, process in running.items():
        said, _ = process.communicate(timeout=LONGEST)
        assert process.returncode == 0, (count, said)
    return folder


@pytest.fixture(scope="module")
def alone(folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What one process makes of the same."""
    before = threads.get_threads()
    threads.set_threads(1)
    cs.use_engine("torch", device="cpu")
    cs.utils.set_random_seed(4)
    try:
        yield many_processes.everything(folder)
    finally:
        cs.use_engine("auto")
        threads.set_threads(before)


def results(folder: Path, count: int) -> Any:
    return json.loads((folder / f"results-{count}.json").read_text())


@pytest.mark.parametrize("count", PLACES)
def test_weights_are_those_of_one_process(count: int, folder: Path, alone: Any) -> None:
    """55 steps: batch normalization, dropout, augmentation, weighted losses, bounded gradients; 203 samples by 20."""
    weights, _ = alone
    found = np.load(folder / f"weights-{count}.npz")
    compared = [name for name in weights if not name.startswith("folder")]
    assert set(weights) == set(found)
    assert len(compared) > 20
    for name in compared:
        np.testing.assert_allclose(found[name], weights[name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("count", PLACES)
def test_figures_are_those_of_one_process_to_the_image(count: int, folder: Path, alone: Any) -> None:
    _, measured = alone
    found = results(folder, count)
    for name in ("plain", "accumulating", "stopped", "generator"):
        assert found[name].keys() == measured[name].keys()
        for figure, values in measured[name].items():
            if "accuracy" in figure:
                assert found[name][figure] == values, (name, figure)
            np.testing.assert_allclose(found[name][figure], values, rtol=1e-5, atol=1e-6, err_msg=f"{name} {figure}")
    assert found["plain"]["test"][1] == measured["plain"]["test"][1]


def test_a_folder_of_images_is_read_in_parts(folder: Path) -> None:
    """29 images twice, by 8: in batches of 8, 8, 8 and 5."""
    for count, shares in ((2, [2 * (4 + 4 + 4 + 3), 2 * (4 + 4 + 4 + 2)]), (4, [2 * (6 + 2), *[2 * (6 + 1)] * 3])):
        read = [json.loads((folder / f"own-{count}-{rank}.json").read_text())["decoded"] for rank in range(count)]
        assert read == shares
        assert sum(read) == 2 * 29
    two, four = (np.load(folder / f"weights-{count}.npz") for count in PLACES)
    for name in (name for name in two.files if name.startswith("folder")):
        np.testing.assert_allclose(two[name], four[name], rtol=1e-5, atol=1e-5)
    assert results(folder, 2)["folder"]["test"][1] == results(folder, 4)["folder"]["test"][1]


def test_callbacks_of_the_first_process_decide_for_all(folder: Path, alone: Any) -> None:
    _, measured = alone
    for count in PLACES:
        stopped = results(folder, count)["stopped"]
        assert len(stopped["loss"]) == len(measured["stopped"]["loss"]) == 3
        assert stopped["mine"] == [0.0, 1.0, 2.0]
    sums = [json.loads((folder / f"own-4-{rank}.json").read_text())["weights"] for rank in range(4)]
    assert sums[0] == sums[1] == sums[2] == sums[3]


def test_statistics_of_each_process_are_others(folder: Path, alone: Any) -> None:
    _, measured = alone
    found = results(folder, 4)["each"]
    assert found["mean"] == pytest.approx(measured["each"]["mean"], rel=0.1)
    assert found["kernel"] != pytest.approx(measured["each"]["kernel"], rel=1e-6)
    assert found["kernel"] == pytest.approx(measured["each"]["kernel"], rel=0.1)


def test_other_batches_in_each_process_are_refused_in_all(folder: Path) -> None:
    for rank in range(2):
        said = json.loads((folder / f"own-2-{rank}.json").read_text())["refused"]
        assert said.startswith("All processes must get the same batches")
        assert "process 2 has different samples" in said


def test_another_model_in_a_process_is_refused_in_all(folder: Path) -> None:
    for rank in range(4):
        said = json.loads((folder / f"own-4-{rank}.json").read_text())["refused"]
        assert said.startswith("All processes must have the same model and settings, but process 1 has")


# ---- the command, and processes that die


@contextmanager
def started(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=LONGEST)


def until(condition: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    """Wait for something that must come while a process runs."""
    end = time.monotonic() + LONGEST
    while not (found := condition()):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def ranks(of: str) -> dict[int, int]:
    """Return the process of each rank of a command that has some words among its arguments."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode().split("\0")
            told = (place / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if of in words and "-m" in words and "torch.distributed.run" not in words:
            found |= {int(each[5:]): int(place.name) for each in told if each.startswith("RANK=")}
    return found


def _works_in(folder: Path, number: int) -> bool:
    return Path(f"/proc/{number}/cwd").resolve() == folder.resolve()


def epochs(folder: Path) -> list[dict[str, Any]]:
    return RunFolder(folder).read_history_up_to(10**6) if (folder / "history.jsonl").exists() else []


def assert_same_run(run: Path, other: Path) -> None:
    """Compare the figures of all epochs, to the image, and the weights after the last one."""
    for mine, theirs in zip(epochs(run), epochs(other), strict=True):
        assert (mine["accuracy"], mine["val_accuracy"]) == (theirs["accuracy"], theirs["val_accuracy"])
    weights = [cs.load_model(each / "checkpoint.safetensors").get_weights() for each in (run, other)]
    for own, wanted in zip(*weights, strict=True):
        np.testing.assert_allclose(own, wanted, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs in one process."""
    where = tmp_path_factory.mktemp("runs")
    options = ("--layers", LINE, "--epochs", 4, "--seed", 5, "--optimizer", "sgd", "--val", 0.1)
    status, said = train("digits", *options, "--out", "whole", "--processes", 1, where=where)
    assert status == 0, said
    return where / "whole"


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc")
def test_a_killed_process_ends_all_and_the_run_goes_on_with_another_number(uninterrupted: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    options = ("--layers", LINE, "--epochs", 1000, "--seed", 5, "--optimizer", "sgd", "--val", 0.1)
    with started(train("digits", *options, "--out", out, "--processes", 2, where=tmp_path, wait=False)) as process:
        until(lambda: epochs(out), process)
        of_ranks = until(lambda: ranks(str(out)), process)
        os.kill(of_ranks[1], signal.SIGKILL)
        begun = time.monotonic()
        said, _ = process.communicate(timeout=LONGEST)
    assert time.monotonic() - begun < 30
    assert process.returncode == 128 + signal.SIGKILL
    assert said.count("Error:") == 1
    assert "Process 2 of 2 was killed by SIGKILL" in said
    last = max(4, len(epochs(out)) + 1)
    whole = tmp_path / "whole"
    shutil.copytree(uninterrupted, whole)
    for run, count in ((out, 3), (whole, 1)):
        status, said = train("--resume", run, "--epochs", last, "--processes", count, where=tmp_path)
        assert status == 0, said
    assert_same_run(out, whole)
    assert [epoch["epoch"] for epoch in epochs(out)] == list(range(1, last + 1))
    tested, wanted = (json.loads((run / "report.json").read_text()) for run in (out, whole))
    assert tested["classes"] == wanted["classes"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc")
def test_torchrun_starts_again_and_the_run_goes_on(uninterrupted: Path, tmp_path: Path) -> None:
    options = ("--layers", LINE, "--epochs", 4, "--seed", 5, "--optimizer", "sgd", "--val", 0.1, "--quiet")
    running = torchrun(2, "-m", "convoscope", "train", "digits", *options, restarts=1, wait=False, where=tmp_path)
    with started(running) as process:
        until(lambda: list((tmp_path / "runs").glob("*/history.jsonl")), process)
        of_ranks = {number: rank for rank, number in ranks("digits").items() if _works_in(tmp_path, number)}
        os.kill(next(iter(of_ranks)), signal.SIGKILL)
        said, _ = process.communicate(timeout=LONGEST)
    assert process.returncode == 0, said
    (run,) = (tmp_path / "runs").iterdir()
    assert [epoch["epoch"] for epoch in epochs(run)] == [1, 2, 3, 4]
    assert_same_run(run, uninterrupted)


FAILING = """
import os, numpy as np, convoscope as cs
from convoscope import layers
x = np.zeros((64, 4), np.float32)

def batches():
    for number in range(1000):
        if number == 20 and os.environ["RANK"] == "1":
            raise OSError("the disk of this machine is gone")
        yield x, x[:, 0]

model = cs.Sequential([layers.Dense(1, input_shape=(4,))], seed=1)
model.compile("sgd", "mse")
model.fit(batches(), verbose=0)
"""


def test_an_error_in_one_process_is_that_of_all(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "failing.py"
    script.write_text(FAILING)
    begun = time.monotonic()
    assert launch([sys.executable, str(script)], 3) == (1, "")
    assert time.monotonic() - begun < LONGEST
    said = capfd.readouterr().err  # of the first process
    assert "ProcessLostError: Process 2 ended: fit, batch" in said
    assert "the disk of this machine is gone" in said


def test_what_cannot_train_together_is_refused_at_once(tmp_path: Path) -> None:
    status, said = train("digits", "--processes", 2, "--engine", "native", where=tmp_path)
    assert status == 1
    assert "--engine native asks for another engine" in said
    assert not (tmp_path / "runs").exists()


def test_a_port_in_use_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    from convoscope import processes
    from convoscope.errors import ConfigurationError
    from convoscope.processes.team import Team

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        world = processes.World(0, 2, 0, 2, "127.0.0.1", port)
        with pytest.raises(ConfigurationError, match=f"Port {port} of 127.0.0.1 cannot be used"):
            Team(world)
