"""A teacher's tour of the explorer, as somebody types it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from campaign.mutation import damage_json_text
from convoscope.models.layer_line import model_from_line
from convoscope.web.description import describe
from convoscope.web.explored import Explored
from convoscope.web.explorer import with_tour

_SHOW = {"layer": "first convolution", "map": "strongest", "pixel": [1, 2], "view": "why", "play": "window"}
_TOUR = {
    "title": "Edges",
    "steps": [
        {"name": "a", "title": "First", "text": "{layer}: {value}", "show": _SHOW, "point": "map", "seconds": 8},
        {"title": "Last", "text": "It says {class}.", "show": {"layer": "output", "pixel": "negative"}},
    ],
}


class TourTrial:
    """A file is read, and what the page is told of it is written."""

    def __init__(self, folder: Path) -> None:
        line = "conv 2 3 relu, maxpool 2, flatten, dense 2 softmax"
        self.explored = Explored(model_from_line(line, (8, 8, 1), 2, seed=1))

    def make(self, rng: Random) -> bytes:
        """Damage one."""
        return damage_json_text(rng, json.dumps(_TOUR).encode())

    def read(self, content: bytes, folder: Path) -> None:
        """Read and hand over."""
        path = folder / "tour.json"
        path.write_bytes(content)
        json.dumps(describe(with_tour(self.explored, path), 1000).told).encode()
