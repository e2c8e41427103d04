"""What a stretch finds, written back to its arrays some steps at a time: each copy waits for the device."""

from __future__ import annotations

from convoscope.engine.base import Stretch, each
from convoscope.engine.torch.data import as_array
from convoscope.engine.torch.mode import Alone
from convoscope.engine.torch.training import Found

_HELD = 1 << 26  # bytes on the device, which are written back before there are more


class Results:
    """Losses, outputs and penalties of a stretch's steps.

    Parameters
    ----------
    stretch : Stretch
        Its arrays are written.
    outputs : int
        How many the plan has.
    processes : Alone
    at_once : bool
        Whether each step's are written at once: where they are in the same memory anyway.
    """

    def __init__(self, stretch: Stretch, outputs: int, processes: Alone, at_once: bool) -> None:
        # Among several processes, what each found is gathered, and that is done rarely.
        self._stretch, self._processes, self._at_once = stretch, processes, at_once and processes.records
        self._losses, self._outputs = each(stretch.losses, outputs), each(stretch.outputs, outputs)
        self._found: list[tuple[int, Found]] = []
        self._bytes = 0

    def add(self, place: int, found: Found) -> None:
        """Take what step `place` found."""
        self._found.append((place, found))
        size, total = self._stretch.batch_size, len(self._stretch.rows)
        samples = min(size, total - place * size)  # of the whole batch: all processes write at the same step
        self._bytes += samples * sum(output[:1].numel() * output.element_size() for output in found.outputs)
        if self._at_once or self._bytes > _HELD:
            self.write()

    def write(self) -> None:
        """Write what there is."""
        size, total = self._stretch.batch_size, len(self._stretch.rows)
        batches = [slice(place * size, min((place + 1) * size, total)) for place, _ in self._found]
        counts = [batch.stop - batch.start for batch in batches]
        for index, room in enumerate([*self._losses, *self._outputs]):
            parts = [[*found.losses, *found.outputs][index] for _, found in self._found]
            made = [as_array(part) for part in parts if part is not None]
            for batch, whole in zip(batches, self._processes.gathered(made, counts) if made else [], strict=False):
                room[batch] = whole
        for place, found in self._found:
            if found.penalty is not None and self._stretch.penalties is not None:
                self._stretch.penalties[place] = float(found.penalty)
        self._found, self._bytes = [], 0
