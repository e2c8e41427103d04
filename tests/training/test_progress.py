"""The display of progress: numbers for anybody, a bar for terminals, plain lines elsewhere."""

from __future__ import annotations

import io
import json
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoscope.errors import ConfigurationError
from convoscope.training import progbar
from convoscope.training.callbacks import Callback, ProgressPrinter
from convoscope.training.progbar import Progbar
from convoscope.training.progress import Progress, render_bar, render_line, render_logs


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


BAR = "━" * 20
HALF = Progress("train", 30000, 60000, 1.0, 2, 5, {"loss": 0.48214, "accuracy": 0.8272}, 938, 1875)


def test_a_line_says_what_the_epoch_measured() -> None:
    assert render_line(HALF) == f"Epoch 2/5\n938/1875 {BAR} 1s 1ms/step - loss: 0.4821 - accuracy: 0.8272"
    assert render_line(HALF, bar=False) == "Epoch 2/5\n938/1875 - 1s - 1ms/step - loss: 0.4821 - accuracy: 0.8272"
    alone = Progress("evaluate", 9, 9, 0.04, logs={"loss": 1.0}, steps=3, total_steps=3)
    assert render_line(alone) == f"3/3 {BAR} 0s 13ms/step - loss: 1.0000"
    unknown = Progress("predict", 70, None, 3.0, steps=5)
    assert render_line(unknown) == f"5/5 {BAR} 3s 600ms/step"
    assert render_bar(unknown, 80) == "Predict 5/Unknown 3.0s 600ms/step"
    assert unknown.share == 0.0
    assert unknown.seconds_left is None


def test_a_bar_fits_any_width_and_gives_up_the_least_important_first() -> None:
    texts = {width: render_bar(HALF, width) for width in (120, 96, 80, 40, 5, 0)}
    assert all(len(text) <= width for width, text in texts.items())
    assert texts[120] == (
        "Epoch 2/5 938/1875 ━━━━━━━━━━┄┄┄┄┄┄┄┄┄┄ 1.0s left 1ms/step - loss: 0.4821 - accuracy: 0.8272"
    )
    assert "loss: 0.4821 - accuracy: 0.8272" in texts[80]
    assert "ms/step" not in texts[80]


def test_progress_without_anything_done_yet_can_be_shown() -> None:
    assert Progress("train", 0, 0, 0.0).share == 1.0
    start = Progress("train", 0, 10, 0.0)
    assert (start.rate, start.seconds_left) == (0.0, None)
    assert render_bar(start, 80, fancy=False) == "Epoch 1/1 0/10 --------------------"


def test_small_values_are_shown_as_powers_of_ten() -> None:
    assert render_logs({"learning_rate": 1e-5, "loss": 0.0, "nan": float("nan")}).startswith(
        "learning_rate: 1.0000e-05"
    )


def test_a_terminal_gets_a_bar_that_gives_way_to_a_line() -> None:
    stream = Terminal()
    printer = ProgressPrinter(stream=stream)
    printer.on_progress(HALF)
    printer.finish(HALF)
    shown = stream.getvalue()
    assert shown.startswith("\rEpoch 2/5 938/1875 ━")
    assert shown.endswith(f"\r{render_line(HALF)}\n")


def test_elsewhere_there_are_only_lines() -> None:
    stream = io.StringIO()
    printer = ProgressPrinter(stream=stream)
    printer.on_progress(HALF)
    printer.finish(HALF)
    assert stream.getvalue() == f"{render_line(HALF)}\n"


def test_fit_prints_a_line_for_each_epoch_and_nothing_if_told_so(
    model: Any, images: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    model.fit(*images, epochs=2, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    assert lines[1].startswith(f"3/3 {BAR} 0s ")
    assert [part.split(":")[0] for part in lines[1].split(" - ")[1:]] == [
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
    ]
    model.fit(*images, verbose=2)  # Keras names a single epoch as little
    assert capsys.readouterr().out.startswith("4/4 - 0s - ")
    model.evaluate(*images, batch_size=10)
    assert capsys.readouterr().out.startswith(f"10/10 {BAR} 0s ")
    model.predict(images[0])
    assert capsys.readouterr().out.startswith(f"4/4 {BAR} 0s ")
    model.predict((images[0][:9] for _ in range(3)), verbose="auto")
    assert capsys.readouterr().out.startswith(f"3/3 {BAR} 0s ")
    model.predict(images[0], verbose=0)
    model.fit(*images, verbose=0)
    model.evaluate(*images, verbose=0)
    assert capsys.readouterr().out == ""


def test_displays_are_told_how_far_it_is(model: Any, images: Any) -> None:
    told: list[Progress] = []

    class Display(Callback):
        def on_progress(self, progress: Progress) -> None:
            told.append(progress)

    model.fit(*images, epochs=2, verbose=0, callbacks=Display())
    assert [each.epoch for each in told if each.share == 1.0] == [1, 2]
    assert {each.total for each in told} == {97}
    assert told[-1].epochs == 2
    assert set(told[-1].logs) == {"loss", "accuracy"}
    assert told[-1].rate > 0
    assert np.isfinite(told[-1].logs["loss"])


# ---- Keras' Progbar, for loops of one's own: tools/make_fit_values.py


BARS = json.loads((Path(__file__).parent / "fit_values.json").read_text())["bars"]


@pytest.mark.parametrize(("options", "updates", "line"), BARS)
def test_a_progbar_ends_as_keras_does(
    options: dict[str, Any], updates: list[Any], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(progbar.time, "time", lambda: now[0])
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    bar = Progbar(**options)
    for seconds, current, values in updates:
        now[0] += seconds
        bar.update(current, values)
    last = stream.getvalue().split("\r")[-1].rstrip()
    assert last.replace("┄", "━") == line  # what is to come has another colour in Keras


def test_a_progbar_moves_in_terminals_and_says_its_end_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, states in ((Terminal(), 3), (io.StringIO(), 1)):
        monkeypatch.setattr("sys.stdout", stream)
        bar = Progbar(3, interval=0.0)
        for _ in range(3):
            bar.add(1, [("loss", 0.5)])
        assert stream.getvalue().count("loss: 0.5000") == states
        assert stream.getvalue().endswith("\n")


@pytest.mark.parametrize("stream", [None, object(), io.StringIO()])
def test_progress_needs_no_proper_output(stream: Any, model: Any, images: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if stream is not None and not hasattr(stream, "write"):
        stream = types.SimpleNamespace(write=lambda text: None)  # and no isatty, and no flush
    monkeypatch.setattr("sys.stdout", stream)
    model.fit(*images, epochs=2)
    model.evaluate(*images, verbose=1)
    model.predict(images[0], verbose=2)
    bar = Progbar(2)
    bar.update(2)


def test_a_progbar_takes_one_kind_of_list() -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])
    with pytest.raises(ConfigurationError, match="target must be a whole number"):
        Progbar(2.5)  # type: ignore[arg-type]
