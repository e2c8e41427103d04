"""Training and looking at a model, wherever standard output leads."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.streams import Output, show, showable


class Bare:
    """The least that standard output may be: an object with `write`."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text


class Broken(Bare):
    """A window that is gone, say."""

    encoding = "no such encoding"

    def write(self, text: str) -> None:
        raise RuntimeError("the window is closed")

    def flush(self) -> None:
        raise RuntimeError("the window is closed")

    def isatty(self) -> bool:
        return True


def _closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


STREAMS = {
    "none": lambda: None,
    "bare": Bare,
    "broken": Broken,
    "closed": _closed,
    "full": Full,
    "in memory": io.StringIO,
    "ASCII": lambda: io.TextIOWrapper(io.BytesIO(), "ascii"),
    "no stream at all": object,
}


@contextmanager
def standard(stream: Any) -> Iterator[None]:
    given = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = stream
    try:
        yield
    finally:
        sys.stdout, sys.stderr = given


@pytest.mark.parametrize("kind", STREAMS)
def test_no_stream_ends_training_or_a_summary(kind: str) -> None:
    stream = STREAMS[kind]()
    x = np.linspace(0, 1, 32 * 16, dtype=np.float32).reshape(32, 4, 4, 1)
    y = np.arange(32) % 2
    with standard(stream):
        model = cs.Sequential([cs.Input((4, 4, 1)), cs.layers.Flatten(), cs.layers.Dense(2, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        spoken = [
            cs.callbacks.EarlyStopping(monitor="loss", patience=0, min_delta=9, verbose=1, restore_best_weights=True)
        ]
        history = model.fit(x, y, epochs=3, validation_split=0.25, callbacks=spoken)
        model.evaluate(x, y)
        assert model.predict(x).shape == (32, 2)
        model.summary(details=True, plan=True)
    assert history.epoch == [0, 1]
    if isinstance(stream, (Bare, io.StringIO)) and kind in ("bare", "in memory"):
        text = stream.text if isinstance(stream, Bare) else stream.getvalue()
        assert "Epoch 1/3" in text
        assert "early stopping" in text
        assert "dense (Dense)" in text
    if isinstance(stream, io.TextIOWrapper):
        stream.seek(0)
        text = stream.read()
        assert "early stopping" in text
        assert "| dense (Dense)" in text


def test_text_that_an_encoding_lacks_becomes_plainer() -> None:
    assert showable("5×5 → 3×3 ±1 …", "ascii") == "5x5 -> 3x3 +-1 ~"
    assert showable("Größe", "latin-1") == "Größe"
    assert showable("Größe 日", "ascii") == "Gr\\xf6\\xdfe \\u65e5"
    assert showable("caf\udce9", "utf-8") == "caf\\udce9"


def test_after_a_write_that_failed_nothing_is_written() -> None:
    class OnceBroken(Bare):
        def write(self, text: str) -> None:
            if "bad" in text:
                raise BrokenPipeError(32, "Broken pipe")
            super().write(text)

    stream = OnceBroken()
    output = Output(stream)
    assert [output.write(text) for text in ("one ", "bad", "two")] == [4, 3, 3]
    assert stream.text == "one "
    assert isinstance(output.failure, BrokenPipeError)
    assert not output.isatty()


def test_an_interrupt_passes_through() -> None:
    class Interrupted(Bare):
        def write(self, text: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Output(Interrupted()).write("text")


def test_bytes_are_refused_as_by_any_text_stream() -> None:
    with pytest.raises(TypeError):
        Output(io.StringIO()).write(b"bytes")  # type: ignore[arg-type]


def test_what_is_shown_is_shown_at_once() -> None:
    raw = io.BytesIO()
    with standard(io.TextIOWrapper(raw, "utf-8")):
        show("5×5")
        assert raw.getvalue().decode() == f"5×5{os.linesep}"
