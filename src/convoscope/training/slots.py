"""Slots: the arrays that an optimizer keeps beside each trainable weight, known by the weight's identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convoscope.engine.base import Array
from convoscope.engine.updates import WEIGHT_AVERAGE, UpdateRule
from convoscope.errors import ConfigurationError
from convoscope.layers import moments
from convoscope.layers.base import writable


class SlotHolder:
    """The slots of an `Optimizer`, whose `rule` says what they are."""

    def __init__(self) -> None:
        # Each weight's slots; the weight is None in a copy that has not met its model yet.
        self._slots: list[tuple[Array | None, tuple[Array, ...]]] = []

    def rule(self) -> UpdateRule:
        """Return the update as an engine computes it."""
        raise NotImplementedError

    def slots_for(self, weights: Sequence[Array]) -> list[tuple[Array, ...]]:
        """Return the slots of each trainable weight; those that are not there yet are made.

        Parameters
        ----------
        weights : sequence of arrays
            The trainable weights themselves, not copies: an array is known by its identity.

        Returns
        -------
        list of tuple of float32 arrays
            For each weight its slots, in the order of ``rule().slots``. They are the arrays that training writes.
        """
        rule = self.rule()
        count = len(rule.slots)
        self._meet(weights)
        found = [next((slots for known, slots in self._slots if known is weight), None) for weight in weights]
        if self._slots and weights and all(slots is None for slots in found):
            raise ConfigurationError(
                f"This {type(self).__name__} optimizer has trained another model and keeps state for it. Create a new "
                "optimizer for each model."
            )
        result = [
            slots if slots is not None and len(slots) == count else rule.first_slots(w)
            for w, slots in zip(weights, found, strict=True)
        ]
        self._slots = list(zip(weights, result, strict=True))
        return result

    # ---- the weights' averages

    def finalize_variable_values(self, var_list: Any = None) -> None:
        """Put the averages that ``use_ema`` keeps in the place of the weights, as `fit` does in the end."""
        with moments.writing():
            for weight, average in self.averages():
                weight[...] = average

    def averages(self) -> list[tuple[Array, Array]]:
        """Return each weight that has been trained with its running average; nothing without ``use_ema``."""
        names = self.rule().slots
        if WEIGHT_AVERAGE not in names:
            return []
        place = names.index(WEIGHT_AVERAGE)
        return [(weight, slots[place]) for weight, slots in self._slots if weight is not None]

    # ---- copying: slots are known by their weights, which a copy of an optimizer alone does not have

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_slots": [(None, slots) for _, slots in self._slots]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._slots = [(None, tuple(map(writable, slots))) for _, slots in self._slots]

    def places_of_slots(self, weights: Sequence[Array]) -> list[int | None]:
        """Return for each weight that has slots its place among a model's weights, None where it has none there."""
        places = {id(weight): place for place, weight in enumerate(weights)}
        return [None if known is None else places.get(id(known)) for known, _ in self._slots]

    def rebind_slots(self, weights: Sequence[Array], places: Sequence[int | None]) -> None:
        """Tell a copy whose slots it has, by what `places_of_slots` returned of the original."""
        if any(known is None for known, _ in self._slots):
            self._slots = [
                (known if place is None else weights[place], slots)
                for (known, slots), place in zip(self._slots, places, strict=True)
            ]

    def _meet(self, weights: Sequence[Array]) -> None:
        """Take the first weights of the right shapes for those that a copied optimizer has slots for."""
        shapes = [slots[0].shape if slots else None for _, slots in self._slots]
        if not self._slots or any(known is not None for known, _ in self._slots):
            return
        if len(weights) == len(shapes) and all(s in (None, w.shape) for w, s in zip(weights, shapes, strict=True)):
            self._slots = [(weight, slots) for weight, (_, slots) in zip(weights, self._slots, strict=True)]
