"""What the explorer's page asks about how faithful a heat map is, where Python runs the network."""

from __future__ import annotations

from typing import Any

from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError
from convoscope.explore import perturbation
from convoscope.explore.heat_maps import enlarged
from convoscope.explore.interventions import with_interventions
from convoscope.explore.submodels import class_count
from convoscope.web.explored import Explored
from convoscope.web.questions import interventions, read_image, whole
from convoscope.web.runs import inputs_asked

_MOST_STEPS, _MOST_VALUES = 100, 4_000_000


def curve(explored: Explored, question: dict[str, Any]) -> dict[str, Any]:
    """Answer what becomes of the probability of ``classIndex`` while the pixels of an image are replaced, in ``steps``.

    The question has the image, ``silenced`` and ``changes`` as `convoscope.web.runs.Runs.values` takes them, and a
    ``map`` as base64 of float32 with its ``shape`` (height, width). ``kind`` is "deletion", "insertion", or the number
    of a random order. The page does the same for a network that it runs itself: ``explorer/faithfulness.js``.
    """
    model = explored.model
    if len(model.plan_input_shapes) > 1:
        raise ConfigurationError("This works only for networks with one input.")
    (image,) = inputs_asked(explored, model, question)[0]
    if image.ndim not in (2, 3):
        raise ConfigurationError("This works only for networks whose input is an image.")
    kind, steps = question.get("kind"), whole(question.get("steps"), "a number of steps")
    if not 1 <= steps <= _MOST_STEPS:
        raise ConfigurationError(f"A curve has from 1 to {_MOST_STEPS} steps, but got {steps}.")
    index, count = whole(question.get("classIndex"), "a class"), max(2, class_count(model))
    if index >= count:
        raise ConfigurationError(f"Classes are numbered from 0 to {count - 1}, but got {index}.")
    silenced, changes = interventions({"silenced": {}, "changes": [], **question})
    run = with_interventions(model, silenced, changes) if silenced or changes else None
    probability = perturbation.probability(model, run)
    base = perturbation.baseline_of(image, "mean")
    order = _order(image, question, kind)
    first, last = (base, image) if kind == "insertion" else (image, base)
    return {"curve": probability(perturbation.deletion(first, last, order, steps), index).tolist()}


def _order(image: Array, question: dict[str, Any], kind: Any) -> Array:
    height, width = image.shape[:2]
    if kind not in ("deletion", "insertion"):
        return perturbation.random_order(height * width, 1 + whole(kind, "deletion, insertion or an order's number"))
    shape = question.get("shape")
    sides = [whole(each, "a side of the map") for each in shape] if isinstance(shape, list) else []
    if len(sides) != 2 or not 0 < sides[0] * sides[1] <= _MOST_VALUES:
        raise ConfigurationError(f"A map has a height and a width, but its shape is {shape!r}.")
    importance = read_image(question.get("map"), sides)
    return perturbation.order(enlarged(importance[None], height, width)[0], 0)
