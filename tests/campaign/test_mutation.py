"""Damage: repeatable, and deep enough to pass lengths and checksums."""

from __future__ import annotations

import gzip
import io
import json
import struct
from pathlib import Path
from random import Random

import numpy as np
import PIL.Image
import pytest
from safetensors.numpy import load

from campaign import containers, mutation
from campaign.readers import READERS

TIMES = 300


def drawn(damage: object, content: bytes) -> list[bytes]:
    return [damage(Random(seed), content) for seed in range(TIMES)]  # type: ignore[operator]


def png() -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("damage", [mutation.damage, mutation.damage_json_text, mutation.damage_json_lines])
def test_damage_is_repeatable_and_various(damage: object) -> None:
    content = b'{"a": [1, 2, {"b": null}], "c": "text", "d": 0.5}\n'
    if damage is mutation.damage_json_lines:
        content += b'{"epoch": 2, "loss": 0.25}\n{"epoch": 3}\n'
    damaged = drawn(damage, content)
    assert damaged == drawn(damage, content)
    assert len(set(damaged)) > TIMES / 2
    assert sum(each == content for each in damaged) < TIMES / 10


def test_much_damaged_json_is_json_still() -> None:
    whole = 0
    for text in drawn(mutation.damage_json_text, b'{"settings": {"epochs": 3, "layers": ["a"]}, "version": 1}'):
        try:
            json.loads(text)
            whole += 1
        except (ValueError, RecursionError):
            pass
    assert TIMES / 2 < whole < TIMES


def test_the_original_stays_as_it_is() -> None:
    value = {"a": [1, {"b": 2}]}
    for seed in range(TIMES):
        mutation.damage_json(Random(seed), value)
    assert value == {"a": [1, {"b": 2}]}


def test_damaged_png_has_right_checksums_mostly() -> None:
    opened = 0
    for content in drawn(containers.damage_png, png()):
        try:
            with PIL.Image.open(io.BytesIO(content)) as image:
                image.verify()
            opened += 1
        except Exception:  # whatever Pillow raises
            pass
    assert opened > TIMES / 3


def test_damaged_gzip_is_packed_rightly_in_half_of_the_cases() -> None:
    whole = 0
    for content in drawn(containers.damage_gzip, gzip.compress(bytes(range(100)))):
        try:
            gzip.decompress(content)
            whole += 1
        except (OSError, EOFError, ValueError, gzip.zlib.error):  # type: ignore[attr-defined]
            pass
    assert TIMES / 3 < whole < TIMES


def test_damaged_models_are_safetensors_mostly() -> None:
    text = json.dumps(
        {"__metadata__": {"convoscope": '{"a": 1}'}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    )
    content = struct.pack("<Q", len(text)) + text.encode() + bytes(8)
    whole = 0
    for damaged in drawn(containers.damage_model, content):
        try:
            load(damaged)
            whole += 1
        except Exception:  # whatever the library raises
            pass
    assert whole > TIMES / 2


@pytest.mark.parametrize(
    "reader", [each for each in READERS if each.name not in ("run", "experiment")], ids=lambda r: r.name
)
def test_every_reader_reads_or_refuses_a_few(reader: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samples").mkdir()
    trial = reader.begin(tmp_path / "samples")  # type: ignore[attr-defined]
    contents = [trial.make(Random(seed)) for seed in range(5)]
    assert contents == [trial.make(Random(seed)) for seed in range(5)]
    assert len(set(contents)) > 1
