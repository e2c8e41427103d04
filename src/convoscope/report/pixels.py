"""Images as text: two pixels to a character, the upper in the colour of the ink, the lower in that of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from rich.text import Text

Image = npt.NDArray[Any]
_SHADES = " ░▒▓█"


def to_rgb(image: Image, max_value: float) -> npt.NDArray[np.uint8]:
    """Turn an image as a model takes it into ordinary 8-bit colours.

    Parameters
    ----------
    image : array of shape (height, width), (height, width, 1) or (height, width, 3)
    max_value : float
        The largest value that a pixel can have.

    Returns
    -------
    array of uint8, shape (height, width, 3)

    Examples
    --------
    >>> to_rgb(np.array([[0, 16]]), 16)[0].tolist()
    [[0, 0, 0], [255, 255, 255]]
    """
    planes = image[..., None] if image.ndim == 2 else image
    scaled = np.clip(np.rint(planes.astype(np.float64) * (255 / max_value)), 0, 255).astype(np.uint8)
    return np.broadcast_to(scaled, (*planes.shape[:2], 3)) if planes.shape[2] == 1 else scaled[..., :3]


def resized(colours: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint8]:
    """Give an 8-bit colour image another width, and the height that goes with it; pixels of a small one stay square.

    Parameters
    ----------
    colours : array of uint8, shape (height, width, 3)
    width : int
        In pixels.
    """
    import PIL.Image

    height = max(1, round(colours.shape[0] * width / colours.shape[1]))
    if (height, width) == colours.shape[:2]:
        return colours
    grows = width > colours.shape[1]
    way = PIL.Image.Resampling.NEAREST if grows else PIL.Image.Resampling.BOX
    return np.asarray(PIL.Image.fromarray(np.ascontiguousarray(colours)).resize((width, height), way))


def draw(colours: npt.NDArray[np.uint8], *, in_colour: bool = True) -> list[Text]:
    """Draw an image with half-block characters.

    Parameters
    ----------
    colours : array of uint8, shape (height, width, 3)
        One character wide for each pixel, so `resized` to what there is room for.
    in_colour : bool
        False draws with four shades of the terminal's ink, for terminals and people that want no colour.

    Returns
    -------
    list of rich.text.Text
        One for each line, all of the same width: half as many as there are pixel rows, rounded up.

    Examples
    --------
    >>> [line.plain for line in draw(np.zeros((3, 2, 3), np.uint8))]
    ['▀▀', '▀▀']
    >>> [line.plain for line in draw(np.full((3, 2, 3), 255, np.uint8), in_colour=False)]
    ['██', '▒▒']
    """
    from rich.text import Text

    lines = []
    for top in range(0, len(colours), 2):
        upper, lower = colours[top], colours[top + 1] if top + 1 < len(colours) else None
        line = Text()
        for index, (red, green, blue) in enumerate(upper.tolist()):
            if not in_colour:
                pair = [upper[index].mean(), 0 if lower is None else lower[index].mean()]
                line.append(_SHADES[round(float(np.mean(pair)) / 255 * (len(_SHADES) - 1))])
                continue
            style = f"rgb({red},{green},{blue})"
            if lower is not None:
                style += " on rgb({},{},{})".format(*lower[index].tolist())
            line.append("▀", style)
        lines.append(line)
    return lines
