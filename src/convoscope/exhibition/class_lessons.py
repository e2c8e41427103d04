"""The lessons as pages of a class's file: `convoscope.web.class_file`."""

from __future__ import annotations

from collections.abc import Sequence

from convoscope.exhibition import lesson_texts, rooms
from convoscope.exhibition.reading import Ways, lesson_article, page
from convoscope.web.bundle import MARKS
from convoscope.web.class_file import Article, Lessons


def lessons(models: Sequence[str] = ()) -> Lessons:
    """Return the lessons, with the states of the filter lab that the gallery shows.

    Parameters
    ----------
    models : sequence of str
        The file's networks, by their names. Lessons lead to the first one.

    Examples
    --------
    >>> [article.title for article in lessons().articles][2]
    'The channel axis'
    """
    ways = Ways(up="", lesson="lesson-{}/", network=f"{models[0]}/" if models else None)
    articles = []
    for each in lesson_texts.listed():
        found = lesson_texts.lesson(each["number"])
        assert found is not None  # it is on the list
        articles.append(Article(found.number, found.title, each["text"], lesson_article(found, ways)))
    return Lessons(page("Lesson", "Lesson", MARKS["article"], up=None), tuple(articles), _lab_states())


def _lab_states() -> tuple[tuple[str, str], ...]:
    """Return what the gallery's rooms show in the filter lab, as pairs of words and an address."""
    told = [each for room in rooms.contents("")["rooms"] for each in (room["open"], *room["more"])]
    return tuple((each["title"], each["address"]) for each in told if each["address"].startswith("lab/#"))
