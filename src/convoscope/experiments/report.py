"""The report of an experiment, as Markdown and as HTML that needs nothing beside it."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from pathlib import Path

from convoscope.drawing import image
from convoscope.errors import NotReadyError
from convoscope.experiments import charts
from convoscope.experiments.results import Row, best
from convoscope.experiments.space import described
from convoscope.experiments.table import NOTES, as_html, markdown
from convoscope.names import encodable, for_markdown, for_terminal
from convoscope.report.terminal import percent
from convoscope.storage import write_atomically

# Whatever name got into the page, it runs nothing and asks for nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1c1e21;
       background: #fff; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.7rem; text-align: right; border-bottom: 1px solid #d9dce0; vertical-align: top; }
td { white-space: nowrap; }
td.text, th:first-child { text-align: left; white-space: normal; }
tr.best { font-weight: 600; background: #eef4fb; }
figure { margin: 2rem 0; }
figure svg { max-width: 100%; height: auto; }
figcaption, .notes { color: #565c63; font-size: 0.9rem; }
"""


def write_report(
    table: Sequence[Row], folder: Path, title: str, facts: Sequence[str] = (), *, without: Collection[str] = ()
) -> list[Path]:
    """Write ``report.md`` and ``report.html``, and the charts as SVG and PNG if matplotlib is there.

    Parameters
    ----------
    table : sequence of Row
        From `convoscope.experiments.rows`.
    folder : Path
        It must be there.
    title : str
    facts : sequence of str
        What else there is to say, a paragraph each.
    without : collection of str
        Figures that the table leaves out. The accuracy on the test images is told of the best row anyhow.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    title = for_terminal(title)
    paragraphs = [*_summary(table), *facts]
    drawn: dict[str, tuple[str, bytes]] = {}  # of each chart its caption and its SVG
    pictures: dict[str, bytes] = {}
    try:
        figures = charts.draw(table)
    except NotReadyError as error:
        paragraphs.append(str(error))
        figures = {}
    captions = charts.captions(table) if figures else {}
    for name, figure in figures.items():
        drawn[name] = captions[name], image(figure, "svg")
        pictures[f"{name}.svg"] = drawn[name][1]
        pictures[f"{name}.png"] = image(figure, "png")
    paragraphs = list(map(for_terminal, paragraphs))
    pages = {
        "report.md": _markdown(markdown(table, without=without), title, paragraphs, drawn),
        "report.html": _html(as_html(table, without=without), title, paragraphs, drawn),
    }
    written = []
    texts = {name: encodable(page).encode() for name, page in pages.items()}
    for name, content in {**pictures, **texts}.items():
        write_atomically(folder / name, [content])
        written.append(folder / name)
    return written


def _summary(table: Sequence[Row]) -> list[str]:
    first = best(table)
    figure = first.figure("val_accuracy") if first is not None else None
    if first is None or figure is None:
        return ["No run is finished yet."]
    test = first.figure("test_accuracy")
    named = described(first.point) or first.results[0].folder.name
    told = f"Best in validation: {named}, {percent(figure.mean, 2)}" + (
        f" (± {figure.spread * 100:.2f} points over {len(first.finished)} seeds)." if figure.spread is not None else "."
    )
    return [told + (f" On the test images it has {percent(test.mean, 2)}." if test is not None else "")]


def _markdown(table: str, title: str, paragraphs: Sequence[str], drawn: dict[str, tuple[str, bytes]]) -> str:
    notes = "\n".join(f"- {note}" for note in NOTES)
    parts = [f"# {for_markdown(title)}", *map(for_markdown, paragraphs), table.rstrip(), notes]
    parts += [
        f"![{for_markdown(_first_sentence(caption))}]({name}.svg)\n\n{for_markdown(caption)}"
        for name, (caption, _) in drawn.items()
    ]
    return "\n\n".join(parts) + "\n"


def _html(table: str, title: str, paragraphs: Sequence[str], drawn: dict[str, tuple[str, bytes]]) -> str:
    told = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in NOTES)
    figures = "".join(
        f"<figure>{_inline(svg, _first_sentence(caption))}<figcaption>{html.escape(caption)}</figcaption></figure>"
        for caption, svg in drawn.values()
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f'<body><h1>{html.escape(title)}</h1>{told}<div class="wide" tabindex="0">{table}</div>'
        f'<ul class="notes">{notes}</ul>{figures}</body></html>\n'
    )


def _inline(svg: bytes, name: str) -> str:
    """Return a chart, named for those who do not see it, without what only a file of its own has before it."""
    text = svg.decode()
    return f'<svg role="img" aria-label="{html.escape(name)}"' + text[text.index("<svg") + len("<svg") :]


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")
