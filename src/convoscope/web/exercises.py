"""The page of exercises that check themselves: what its server gives out, and the same as one file."""

from __future__ import annotations

import base64
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from convoscope.web import lab
from convoscope.web.bundle import offline_page
from convoscope.web.site import Response, Site, page_files

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from convoscope.web.exercise_files import OwnExercises

PAGE = "exercises/index.html"
_DIGITS = 60  # images of 8×8, from which numbers are drawn
_PHOTOGRAPH = 128  # pixels a side


def given(own: OwnExercises | None = None, pages: dict[str, str] | None = None) -> dict[str, Any]:
    """Return what the page is made from.

    Parameters
    ----------
    own : OwnExercises, optional
        A teacher's.
    pages : dict, optional
        The addresses of the pages that an explanation may lead to: of ``"lab"``, and of ``"explorer"``.

    Returns
    -------
    dict
        For JSON: ``digits`` are images of 8×8 with values from 0 to 16, ``photograph`` is one of 128×128 in grey, as
        base64 of its bytes, row by row, and ``kernels`` are those of the filter lab.
    """
    return {
        "digits": _digits(),
        "photograph": {"size": _PHOTOGRAPH, "bytes": base64.b64encode(_photograph()).decode()},
        "kernels": json.loads(resources.files("convoscope.filters").joinpath("kernels.json").read_text("utf-8")),
        "own": None if own is None else own.told,
        "pages": pages or {},
    }


def site(own: OwnExercises | None = None, folder: Traversable | None = None, *, gallery: str | None = None) -> Site:
    """Return what the server of the exercises gives out.

    Parameters
    ----------
    own : OwnExercises, optional
        A teacher's.
    folder : path or Traversable, optional
        The pages' files, instead of the package's own for tests.
    gallery : str, optional
        The way back to the gallery that the page lies below, ``"../"``.
    """
    folder = folder or page_files()

    def content() -> bytes:
        pages = (
            {"lab": "lab/"} if gallery is None else {"lab": f"{gallery}lab/", "explorer": f"{gallery}explore/digits/"}
        )
        return json.dumps({**given(own, pages), "gallery": gallery}).encode()

    routes = {
        "": lambda: Response((folder / PAGE).read_bytes(), "text/html; charset=utf-8"),
        "data/exercises.json": lambda: Response(content(), "application/json"),
    }
    return Site(folder, routes, below={"lab": lab.site(lab.Start(gallery=gallery and f"../{gallery}"), folder)})


def offline(own: OwnExercises | None = None, folder: Traversable | None = None) -> str:
    """Return the exercises as one file of HTML that needs neither server nor network."""
    return offline_page(folder or page_files(), PAGE, given(own))


def _digits() -> list[list[list[int]]]:
    from convoscope.datasets import load

    images = load("digits").x_test[:_DIGITS]  # (N, 8, 8) or (N, 8, 8, 1), values 0 to 16
    rows: list[list[list[int]]] = images.reshape(-1, 8, 8).astype(int).tolist()
    return rows


def _photograph() -> bytes:
    """Return the lab's photograph, small and grey: (128, 128) bytes."""
    import PIL.Image

    from convoscope.filters import samples

    picture = PIL.Image.fromarray(samples.load("photograph")).convert("L")
    small = picture.resize((_PHOTOGRAPH, _PHOTOGRAPH), PIL.Image.Resampling.BOX)
    return bytes(np.asarray(small, np.uint8).tobytes())
