"""``convoscope filter`` and ``convoscope lab``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import PIL.Image
import pytest
from scipy import ndimage
from tests.cli.conftest import Shell

from convoscope import filters

pytestmark = pytest.mark.filterwarnings("error")


def pixels(path: str) -> np.ndarray[Any, Any]:
    return np.asarray(PIL.Image.open(path))


def test_the_result_is_written_beside_the_image_and_is_scipys(shell: Shell) -> None:
    done = shell("filter", "drawing", "--kernel", "-1 0 1; -2 0 2; -1 0 1")
    assert (done.status, done.err) == (0, "")
    assert "Written: drawing-kernel.png" in done.out
    exact = ndimage.correlate(filters.samples.drawing().astype(float), [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    np.testing.assert_array_equal(pixels("drawing-kernel.png"), np.clip(exact, 0, 255)[1:-1, 1:-1])


def test_steps_are_done_in_the_order_typed(shell: Shell) -> None:
    image = filters.samples.drawing()
    shell("filter", "drawing", "--kernel", "box-blur", "--pool", "max:2", "--kernel", "outline", "--out", "a.png")
    one = filters.convolve(filters.pool(filters.convolve(image, "box-blur")), "outline")
    np.testing.assert_array_equal(pixels("a.png"), one)
    shell("filter", "drawing", "--kernel=outline", "--pool", "max:2", "-k", "box-blur", "-o", "b.png")
    other = filters.convolve(filters.pool(filters.convolve(image, "outline")), "box-blur")
    np.testing.assert_array_equal(pixels("b.png"), other)
    assert not np.array_equal(one, other)


def test_options_belong_to_the_step_before_them_or_to_all(shell: Shell) -> None:
    image = filters.samples.drawing()
    outline = ("-k", "outline", "--padding", "same", "--weight", "0.5", "--bias", "10")
    pooling = ("--pool", "average:3", "--stride", "2")
    shell("filter", "drawing", "-k", "box:3", "--stride", "2,1", *outline, *pooling, "-o", "a.png")
    made = filters.convolve(image, "box:3", stride=(2, 1))
    made = filters.convolve(made, "outline", padding="same", weight=0.5, bias=10)
    np.testing.assert_array_equal(pixels("a.png"), filters.pool(made, 3, 2, "average"))
    shell(
        "filter",
        "drawing",
        "--padding",
        "2",
        "--pad-mode",
        "edge",
        "-k",
        "corner",
        "--mode",
        "convolve",
        "-k",
        "box:2",
        "-o",
        "b.png",
    )
    made = filters.convolve(image, "corner", padding=2, pad_mode="edge", mode="convolve")
    np.testing.assert_array_equal(pixels("b.png"), filters.convolve(made, "box:2", padding=2, pad_mode="edge"))


def test_colour_is_kept_or_summed(shell: Shell) -> None:
    shell("filter", "photograph", "-k", "outline", "-o", "apart.png")
    assert pixels("apart.png").shape == (510, 510, 3)
    shell("filter", "photograph", "-k", "outline", "--channels", "sum", "--dilation", "2", "-o", "sum.png")
    assert pixels("sum.png").shape == (508, 508)


def test_the_sizes_and_how_they_come_about_are_told(shell: Shell) -> None:
    out = shell("filter", "photograph", "-k", "sobel-x", "--stride", "2", "--pool", "max:2").out
    assert "255×255×3" in out
    assert "⌊(512 − 3) / 2⌋ + 1 = 255" in out
    assert "⌊(255 − 2) / 2⌋ + 1 = 127" in out


def test_a_pixels_arithmetic_is_explained(shell: Shell) -> None:
    out = shell("filter", "drawing", "-k", "vertical-lines", "--padding", "same", "--explain", "0,0").out
    assert "No pixels above and to the left: 5 of 9 are missing (?), and count as 0." in out
    assert "sum of the 9 products: 0" in out
    out = shell("filter", "drawing", "--pool", "max:2", "--explain", "8,3").out
    assert "max: 255, of row 17, column 6" not in out
    values = filters.samples.drawing()[16:18, 6:8]
    assert f"max: {values.max()}, of row" in out


def test_each_step_is_written_where_that_is_asked_for(shell: Shell) -> None:
    shell("filter", "drawing", "-k", "gaussian:5:1.2", "-k", "outline", "--pool", "min:2", "--steps")
    made = filters.samples.drawing()
    name = "drawing-gaussian-5-1.2-outline-min-pool"
    for step, file in (("gaussian:5:1.2", f"{name}-1.png"), ("outline", f"{name}-2.png")):
        made = filters.convolve(made, step)
        np.testing.assert_array_equal(pixels(file), made)
    np.testing.assert_array_equal(pixels(f"{name}.png"), filters.pool(made, mode="min"))


def test_negative_values_are_kept_on_a_scale_around_grey(shell: Shell) -> None:
    shell("filter", "drawing", "-k", "sobel-x", "--no-clip", "-o", "a.png")
    exact = ndimage.correlate(filters.samples.drawing().astype(float), [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])[1:-1, 1:-1]
    np.testing.assert_array_equal(pixels("a.png"), np.rint(127.5 + exact * (127.5 / np.abs(exact).max())))


def test_the_window_is_animated(shell: Shell) -> None:
    shell("filter", "drawing", "--pool", "max:4", "-k", "sobel-x", "--animate", "moving.gif")
    with PIL.Image.open("moving.gif") as gif:
        assert gif.n_frames == 6 * 6  # type: ignore[attr-defined]
        first = np.asarray(gif.convert("RGB"))
        gif.seek(30)
        assert (np.asarray(gif.convert("RGB")) != first).any()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_images_of_every_mode_are_read_and_written_as_what_they_are(shell: Shell, mode: str) -> None:
    shell("filter", "--list")  # goes to the empty folder
    if mode == "I;16":
        image = PIL.Image.fromarray((np.arange(600).reshape(20, 30) * 100).astype(np.uint16))
    else:
        image = PIL.Image.fromarray(filters.samples.photograph()[100:120, 100:130]).convert(mode)
    image.save("image.tiff" if mode == "CMYK" else "image.png")
    name = "image.tiff" if mode == "CMYK" else "image.png"
    done = shell("filter", name, "-k", "identity", "--padding", "same", "-o", "out.png")
    assert done.err == ""
    written = PIL.Image.open("out.png")
    same = {"1": "L", "P": "RGB", "CMYK": "RGB"}.get(mode, mode)
    assert np.asarray(written).shape == np.asarray(image.convert(same) if mode != "I;16" else image).shape
    expected = np.asarray(image if mode == "I;16" else image.convert(same))
    np.testing.assert_array_equal(np.asarray(written), expected)


def test_the_named_kernels_are_listed(shell: Shell) -> None:
    out = shell("filter", "--list").out
    assert all(name in out for name in filters.names())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["drawing"], "There is nothing to do with drawing."),
        ([], "No image given"),
        (["nosuch.png", "-k", "outline"], "There is no file nosuch.png. Convoscope's sample images"),
        (["text.png", "-k", "outline"], "not an image"),
        (["drawing", "-k", "words that are none"], "“words” in row 1 is not a number"),
        (["drawing", "-k", "sobel_x"], "Did you mean 'sobel-x'?"),
        (["drawing", "-k", "1 2; 3"], "row 1 has 2, but row 2 has 1"),
        (["drawing", "-k", "box:40"], "40×40 pixels does not fit into an image of 32×32"),
        (["one.png", "-k", "outline"], "3×3 pixels does not fit into an image of 1×1"),
        (["drawing", "--pool", "median:2"], "no pooling named 'median'"),
        (["drawing", "--pool", "max:two"], "'max:two' is not a pooling"),
        (["drawing", "--pool", "max:2", "--bias", "2"], "--bias is an option of --kernel, but follows --pool"),
        (["drawing", "-k", "outline", "--stride", "x"], "--stride takes a number"),
        (["drawing", "-k", "outline", "--padding", "sam"], "Did you mean 'same'?"),
        (["drawing", "-k", "outline", "--explain", "5"], "--explain takes a row and a column"),
        (["drawing", "-k", "outline", "--explain", "30,0"], "from 0 to 29"),
        (["photograph", "-k", "outline", "--animate", "a.gif"], "at most 64×64"),
        (["drawing", "-k", "outline", "-o", "no/where.png"], "there is no folder"),
        (["drawing", "-k", "box:9", "--open"], "square kernels"),
    ],
)
def test_what_cannot_be_meant_gets_a_message_and_status_1(shell: Shell, words: list[str], message: str) -> None:
    shell("filter", "--list")
    Path("text.png").write_text("no image at all")
    PIL.Image.new("L", (1, 1)).save("one.png")
    done = shell("filter", *words)
    assert done.status == 1
    assert message in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_an_even_kernel_works_and_keeps_the_size_where_padded(shell: Shell) -> None:
    done = shell("filter", "drawing", "-k", "1/4 1/4; 1/4 1/4", "--padding", "same", "-o", "a.png")
    assert "A 2×2 kernel has no centre: the new pixel belongs to the cell above and left of it." in done.out
    assert pixels("a.png").shape == (32, 32)


def test_a_hundred_megapixels_are_filtered_and_more_than_is_safe_refused(shell: Shell) -> None:
    shell("filter", "--list")
    PIL.Image.new("1", (10_000, 10_000)).save("large.png")
    done = shell("filter", "large.png", "-k", "identity", "--pool", "max:8", "-o", "a.png")
    assert (done.status, done.err) == (0, "")
    assert "10000×10000" in done.out
    assert pixels("a.png").shape == (1249, 1249)
    PIL.Image.new("1", (14_000, 14_000)).save("huge.png")
    done = shell("filter", "huge.png", "-k", "identity")
    assert done.status == 1
    said = " ".join(done.err.split())
    assert "huge.png has too many pixels to be read safely. Make it smaller: at most 178,956,970" in said


def test_one_pixel_can_be_filtered_with_padding(shell: Shell) -> None:
    shell("filter", "--list")
    PIL.Image.new("L", (1, 1), 30).save("one.png")
    shell("filter", "one.png", "-k", "outline", "--padding", "same", "-o", "a.png")
    assert pixels("a.png").tolist() == [[240]]


def test_the_image_itself_is_never_overwritten(shell: Shell) -> None:
    shell("filter", "--list")
    PIL.Image.new("L", (9, 9), 30).save("mine.png")
    before = Path("mine.png").read_bytes()
    for words in (["-o", "mine.png"], ["--animate", "mine.png"]):
        done = shell("filter", "mine.png", "-k", "outline", *words)
        assert done.status == 1
        assert "never overwritten" in done.err
    assert Path("mine.png").read_bytes() == before


def test_the_page_is_served_until_it_is_interrupted(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def follow(address: str) -> bool:
        assert address.startswith("file://")  # what a browser is started with can be read by others
        page = Path(url2pathname(urlsplit(address).path)).read_text(encoding="utf-8")
        opened.append(re.search(r'content="0;url=([^"]+)"', page)[1])
        return True

    monkeypatch.setattr("webbrowser.open", follow)
    monkeypatch.setattr("convoscope.web.server.Server.serve", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    done = shell("filter", "drawing", "-k", "outline", "--open")
    assert (done.status, done.err) == (0, "")
    assert f"The filter lab is at {opened[0]}" in done.out
    done = shell("lab", "--no-browser", "--port", "0")
    assert done.status == 0
    assert len(opened) == 1
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert "copy the address" in shell("lab", "photograph").out


def test_the_lab_is_written_as_one_file(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    module = '<script type="module" src="static/lab/main.js"></script>'
    (tmp_path / "lab" / "index.html").write_text(
        f'<html><head><meta charset="utf-8">{module}</head><body></body></html>'
    )
    (tmp_path / "lab" / "main.js").write_text("document.title = 'lab';")
    monkeypatch.setattr("convoscope.web.lab.page_files", lambda: tmp_path)
    done = shell("lab", "drawing", "--export", "page.html")
    assert (done.status, done.out) == (0, "Written: page.html\n")
    html = Path("page.html").read_text(encoding="utf-8")
    assert '"state":"image=drawing"' in html
    assert "static/" not in html


def test_the_lab_says_what_is_wrong_with_an_image(shell: Shell) -> None:
    done = shell("lab", "nosuch.png")
    assert done.status == 1
    assert "There is no file nosuch.png" in done.err


def test_the_terminal_shows_before_and_after(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rich.console.Console.is_terminal", property(lambda self: True))
    monkeypatch.setattr("rich.console.Console.encoding", property(lambda self: "utf-8"))
    monkeypatch.setenv("NO_COLOR", "1")
    out = shell("filter", "drawing", "-k", "vertical-lines", "--pool", "max:2").out
    drawn = [line for line in out.splitlines() if set(line) & set("░▒▓█")]
    assert len(drawn) > 10
    assert max(len(line) for line in drawn) <= 100
    assert drawn[len(drawn) // 2].count("█") > 2
