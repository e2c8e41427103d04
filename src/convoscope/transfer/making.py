"""How a classifier of photos was made, in a few words: from what its file says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from convoscope.transfer.choosing import FROZEN, SCRATCH, TUNED

_LONGEST = 60  # characters of a name: a file may say anything


def how_made(origin: Mapping[str, Any] | None) -> str:
    """Return how a model was made, or nothing where its `origin` does not say it.

    Examples
    --------
    >>> how_made({"way": "frozen", "begun_from": "efficientnet-lite0"})
    'a classifier on the frozen efficientnet-lite0'
    >>> how_made({"way": "scratch", "begun_from": None})
    'trained from scratch, without a backbone'
    >>> how_made({"begun_from": 5})
    ''
    """
    told = origin or {}
    backbone = PurePath(str(told.get("begun_from"))).stem[:_LONGEST]
    words = {
        FROZEN: f"a classifier on the frozen {backbone}",
        TUNED: f"{backbone}, fine-tuned",
        SCRATCH: "trained from scratch, without a backbone",
    }
    return words.get(str(told.get("way")), "")
