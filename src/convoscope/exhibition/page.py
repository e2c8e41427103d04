"""What the gallery's server gives out. Everything but the page itself is read, made or trained when it is visited."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convoscope.exhibition import kept_runs, lesson_texts, rooms
from convoscope.exhibition.late_sites import LateSites, Room
from convoscope.exhibition.reading import lesson_page
from convoscope.names import for_terminal, json_text
from convoscope.web import exercises, lab
from convoscope.web.site import Response, Site, page_files

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from convoscope.exhibition.digits import Digits

_PAGE = "gallery/index.html"
_UP = "../../"
_HTML = "text/html; charset=utf-8"


def site(place: Path, folder: Traversable | None = None) -> Site:
    """Return what the gallery's server gives out.

    Parameters
    ----------
    place : Path
        The folder whose runs and comparisons are shown. It need not be there.
    folder : path or Traversable, optional
        The pages' files, instead of the package's own for tests.
    """
    folder = folder or page_files()
    place = place.absolute()
    digits = _Late()

    def explorer_of_digits() -> Site:
        from convoscope.web import explorer

        return explorer.site(digits.get().explored(), folder, gallery=_UP)

    return Site(
        folder,
        {
            "": lambda: Response((folder / _PAGE).read_bytes(), _HTML),
            "data/gallery.json": lambda: _as_json(rooms.contents(for_terminal(place.name))),
            "data/digits.json": lambda: _as_json(digits.get().pictures()),
            "data/runs.json": lambda: _as_json(
                {"runs": kept_runs.listed_runs(place), "comparisons": kept_runs.listed_comparisons(place)}
            ),
        },
        below={
            "lab": lab.site(lab.Start(gallery="../"), folder),
            "exercises": exercises.site(None, folder, gallery="../"),
            "explore": Site(folder, below=LateSites(lambda: {"digits": Room("Digits", explorer_of_digits)}, up=_UP)),
            "lessons": Site(folder, below=_lessons(folder)),
            "runs": Site(folder, below=kept_runs.runs(place)),
            "comparisons": Site(folder, below=kept_runs.comparisons(place)),
        },
    )


class _Late:
    """The digits' network, whose modules are loaded when it is wanted."""

    def __init__(self) -> None:
        self._digits: Digits | None = None
        self._lock = threading.Lock()

    def get(self) -> Digits:
        """Return it."""
        with self._lock:
            if self._digits is None:
                from convoscope.exhibition.digits import Digits

                self._digits = Digits()
            return self._digits


def _lessons(folder: Traversable) -> LateSites:
    """Return the lessons' pages by their numbers."""

    def page(number: int) -> Site:
        found = lesson_texts.lesson(number)
        assert found is not None  # it is on the list
        body = lesson_page(found, up=_UP).encode()
        return Site(folder, {"": lambda: Response(body, _HTML)})

    def known() -> dict[str, Room]:
        return {
            str(each["number"]): Room(each["title"], partial(page, each["number"])) for each in lesson_texts.listed()
        }

    return LateSites(known, up=_UP)


def _as_json(value: Any) -> Response:
    return Response(json_text(value).encode(), "application/json")
