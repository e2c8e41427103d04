"""The explorer with a network whose output is an image: a denoising autoencoder that has learned the digits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convoscope as cs
from convoscope.explore import activations
from convoscope.explore.interventions import with_interventions
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline

from .conftest import watched
from .explored import serving
from .support import flaws, in_layers, numbers, rested, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

PAINTED = 2  # the index of the transposed convolution
IMAGE = 7


def autoencoder(larger: list[Any], clean: npt.NDArray[Any], noisy: npt.NDArray[Any]) -> cs.Sequential:
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Conv2D(12, 3, padding="same", activation="relu", input_shape=(8, 8, 1)),
            layers.MaxPooling2D(),
            *larger,
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ],
        seed=4,
    )
    model.compile("adam", "binary_crossentropy")
    model.fit(noisy, clean, epochs=4, verbose=0)
    return model


@pytest.fixture(scope="module")
def explored() -> Explored:
    (x, _), (x_test, _) = cs.datasets.digits.load_data()
    generator = np.random.default_rng(1)
    clean, clean_test = ((images[..., None] / 16).astype(np.float32) for images in (x, x_test))
    noisy, noisy_test = (
        np.clip(images + generator.normal(0, 0.25, images.shape), 0, 1).astype(np.float32)
        for images in (clean, clean_test)
    )
    layers = cs.layers
    painted = [layers.Conv2DTranspose(10, 3, strides=2, padding="same", activation="relu")]
    blocks = [layers.UpSampling2D(2, interpolation="bilinear"), layers.Conv2D(10, 3, padding="same", activation="relu")]
    other = Explored(autoencoder(blocks, clean, noisy), noisy_test, clean_test, title="blocks")
    return Explored(autoencoder(painted, clean, noisy), noisy_test, clean_test, title="painted", beside=other)


@pytest.fixture(scope="module")
def address(explored: Explored) -> Iterator[str]:
    with serving(explored) as place:
        yield place


def show(page: Any, address: str, fragment: str) -> None:
    visit(page, in_layers(f"{address}#{fragment}"))
    until(page, "document.querySelector('#came')?.width > 1")
    rested(page)


def greys(page: Any, canvas: str) -> npt.NDArray[np.int64]:
    """The reds of a canvas' pixels (height, width)."""
    width, height, data = page.evaluate(
        """(selector) => {
            const canvas = document.querySelector(selector);
            const size = [canvas.width, canvas.height];
            const copy = new OffscreenCanvas(...size).getContext("2d", { willReadFrequently: true });
            copy.drawImage(canvas, 0, 0);
            const pixels = copy.getImageData(0, 0, ...size).data;
            return [...size, [...pixels].filter((_, i) => i % 4 === 0)];
        }""",
        canvas,
    )
    return np.array(data).reshape(height, width)


def check_images(page: Any, explored: Explored, number: int) -> None:
    """What goes in, what comes out and what should come out are on the page, and how far the two are apart."""
    made = explored.model.predict(explored.images[number : number + 1], verbose=0)[0, ..., 0]
    wanted = np.asarray(explored.y)[number, ..., 0]
    for canvas, image in (("#received", explored.images[number, ..., 0]), ("#came", made), ("#wanted", wanted)):
        np.testing.assert_allclose(greys(page, canvas), 255 * image, atol=0.51)
    error = np.mean((made.astype(float) - wanted) ** 2)
    assert numbers(page.locator("#squared-error").inner_text())[-1] == pytest.approx(error, abs=6e-5)


def test_the_image_that_came_out_is_what_predict_makes(browser: Any, address: str, explored: Explored) -> None:
    with watched(browser) as page:
        show(page, address, f"image={IMAGE}")
        check_images(page, explored, IMAGE)
        page.locator(".thumbnails .picture").nth(2).click()
        number = int(numbers(page.locator(".thumbnails .picture[aria-pressed=true]").get_attribute("aria-label"))[0])
        assert number != IMAGE
        rested(page)
        check_images(page, explored, number)
        error = numbers(page.locator("#facts").inner_text().split("mean squared error")[1])[0]
        made = explored.model.predict(explored.images, verbose=0).astype(float)
        assert error == pytest.approx(np.mean((made - np.asarray(explored.y)) ** 2), abs=6e-5)


def test_nothing_of_classes_is_on_the_page(browser: Any, address: str) -> None:
    with watched(browser) as page:
        show(page, address, f"view=mistakes&image={IMAGE}")
        assert "outputs images" in page.locator("#message").inner_text()
        for hidden in ("#view-mistakes", "#mistakes", "#class", ".prediction", "#verdict", "#evidence"):
            assert page.locator(hidden).count() == 0 or not page.locator(hidden).first.is_visible(), hidden


def test_a_clicked_pixel_of_the_transposed_convolution_is_the_models_with_its_arithmetic(
    browser: Any, address: str, explored: Explored
) -> None:
    maps = activations(explored.model, explored.images[IMAGE])["conv2d_transpose"][0]
    with watched(browser) as page:
        show(page, address, f"image={IMAGE}")
        canvas = page.locator(f".layer[data-position='{PAINTED}'] canvas")
        values = set()
        for x, y in ((20, 20), (30, 25), (95, 30)):
            canvas.click(position={"x": x, "y": y})
            rested(page)
            channel = int(numbers(page.locator("#inspector h2 .muted").inner_text())[0])
            row, column = (int(n) for n in numbers(page.locator("#inspector figcaption").first.inner_text())[:2])
            value = maps[row, column, channel]
            assert numbers(page.locator("#value b").inner_text())[0] == pytest.approx(value, abs=6e-3)
            values.add(float(value))
            words = page.locator("#arithmetic").inner_text()
            assert "paints the kernel" in words
            assert "filter lab" not in words
            products = page.locator("#arithmetic .three .numbers").nth(2).locator(".cell").all_inner_texts()
            shown = sum(numbers(text)[0] for text in products)
            assert shown == pytest.approx(numbers(page.locator("#part-sum b").inner_text())[0], abs=0.03)
        assert len(values) > 1


def test_an_edited_number_of_a_painted_kernel_changes_the_value_and_the_error(
    browser: Any, address: str, explored: Explored
) -> None:
    from convoscope.explore.image_outputs import mean_squared_error
    from convoscope.explore.interventions import WeightChange

    unit = (3 * 8 + 3) * 10 + 1
    with watched(browser) as page:
        show(page, address, f"image={IMAGE}&layer={PAINTED + 1}&unit={unit}&part=0")
        field = page.locator("#arithmetic input.cell").first
        row, column = (int(number) for number in numbers(field.get_attribute("aria-label")))
        field.fill("1.5")
        field.press("Enter")
        index = ((row * 3 + column) * 10 + 1) * 12
        run = with_interventions(explored.model, {}, [WeightChange(PAINTED, "kernel", index, 1.5)])
        until(page, "!document.querySelector('#touch').hidden")
        rested(page)
        np.testing.assert_allclose(greys(page, "#came"), 255 * run(explored.images[IMAGE][None])[0, ..., 0], atol=0.51)
        page.locator("#count").click()
        until(page, "document.querySelector('#accuracy').textContent.includes('→')")
        after = numbers(page.locator("#accuracy").inner_text().split("→")[1])[0]
        assert explored.targets is not None
        assert after == pytest.approx(mean_squared_error(run, explored.images, explored.targets), abs=6e-5)


def test_two_stand_side_by_side_with_both_images_and_the_nearer_one_named(
    browser: Any, address: str, explored: Explored
) -> None:
    assert explored.beside is not None
    with watched(browser) as page:
        show(page, address, f"view=beside&image={IMAGE}")
        until(page, "document.querySelectorAll('#both canvas')[2]?.width === 8")
        wanted = np.asarray(explored.y)[IMAGE, ..., 0]
        errors = []
        for index, model in ((1, explored.model), (2, explored.beside.model)):
            made = model.predict(explored.images[IMAGE : IMAGE + 1], verbose=0)[0, ..., 0]
            shown = greys(page, f"#both figure:nth-child({index + 1}) canvas")
            np.testing.assert_allclose(shown, 255 * made, atol=0.51)
            errors.append(float(np.mean((made.astype(float) - wanted) ** 2)))
        words = page.locator("#both p").inner_text()
        assert words.startswith("AB"[int(np.argmin(errors))])
        assert numbers(words) == pytest.approx(sorted(errors), abs=6e-5)


def test_the_offline_page_shows_the_same(browser: Any, explored: Explored, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(offline(replace(explored, beside=None)), encoding="utf-8")
    with watched(browser) as page:
        show(page, file.as_uri(), f"image={IMAGE}")
        check_images(page, explored, IMAGE)
        assert page.locator("#views button").filter(visible=True).all_inner_texts() == ["Overview", "Layers"]


def test_a_drawing_has_no_image_that_should_come_out(browser: Any, address: str, explored: Explored) -> None:
    with watched(browser) as page:
        show(page, address, f"image={IMAGE}")
        page.get_by_role("button", name="Draw").click()
        page.locator("#pad").click()
        until(page, "document.querySelector('#wanted').parentElement.hidden")
        assert not page.locator("#squared-error").is_visible()
        drawn = greys(page, "#received")[None, ..., None] / np.float32(255)
        assert drawn.any()
        np.testing.assert_allclose(
            greys(page, "#came"), 255 * explored.model.predict(drawn, verbose=0)[0, ..., 0], atol=0.51
        )


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme", "view"), [(1440, "light", "network"), (360, "dark", "beside")])
def test_it_is_accessible_and_fits(browser: Any, address: str, width: int, scheme: str, view: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    show(page, address, f"view={view}&image={IMAGE}&layer={PAINTED + 1}&unit=201&a=3,201&b=3,5")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert flaws(page) == []
    context.close()
