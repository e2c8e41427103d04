"""A page whose large kernels have 8 bits, in Chromium: its numbers are those that Python says they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.explore import activations
from convoscope.web.explored import Explored
from convoscope.web.explorer import in_eight_bits, offline

from .conftest import watched
from .explored import plain
from .support import in_layers, numbers

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")


def test_the_page_computes_with_the_rounded_kernels_and_says_so(browser: Any, tmp_path: Path) -> None:
    _, (x, y) = cs.datasets.digits.load_data()
    explored = Explored(plain(), x[..., None], y)
    small = in_eight_bits(explored)
    file = tmp_path / "small.html"
    file.write_text(offline(small), encoding="utf-8")
    with watched(browser, offline=True) as page:
        page.goto(in_layers(file.as_uri() + "#image=6"))
        page.wait_for_selector("html[data-ready=true]")
        assert page.locator("#note").inner_text() == small.note
        assert "accuracy" in small.note
        shown = page.evaluate(
            """async (image) => {
                const { openNetwork } = await import("convoscope/engine/network-client.js");
                const { readModel } = await import("convoscope/engine/model.js");
                const { model } = JSON.parse(document.getElementById("embedded").textContent);
                const buffer = Uint8Array.from(atob(model), (character) => character.charCodeAt(0)).buffer;
                const network = await openNetwork(buffer, null);
                const { inputShapes: [shape] } = readModel(buffer);
                const outputs = await network.run([{ shape, data: Float32Array.from(image) }]);
                return outputs.map(({ data }) => [...data]);
            }""",
            explored.images[6].ravel().astype(float).tolist(),
        )
        expected = activations(small.model, explored.images[6]).outputs
        for found, output in zip(shown, expected, strict=True):
            np.testing.assert_allclose(found, output.ravel(), atol=1e-4)
        score = numbers(page.locator(".prediction li.lit .score").inner_text())[0]
        assert score == pytest.approx(expected[-1].max(), abs=0.06)
    whole = activations(explored.model, explored.images[6]).outputs[-1]
    assert not np.allclose(whole, expected[-1], atol=1e-5)
