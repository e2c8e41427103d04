"""The report of an experiment, as Markdown and as HTML that needs nothing beside it."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Collection, Sequence
from pathlib import Path

from convoscope.drawing import image
from convoscope.errors import NotReadyError
from convoscope.experiments import charts, svg
from convoscope.experiments.results import Row, best
from convoscope.experiments.space import described
from convoscope.experiments.table import NOTES, as_html, markdown
from convoscope.names import encodable, for_markdown, for_terminal
from convoscope.report.terminal import percent
from convoscope.storage import write_atomically

# Whatever name got into the page, it runs nothing and asks for nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
# The look of the other pages: their colours, light and dark.
_STYLE = """
:root { color-scheme: light dark; --paper: #f6f6f4; --card: #ffffff; --ink: #191c22; --muted: #5a616d; --line: #dfe1e5;
        --strong: #8a909b; --accent: #6a3fd0; --accent-soft: #efeafb; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0f1115; --card: #171a20; --ink: #e8eaee; --muted: #a0a7b4; --line: #2b303a; --strong: #6f7786;
          --accent: #b79bff; --accent-soft: #2a2340; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
header, main { max-width: 1680px; margin: 0 auto; padding: 14px 24px; }
header { font-size: 17px; font-weight: 650; }
header span { margin-left: 0.35em; color: var(--muted); font-weight: 400; }
header i { display: inline-block; vertical-align: -2px; width: 17px; height: 17px; margin-right: 9px;
           border-radius: 4px;
           background: linear-gradient(135deg, #266fba 0 33%, var(--accent) 33% 66%, #d96a0a 66%); }
h1 { font-size: 22px; margin: 0 0 8px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
        margin: 0 0 16px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 15px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 11px; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--muted); font-weight: 400; }
td { white-space: nowrap; }
td.text, th:first-child { text-align: left; white-space: normal; }
tr.best { font-weight: 600; background: var(--accent-soft); }
.charts { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 775px), 1fr)); }
figure { margin: 0; }
figure svg { width: 100%; min-width: 740px; max-width: 860px; height: auto; display: block; }
figcaption, .notes { color: var(--muted); font-size: 15px; }
"""


def write_report(
    table: Sequence[Row], folder: Path, title: str, facts: Sequence[str] = (), *, without: Collection[str] = ()
) -> list[Path]:
    """Write ``report.md`` and ``report.html``, and the charts as SVG; as PNG too if matplotlib is installed.

    Parameters
    ----------
    table : sequence of Row
        From `convoscope.experiments.rows`.
    folder : Path
        It must exist.
    title : str
    facts : sequence of str
        What else the report says, a paragraph each.
    without : collection of str
        Figures that the table leaves out. The accuracy on the test images is given for the best row in any case.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    StorageError
        If they cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from convoscope.experiments.results import Result, rows
    >>> def run(filters, accuracy):
    ...     figures = {"val_accuracy": accuracy, "parameters": 1000 * filters}
    ...     return Result(Path("runs"), {"filters": filters}, {"filters": filters}, "finished", None, 5, figures)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_report(rows([run(8, 0.971), run(16, 0.985)]), Path(folder), "How many filters?")
    ...     Path(folder, "report.md").read_text(encoding="utf-8").splitlines()[0], files[-1].name
    ('# How many filters?', 'report.html')
    """
    title = for_terminal(title)
    paragraphs = [*_summary(table), *facts]
    svgs = svg.charts(table)
    captions = charts.captions(table) if svgs else {}
    drawn = {name: (captions[name], chart) for name, chart in svgs.items()}
    pictures = {f"{name}.svg": svg.as_file(chart) for name, chart in svgs.items()}
    with contextlib.suppress(NotReadyError):  # a PNG is only for where an SVG does not go
        pictures |= {f"{name}.png": image(figure, "png") for name, figure in charts.draw(table).items()}
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
    return [told + (f" Its test accuracy is {percent(test.mean, 2)}." if test is not None else "")]


def _markdown(table: str, title: str, paragraphs: Sequence[str], drawn: dict[str, tuple[str, str]]) -> str:
    notes = "\n".join(f"- {note}" for note in NOTES)
    parts = [f"# {for_markdown(title)}", *map(for_markdown, paragraphs), table.rstrip(), notes]
    parts += [
        f"![{for_markdown(_first_sentence(caption))}]({name}.svg)\n\n{for_markdown(caption)}"
        for name, (caption, _) in drawn.items()
    ]
    return "\n\n".join(parts) + "\n"


def _html(table: str, title: str, paragraphs: Sequence[str], drawn: dict[str, tuple[str, str]]) -> str:
    told = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in NOTES)
    figures = "".join(
        '<figure class="card"><div class="wide" tabindex="0" role="group" aria-label="Chart">'
        f"{_named(chart, _first_sentence(caption))}</div>"
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for caption, chart in drawn.values()
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}{svg.STYLE}</style></head>'
        f"<body><header><i></i>Convoscope<span>Comparison</span></header><main>"
        f'<section class="card"><h1>{html.escape(title)}</h1>{told}'
        f'<div class="wide" tabindex="0" role="group" aria-label="All runs">{table}</div>'
        f'<ul class="notes">{notes}</ul></section><div class="charts">{figures}</div></main></body></html>\n'
    )


def _named(chart: str, name: str) -> str:
    """Return a chart, named for those who do not see it."""
    return f'<svg role="img" aria-label="{html.escape(name)}"' + chart[len("<svg") :]


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")
