"""The explorer on a network for photos: blocks, layers that come when they are seen, why a class; against Python."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import convoscope as cs
from convoscope.explore import activations, faithfulness, grad_cam, maximize, nearest
from convoscope.explore.interventions import with_interventions
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline

from .conftest import watched
from .explored import photographic, serving
from .support import flaws, in_layers, numbers, rested, settled, tab_to, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")

SIDE = 64
Array = npt.NDArray[Any]


def photos(count: int, seed: int) -> Array:
    """Blobs of two colours, as whole numbers."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    found = []
    for _ in range(count):
        row, column, size = rng.uniform(0.2, 0.8, 3)
        blob = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (0.1 * size))[..., None]
        noise = rng.normal(0, 0.05, (SIDE, SIDE, 1))
        found.append(np.clip(blob * rng.uniform(0, 1, 3) + (1 - blob) * rng.uniform(0, 1, 3) + noise, 0, 1))
    return np.rint(np.stack(found) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def explored() -> Explored:
    model = photographic(SIDE)
    x, train = photos(24, 1), photos(30, 2)
    return Explored(model, x, np.arange(24) % 4, train, np.arange(30) % 4, title="photos")


@pytest.fixture(scope="module")
def address(explored: Explored) -> Iterator[str]:
    with serving(explored) as place:
        yield place


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with watched(browser) as opened:
        opened.goto(in_layers(address))
        opened.wait_for_selector("html[data-ready=true]")
        settled(opened)
        yield opened


def at(page: Any, address: str, state: str) -> None:
    visit(page, in_layers(f"{address}#{state}"))


def index_of(explored: Explored, name: str) -> int:
    return [call.layer.name for call in explored.model.graph.calls].index(name)


def block(page: Any, name: str) -> Any:
    return page.get_by_role("group", name=f"Block {name}", exact=True)


def probabilities(page: Any) -> list[float]:
    return [numbers(text)[0] for text in page.locator("#tower .prediction .score").all_inner_texts()]


# ---- blocks


def test_all_blocks_are_closed_at_first_and_say_what_is_in_them(page: Any, explored: Explored) -> None:
    assert page.locator("#tower .block").count() == 18
    assert page.locator("#tower .block[aria-label] .layer").count() == 0
    words = block(page, "block3b").inner_text()
    layers = [layer for layer in explored.model.layers if layer.name.startswith("block3b_")]
    assert f"{len(layers)} layers, with a shortcut around them" in words
    assert "8 × 8 × 40 → 8 × 8 × 40" in words
    assert f"{sum(layer.count_params() for layer in layers):,} parameters" in words
    assert "1.61 million multiply-adds" in words  # 8·8·(40·240 + 5·5·240 + 240·40) = 1,612,800 by hand
    assert "with a shortcut" not in block(page, "block3a").inner_text()


def test_layers_are_fetched_when_they_are_seen_and_no_sooner(browser: Any, address: str, explored: Explored) -> None:
    with watched(browser) as page:
        asked: list[int] = []
        page.on(
            "request",
            lambda request: request.url.endswith("/ask/values") and asked.extend(request.post_data_json["wanted"]),
        )
        page.goto(in_layers(address))
        page.wait_for_selector("html[data-ready=true]")
        settled(page)
        names = [call.layer.name for call in explored.model.graph.calls]
        assert {names[position] for position in asked} == {"avg_pool", "predictions"}
        asked.clear()
        block(page, "top").get_by_role("button").click()
        until(page, "document.querySelectorAll('.block .layer .range').length === 3")
        for layer in range(3):  # each is fetched once it has come into sight, and then says its range
            page.locator(".block .layer").nth(layer).scroll_into_view_if_needed()
            until(page, f"document.querySelectorAll('.block .layer .range')[{layer}].textContent")
        settled(page)
        assert sorted({names[position] for position in asked}) == ["top_activation", "top_bn", "top_conv"]
        assert len(asked) == 3


def test_a_block_opens_and_closes_with_the_keyboard(page: Any) -> None:
    tab_to(page, ".block .fold")
    fold = page.locator(".block .fold:focus")
    assert fold.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    until(page, "document.activeElement.getAttribute('aria-expanded') === 'true'")
    assert page.locator(".block:not(.folded) .layer").count() == 3
    page.keyboard.press("Space")
    until(page, "document.activeElement.getAttribute('aria-expanded') === 'false'")
    assert not page.locator(".block .layer").first.is_visible()


def test_open_blocks_are_in_the_address_and_all_open_and_close_at_once(page: Any) -> None:
    block(page, "block6c").get_by_role("button").first.click()
    until(page, "location.hash.includes('open=')")
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    assert page.locator(".block:not(.folded)").count() == 1
    page.get_by_role("button", name="Open all").click()
    until(page, "document.querySelectorAll('.block:not(.folded)').length === 18")
    settled(page)
    page.get_by_role("button", name="Close all").click()
    until(page, "document.querySelectorAll('.block:not(.folded)').length === 0")


def test_shortcuts_are_arcs_around_closed_blocks_and_within_open_ones(page: Any) -> None:
    shown = "[...document.querySelectorAll('.arcs path')].filter((path) => path.style.display !== 'none').length"
    assert page.evaluate(shown) == 9  # block2b, 3b, 4b, 4c, 5b, 5c, 6b, 6c, 6d
    boxes = page.evaluate(
        "[...document.querySelectorAll('.arcs path')].map((path) => path.getBBox()).map(({ height }) => height)"
    )
    assert all(40 < height < 120 for height in boxes)  # from one box into the next
    block(page, "block6c").get_by_role("button").first.click()
    rested(page)
    taller = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.arcs path')].map((path) => path.getBBox().height))"
    )
    assert taller > 500


def test_a_value_that_an_address_names_opens_its_block_and_is_pythons(
    page: Any, address: str, explored: Explored
) -> None:
    for name, place in (("block5b_dwconv", (2, 1, 77)), ("block5b_add", (1, 3, 5)), ("block1a_project_bn", (20, 9, 3))):
        position = index_of(explored, name)
        shape = explored.model.graph.calls[position].output_shape
        flat = int(np.ravel_multi_index(place, shape))
        at(page, address, f"image=5&layer={position + 1}&unit={flat}")
        until(page, f"document.querySelector('#inspector h2').textContent.startsWith('{name}')")
        expected = float(activations(explored.model, explored.images[5], layers=[name])[name][(0, *place)])
        assert numbers(page.locator("#value b").inner_text())[0] == pytest.approx(expected, abs=0.006)
        assert page.locator(".block:not(.folded)").count() == 1


def test_a_filter_off_within_a_block_changes_the_prediction_as_in_python(
    page: Any, address: str, explored: Explored
) -> None:
    position = index_of(explored, "stem_conv")
    at(page, address, f"image=3&layer={position + 1}&unit=4")
    before = probabilities(page)
    page.locator("#silence").click()
    settled(page)
    until(page, "document.querySelector('#silence').textContent === 'Turn this filter on'")
    run = with_interventions(explored.model, {position: [4]}, [])
    expected = 100 * run(explored.images[3:4])[0]
    rested(page)
    assert probabilities(page) == pytest.approx(expected.tolist(), abs=0.06)
    assert probabilities(page) != before
    page.locator("#silence").click()
    rested(page)
    assert probabilities(page) == before


def test_test_images_are_counted_while_the_page_is_open(
    browser: Any, explored: Explored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convoscope.web.explored._AT_ONCE", 1)
    with serving(replace(explored)) as address, watched(browser) as page:
        page.goto(in_layers(address))
        page.wait_for_selector("html[data-ready=true]")
        share = np.mean(explored.model.predict(explored.images).argmax(axis=1) == explored.y)
        until(page, "document.querySelector('#facts').textContent.includes('classified correctly')")
        facts = page.locator("#facts").inner_text()
        assert numbers(facts.split("·")[-1])[0] == pytest.approx(100 * share, abs=0.06)
        page.locator("#view-mistakes").click()
        cells = page.locator(".confusion td").all_inner_texts()
        assert sum(int(text) for text in cells if text.strip()) == 24


# ---- why


def chosen_class(explored: Explored, image: int) -> int:
    return int(explored.model.predict(explored.images[image : image + 1]).argmax())


def shown_class(page: Any, index: int) -> None:
    page.locator("#why-class").select_option(str(index))
    settled(page)


def features_of(explored: Explored, images: Array) -> Array:
    pooled = cs.Model(explored.model.inputs, explored.model.get_layer("avg_pool").output)
    return np.asarray(pooled.predict(images), np.float64)


def test_the_features_and_the_bias_add_up_to_the_logit(page: Any, address: str, explored: Explored) -> None:
    at(page, address, "view=why&image=6")
    kernel, bias = (np.asarray(weight, np.float64) for weight in explored.model.get_layer("predictions").get_weights())
    own = features_of(explored, explored.images[6:7])[0]
    known = features_of(explored, explored.x_train)
    for index in (chosen_class(explored, 6), 2, 0):
        shown_class(page, index)
        terms = own * kernel[:, index]
        count, total, constant, logit, percent, few, ours, others, theirs, against = numbers(
            page.locator("#feature-sum").inner_text()
        )
        assert (count, few, others) == (1280, 6, np.sum(terms > 0) - 6)
        assert [total, constant, logit] == pytest.approx(
            [terms.sum(), bias[index], terms.sum() + bias[index]], abs=0.006
        )
        assert ours + theirs + against == pytest.approx(total, abs=0.02)
        scores = np.exp(own @ kernel + bias)
        assert percent == pytest.approx(100 * scores[index] / scores.sum(), abs=0.06)
        best = np.argsort(-terms)[:6]
        items = page.locator("#why-features li")
        assert [int(each.get_attribute("data-feature")) for each in items.all()] == best.tolist()
        for item, feature in zip(items.all(), best, strict=True):
            _, value, weight, product = numbers(item.locator("p").inner_text())
            assert [value, weight, product] == pytest.approx(
                [own[feature], kernel[feature, index], terms[feature]], abs=0.006
            )
            largest = np.sort(known[:, feature])[::-1][:4]
            captions = item.locator("figcaption").all_inner_texts()
            assert [numbers(text)[-1] for text in captions] == pytest.approx(largest.tolist(), abs=0.006)


def test_grad_cam_is_shown_at_any_convolution_and_is_the_librarys(page: Any, address: str, explored: Explored) -> None:
    at(page, address, "view=why&image=2")
    index = chosen_class(explored, 2)
    assert page.locator("#cam-layer option:checked").inner_text().startswith("top_conv")
    assert page.locator("#cam-layer option").count() == 49  # 1 stem, 15 × 3 and 1 × 2 of the blocks, 1 on top
    for name in ("top_conv", "block4b_dwconv", "stem_conv"):
        page.locator("#cam-layer").select_option(str(index_of(explored, name)))
        for method in ("grad_cam", "hires_cam"):
            page.locator("#cam-method").select_option(method)
            settled(page)
            raw = grad_cam(explored.model, explored.images[2], index, name, method).raw
            low, high = numbers(page.locator("#why-where figure:not(.curve) figcaption").inner_text())
            assert [low, high] == pytest.approx([raw.min(), raw.max()], rel=0.01, abs=6e-4)


def test_the_map_covers_the_photo_as_much_as_wanted(page: Any, address: str) -> None:
    at(page, address, "view=why&image=2")
    look = """() => {
        const canvas = document.querySelector("#why-where .heat canvas");
        return [...canvas.getContext("2d").getImageData(60, 60, 40, 40).data];
    }"""

    def strength(value: int) -> Array:
        page.locator("#cam-strength").fill(str(value))
        page.wait_for_timeout(100)
        return np.array(page.evaluate(look)).reshape(-1, 4)[:, :3].astype(int)

    photo, half, full = strength(0), strength(50), strength(100)
    assert 0 < np.abs(half - photo).mean() < np.abs(full - photo).mean()


def test_an_untrained_network_can_stand_beside(page: Any, address: str) -> None:
    at(page, address, "view=why&image=2")
    page.locator("#cam-untrained").check()
    settled(page)
    titles = page.locator("#why-where figure:not(.curve) figcaption").all_inner_texts()
    assert titles[0].startswith("This network")
    assert titles[1].startswith("Untrained, with random weights")


@pytest.mark.long
def test_python_computes_how_faithful_a_map_is_and_what_excites_a_filter(
    page: Any, address: str, explored: Explored
) -> None:
    at(page, address, "view=why&image=2")
    page.locator("#why-where details.faithful summary").click()
    rested(page)
    found = faithfulness(explored.model, explored.images[2], orders=5, networks=0)
    own = [found.auc.deletion[0], found.auc.insertion[0]]
    shown = [numbers(text) for text in page.locator("#why-where .faithful figcaption").all_inner_texts()]
    assert shown == [pytest.approx([each, found.auc.random[0]], abs=0.0051) for each in own]
    index = index_of(explored, "stem_conv")
    at(page, address, f"image=2&layer={index + 1}&unit=5")
    page.locator("details.exciting summary").click()
    rested(page)
    low, high = explored.input_range
    made = maximize(explored.model, "stem_conv", 5, explored.images, value_range=(low, high))
    values = [numbers(text)[0] for text in page.locator(".exciting figcaption b").all_inner_texts()]
    assert made.real is not None
    assert values == pytest.approx([*made.values, *made.real.values[:6]], rel=0.03)


def test_an_own_photo_is_explained_and_compared_with_the_training_photos(
    page: Any, address: str, explored: Explored
) -> None:
    at(page, address, "view=why")
    own = photos(1, 9)[0]
    file = io.BytesIO()
    Image.fromarray(own).save(file, "PNG")
    page.set_input_files("input[type=file]", {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()})
    until(page, "document.querySelector('#own').textContent.includes('mine.png')")
    rested(page)
    expected = nearest(explored.model, own, explored.x_train, 6)
    captions = page.locator("#why-nearest figcaption").all_inner_texts()
    distances = [numbers(text)[-1] for text in captions]
    assert distances == pytest.approx(expected.distances[0].tolist(), rel=0.01)
    labels = [explored.model.class_names[explored.y_train[each]] for each in expected.indices[0]]
    assert [text.split()[0] for text in captions] == labels
    scores = explored.model.predict(own[None])[0]
    assert page.locator("#verdict").inner_text().startswith(explored.model.class_names[scores.argmax()])


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_it_is_accessible_and_fits(browser: Any, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for state in ("view=why&image=3", "image=3&open=2,16"):
        at(page, address, state)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert flaws(page) == []
    context.close()


# ---- one file


def test_the_offline_file_has_blocks_and_says_why_without_python(
    browser: Any, explored: Explored, tmp_path: Path
) -> None:
    file = tmp_path / "photos.html"
    text = offline(explored)
    file.write_text(text, encoding="utf-8")
    told = json.loads(text.partition('id="embedded">')[2].partition("</script>")[0])["explorer"]
    with watched(browser, offline=True) as page:
        page.goto(f"{file.as_uri()}#view=why&image={told['indices'][0]}")
        page.wait_for_selector("html[data-ready=true]")
        settled(page)
        image = told["indices"][0]
        kernel, bias = (np.asarray(each, np.float64) for each in explored.model.get_layer("predictions").get_weights())
        logits = features_of(explored, explored.images[image : image + 1])[0] @ kernel + bias
        shown = numbers(page.locator("#feature-sum").inner_text())
        assert shown[3] == pytest.approx(logits.max(), abs=0.006)
        raw = grad_cam(explored.model, explored.images[image], int(logits.argmax())).raw
        low, high = numbers(page.locator("#why-where figure:not(.curve) figcaption").inner_text())
        assert [low, high] == pytest.approx([raw.min(), raw.max()], rel=0.01, abs=6e-4)
        assert "offline or without training images" in page.locator("#why-nearest").inner_text()
        page.locator("#view-network").click()
        assert page.locator("#tower .block").count() == 18


def test_images_that_are_no_test_images_are_called_what_they_are(explored: Explored, browser: Any) -> None:
    note = "The model was trained on these images."
    with serving(replace(explored, part="training", note=note)) as place, watched(browser) as page:
        page.set_viewport_size({"width": 1366, "height": 768})
        visit(page, in_layers(place))
        assert page.locator("#note").inner_text() == note
        assert "on 24 training images" in page.locator("#facts").inner_text().replace("\xa0", " ")
        assert page.get_by_role("button", name="Training images").is_visible()
        assert "test image" not in page.locator("body").inner_text().lower()
