"""The display of progress: numbers for anybody, a bar for terminals, plain lines elsewhere."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from convoscope.training.callbacks import Callback, ProgressPrinter
from convoscope.training.progress import Progress, render_bar, render_line, render_logs


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


HALF = Progress("train", 30000, 60000, 1.0, 2, 5, {"loss": 0.48214, "accuracy": 0.8272})


def test_a_line_says_what_the_epoch_measured() -> None:
    assert render_line(HALF) == "Epoch 2/5 - 1.0s - loss: 0.4821 - accuracy: 0.8272"
    assert render_line(Progress("evaluate", 9, 9, 0.04, logs={"loss": 1.0})) == "Evaluate - 0.0s - loss: 1.0000"


def test_a_bar_fits_any_width_and_gives_up_the_least_important_first() -> None:
    texts = {width: render_bar(HALF, width) for width in (120, 96, 80, 40, 5, 0)}
    assert all(len(text) <= width for width, text in texts.items())
    assert texts[120] == (
        "Epoch 2/5 ━━━━━━━━━━┄┄┄┄┄┄┄┄┄┄ 30000/60000 - 30,000 images/s - 1.0s left - loss: 0.4821 - accuracy: 0.8272"
    )
    assert "loss: 0.4821 - accuracy: 0.8272" in texts[80]
    assert "images/s" not in texts[80]


def test_progress_without_anything_done_yet_can_be_shown() -> None:
    assert Progress("train", 0, 0, 0.0).share == 1.0
    start = Progress("train", 0, 10, 0.0)
    assert (start.rate, start.seconds_left) == (0.0, None)
    assert render_bar(start, 80, fancy=False) == "Epoch 1/1 -------------------- 0/10"


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
    assert shown.startswith("\rEpoch 2/5 ━")
    assert shown.endswith("\rEpoch 2/5 - 1.0s - loss: 0.4821 - accuracy: 0.8272\n")


def test_elsewhere_there_are_only_lines() -> None:
    stream = io.StringIO()
    printer = ProgressPrinter(stream=stream)
    printer.on_progress(HALF)
    printer.finish(HALF)
    assert stream.getvalue() == "Epoch 2/5 - 1.0s - loss: 0.4821 - accuracy: 0.8272\n"


def test_fit_prints_a_line_for_each_epoch_and_nothing_if_told_so(
    model: Any, images: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    model.fit(*images, epochs=2, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]
    assert [part.split(":")[0] for part in lines[0].split(" - ")[2:]] == [
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
    ]
    model.evaluate(*images)
    assert capsys.readouterr().out.startswith("Evaluate - ")
    model.predict(images[0])
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
