"""A class's screens: one HTML file with networks, filter lab, exercises and lessons, without a network or an account.

Each page is kept in it as text and opened in a frame; the modules that they share are in the file once. See
``static/class/main.js``, and ``static/shared/hosted.js`` for what a page in such a frame does otherwise.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convoscope.errors import ConfigurationError
from convoscope.web import exercises, explorer, lab
from convoscope.web.bundle import data_address, offline_page, page_templates
from convoscope.web.exercise_files import exercises_of_tour, joined
from convoscope.web.site import page_files
from convoscope.wording import counted

if TYPE_CHECKING:
    from importlib.abc import Traversable

    from convoscope.web.exercise_files import OwnExercises
    from convoscope.web.explored import Explored

_PAGE = "class/index.html"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
_TAKEN = ("lab", "exercises", "start")
_MOST = 12  # models
_LONGEST_TITLE = 80
_ROWS, _COLUMNS, _CELL, _GAP = 4, 6, 72, 12  # of a model's picture: 24 of its images, in cells of so many pixels
_SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


@dataclass(frozen=True)
class Article:
    """A page to read.

    Attributes
    ----------
    number : int
        It is in its link: ``#page=lesson-12``.
    title, text : str
        A few words, and a line.
    html : str
        What stands in its main part.
    """

    number: int
    title: str
    text: str
    html: str


@dataclass(frozen=True)
class Lessons:
    """The lessons; `convoscope.exhibition.class_lessons` makes them.

    Attributes
    ----------
    template : str
        The HTML of their pages, with ``MARKS["article"]`` in it.
    articles : tuple of Article
    lab_states : tuple of (str, str)
        What to look at in the filter lab: words, and an address that begins with ``lab/#``.
    """

    template: str
    articles: tuple[Article, ...]
    lab_states: tuple[tuple[str, str], ...] = ()


def class_file(
    models: Mapping[str, Explored],
    own: OwnExercises | None = None,
    *,
    lessons: Lessons | None = None,
    title: str = "How a network learns to see",
    begins: str | None = None,
    folder: Traversable | None = None,
) -> str:
    """Return one HTML file that holds explorers, the filter lab, the exercises and the lessons.

    Parameters
    ----------
    models : mapping of str to Explored
        By the names that stand in links: small letters, digits and hyphens.
    own : OwnExercises, optional
        A teacher's exercises. Those that go with a model's tour follow them.
    lessons : Lessons, optional
    title : str
        What the start page says.
    begins : str, optional
        The page that it opens with, instead of the start page.
    folder : path or Traversable, optional
        The pages' files, instead of the package's own for tests.

    Returns
    -------
    str
        HTML. ``#page=NAME&...`` behind its address opens a page in a state.

    Raises
    ------
    ConfigurationError
        A name cannot stand in a link, or there are too many models.
    """
    _check(models, title)
    folder = folder or page_files()
    first = next(iter(models), None)
    added = joined([own, *(exercises_of_tour(explored.tour) for explored in models.values())])
    ways = {"lab": "lab/", **({} if first is None else {"explorer": f"{first}/"})}
    articles = () if lessons is None else lessons.articles
    pages = [
        *(_model(name, explored) for name, explored in models.items()),
        {**_LAB, "picture": _lab_picture(), "data": lab.embedded(lab.Start(network=first is not None))},
        {**_EXERCISES, "picture": _exercises_picture(), "data": exercises.given(added, ways)},
        *(_lesson(article) for article in articles),
    ]
    used = list(dict.fromkeys(page["kind"] for page in pages))
    texts = {kind: (folder / _PAGES[kind]).read_text(encoding="utf-8") for kind in used if kind in _PAGES}
    if lessons is not None:
        texts["lesson"] = lessons.template
    templates, modules = page_templates(folder, texts)
    told = {
        "title": title,
        "words": _words(len(models), bool(articles)),
        "begins": begins,
        "pages": pages,
        "lab": [] if lessons is None else [{"title": words, "address": at} for words, at in lessons.lab_states],
        "templates": templates,
        "modules": modules,
    }
    return offline_page(folder, _PAGE, told)


_PAGES = {"explorer": explorer.PAGE, "lab": lab.PAGE, "exercises": exercises.PAGE}
_LAB = {
    "name": "lab",
    "kind": "lab",
    "title": "Filter lab",
    "text": "Any filter on any image. Change its numbers, and follow every product and sum.",
    "alt": "A photograph of four balls; its right half after a filter that finds vertical edges.",
    "enter": "Open the filter lab",
}
_EXERCISES = {
    "name": "exercises",
    "kind": "exercises",
    "title": "Exercises",
    "text": "Pixels, kernels, sizes, parameters: each exercise checks your answer, gives a hint, and explains.",
    "alt": "Part of a handwritten digit, its pixels large enough to count.",
    "enter": "Open the exercises",
}


def _check(models: Mapping[str, Explored], title: str) -> None:
    for name in models:
        if not _NAME.fullmatch(name) or name in _TAKEN or name.startswith("lesson-"):
            raise ConfigurationError(
                "A model's name is used in links, so it may contain only lower-case letters, digits and hyphens, and "
                f"must not be {', '.join(_TAKEN)} or lesson-N. Got {name!r}. For example: --model digits=RUN."
            )
    if len(models) > _MOST:
        raise ConfigurationError(f"A class's file can contain {_MOST} models, but got {len(models)}.")
    if not title.strip() or len(title) > _LONGEST_TITLE:
        raise ConfigurationError(f"The title must have 1 to {_LONGEST_TITLE} characters, but got {len(title)}.")


def _words(models: int, lessons: bool) -> str:
    networks = f"{counted(models, 'trained network')} to look into, a" if models else "A"
    read = "exercises that check themselves, and lessons" if lessons else "and exercises that check themselves"
    return f"{networks} lab for filters, {read}. This file works without the internet."


def _lesson(article: Article) -> dict[str, Any]:
    return {
        "name": f"lesson-{article.number}",
        "kind": "lesson",
        "number": article.number,
        "title": article.title,
        "text": article.text,
        "article": article.html,
        "data": {},
    }


def _model(name: str, explored: Explored) -> dict[str, Any]:
    found = explorer.embedded(explored)
    model = explored.model
    classes = found["explorer"].get("names") or []
    sorts = f" It tells {len(classes)} classes apart." if len(classes) > 1 else ""
    return {
        "name": name,
        "kind": "explorer",
        "title": name[0].upper() + name[1:].replace("-", " "),
        "text": f"A trained network with {counted(len(model.layers), 'layer')} and {model.count_params():,} "
        f"parameters.{sorts} Look at every layer, map and number in it.",
        "alt": f"Images that the network {name} was tested on." if len(explored.images) else "",
        "enter": "Open the network",
        "picture": _png(_sheet(explored)),
        "data": found,
    }


def _sheet(explored: Explored) -> npt.NDArray[np.uint8]:
    """Return the first images in rows, (height, width, 4) bytes; transparent between them, and where there are none."""
    import PIL.Image

    pitch = _CELL + _GAP
    sheet = np.zeros((_ROWS * pitch, _COLUMNS * pitch, 4), np.uint8)
    images = explored.images[: _ROWS * _COLUMNS]
    low, high = explored.input_range
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        return sheet
    for index, image in enumerate(images):
        shown = np.clip((image.astype(np.float64) - low) / (high - low or 1) * 255, 0, 255).astype(np.uint8)
        cell = PIL.Image.fromarray(np.broadcast_to(shown, (*shown.shape[:2], 3)).copy()).convert("RGBA")
        top, left = (place * pitch + _GAP // 2 for place in divmod(index, _COLUMNS))
        small = cell.resize((_CELL, _CELL), PIL.Image.Resampling.NEAREST)
        sheet[top : top + _CELL, left : left + _CELL] = np.asarray(small)
    return sheet


def _lab_picture() -> str:
    """Return the photograph, and beside it what a filter makes of the same place."""
    from convoscope.filters import samples
    from convoscope.filters.convolution import convolve

    grey = samples.load("photograph").astype(np.float32).mean(axis=-1)[86:426, 1:511]  # (340, 510)
    edges = np.abs(np.asarray(convolve(grey, _SOBEL, padding="same", pad_mode="edge")).reshape(grey.shape))
    half = grey.shape[1] // 2
    both = np.concatenate([grey[:, :half], 255 - np.clip(edges[:, half:], 0, 255)], axis=1)
    return _png(np.repeat(both[..., None], 3, axis=-1).astype(np.uint8))


def _exercises_picture() -> str:
    digit = np.array(exercises.given()["digits"][1], np.float64)[:6]  # 6 rows of 8
    cells = np.kron(np.clip(digit / 16 * 255, 0, 255), np.ones((60, 60)))
    cells[::60] = cells[:, ::60] = 90
    return _png(np.repeat(cells[:, 15:465, None], 3, axis=-1)[:300].astype(np.uint8))


def _png(pixels: npt.NDArray[np.uint8]) -> str:
    import PIL.Image

    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    return data_address(file.getvalue(), "image/png")
