"""What a person brings to the explorer in Chromium: files and camera frames, drawings, edits and links.

Also what it shows of them: saliency, and the way to the filter lab and back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.own_images import rejection_for

import convoscope as cs
from convoscope.explore import activations, saliency
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline

from .conftest import png, watched
from .explored import serving
from .support import in_layers, numbers, place, settled, sum_shown, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")


@pytest.fixture(scope="module")
def explored() -> Explored:
    """A network that has not learned anything: here its answers do not count."""
    _, (x, y) = cs.datasets.digits.load_data()
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", padding="same", input_shape=(8, 8, 1)),
            layers.MaxPooling2D(),
            layers.Conv2D(5, 2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ],
        seed=4,
    )
    return Explored(model, x[:200, ..., None], y[:200], title="digits")


@pytest.fixture(scope="module")
def explorer(explored: Explored) -> Iterator[str]:
    """Where its page is."""
    with serving(explored) as address:
        yield address


@pytest.fixture
def page(browser: Any, explorer: str) -> Iterator[Any]:
    """The page, ready."""
    with watched(browser) as opened:
        arrive(opened, explorer)
        yield opened


def arrive(page: Any, address: str) -> None:
    """Open an address from scratch, as somebody does who was handed a link."""
    visit(page, in_layers(address))
    drawn(page)


def drawn(page: Any) -> None:
    """Wait until the page has begun to draw, and drawn."""
    page.evaluate(
        "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 60))"
    )


def received(page: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The greys of what the network receives, as the page shows it."""
    pixels = page.evaluate(
        """() => {
            const canvas = document.querySelector("#received");
            const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
            copy.drawImage(canvas, 0, 0);
            return [...copy.getImageData(0, 0, canvas.width, canvas.height).data];
        }"""
    )
    return np.array(pixels, np.uint8).reshape(8, 8, 4)[..., 0]


def test_a_frame_of_the_camera_is_brought_to_the_networks_size(page: Any) -> None:
    page.get_by_role("button", name="Camera").click()
    until(page, "document.querySelector('dialog[open] video')?.videoWidth > 0")
    page.get_by_role("button", name="Take image").click()
    until(page, "document.querySelector('#own').textContent.startsWith('An image from the camera: PNG, 640×480')")
    drawn(page)
    greys = received(page)
    assert (greys[0] == greys[0, 0]).all()  # six of eight rows are the image: the others have the colour of its edges
    assert (greys[-1] == greys[0, 0]).all()
    assert len(np.unique(greys[1:-1])) > 2
    assert page.evaluate("document.querySelector('video').srcObject === null")
    assert page.locator("[data-kind=camera]").get_attribute("aria-pressed") == "true"
    assert page.locator("#truth").inner_text() == ""


def test_without_a_camera_the_page_says_so_and_stays_as_it_was(page: Any) -> None:
    before = page.locator(".prediction").inner_text()
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError')); }"
    )
    page.get_by_role("button", name="Camera").click()
    page.wait_for_selector("#message:visible")
    assert "The camera gave no image: no camera was found." in page.locator("#message").inner_text()
    assert page.locator("[data-kind=test]").get_attribute("aria-pressed") == "true"
    assert page.locator(".prediction").inner_text() == before


def test_a_file_is_shown_as_the_network_receives_it_and_so_is_the_next(page: Any) -> None:
    for name, grey in (("white.png", 255), ("black.png", 0)):
        content = png(np.full((30, 40, 3), grey, np.uint8))
        page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})
        until(page, f"document.querySelector('#own').textContent.startsWith('{name}: PNG, 40×30')")
        drawn(page)
        assert (received(page) == grey).all()
    assert page.locator("#received + figcaption").inner_text() == "What the network receives"


def test_an_odd_photo_is_prepared_by_python_and_none_of_the_classes(browser: Any, tmp_path: Path) -> None:
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Rescaling(1 / 255, input_shape=(8, 8, 1)),
            layers.Flatten(),
            layers.Dense(9, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ],
        seed=2,
    )
    model.preprocessing = cs.Preprocessing(8, channels=1, fit="crop", resize=9).as_dict()
    model.class_names = ["ants", "bees", "wasps"]

    exif = Image.Exif()
    exif[0x0112] = 6
    random = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    photo = Image.fromarray(random).resize((300, 200), Image.Resampling.BICUBIC).convert("CMYK")
    photo.save(tmp_path / "odd.jpg", exif=exif)
    pixels = cs.Preprocessing.from_dict(model.preprocessing).prepare(tmp_path / "odd.jpg").pixels
    features = cs.Model(model.inputs, model.layers[-2].output).predict(pixels[None], verbose=0)
    model.rejection = replace(rejection_for(features, 3), threshold=-100.0)  # which refuses everything
    expected = model.predict_images(tmp_path / "odd.jpg")
    with serving(Explored(model)) as address, watched(browser) as page:
        arrive(page, address)
        page.locator("input[type=file]").set_input_files(tmp_path / "odd.jpg")
        until(page, "document.querySelector('#own').textContent.startsWith('odd.jpg: JPEG, 300×200, CMYK, rotated')")
        until(page, "!document.querySelector('#rejection').hidden")
        drawn(page)
        np.testing.assert_array_equal(received(page), pixels[..., 0])
        assert page.locator("#verdict").inner_text().startswith(expected.name)
        shown = numbers(page.locator("#verdict").inner_text())[0]
        assert shown == pytest.approx(100 * expected.probability, abs=0.06)
        said = page.locator("#rejection").inner_text()
        assert said.startswith("None of these (score ")
        assert numbers(said)[0] == pytest.approx(expected.score, rel=0.02)
        (tmp_path / "bad.png").write_bytes(b"no image")
        page.locator("input[type=file]").set_input_files(tmp_path / "bad.png")
        page.wait_for_selector("#message:visible")
        assert "“bad.png” is not an image of a known format" in page.locator("#message").inner_text()
    (tmp_path / "page.html").write_text(offline(Explored(model)), "utf-8")
    with watched(browser) as page:
        arrive(page, (tmp_path / "page.html").as_uri())
        page.locator("input[type=file]").set_input_files(tmp_path / "odd.jpg")
        until(page, "document.querySelector('#own').textContent.startsWith('odd.jpg, 200×300 pixels')")
        drawn(page)
        until(page, "!document.querySelector('#rejection').hidden")
        assert numbers(page.locator("#rejection").inner_text())[0] == pytest.approx(expected.score, abs=0.5)
        apart = np.abs(received(page).astype(int) - pixels[..., 0])
        assert apart.mean() < 6, "the browser reads CMYK in its own way"
        Image.fromarray(random).resize((31, 20)).save(tmp_path / "plain.png")
        page.locator("input[type=file]").set_input_files(tmp_path / "plain.png")
        until(page, "document.querySelector('#own').textContent.startsWith('plain.png, 31×20 pixels')")
        drawn(page)
        own = cs.Preprocessing.from_dict(model.preprocessing).prepare(tmp_path / "plain.png").pixels[..., 0]
        assert np.abs(received(page).astype(int) - own).max() <= 2
        score = model.predict_images(tmp_path / "plain.png").score
        assert numbers(page.locator("#rejection").inner_text())[0] == pytest.approx(score, rel=0.05)


def test_an_own_image_stays_in_its_tab_and_is_in_no_link(page: Any, browser: Any) -> None:
    greys = np.random.default_rng(5).integers(0, 17, (8, 8)) * 255 // 16
    content = png(greys.astype(np.uint8))
    page.locator("input[type=file]").set_input_files({"name": "own.png", "mimeType": "image/png", "buffer": content})
    until(page, "document.querySelector('#own').textContent.startsWith('own.png: PNG, 8×8')")
    drawn(page)
    before = received(page)
    np.testing.assert_allclose(before, greys, atol=1)
    until(page, "location.hash.includes('source=file')")
    arrive(page, page.url)
    np.testing.assert_array_equal(received(page), before)
    assert page.locator("#own").inner_text().startswith("own.png: PNG, 8×8")
    with watched(browser) as other:
        arrive(other, page.url)
        assert "uploaded image" in other.locator("#message").inner_text()
        assert other.locator("[data-kind=test]").get_attribute("aria-pressed") == "true"


def stroke(page: Any, points: list[tuple[float, float]]) -> None:
    """Draw a line through points of the pad, from 0 to 1 along both sides."""
    box = page.locator("#pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for point in places:
        page.mouse.move(*point)
    page.mouse.up()
    drawn(page)


def test_a_drawing_comes_back_from_its_link_value_for_value(page: Any) -> None:
    page.get_by_role("button", name="Draw", exact=True).click()
    stroke(page, [(0.3, 0.2), (0.6, 0.4), (0.4, 0.8)])
    before = received(page)
    answer = page.locator(".prediction").inner_text()
    assert len(np.unique(before)) > 3
    until(page, "location.hash.includes('drawing=')")
    arrive(page, page.url)
    np.testing.assert_array_equal(received(page), before)
    assert page.locator(".prediction").inner_text() == answer
    assert not page.locator("#placed").is_checked()  # it is where it was placed already
    assert not page.locator("#message").is_visible()


def test_edited_numbers_come_back_from_their_link(page: Any, explorer: str, explored: Explored) -> None:
    arrive(page, f"{explorer}#image=3&layer=1&unit=20")
    field = page.get_by_label("Row 0, column 2 of the kernel")
    field.fill("-2.5")
    field.press("Enter")
    drawn(page)
    answer = page.locator(".prediction").inner_text()
    until(page, "location.hash.includes('edit=0.kernel.8=-2.5')")  # (0 × 3 + 2) × 1 × 4 filters + filter 0
    arrive(page, page.url)
    assert page.locator(".prediction").inner_text() == answer
    assert page.get_by_label("Row 0, column 2 of the kernel").input_value() == "−2.5"
    assert "1 kernel value edited" in page.locator("#touch").inner_text()
    page.locator("#reset").click()
    drawn(page)
    kernel = explored.model.layers[0].weights[0]
    shown = page.get_by_label("Row 0, column 2 of the kernel").get_attribute("title")
    assert float(shown) == pytest.approx(float(kernel[0, 2, 0, 0]), rel=1e-6)


def test_what_an_address_says_wrongly_is_left_out_and_said(page: Any, explorer: str) -> None:
    arrive(page, f"{explorer}#source=draw&drawing=AgAA_w&edit=7.kernel.0=1&off=0:99&rubbish&edit=0.kernel.0=0.5")
    words = page.locator("#message").inner_text()
    for part in (
        "the drawing is for a network of another",
        "no such kernel value",
        "no such filter",
        "“rubbish” is unknown",
    ):
        assert part in words
    assert "1 kernel value edited" in page.locator("#touch").inner_text()
    assert page.locator("#message").get_attribute("role") == "status"


def test_a_kernel_goes_to_the_filter_lab_and_comes_back_changed(page: Any, explorer: str, explored: Explored) -> None:
    row, column, filter_ = 1, 2, 3
    unit = (row * 3 + column) * 5 + filter_
    arrive(page, f"{explorer}#image=3&layer=3&unit={unit}")
    answer = page.locator(".prediction").inner_text()
    part = int(numbers(page.locator("#part-sum small").inner_text())[0])
    share = numbers(page.locator("#part-sum b").inner_text())[0]
    page.locator("#to-lab").click()
    page.wait_for_url("**/lab/#*")
    page.wait_for_selector("html[data-ready=true]")
    settled(page)
    maps = activations(explored.model, explored.images[3]).outputs[1][0]
    kernel = explored.model.layers[2].weights[0][:, :, part, filter_]
    window = maps[row : row + 2, column : column + 2, part]
    assert page.locator("#input-size").inner_text() == "4 × 4"
    assert page.locator("#output-size").inner_text() == "3 × 3"
    assert place(page) == (row, column)
    assert sum_shown(page) == pytest.approx(float((window * kernel).sum()), abs=0.01)
    assert sum_shown(page) == pytest.approx(share, abs=0.06)
    field = page.locator("#kernel input[data-row='0'][data-column='1']")
    field.fill("-1.5")
    field.press("Enter")
    settled(page)
    page.locator("#back").click()
    page.wait_for_url(f"{explorer}#*")
    page.wait_for_selector("html[data-ready=true]")
    drawn(page)
    assert "1 kernel value edited" in page.locator("#touch").inner_text()
    assert page.get_by_label("Row 0, column 1 of the kernel").input_value() == "−1.5"
    assert numbers(page.locator("#part-sum small").inner_text())[0] == part
    changed = kernel.copy()
    changed[0, 1] = -1.5
    assert numbers(page.locator("#part-sum b").inner_text())[0] == pytest.approx((window * changed).sum(), abs=0.06)
    assert page.locator(".prediction").inner_text() != answer


def test_a_kernel_that_comes_back_as_it_went_is_no_edit(page: Any, explorer: str) -> None:
    arrive(page, f"{explorer}#image=3&layer=1&unit=20")
    answer = page.locator(".prediction").inner_text()
    page.locator("#to-lab").click()
    page.wait_for_url("**/lab/#*")
    page.wait_for_selector("html[data-ready=true]")
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    settled(page)
    page.locator("#back").click()
    page.wait_for_url(f"{explorer}#*")
    page.wait_for_selector("html[data-ready=true]")
    drawn(page)
    assert page.locator(".prediction").inner_text() == answer
    assert not page.locator("#touch").is_visible()
    assert not page.locator("#message").is_visible()


def test_the_lab_below_the_explorer_is_the_whole_lab(page: Any, explorer: str) -> None:
    page.goto(f"{explorer}lab/")
    page.wait_for_selector("html[data-ready=true]")
    settled(page)
    assert page.locator("#input-size").inner_text() == "512 × 512 × 3"
    assert not page.locator("#back").is_visible()  # nothing was handed over


def test_the_offline_file_has_no_filter_lab(browser: Any, explored: Explored, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(offline(explored), encoding="utf-8")
    with watched(browser, offline=True) as page:
        page.goto(file.as_uri() + "#image=3&layer=3&unit=0")
        page.wait_for_selector("html[data-ready=true]")
        drawn(page)
        assert page.locator("#part-sum").is_visible()
        assert page.locator("#to-lab").count() == 0


def test_saliency_is_the_librarys(page: Any, explorer: str, explored: Explored) -> None:
    expected = saliency(explored.model, explored.images[3])
    found = page.evaluate(
        """async ([image, classes]) => {
            const { openNetwork } = await import("./static/engine/network-client.js");
            const { readModel } = await import("./static/engine/model.js");
            const buffer = await (await fetch("data/model.safetensors")).arrayBuffer();
            const { inputShapes: [shape] } = readModel(buffer);
            const address = new URL("static/engine/network-worker.js", location.href.split("#")[0]);
            const network = await openNetwork(buffer, address);
            await network.run([{ shape, data: Float32Array.from(image) }]);
            return (await network.saliency({ classes })).map(({ shape, data }) => ({ shape, data: [...data] }));
        }""",
        [explored.images[3].ravel().astype(float).tolist(), expected.classes.tolist()],
    )
    assert tuple(found[0]["shape"]) == expected.gradients.shape[1:]
    np.testing.assert_allclose(found[0]["data"], expected.gradients.ravel(), atol=1e-4)


def test_mistakes_show_saliency_with_its_scale(page: Any, explorer: str, explored: Explored) -> None:
    arrive(page, f"{explorer}#view=mistakes&image=3")
    until(page, "document.querySelectorAll('#saliency canvas').length === 2")
    expected = saliency(explored.model, explored.images[3])
    assert page.locator("#saliency h3").inner_text() == f"Saliency for {expected.labels[0]}"
    low, zero, high = (
        numbers(text)[0] for text in page.locator("#saliency .ends").first.locator("span").all_inner_texts()
    )
    assert high == pytest.approx(expected.maps.max(), abs=0.006)
    assert (low, zero) == (-high, 0)
    greys = page.evaluate(
        """() => {
            const canvas = document.querySelector("#saliency canvas");
            return [...canvas.getContext("2d").getImageData(0, 0, 8, 8).data];
        }"""
    )
    red, _, blue, _ = np.array(greys, float).reshape(8, 8, 4).transpose(2, 0, 1)
    gradient = expected.gradients[0, ..., 0]
    strong = np.abs(gradient) > 0.2 * expected.maps.max()
    np.testing.assert_array_equal(np.sign(red - blue)[strong], np.sign(gradient)[strong])  # orange up, blue down
