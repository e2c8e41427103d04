"""A teacher's files of exercises."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from campaign.mutation import damage_json_text
from convoscope.web.exercise_files import read_exercises
from convoscope.web.exercises import site

_IMAGE = [[0, 64, 128, 3], [48, 192, 144, 5], [42, 226, 168, 7], [1, 2, 3, 4]]
_FILE = {
    "title": "Class 9b",
    "exercises": [
        {"kind": "number", "text": "?", "answer": 26, "tolerance": 0.5, "mistakes": [{"value": 28, "says": "no"}]},
        {"kind": "choice", "text": ["?"], "options": ["a", "b"], "right": 1, "feedback": ["no", "yes"]},
        {"kind": "pixel", "image": _IMAGE, "kernel": [[1, 0], [0.5, -1]], "bias": 1, "at": [0, 2]},
        {"kind": "kernel", "image": _IMAGE, "options": [{"title": "a", "kernel": "sobel-x"}], "right": 0},
        {"kind": "edit", "image": _IMAGE, "kernel": "sobel-y", "hint": "?", "explanation": ["a", "b"]},
        {"kind": "pooling", "image": _IMAGE, "mode": "max", "size": 2, "stride": 1, "at": [1, 0]},
        {"kind": "size", "seed": 7},
    ],
}


class ExercisesTrial:
    """A file of exercises is read and given out, or refused."""

    def __init__(self, folder: Path) -> None:
        self.sample = json.dumps(_FILE).encode()

    def make(self, rng: Random) -> bytes:
        """Damage the file."""
        return damage_json_text(rng, self.sample)

    def read(self, content: bytes, folder: Path) -> None:
        """Read it, and what the page is given of it."""
        file = folder / "exercises.json"
        file.write_bytes(content)
        site(read_exercises(file)).answer("data/exercises.json")
