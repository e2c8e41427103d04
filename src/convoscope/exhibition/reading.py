"""Pages to read: a lesson, a comparison's report, or why something cannot be shown. HTML in the look of the others."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from convoscope.exhibition import lesson_texts
from convoscope.exhibition.lesson_charts import on_page
from convoscope.exhibition.lesson_texts import Lesson
from convoscope.exhibition.markdown import as_html, inline
from convoscope.exhibition.python_code import coloured

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E%3Cpath fill='%236a3fd0' "
    "d='M0 0h9v9H0z'/%3E%3Cpath fill='%23fff' d='M2 2h2v2H2zM5 5h2v2H5z'/%3E%3C/svg%3E"
)
# What shows a lesson's subject at once: words, and the address from the gallery.
_EDGES = ("Slide a filter over a photograph", "lab/#image=photograph&grey=1&step=convolve;kernel=-1,0,1/-2,0,2/-1,0,1")
_POOL = ("Pool an image step by step", "lab/#image=drawing&step=pool&step=pool")
_NETWORK = ("See every layer of this network", "explore/digits/")
_SHOWS: dict[int, tuple[tuple[str, str], ...]] = {
    9: (_EDGES, _NETWORK),
    10: (_EDGES, ("See the filters that were learned", "explore/digits/")),
    11: (
        (
            "Filter a colour image, channel by channel",
            "lab/#image=photograph&step=convolve;kernel=-1,0,1/-2,0,2/-1,0,1",
        ),
    ),
    12: (_NETWORK, _POOL),
    15: (_NETWORK,),
    16: (("See the digits that it still gets wrong", "explore/digits/#view=mistakes"),),
    17: (("Follow the accuracy epoch by epoch", "explore/digits/"),),
    19: (("Follow the accuracy epoch by epoch", "explore/digits/"),),
}
_EXPLORER = "explore/digits/"
_BODY = re.compile(r"<main>(.*)</main>", re.DOTALL)
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


@dataclass(frozen=True)
class Ways:
    """Where a lesson's links lead.

    Attributes
    ----------
    up : str
        The way back to the gallery.
    lesson : str
        That to another lesson, with ``{}`` for its number.
    network : str or None
        That to a network, in place of the gallery's own; None where there is none.
    """

    up: str = "../../"
    lesson: str = "../{}/"
    network: str | None = _EXPLORER


def page(title: str, kind: str, body: str, *, up: str | None, style: str | None = None) -> str:
    """Return a page to read.

    Parameters
    ----------
    title : str
    kind : str
        What it is, beside the name in its header: ``"Lesson"``.
    body : str
        HTML.
    up : str or None
        The way back to the gallery, ``"../../"``; None for a page without one.
    style : str, optional
        The address of a style sheet of its own.
    """
    sheets = [f"static/{name}.css" for name in ("shared/theme", "shared/parts", "gallery/common", "gallery/reading")]
    back = "" if up is None else f'<a class="button" href="{up}">Gallery</a>'
    links = "".join(f'<link rel="stylesheet" href="{sheet}">\n' for sheet in [*sheets, *([style] if style else [])])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<title>{html.escape(title)} · Convoscope</title>\n<link rel="icon" href="{_ICON}">\n{links}'
        '<script type="module" src="static/gallery/reading.js"></script>\n</head>\n<body>\n'
        '<a class="skip" href="#main">Skip to content</a>\n<header class="top-bar">\n'
        '<p class="brand"><span class="logo" aria-hidden="true"></span>Convoscope '
        f'<span class="muted">{kind}</span></p>\n'
        f'<div class="row actions">{back}'
        '<button type="button" id="theme" class="icon" aria-label="Colours"></button></div>\n</header>\n'
        f'<main id="main" tabindex="-1">\n'
        f'<div id="message" class="message" role="status" hidden></div>\n{body}\n</main>\n'
        '<p id="announce" class="visually-hidden" aria-live="polite"></p>\n</body>\n</html>\n'
    )


def lesson_page(lesson: Lesson, *, up: str = "../../") -> str:
    """Return a lesson as a page, `up` being the way back to the gallery."""
    return page(lesson.heading, "Lesson", lesson_article(lesson, Ways(up)), up=up)


def lesson_article(lesson: Lesson, ways: Ways) -> str:
    """Return a lesson's HTML: what it is about, what was measured, and its program, ready to copy."""
    numbers = " and ".join(map(str, lesson.claims))
    parts = [
        f'<article><p class="over">Lesson {numbers}</p><h1>{html.escape(lesson.heading)}</h1>',
        *(as_html(paragraph, _no_picture) for paragraph in lesson.paragraphs),
        _shows(lesson.number, ways),
    ]
    for claim in lesson.claims:
        if section := lesson_texts.measured(claim):
            parts.append(f"<section><h2>Claimed and measured: {inline(lesson_texts.claim_title(claim))}</h2>")
            parts += [as_html(section, _chart), "</section>"]
    parts += [
        '<section><h2 id="program">The program</h2>',
        "<p>Copy it into a file, next to the file below, or run it in a clone of the "
        f"repository:</p>{_command(f'python docs/lessons/{lesson.name}')}",
        _code(lesson.code, f"Program: {lesson.name}"),
        f"<details><summary>{lesson_texts.HELPER}, which loads the images</summary>"
        f"{_code(lesson_texts.helper(), f'Program: {lesson_texts.HELPER}')}</details></section>",
        _neighbours(lesson.number, ways),
        "</article>",
    ]
    return "\n".join(parts)


def problem_page(title: str, reason: str, *, up: str) -> str:
    """Return a page that says why something cannot be shown."""
    return page(
        title,
        "Gallery",
        f'<article><h1>{html.escape(title)}</h1><p class="error">{html.escape(reason)}</p>'
        f'<p><a class="button" href="{up}">Back to the gallery</a></p></article>',
        up=up,
    )


def report_page(report: str, *, up: str) -> tuple[str, str] | None:
    """Return a comparison's report in the pages' frame, and its style sheet; None if it is no such report.

    Parameters
    ----------
    report : str
        The file that `convoscope.experiments.write_report` wrote. Scripts in it are not run: the pages' policy allows
        none but their own.
    up : str
        The way back to the gallery.
    """
    body, style, title = (pattern.search(report) for pattern in (_BODY, _STYLE, _TITLE))
    if body is None or style is None or title is None:
        return None
    framed = page(
        html.unescape(title[1]), "Comparison", f'<div class="report">{body[1]}</div>', up=up, style="report.css"
    )
    return framed, style[1]


def _shows(number: int, ways: Ways) -> str:
    shown = dict(filter(None, (_shown(*each, ways) for each in _SHOWS.get(number, ()))))
    links = "".join(
        f'<a class="button primary" href="{html.escape(address)}">{html.escape(words)}</a>'
        for address, words in shown.items()
    )
    return f'<p class="row shows">{links}</p>' if links else ""


def _shown(words: str, address: str, ways: Ways) -> tuple[str, str] | None:
    """Return where a link leads and what it says; None where there is no network for it.

    The words tell of the gallery's network. Another one may have other classes.
    """
    state = address.removeprefix(_EXPLORER)
    if state == address or ways.network == _EXPLORER:
        return f"{ways.up}{address}", words
    if ways.network is None:
        return None
    told = "Look at a network's mistakes" if "mistakes" in state else "See every layer of a network"
    return f"{ways.up}{ways.network}{state}", told


def _neighbours(number: int, ways: Ways) -> str:
    listed = lesson_texts.listed()
    numbers = [each["number"] for each in listed]
    here = numbers.index(number)
    before = listed[here - 1] if here else None
    after = listed[here + 1] if here + 1 < len(listed) else None
    links = [
        f'<a href="{ways.lesson.format(each["number"])}" rel="{rel}"><small>{words}</small>{inline(each["title"])}</a>'
        for each, rel, words in ((before, "prev", "Previous lesson"), (after, "next", "Next lesson"))
        if each is not None
    ]
    return f'<nav class="neighbours" aria-label="Lessons">{"".join(links)}</nav>'


def _chart(address: str, words: str) -> str:
    name = address.rpartition("/")[2]
    svg = lesson_texts.chart(name)
    if svg is None:
        return ""
    figure = on_page(svg, name.removesuffix(".svg"), words)
    return (
        f'<figure class="card"><div class="wide" tabindex="0" role="group" aria-label="Chart">{figure}</div></figure>'
    )


def _no_picture(address: str, words: str) -> str:
    return ""


def _code(code: str, words: str) -> str:
    return (
        f'<div class="code"><pre tabindex="0" role="group" aria-label="{html.escape(words)}">'
        f"<code>{coloured(code)}</code></pre>"
        '<button type="button" class="copy">Copy</button></div>'
    )


def _command(command: str) -> str:
    return (
        f'<div class="code command"><pre><code>{html.escape(command)}</code></pre>'
        '<button type="button" class="copy">Copy</button></div>'
    )
