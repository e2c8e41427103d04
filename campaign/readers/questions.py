"""What pages ask the running Python: the explorer's questions, and addresses of the explorer and the lab."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from random import Random

import numpy as np

import convoscope as cs
from campaign.mutation import damage_json, damage_words
from convoscope.web import explorer, lab
from convoscope.web.epochs import epochs_of
from convoscope.web.explored import Explored
from convoscope.web.server import Site

_ADDRESSES = ("", "data/explorer.json", "data/epochs.json", "data/epochs/1.safetensors", "static/explorer/index.html")
_IMAGE = base64.b64encode(np.full(16, 0.5, "<f4").tobytes()).decode()
_ODD = ("..", "%00", "\0", "static", "data/epochs/", "²", "-1", "y" * 5000, "//", "\\", "lab/static")


class QuestionTrial:
    """A question with damaged JSON, or an address with damaged words, is answered or refused."""

    def __init__(self, folder: Path) -> None:
        self.site = explored_site(folder)
        self.lab = lab.site(lab.Start())
        changes = [{"position": 1, "weight": "kernel", "index": 3, "value": 0.5}]
        interventions: dict[str, object] = {"silenced": {"1": [0, 2]}, "changes": changes}
        self.questions: list[tuple[str, dict[str, object]]] = [
            ("ask/accuracy", interventions),
            ("ask/accuracy", {**interventions, "epoch": 1}),
            ("ask/error", interventions),
            ("ask/nearest", {"image": _IMAGE}),
            ("ask/nearest", {"image": 3, "epoch": 2}),
            ("ask/features", {"features": [1, 2]}),
            ("ask/values", {**interventions, "own": [_IMAGE], "wanted": [0, 1]}),
            ("ask/evidence", {**interventions, "image": 1, "position": 0, "classes": [1], "method": "grad_cam"}),
            ("ask/saliency", {"image": 0, "input": 0, "classes": [0], "trained": False}),
            ("ask/epoch", {"epoch": 2}),
        ]

    def make(self, rng: Random) -> bytes:
        """Damage a question; one in five is an address."""
        if rng.random() < 0.2:
            words = damage_words(rng, rng.choice(_ADDRESSES).replace("/", " "), _ODD, "/.%\\:?#")
            return b"GET\n" + words.replace(" ", "/").encode("utf-8", "surrogatepass")
        address, question = rng.choice(self.questions)
        return f"{address}\n{json.dumps(damage_json(rng, question))}".encode()

    def read(self, content: bytes, folder: Path) -> None:
        """Ask it."""
        address, _, sent = content.partition(b"\n")
        if address == b"GET":
            text = sent.decode("utf-8", "surrogatepass")
            self.site.answer(text)
            self.lab.answer(text)
            return
        question = json.loads(sent)
        if isinstance(question, dict):  # the server refuses anything else itself
            self.site.questions[address.decode()](question)


def explored_site(folder: Path) -> Site:
    """Make the explorer's site of a tiny trained model, with snapshots in a folder."""
    x, y = np.random.default_rng(1).random((20, 4, 4, 1), np.float32), np.arange(20) % 3
    flat = cs.layers.Flatten(input_shape=(4, 4, 1))
    model = cs.Sequential([flat, cs.layers.Dense(5, activation="relu"), cs.layers.Dense(3)], seed=1)
    model.compile(optimizer="adam", loss=cs.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2, verbose=0, callbacks=[cs.callbacks.Snapshots(folder / "snapshots")])
    epochs = epochs_of(model, folder / "snapshots")
    return explorer.site(Explored(model, x, y, x, y, epochs=epochs))
