"""The lessons' charts in the pages' colours: part of the page itself, light or dark."""

from __future__ import annotations

import html
import re

# Matplotlib's colours, which `convoscope.drawing.look` chose for paper, and what they are on a page.
_COLOURS = {
    "#ffffff": "var(--card)",
    "#000000": "var(--muted)",
    "#1c1e21": "var(--ink)",
    "#8a9097": "var(--strong)",
    "#e3e5e8": "var(--line)",
    "#0b57a4": "var(--chart)",
    "#d98324": "var(--chart-other)",
}
_BEFORE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_ASIDE = re.compile(r"<metadata>.*?</metadata>|<style\b.*?</style>|<script\b.*?</script>", re.DOTALL)
_STYLE = re.compile(r'\sstyle="([^"]*)"')
_ROOT = re.compile(r"<svg\b[^>]*>")
_BOX = re.compile(r'viewBox="([\d. -]+)"')
_NAMED = re.compile(r'(\bid="|href="#|url\(#)')


def on_page(svg: str, name: str, words: str) -> str:
    """Return a chart of Matplotlib's as an element of a page.

    Parameters
    ----------
    svg : str
        The file.
    name : str
        Keeps the names of its parts apart from those of other charts on the page.
    words : str
        What it shows, for those who do not see it.

    Notes
    -----
    Styles become attributes, since the pages' policy allows no styles within them.
    """
    body = _ASIDE.sub("", _BEFORE.sub("", svg))
    body = _STYLE.sub(lambda found: _attributes(found[1]), body)
    body = _NAMED.sub(lambda found: f"{found[1]}{name}-", body)
    box = _BOX.search(body)
    root = (
        f'<svg class="chart" role="img" aria-label="{html.escape(words)}" viewBox="{box[1] if box else "0 0 518 302"}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" fill="var(--ink)" '
        'stroke-linejoin="round" stroke-linecap="butt">'
    )
    return _ROOT.sub(lambda _: root, body, count=1)


def _attributes(style: str) -> str:
    pairs = (each.split(":", 1) for each in style.split(";") if ":" in each)
    return "".join(f' {key.strip()}="{_COLOURS.get(value.strip(), value.strip())}"' for key, value in pairs)
