"""Kernels as text: the table that both sides share, and random texts, which Python and the page must read alike."""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from convoscope import filters
from convoscope.errors import ConfigurationError
from convoscope.filters.kernel_text import LONGEST, rows_of

TABLE = json.loads((Path(__file__).parents[1] / "values" / "kernel_texts.json").read_text(encoding="utf-8"))
MODULE = Path(filters.__file__).parents[1] / "web" / "static" / "lab" / "kernel-text.js"
PARTS = (
    *["1", "0", "-1", "0.5", ".5", "2.", "1,5", "0,1", "1e3", "1/9", "−2", "x", "nan", "1e999", "12,5e-1"],
    *[" ", " ", " ", ",", ",", ", ", ";", ";", "\n", "\t", "\r\n", "\u00a0", "\u2028", "/", "-", "+", "."],
    *["[", "]", "[[", "]]", "], [", "(", ")", "{", "}", "np.array(", "array([", ")", "dtype=np.float32", "k = "],
    *["np.float32(1)", ", np.float64)", "\x1c", "\x00", "é", "１", "1 2; 3 4", "0,1 0,2", "1, 2"],
    *[
        "½",
        "⁄",
        "—",
        "\u200b",
        "\u200f",
        "&",
        "\\\\",
        "\\frac{1}{2}",
        "$",
        "\\begin{matrix}",
        "\\end{matrix}",
        "...\n",
        "float k[3] = ",
        ";\n",
    ],
)


def probable(generator: random.Random) -> str:
    """Rows of values, often with commas of some kind, sometimes within brackets or a call."""
    comma, end = generator.choice([" ", ",", ", ", "\t"]), generator.choice([";", "\n", "; ", ",\n"])
    values = generator.choice([PARTS[:6], PARTS[:11], PARTS[6:8], ["0", "1", "0,5", "1,5"]])
    width = generator.randint(1, 3)
    rows = [comma.join(generator.choices(values, k=width)) for _ in range(generator.randint(1, 3))]
    form = generator.choice(["{}", "{}", "[{}]", "[[{}]]", "np.array([[{}]])", "{};", "({})", "k = [{}];"])
    return form.format(("], [" if "[[" in form else end).join(rows))


def outcome(text: str) -> Any:
    """What Python reads, or None where it refuses."""
    try:
        return rows_of(text)
    except ConfigurationError:
        return None


@pytest.mark.parametrize("entry", TABLE["read"], ids=lambda entry: entry["case"])
def test_the_text_is_read(entry: dict[str, Any]) -> None:
    assert filters.get(entry["text"]).values.tolist() == entry["rows"]
    assert filters.parse(entry["text"]).values.tolist() == entry["rows"]


@pytest.mark.parametrize("entry", TABLE["refused"], ids=lambda entry: entry["case"])
def test_the_text_is_refused_with_a_reason(entry: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        filters.parse(entry["text"])
    assert entry["words"] in str(caught.value)


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), min_size=1, max_size=4))
def test_what_python_and_numpy_write_is_read_as_it_was(rows: list[list[float]]) -> None:
    assert rows_of(repr(rows)) == ast.literal_eval(repr(rows)) == rows
    array = np.array(rows)
    with np.printoptions(floatmode="unique"):
        assert rows_of(repr(array)) == rows_of(str(array)) == rows
    assert rows_of("\n".join("\t".join(map(repr, row)) for row in rows)) == rows
    assert rows_of("\n".join("\t".join(repr(value).replace(".", ",") for value in row) for row in rows)) == rows


@given(st.lists(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=2), min_size=1, max_size=3))
def test_what_a_kernel_says_of_itself_is_read_as_the_same_numbers(rows: list[list[float]]) -> None:
    assert rows_of(str(filters.Kernel(rows))) == rows


def test_long_texts_are_refused_or_read_at_once() -> None:
    with pytest.raises(ConfigurationError, match="2,000,000 characters"):
        rows_of("1 " * LONGEST)
    for text in (" " * 10**5, "\n" * 10**5, "(" * 10**5, "1" * 10**5 + "x", "1," * 10**5, "/" * 10**5, "(1" * 10**5):
        assert outcome(text) is None
    with pytest.raises(ConfigurationError) as caught:
        rows_of("é" * 10**5)
    assert len(str(caught.value)) < 300


@pytest.mark.skipif(shutil.which("node") is None, reason="the page's modules are tested with Node: apt install nodejs")
def test_the_page_reads_random_texts_as_python_does() -> None:
    generator = random.Random(12)
    texts = ["".join(generator.choices(PARTS, k=generator.randint(1, 12))) for _ in range(10_000)]
    texts += [probable(generator) for _ in range(10_000)]
    texts += [entry["text"] for entry in TABLE["read"] + TABLE["refused"]]
    script = (
        f"const {{ readRows }} = await import({json.dumps(MODULE.as_uri())});"
        "let text = ''; for await (const part of process.stdin.setEncoding('utf-8')) text += part;"
        "const read = (one) => { try { return readRows(one); } catch (e) { if (e instanceof RangeError) return null;"
        " throw e; } };"
        "console.log(JSON.stringify(JSON.parse(text).map(read)));"
    )
    run = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps(texts),
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=300,
    )
    theirs, ours = json.loads(run.stdout), [outcome(text) for text in texts]
    assert [(text, a, b) for text, a, b in zip(texts, ours, theirs, strict=True) if a != b] == []
    read = sum(rows is not None for rows in ours)
    assert 2_000 < read < len(texts) - 2_000, "the texts try both"


def test_the_command_line_takes_what_was_copied_from_python(tmp_path: Path) -> None:
    from PIL import Image

    def filtered(kernel: str) -> Any:
        out = tmp_path / "out.png"
        words = ["filter", "drawing", "--kernel", kernel, "--out", str(out)]
        subprocess.run([sys.executable, "-m", "convoscope", *words], check=True, capture_output=True, timeout=300)
        return np.asarray(Image.open(out))

    wanted = filters.convolve(filters.samples.drawing(), [[0.1, 0.2, 0.1], [0.2, 0.4, 0.2], [0.1, 0.2, 0.1]])
    for kernel in (
        "0,1 0,2 0,1; 0,2 0,4 0,2; 0,1 0,2 0,1",
        "np.array([[.1, .2, .1], [.2, .4, .2], [.1, .2, .1]])",
    ):
        np.testing.assert_array_equal(filtered(kernel), wanted)
