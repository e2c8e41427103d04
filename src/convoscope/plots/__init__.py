"""Figures of training runs and models, in one style, readable without colour: ``pip install 'convoscope[plots]'``.

Each function takes the folder of a run, a history, a model or arrays, returns a matplotlib figure, and writes it as PNG
and SVG if you pass ``out``. `draw_run` draws all of a run; on the command line ``convoscope plot RUN``.
"""

from convoscope.plots.classes import confusion, per_class
from convoscope.plots.costs import accuracy_against_time
from convoscope.plots.curves import curves
from convoscope.plots.faithful import faithfulness
from convoscope.plots.pictures import filters, maps, mistakes
from convoscope.plots.whole_run import Drawn, draw_run

__all__ = [
    "Drawn",
    "accuracy_against_time",
    "confusion",
    "curves",
    "draw_run",
    "faithfulness",
    "filters",
    "maps",
    "mistakes",
    "per_class",
]
