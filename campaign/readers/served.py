"""What clients send to a server of models, and files of predictions that are gone on with."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from random import Random

import numpy as np

from campaign.mutation import damage, damage_json, damage_json_text
from convoscope.errors import ConvoscopeError
from convoscope.explore.image_predictions import ClassScore, ImagePrediction
from convoscope.explore.prediction_files import predictions_file
from convoscope.explore.prediction_rows import Found
from convoscope.serving.bodies import images_in
from convoscope.web.guard import RefusedError

_FORM = (
    b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a b.png"\r\nContent-Type: image/png\r\n\r\n'
    b'\x89PNG\r\n--xy\r\n\r\n--xyz\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    b"--xyz\r\nContent-Disposition: form-data; name=f; filename*=utf-8''%e2%82%ac.png\r\n\r\n...\r\n--xyz--\r\n"
)
_IMAGE = base64.b64encode(bytes(30)).decode()
_JSON = {"images": [_IMAGE, {"name": "a, b", "data": f"data:image/png;base64,{_IMAGE}"}]}
_TYPES = ("multipart/form-data; boundary=xyz", 'multipart/form-data; boundary="xyz"', "application/json", "image/png")
_MOST = 4


class BodyTrial:
    """The body of a request: a form, JSON, or bytes of any type."""

    def __init__(self, folder: Path) -> None:
        """Nothing is to be made."""

    def make(self, rng: Random) -> bytes:
        """Damage a form or JSON, and sometimes its type, which is the first line."""
        kind = rng.choice(_TYPES)
        body = damage(rng, _FORM)
        if kind == "application/json":
            body = json.dumps(damage_json(rng, _JSON)).encode()
            body = damage_json_text(rng, body) if rng.random() < 0.5 else body
        if rng.random() < 0.2:
            kind = damage(rng, kind.encode()).decode("latin-1").replace("\n", " ")
        return kind.encode("latin-1") + b"\n" + body

    def read(self, content: bytes, folder: Path) -> None:
        """Take the images out of it; never more, or longer names, than are allowed."""
        kind, _, body = content.partition(b"\n")
        try:
            images = images_in(kind.decode("latin-1"), body, _MOST)
        except RefusedError:
            return
        assert 0 < len(images) <= _MOST
        assert all(0 < len(name) <= 255 for name, _ in images)


class RowsTrial:
    """A damaged file of predictions is gone on with, or stays as it is."""

    def __init__(self, folder: Path) -> None:
        names = [f"photos/{number}.png" for number in range(30)]
        names[3], names[20] = 'a "b",\nc.png', "=1+1.png"
        classes = tuple(ClassScore(name, index, 0.7 / (index + 1)) for index, name in enumerate(("ant", "b, c", "d")))
        found = ImagePrediction("", classes, np.zeros(3), False, 0.25, 1.5)
        unread = ConvoscopeError("it is no image,\nbut something else")
        self.rows: list[tuple[Path, Found]] = [
            (Path(name), unread if number % 7 == 6 else found) for number, name in enumerate(names)
        ]
        self.whole = {name: self._written(folder / name) for name in ("rows.csv", "rows.jsonl")}

    def make(self, rng: Random) -> bytes:
        """Damage a file; its ending is the first line."""
        name = rng.choice(sorted(self.whole))
        content = self.whole[name]
        cut = content[: rng.randrange(len(content) + 1)] if rng.random() < 0.5 else content
        return name.encode() + b"\n" + (damage(rng, cut) if rng.random() < 0.8 else cut)

    def read(self, content: bytes, folder: Path) -> None:
        """Go on with it."""
        name, _, damaged = content.partition(b"\n")
        path = folder / name.decode()
        path.write_bytes(damaged)
        try:
            self._written(path)
        except ConvoscopeError:
            assert not path.exists() or path.read_bytes() == damaged
            raise
        self._written(path)  # now there is nothing left to do

    def _written(self, path: Path) -> bytes:
        with predictions_file(path, 3, True) as file:
            known = dict(self.rows)
            for each in file.begin(path for path, _ in self.rows):
                file.write(each, known[each])
            file.finish()
            assert file.count == len(self.rows)
        return path.read_bytes()
