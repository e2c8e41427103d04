"""The pages of a server of models: pictures are chosen and get their answers; offline, on a phone, for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.serving.conftest import make_model, photo

from convoscope.models import load_model
from convoscope.serving import Server

from .conftest import watched
from .support import flaws

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("served") / "model.safetensors"
    make_model(1).save(path)
    with Server({"insects": path, "others": path}, port=0, token=TOKEN) as server:
        yield server


def test_a_picture_gets_its_answer(browser: Any, served: Server, tmp_path: Path) -> None:
    contents = [photo(seed) for seed in range(4)]
    found = load_model(served.models["insects"].path).predict_images(contents)
    assert len({each.none_of_these for each in found}) == 2
    (tmp_path / "no image.png").write_bytes(b"no image")
    for seed, content in enumerate(contents):
        (tmp_path / f"<b>{seed}.png").write_bytes(content)
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.address)
    page.fill("#token", TOKEN)
    page.click("#sign-in button")
    page.wait_for_selector("#top-field select")
    assert not page.locator("#sign-in").is_visible()
    files = [*sorted(tmp_path.glob("<b>*.png")), tmp_path / "no image.png"]
    page.set_input_files("#files", [str(file) for file in files])
    page.locator(".verdict, .result .error").nth(4).wait_for()
    cards = page.locator(".result").all()
    assert "no image.png is not an image" in cards[0].inner_text()
    for card, seed in zip(cards[1:], (3, 2, 1, 0), strict=True):
        each = found[seed]
        assert card.locator("h3").inner_text() == f"<b>{seed}.png"
        assert card.locator(".verdict").inner_text() == ("None of these" if each.none_of_these else each.name)
        assert card.locator("meter").first.get_attribute("value") == repr(each.probability)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert all(url.startswith((served.address, "blob:", "data:")) for url in asked)
    context.close()


def test_axe_finds_nothing(browser: Any, served: Server) -> None:
    with watched(browser) as page:
        page.goto(f"{served.address}/docs")
        page.wait_for_selector("html[data-ready=true]")
        assert "Authorization: Bearer" in page.locator("#curl").inner_text()
        page.click("summary >> nth=0")
        assert flaws(page) == []
