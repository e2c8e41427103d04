"""The explorer through a training, in Chromium: the network of each epoch is held to Python's, to 1e-3."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.explore import activations, confusion
from convoscope.web.epochs import Epochs, epochs_of
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline

from .conftest import watched
from .explored import serving
from .support import flaws, in_layers, numbers, rested, until, visit

pytest.importorskip("playwright.sync_api", reason="the page's tests need Playwright")
EPOCHS = 6
IMAGE = 11


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Explored, Path]:
    """A network that learns the digits, and the weights after each epoch."""
    folder = tmp_path_factory.mktemp("snapshots")
    (x, y), (x_test, y_test) = cs.datasets.digits.load_data()
    layers = cs.layers
    model = cs.Sequential(
        [
            layers.Rescaling(1 / 16, input_shape=(8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ],
        seed=3,
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    keep = cs.callbacks.Snapshots(folder)
    data = (x_test[..., None], y_test)
    model.fit(x[..., None], y, epochs=EPOCHS, batch_size=64, validation_data=data, verbose=0, callbacks=[keep])
    model.class_names = [str(digit) for digit in range(10)]
    explored = Explored(model, x_test[..., None], y_test, x[..., None], y, "digits")
    return replace(explored, epochs=epochs_of(model, folder)), folder


@pytest.fixture(scope="module")
def explorer(trained: tuple[Explored, Path]) -> Iterator[str]:
    with serving(trained[0]) as address:
        yield address


@pytest.fixture
def page(browser: Any, explorer: str) -> Iterator[Any]:
    with watched(browser) as opened:
        show(opened, explorer)
        yield opened


def show(page: Any, address: str, fragment: str = f"image={IMAGE}") -> None:
    visit(page, in_layers(f"{address}#{fragment}"))
    until(page, "document.querySelector('#epoch-words').textContent !== ''")
    if page.locator("#time-fold[aria-expanded=false]").count():
        page.locator("#time-fold").click()
    rests(page)


def rests(page: Any) -> None:
    """Wait until the weights of the chosen epoch are there and their prediction is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    until(page, "document.querySelector('#time').getAttribute('aria-busy') !== 'true'")


def chosen(page: Any) -> str:
    return str(page.locator("#epoch-words").inner_text())


def shares(page: Any) -> list[float]:
    """The probability of each class as the page has it, to all its digits: the width of its bar."""
    widths = page.evaluate(
        "[...document.querySelectorAll('.prediction .fill')].map((bar) => parseFloat(bar.style.width))"
    )
    return [width / 100 for width in widths]


def predicted(model: Any, explored: Explored, image: int = IMAGE) -> Any:
    return model.predict(explored.images[image : image + 1], verbose=0)[0]


def at(folder: Path, epoch: int) -> Any:
    return cs.load_model(folder / f"epoch-{epoch:04d}.safetensors")


def test_each_epoch_answers_as_python_does_with_its_weights(page: Any, trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    slider = page.locator("#epoch")
    slider.focus()
    assert chosen(page) == f"After epoch {EPOCHS} of {EPOCHS}"
    seen = []
    for epoch in (EPOCHS, *range(EPOCHS - 1, -1, -1)):
        if epoch < EPOCHS:
            page.keyboard.press("ArrowLeft")
            rests(page)
        assert chosen(page) == (f"After epoch {epoch} of {EPOCHS}" if epoch else "Before training")
        model = explored.model if epoch == EPOCHS else at(folder, epoch)
        np.testing.assert_allclose(shares(page), predicted(model, explored), atol=1e-3)
        seen.append(shares(page))
    assert all(np.abs(np.subtract(a, b)).max() > 0.01 for a, b in itertools.pairwise(seen))
    page.keyboard.press("End")
    rests(page)
    np.testing.assert_allclose(shares(page), predicted(explored.model, explored), atol=1e-4)


def test_filters_and_maps_follow(page: Any, explorer: str, trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    show(page, explorer, f"image={IMAGE}&layer=2&unit=200&epoch=1")
    model = at(folder, 1)
    value = activations(model, explored.images[IMAGE]).outputs[1].ravel()[200]
    assert numbers(page.locator("#value b").inner_text())[0] == pytest.approx(value, abs=0.006)
    kernel = model.layers[1].weights[0][:, :, 0, 200 % 8]
    shown = float(page.get_by_label("Row 1, column 1 of the kernel").input_value().replace("−", "-"))
    assert shown == pytest.approx(kernel[1, 1], abs=0.006)


def test_curves_are_clicked_and_say_what_they_show(page: Any, trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    loss = page.locator(".curve svg").first
    history = explored.model.history.history
    words = loss.get_attribute("aria-label")
    assert words.startswith(f"Loss of epochs 1 to {EPOCHS}: training from ")
    ends = [history[name][index] for name in ("loss", "val_loss") for index in (0, -1)]
    assert numbers(words.split("training", 1)[1]) == pytest.approx(ends, abs=0.006)
    box = loss.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 2.1 / EPOCHS, box["y"] + box["height"] / 2)
    rests(page)
    assert chosen(page).startswith("After epoch 2 ")
    np.testing.assert_allclose(shares(page), predicted(at(folder, 2), explored), atol=1e-3)
    told = page.locator(".curve").nth(1).locator(".key").all_inner_texts()
    found = [numbers(text)[0] for text in told]
    assert found == pytest.approx([100 * history["accuracy"][1], 100 * history["val_accuracy"][1]], abs=0.06)
    assert all(page.locator(".curve .gap").nth(i).get_attribute("d").endswith("Z") for i in (0, 1))


def test_the_matrix_follows_and_so_do_its_images(page: Any, explorer: str, trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    show(page, explorer, f"view=mistakes&image={IMAGE}&epoch=1")
    found = confusion(at(folder, 1), explored.images, explored.labels)
    share = 100 * np.trace(found.matrix) / found.matrix.sum()
    until(page, f"document.querySelector('#matrix .note').textContent.startsWith('{share:.1f}'.replace('.0', ''))")
    assert f"{share:.1f}".replace(".0", "") in page.locator("#facts").inner_text()
    true, answer = found.most_confused
    page.get_by_label(f"{true} classified as {answer}: {found.matrix[true, answer]}").click()
    until(page, "document.querySelectorAll('#cell-images .picture').length > 0")
    index = int(numbers(page.locator("#cell-images .picture").first.get_attribute("aria-label"))[0])
    assert predicted(at(folder, 1), explored, index).argmax() == answer
    page.locator("#epoch").focus()
    page.keyboard.press("End")
    share = 100 * np.mean(explored.found.predicted == explored.labels)  # type: ignore[union-attr]
    until(page, f"document.querySelector('#matrix .note').textContent.startsWith('{share:.1f}'.replace('.0', ''))")


def test_play_goes_through_all_epochs_and_stops_at_the_last(page: Any) -> None:
    page.locator("#play").click()
    assert page.locator("#play").inner_text() == "Pause"
    until(page, "document.querySelector('#epoch-words').textContent.startsWith('Before training')")
    until(page, f"document.querySelector('#epoch-words').textContent.startsWith('After epoch {EPOCHS} ')")
    until(page, "document.querySelector('#play').textContent === 'Play'")


def test_what_is_switched_off_and_edited_stays_so(page: Any, explorer: str, trained: tuple[Explored, Path]) -> None:
    explored, folder = trained
    show(page, explorer, f"image={IMAGE}&layer=2&unit=0&off=1:1")
    field = page.get_by_label("Row 0, column 0 of the kernel")
    field.fill("2")
    field.press("Enter")
    page.locator("#epoch").focus()
    page.keyboard.press("Home")
    rests(page)
    model = at(folder, 0)
    model.weights[0][0, 0, 0, 0] = 2
    for weight in model.layers[1].weights:
        weight[..., 1] = 0  # relu of nothing is 0
    np.testing.assert_allclose(shares(page), predicted(model, explored), atol=1e-3)
    page.locator("#reset").click()
    until(page, "document.querySelector('#touch').hidden")
    rests(page)
    rested(page)
    np.testing.assert_allclose(shares(page), predicted(at(folder, 0), explored), atol=1e-3)


def test_the_epochs_are_folded_until_they_are_asked_for(page: Any, explorer: str) -> None:
    """By a person, by an address that names one, or by a training that goes on."""
    for fragment, unfolded in ((f"image={IMAGE}", False), (f"image={IMAGE}&epoch=2", True)):
        page.goto("about:blank")
        page.goto(f"{explorer}#{fragment}")
        until(page, "document.querySelector('#epoch-words')?.textContent")
        rests(page)
        assert page.locator("#epoch").is_visible() is unfolded
        assert page.locator("#epoch-words").is_visible()
    page.locator("#time-fold").press("Enter")
    assert page.locator("#time-fold").get_attribute("aria-expanded") == "false"
    assert page.locator("#epoch").is_hidden()


def test_the_epoch_stands_in_the_address_and_one_that_is_none_is_said(page: Any, explorer: str) -> None:
    page.locator("#epoch").focus()
    page.keyboard.press("Home")
    until(page, "location.hash.includes('epoch=0')")
    show(page, explorer, f"image={IMAGE}&epoch=3")
    assert chosen(page).startswith("After epoch 3 ")
    show(page, explorer, f"image={IMAGE}&epoch=99")
    assert "weights of epoch 99 were not kept" in page.locator("#message").inner_text()
    assert chosen(page).startswith(f"After epoch {EPOCHS} ")


def test_epochs_that_come_are_followed_until_a_person_chooses(
    browser: Any, trained: tuple[Explored, Path], tmp_path: Path
) -> None:
    """A training in slow motion: the files that one leaves are put in their places one after the other."""
    explored, folder = trained
    history = explored.model.history
    assert history is not None
    lines: list[dict[str, Any]] = []
    training = [True]

    def come(epoch: int) -> None:
        name = f"epoch-{epoch:04d}.safetensors"
        (tmp_path / name).write_bytes((folder / name).read_bytes())
        if epoch:
            lines.append({"epoch": epoch, **{each: values[epoch - 1] for each, values in history.history.items()}})

    come(0)
    epochs = Epochs(lambda: list(lines), tmp_path, 0, EPOCHS, lambda: training[0], live=True)
    first = cs.load_model(folder / "epoch-0000.safetensors")
    with serving(replace(explored, model=first, epochs=epochs)) as address, watched(browser) as page:
        other = page.context.new_page()
        for each in (page, other):
            each.goto(address)
            each.wait_for_selector("#time-fold[aria-expanded=true]")  # training goes on: nobody has to unfold it
            show(each, address)
        assert chosen(page) == "Before training"
        for epoch in (1, 2):
            come(epoch)
            for each in (page, other):
                until(
                    each, f"document.querySelector('#epoch-words').textContent.startsWith('After epoch {epoch} of 6')"
                )
                rests(each)
                np.testing.assert_allclose(shares(each), predicted(at(folder, epoch), explored), atol=1e-3)
                # Nobody has counted this epoch's mistakes yet, and those of an earlier one are not its own.
                until(each, "document.querySelectorAll('#source .picture').length > 0")
                until(each, "document.querySelectorAll('#source .picture.wrong').length === 0")
        page.locator("#epoch").focus()
        page.keyboard.press("ArrowLeft")
        rests(page)
        come(3)
        other.close()
        until(page, "document.querySelector('#epoch').max === '3'")
        assert chosen(page).startswith("After epoch 1 ")
        page.keyboard.press("End")
        rests(page)
        come(4)
        until(page, "document.querySelector('#epoch-words').textContent.startsWith('After epoch 4')")
        training[0] = False
        until(page, "document.querySelector('#message').textContent.includes('Training has ended after 4 epochs')")
        until(page, "location.hash.includes('epoch=4')")
        show(page, address)  # the newest is what is shown
        assert chosen(page) == "After epoch 4 of 4"


def test_the_offline_file_has_curves_and_with_snapshots_all_epochs(
    browser: Any, trained: tuple[Explored, Path], tmp_path: Path
) -> None:
    explored, folder = trained
    for snapshots in (False, True):
        file = tmp_path / f"{snapshots}.html"
        file.write_text(offline(explored, snapshots=snapshots), encoding="utf-8")
        with watched(browser, offline=True) as page:
            show(page, file.as_uri())
            assert page.locator("#time .curve").count() == 2
            page.locator("#epoch").focus()
            page.keyboard.press("ArrowLeft")
            rests(page)
            assert chosen(page).startswith(f"After epoch {EPOCHS - 1} ")
            model = at(folder, EPOCHS - 1) if snapshots else explored.model
            np.testing.assert_allclose(shares(page), predicted(model, explored), atol=1e-3)
            assert ("export --snapshots" in page.locator("#time-note").inner_text()) is not snapshots
            page.keyboard.press("ArrowRight")
            rests(page)
            np.testing.assert_allclose(shares(page), predicted(explored.model, explored), atol=1e-4)
            if snapshots:
                page.keyboard.press("ArrowLeft")
                page.locator("#view-mistakes").click()
                until(page, "document.querySelector('#matrix').textContent.includes('Only a running Python program')")


def test_a_note_on_the_run_is_shown(browser: Any, trained: tuple[Explored, Path]) -> None:
    with serving(replace(trained[0], note="The run has not ended.")) as address, watched(browser) as page:
        show(page, address)
        assert page.locator("#note").inner_text().startswith("The run has not ended.")


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_it_is_accessible_and_fits(browser: Any, explorer: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    show(page, explorer, f"image={IMAGE}&epoch=2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert flaws(page) == []
    context.close()
