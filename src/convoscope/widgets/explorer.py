"""The explorer as a widget: a model's page in the notebook, its selection and image in step with Python."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import traitlets

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError
from convoscope.explore.calls import index_of
from convoscope.models.network import Network
from convoscope.web.bundle import offline_page
from convoscope.web.explorer import offline, opened, room_in_file, site
from convoscope.web.site import page_files
from convoscope.widgets.base import PageWidget
from convoscope.widgets.drawings import as_drawing, from_bytes, from_values, to_bytes

_VIEWS = {"overview": "overview", "network": "network", "why": "why", "mistakes": "mistakes", "compare": "beside"}


@functools.cache
def page() -> str:
    """Return the page that widgets show, the same for all models."""
    return offline_page(page_files(), "explorer/index.html", None, notebook=True)


class ExplorerWidget(PageWidget):
    """Open a model in a notebook: every layer, map, kernel and number in it, and its mistakes.

    The page is shown in the cell's output, without a server or a port. You can read and set what is selected on the
    page, and ``observe`` calls you when it changes.

    Parameters
    ----------
    model : Sequential or Model
    x, y, x_train, y_train, beside, snapshots, tour
        As in `convoscope.web.explorer.explore`.
    height : int
        Of the page, in pixels; at least 240. The bar below the page changes it too.

    Attributes
    ----------
    view : {"overview", "network", "why", "mistakes", "compare"}
    image : int or None
        The index in `x` of the image that is shown; None for a drawing or an upload. Can be set to any index.
    drawing : float32 array (height, width), or None
        What was drawn, in the model's value range. Can be set.
    upload : float32 array (*input_shape), or None
        An uploaded photo or one from the camera, prepared for the model.
    layer : int, str or None
        The index of the selected value's layer, as in `model.layers` (in a graph: `model.graph.calls`); ``"input"`` for
        a value of the image. Can be set, also to a layer's name or the layer itself; from the overview
        the page then goes to the network.
    map : int or None
        The index of the selected value's map (channel), or its index in a layer without maps. Can be set: ``layer``
        first.
    pixel : tuple (row, column), or None
        Its position in the map, from 0; None in a layer without maps. Can be set. As long as it is None, the page
        selects the map's value that is farthest from 0.
    value : float or None
        The selected value. After you have chosen another image or value here it is None until the page has computed it;
        so is `prediction`.
    prediction : dict or None
        For the image that is shown: ``"class"``, its ``"name"`` and ``"probability"``, and ``"probabilities"``, a list
        with one for each class. None where nothing is predicted.
    address : str
        Everything that is chosen on the page, also filters that are off and edited kernels, as in its links.

    Raises
    ------
    ConfigurationError
        A trait is set to what the model or the images do not have.

    See Also
    --------
    convoscope.web.explorer.explore : The same page in a browser, with a server.

    Examples
    --------
    >>> import convoscope as cs
    >>> layers = [cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1), name="edges"), cs.layers.Flatten(), cs.layers.Dense(10)]
    >>> model = cs.Sequential(layers)
    >>> widget = cs.ExplorerWidget(model, np.zeros((5, 8, 8, 1)))
    >>> widget.image = 3
    >>> widget.layer = "edges"
    >>> widget.layer
    0
    """

    told = ("view", "image", "drawing", "upload", "layer", "map", "pixel", "value", "prediction", "address")
    wanted = ("view", "image", "drawing", "layer", "map", "pixel")

    view = traitlets.Enum(list(_VIEWS), "overview").tag(
        sync=True,
        to_json=lambda value, _: _VIEWS[value],
        from_json=lambda value, _: {told: name for name, told in _VIEWS.items()}[value],
    )
    image = traitlets.Int(None, allow_none=True).tag(sync=True)
    drawing = traitlets.Any(None, allow_none=True).tag(sync=True, to_json=to_bytes, from_json=from_bytes)
    upload = traitlets.Any(None, allow_none=True, read_only=True).tag(
        sync=True, to_json=lambda value, _: None if value is None else value.tobytes(), from_json=from_values
    )
    layer = traitlets.Any(None, allow_none=True).tag(sync=True)
    map = traitlets.Int(None, allow_none=True).tag(sync=True)
    pixel = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    value = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    prediction = traitlets.Any(None, read_only=True).tag(sync=True)
    address = traitlets.Unicode("", read_only=True).tag(sync=True)

    def __init__(
        self,
        model: Network,
        x: Any = None,
        y: Any = None,
        *,
        x_train: Any = None,
        y_train: Any = None,
        beside: Network | None = None,
        snapshots: str | os.PathLike[str] | None = None,
        tour: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        height: int = 720,
    ) -> None:
        looked_at = {"x_train": x_train, "y_train": y_train, "beside": beside, "snapshots": snapshots, "tour": tour}
        self.explored = opened(model, x, y, **looked_at)
        answers = site(self.explored, room=room_in_file(self.explored))
        super().__init__(page(), f"Explorer: {model.name}", answers, height=height)

    @property
    def model(self) -> Network:
        """The model that is shown."""
        return self.explored.model

    @property
    def received(self) -> Array | list[Array] | None:
        """What the network receives now: an array of the model's input shape, or a list for several inputs."""
        if self.image is not None:
            images = [np.asarray(each[self.image]) for each in self.explored.all_images]
            return images[0] if len(images) == 1 else images
        if self.drawing is not None:
            shape = self.model.plan_input_shapes[0]
            drawn: Array = np.broadcast_to(self.drawing[..., None], (*self.drawing.shape, shape[-1])).reshape(shape)
            return drawn
        uploaded: Array | None = self.upload
        return uploaded

    def offline(self) -> str:
        """Return the page as one file of HTML. It has fewer images, and lacks what only Python can compute."""
        return offline(self.explored)

    # ---- what is set must be there

    @traitlets.validate("image")
    def _valid_image(self, proposal: Any) -> int | None:
        index, count = proposal["value"], len(self.explored.images)
        if index is not None and not 0 <= index < count:
            raise ConfigurationError(f"There is no image {index}: x has {count} images, counted from 0.")
        return index  # type: ignore[no-any-return]

    @traitlets.validate("drawing")
    def _valid_drawing(self, proposal: Any) -> npt.NDArray[np.float32] | None:
        drawing = proposal["value"]
        return None if drawing is None else as_drawing(drawing, self.explored)

    @traitlets.validate("layer")
    def _valid_layer(self, proposal: Any) -> int | str | None:
        layer = proposal["value"]
        inputs = ["input"] if len(self.model.plan_input_shapes) == 1 else list(self.model.input_names)
        if layer is None or (isinstance(layer, str) and layer in inputs):
            return layer
        return index_of(self.model, layer)

    @traitlets.validate("map")
    def _valid_map(self, proposal: Any) -> int | None:
        index = proposal["value"]
        if index is not None and not 0 <= index < self._shape("map")[-1]:
            raise ConfigurationError(f"There is no map {index}: layer {self.layer} has {self._shape('map')[-1]}.")
        return index  # type: ignore[no-any-return]

    @traitlets.validate("pixel")
    def _valid_pixel(self, proposal: Any) -> tuple[int, int] | None:
        pixel = proposal["value"]
        if pixel is None:
            return None
        shape = self._shape("pixel")
        sides = (int(np.prod(shape[:-2])), shape[-2]) if len(shape) > 1 else (0, 0)
        if not all(0 <= at < side for at, side in zip(pixel, sides, strict=True)):
            raise ConfigurationError(
                f"There is no pixel {pixel}: a map of layer {self.layer} has {sides[0]}×{sides[1]} pixels (rows × "
                "columns), counted from 0."
                if len(shape) > 1
                else f"Layer {self.layer} has no maps, so its values have no pixel. Set map alone."
            )
        return pixel  # type: ignore[no-any-return]

    def _shape(self, what: str) -> tuple[int, ...]:
        """Return the shape of what the selected layer makes, without the batch axis."""
        if self.layer is None:
            raise ConfigurationError(f"Set layer before {what}: no layer is selected.")
        if isinstance(self.layer, str):
            names = list(self.model.input_names)
            at = names.index(self.layer) if self.layer in names else 0
            return tuple(self.model.plan_input_shapes[at])
        return tuple(self.model.graph.calls[self.layer].output_shape)

    # ---- what belongs to the former choice goes with it, unless the page itself says what comes

    @traitlets.observe("layer")
    def _other_layer(self, _: Any) -> None:
        if not self._from_page:
            self.map = self.pixel = None

    @traitlets.observe("layer", "map", "pixel")
    def _other_value(self, _: Any) -> None:
        if not self._from_page:
            self.set_trait("value", None)  # until the page tells it

    @traitlets.observe("image", "drawing")
    def _other_image(self, change: Any) -> None:
        if self._from_page or change["new"] is None or np.array_equal(change["old"], change["new"]):
            return
        for name in ("value", "prediction"):
            self.set_trait(name, None)
        for other in ("image", "drawing", "upload"):
            if other != change["name"]:
                with suppress(traitlets.TraitError):
                    self.set_trait(other, None)
