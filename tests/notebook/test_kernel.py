"""Training in a notebook's kernel, and commands that it starts. IPython's display is one here that takes notes."""

from __future__ import annotations

import io
import os
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.layers import Dense
from convoscope.notebook import beneath_kernel, in_notebook
from convoscope.training.callbacks import Callback, ProgressPrinter, printing
from convoscope.training.progress import Progress

# As `ipykernel.zmqshell.ZMQInteractiveShell.init_environment` sets it for what a notebook starts.
KERNEL = {
    "TERM": "xterm-color",
    "CLICOLOR": "1",
    "FORCE_COLOR": "1",
    "CLICOLOR_FORCE": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
}


class Cell:
    """The outputs of a cell, as IPython's `display` fills them."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, str]] = []
        self.updates = 0

    def display(self, content: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        assert raw
        assert display_id
        number = len(self.outputs)
        self.outputs.append(content)

        def update(content: dict[str, str], *, raw: bool) -> None:
            assert raw
            self.outputs[number] = content
            self.updates += 1

        return types.SimpleNamespace(update=update)


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    """The cell that code runs in from now on."""
    made = Cell()
    shell = types.SimpleNamespace(kernel=object())
    core: Any = types.ModuleType("IPython")
    core.get_ipython = lambda: shell
    core.display = types.ModuleType("IPython.display")
    core.display.display = made.display
    monkeypatch.setitem(sys.modules, "IPython", core)
    monkeypatch.setitem(sys.modules, "IPython.display", core.display)
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that only goes on when it is told to."""
    now = [100.0]
    monkeypatch.setattr(printing.time, "monotonic", lambda: now[0])

    def go_on(seconds: float) -> None:
        now[0] += seconds

    return go_on


def epoch(done: int, number: int = 1) -> Progress:
    return Progress("train", done, 1000, 1.0, number, 2, {"loss": 0.5}, done // 10, 100)


def test_a_notebook_is_known_by_its_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    for shell, known in (
        (types.SimpleNamespace(kernel=1), True),
        (types.SimpleNamespace(), False),
        (None, False),
    ):
        monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda shell=shell: shell))
        assert in_notebook() is known
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()


def test_the_bar_is_one_output_that_changes_at_most_five_times_a_second(
    cell: Cell, clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    printer = ProgressPrinter()
    printer.on_train_begin()
    for number in (1, 2):
        for done in range(0, 1000, 10):
            printer.on_progress(epoch(done, number))
            clock(0.02)
        printer.finish(epoch(1000, number))
    assert len(cell.outputs) == 1
    assert cell.outputs[0]["text/plain"].startswith("Epoch 2/2 92/100 ━")
    assert 15 <= cell.updates <= 20  # 4 seconds
    printer.clear()
    assert cell.outputs == [{"text/plain": "2 epochs - 4.0s"}]
    line = f"100/100 {'━' * 20} 1s 10ms/step - loss: 0.5000"
    assert capsys.readouterr().out == f"Epoch 1/2\n{line}\nEpoch 2/2\n{line}\n"


def test_a_training_that_is_stopped_says_where(cell: Cell, clock: Callable[[float], None]) -> None:
    printer = ProgressPrinter()
    printer.on_train_begin()
    clock(1.5)
    printer.on_progress(epoch(500))
    printer.clear()
    printer.clear()
    assert cell.outputs == [{"text/plain": "Stopped in epoch 1/2 - 1.5s"}]


def test_what_is_over_at_once_needs_no_bar(cell: Cell, clock: Callable[[float], None]) -> None:
    printer = ProgressPrinter()
    printer.on_train_begin()
    clock(0.1)
    printer.on_progress(epoch(500))
    printer.finish(epoch(1000))
    printer.clear()
    assert cell.outputs == []


def test_fit_evaluate_and_predict_show_a_bar_and_print_no_control_codes(
    cell: Cell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(printing, "_SHORTEST", 0.0)
    model = cs.Sequential([Dense(2, input_shape=(3,), activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = np.ones((5000, 3), np.float32), np.zeros(5000, int)
    model.fit(x, y, epochs=2)
    model.evaluate(x, y)
    model.predict(x)
    shown = [output["text/plain"].split(" - ")[:-1] for output in cell.outputs]
    assert shown == [["2 epochs"], ["Evaluate", "157/157"], ["Predict", "157/157"]]
    model.fit(x, y, verbose=2)
    model.fit(x, y, verbose=0)
    assert len(cell.outputs) == 3
    printed = capsys.readouterr().out
    assert [line.split(" ")[0] for line in printed.splitlines()] == ["Epoch", "157/157"] * 2 + ["157/157"] * 3
    assert all(character.isprintable() or character == "\n" for character in printed)


def test_a_front_end_that_went_away_does_not_end_training(
    cell: Cell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(printing, "_SHORTEST", 0.0)

    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(sys.modules["IPython.display"], "display", gone)
    model = cs.Sequential([Dense(2, input_shape=(3,), activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    assert model.fit(np.ones((9, 3)), np.zeros(9, int)).epoch == [0]


def test_a_program_below_a_kernel_is_known_by_what_kernels_set() -> None:
    assert beneath_kernel(KERNEL)
    assert not beneath_kernel({**KERNEL, "TERM": "xterm-256color"})  # a terminal that was opened from a notebook
    assert not beneath_kernel({"TERM": "xterm-color"})
    assert not beneath_kernel({"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat"})
    assert not beneath_kernel({})


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_below_a_kernel_a_script_prints_lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KERNEL.items():
        monkeypatch.setenv(name, value)
    stream = _Terminal()
    printer = ProgressPrinter(stream=stream)
    printer.on_progress(epoch(500))
    printer.finish(epoch(1000))
    assert stream.getvalue() == f"Epoch 1/2\n100/100 {'━' * 20} 1s 10ms/step - loss: 0.5000\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pexpect's pseudo-terminals are POSIX'")
def test_a_command_after_an_exclamation_mark_prints_no_control_codes(tmp_path: Any) -> None:
    import pexpect

    run = [sys.executable, "-m", "convoscope", "train", "digits", "--epochs", "2", "--out", str(tmp_path / "run")]
    # As IPython's `ProcessHandler.system` runs it: a shell in a pseudo-terminal of pexpect.
    child = pexpect.spawn(
        run[0], run[1:], env={**os.environ, **KERNEL}, encoding="utf-8", timeout=300, dimensions=(24, 80)
    )
    printed = str(child.read())
    child.close()
    assert child.exitstatus == 0, printed
    assert "2/2" in printed
    assert {character for character in printed if not character.isprintable()} == {"\r", "\n"}
    assert printed.count("\r") == printed.count("\r\n")


class _Stopping(Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = True


def test_an_early_end_counts_its_epochs(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_SHORTEST", 0.0)
    model = cs.Sequential([Dense(2, input_shape=(3,), activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.ones((9, 3)), np.zeros(9, int), epochs=7, callbacks=_Stopping())
    assert cell.outputs[0]["text/plain"].startswith("1 epoch - ")
