"""How figures look, and what they are drawn with: matplotlib, which is an extra.

Nothing here knows of models or runs: see `convoscope.plots` and `convoscope.explore` for what there is to draw. Only
`convoscope.drawing.network`, which draws the layers of a model, asks it for them; it needs no matplotlib.
"""

from convoscope.drawing.files import FORMS, image, make_folder, save
from convoscope.drawing.images import as_image, figure, grid, hide_unused, show_image, show_overlay
from convoscope.drawing.look import (
    BARS,
    FAINT,
    FRONT,
    GAP,
    GRID,
    HEAT,
    INK,
    MAPS,
    PAPER,
    SHARES,
    SIGNED,
    TRAINING,
    VALIDATION,
    finish,
    new_figure,
    plain,
    plain_ticks,
    require_matplotlib,
    series,
)
from convoscope.drawing.matrix import confusion_figure

__all__ = [
    "BARS",
    "FAINT",
    "FORMS",
    "FRONT",
    "GAP",
    "GRID",
    "HEAT",
    "INK",
    "MAPS",
    "PAPER",
    "SHARES",
    "SIGNED",
    "TRAINING",
    "VALIDATION",
    "as_image",
    "confusion_figure",
    "figure",
    "finish",
    "grid",
    "hide_unused",
    "image",
    "make_folder",
    "new_figure",
    "plain",
    "plain_ticks",
    "require_matplotlib",
    "save",
    "series",
    "show_image",
    "show_overlay",
]
