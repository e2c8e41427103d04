"""What hangs in the gallery, as plain data that the page draws: ``rooms.json``, and the lessons.

Addresses are relative to the gallery's own. What stands behind ``#`` is a state as the page there writes it:
``static/lab/address.js``, ``static/explorer/address.js``. A room's ``id`` names its picture in
``static/gallery/pictures.js``; ``trained`` says that this is of the network that is trained for the gallery.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from convoscope.exhibition import lesson_texts


def contents(place: str) -> dict[str, Any]:
    """Return what the gallery's page begins with.

    Parameters
    ----------
    place : str
        The folder whose runs are shown, as the page names it.

    Returns
    -------
    dict
        ``rooms``, ``commands``, ``lessons`` and ``place``.

    Examples
    --------
    >>> [room["title"] for room in contents("runs")["rooms"]]
    ['Convolution', 'Colour', 'Pooling', 'The network', 'Mistakes', 'Experiments', 'Exercises']
    """
    told = json.loads(resources.files("convoscope.exhibition").joinpath("rooms.json").read_text(encoding="utf-8"))
    return {**told, "lessons": lesson_texts.listed(), "place": place}
