"""The filter lab's page: what its server gives out, and the same as one file."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy.typing as npt

from convoscope.errors import ConfigurationError
from convoscope.filters import samples
from convoscope.filters.chain import Pooling, Step
from convoscope.filters.named import get
from convoscope.filters.showing import as_bytes
from convoscope.web.bundle import data_address, offline_page
from convoscope.web.site import Response, Site, page_files

if TYPE_CHECKING:
    from importlib.abc import Traversable

PAGE = "lab/index.html"
_LONGEST_SIDE = 2048  # pixels; the page shows fewer
_MOST_STEPS, _LARGEST_KERNEL, _LARGEST_STRIDE = 6, 7, 8
_LARGEST = {"stride": _LARGEST_STRIDE, "padding": 8, "dilation": 4}
_WORDS = {"pad_mode": "padMode"}


@dataclass(frozen=True, eq=False)
class Start:
    """What the page begins with.

    Attributes
    ----------
    name : str or None
        Of the image that a person gave, and
    image : array or None
        that image. Without one the page begins with its own samples.
    steps : sequence of Filter and Pooling
        The chain that it begins with.
    network : bool
        Whether the page lies below a network's page, which hands kernels over and takes them back.
    gallery : str or None
        The way back to the gallery that the page lies below, ``"../"``.
    """

    name: str | None = None
    image: npt.NDArray[Any] | None = None
    steps: Sequence[Step] = ()
    network: bool = False
    gallery: str | None = None

    @property
    def state(self) -> str | None:
        """The state as the page writes it into its address; None for what the page begins with by itself."""
        if not self.steps and self.name is None:
            return None
        if len(self.steps) > _MOST_STEPS:
            raise ConfigurationError(f"The page can have {_MOST_STEPS} steps, but got {len(self.steps)}.")
        image = "image" if self.image is not None else self.name or "photograph"
        return "&".join([f"image={quote(image)}", *(f"step={_written(step)}" for step in self.steps)])


def site(start: Start, folder: Traversable | None = None) -> Site:
    """Return what the lab's server gives out; `folder` instead of the package's own for tests."""
    folder = folder or page_files()
    picture = None if start.image is None else _png(start.image)
    listed = [
        {"name": name, "title": title, "url": f"data/samples/{name}.png"} for name, title in samples.TITLES.items()
    ]
    beginning: dict[str, Any] = {"image": start.name if picture else None, "state": start.state}
    if start.network:
        beginning["network"] = True
    if start.gallery:
        beginning["gallery"] = start.gallery
    routes = {
        "": lambda: Response((folder / PAGE).read_bytes(), "text/html; charset=utf-8"),
        "data/kernels.json": lambda: Response(_kernels(), "application/json"),
        "data/samples.json": lambda: _as_json(listed),
        "data/start.json": lambda: _as_json(beginning),
    }
    for name in samples.names():
        routes[f"data/samples/{name}.png"] = lambda name=name: Response(samples.read(name), "image/png")  # type: ignore[misc]
    if picture:
        routes["data/image.png"] = lambda: Response(picture, "image/png")
    return Site(folder, routes)


def offline(start: Start, folder: Traversable | None = None) -> str:
    """Return the lab as one file of HTML that needs neither server nor network."""
    return offline_page(folder or page_files(), PAGE, embedded(start))


def embedded(start: Start) -> dict[str, Any]:
    """Return what the page finds inside a file, where there is no server to ask."""
    beginning: dict[str, Any] = {"image": None if start.image is None else start.name, "state": start.state}
    if start.network:
        beginning["network"] = True
    found: dict[str, Any] = {
        "kernels": json.loads(_kernels()),
        "samples": [
            {"name": name, "title": title, "url": data_address(samples.read(name), "image/png")}
            for name, title in samples.TITLES.items()
        ],
        "start": beginning,
    }
    if start.image is not None:
        found["image"] = data_address(_png(start.image), "image/png")
    return found


def _kernels() -> bytes:
    return bytes(resources.files("convoscope.filters").joinpath("kernels.json").read_bytes())


def _as_json(value: Any) -> Response:
    return Response(json.dumps(value).encode(), "application/json")


def _png(image: npt.NDArray[Any]) -> bytes:
    import PIL.Image

    picture = PIL.Image.fromarray(as_bytes(image))
    picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _written(step: Step) -> str:
    """Write a step as the page's address has it, or say why the page has no such step."""
    if isinstance(step, Pooling):
        stride = step.size if step.stride is None else step.stride
        if (
            not all(isinstance(n, int) and 1 <= n <= _LARGEST_STRIDE for n in (step.size, stride))
            or step.padding != "valid"
        ):
            raise ConfigurationError(
                "The page supports pooling without padding, with sizes and strides from 1 to "
                f"{_LARGEST_STRIDE}. Change --pool."
            )
        return f"pool;mode={step.mode};size={step.size};stride={stride}"
    kernel = get(step.kernel)
    height, width = kernel.shape
    if height != width or height > _LARGEST_KERNEL or kernel.values.ndim != 2:
        raise ConfigurationError(
            f"The page takes square kernels of 1×1 to {_LARGEST_KERNEL}×{_LARGEST_KERNEL} numbers, but this one is "
            f"{height}×{width}. Leave it out, or do without --open."
        )
    rows = "/".join(",".join(f"{number:.9g}" for number in row) for row in kernel.values)
    words = [f"convolve;kernel={rows}"]
    options = dict(step.options)
    words.append(f"weight={kernel.weight * options.pop('weight', 1.0):.9g}")
    words.append(f"bias={kernel.bias + options.pop('bias', 0.0):.9g}")
    words.append(f"clip={'false' if options.pop('clip', None) is False else 'true'}")
    for name, value in options.items():
        if name in _LARGEST and not isinstance(value, str) and not (isinstance(value, int) and value <= _LARGEST[name]):
            raise ConfigurationError(
                f"The page takes one {name} for rows and columns, at most {_LARGEST[name]}, but got {value}. Change "
                "it, or do without --open."
            )
        words.append(f"{_WORDS.get(name, name)}={value}")
    return ";".join(words)
