from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from convoscope.datasets.folder import decoding
from convoscope.datasets.folder.decoding import Decoded, decode_all
from convoscope.datasets.folder.survey import Form


@pytest.mark.parametrize(("side", "most"), [(28, 16 * 64), (512, 16 * 2), (1024, 16)])
def test_only_so_many_images_are_in_memory_that_wait_to_be_taken(
    monkeypatch: pytest.MonkeyPatch, side: int, most: int
) -> None:
    seen: list[str] = []

    def decode(path: Path, form: Form) -> Decoded:
        seen.append(path.name)
        return Decoded(np.zeros(1, np.uint8), None, [path.name])

    monkeypatch.setattr(decoding, "decode", decode)
    paths = [Path(str(i)) for i in range(3000)]
    with ThreadPoolExecutor(2) as executor:
        found = decode_all(paths, Form(side, side, 1 if side == 28 else 3, 0, "", ""), executor)
        taken = [next(found).notes[0]]
        executor.submit(int).result()  # behind all blocks that are under way
        assert len(seen) <= most
        taken += [each.notes[0] for each in found]
    assert taken == [path.name for path in paths]
    assert len(seen) == 3000
