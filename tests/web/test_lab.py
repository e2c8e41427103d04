"""What the lab's page is given: by its server, and inside one file."""

from __future__ import annotations

import base64
import io
import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from convoscope import filters
from convoscope.errors import ConfigurationError
from convoscope.filters.chain import Filter, Pooling
from convoscope.web.bundle import offline_page
from convoscope.web.lab import Start, offline, site
from convoscope.web.opening import Page
from convoscope.web.site import page_files

STATIC = page_files()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Make a page as small as can be, with a style and modules that import one another, two of them in a circle."""
    for name, text in {
        "lab/index.html": '<!DOCTYPE html>\n<html><head>\n<meta charset="utf-8">\n'
        '<link rel="stylesheet" href="static/lab/lab.css">\n<script type="module" src="static/lab/main.js"></script>\n'
        "</head>\n<body>\n<p>page</p>\n</body></html>",
        "lab/lab.css": "p::after { content: '</style>'; }",
        "lab/main.js": 'import { one } from "./one.js";\nimport "../shared/two.js";\nexport * from "./one.js";',
        "lab/one.js": 'import { two } from "../shared/two.js";\nexport const one = "</script>";',
        "shared/two.js": 'import { one } from "../lab/one.js";\nexport const two = () => one;',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def given(site_of: Start, folder: Path, address: str) -> bytes:
    answer = site(site_of, folder).answer(address)
    assert answer is not None
    return answer.body


def embedded(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="embedded">(.*?)</script>', html, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_the_page_is_given_the_librarys_kernels_and_samples(page: Path) -> None:
    kernels = json.loads(given(Start(), page, "data/kernels.json"))
    assert [kernel["name"] for kernel in kernels] == filters.names()
    for sample in json.loads(given(Start(), page, "data/samples.json")):
        image = PIL.Image.open(io.BytesIO(given(Start(), page, sample["url"])))
        np.testing.assert_array_equal(np.asarray(image), filters.samples.load(sample["name"]))
    assert json.loads(given(Start(), page, "data/start.json")) == {"image": None, "state": None}
    assert site(Start(), page).answer("data/image.png") is None
    assert b"<p>page</p>" in given(Start(), page, "")
    assert b"import" in given(Start(), page, "static/lab/main.js")


def test_a_persons_image_and_chain_are_what_the_page_begins_with(page: Path) -> None:
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    steps = [
        Filter("sobel-x", {"stride": 2, "padding": "same", "clip": False, "pad_mode": "edge"}),
        Pooling(2, 1, "min"),
    ]
    start = Start("my.png", image, steps)
    shown = PIL.Image.open(io.BytesIO(given(start, page, "data/image.png")))
    np.testing.assert_array_equal(np.asarray(shown), image)
    beginning = json.loads(given(start, page, "data/start.json"))
    assert beginning["image"] == "my.png"
    assert beginning["state"] == (
        "image=image&step=convolve;kernel=-1,0,1/-2,0,2/-1,0,1;weight=1;bias=0;clip=false;stride=2;padding=same;"
        "padMode=edge&step=pool;mode=min;size=2;stride=1"
    )


def test_a_sample_is_named_and_not_sent_twice(page: Path) -> None:
    assert json.loads(given(Start("drawing"), page, "data/start.json")) == {"image": None, "state": "image=drawing"}


def test_a_large_image_is_made_smaller_for_the_page(page: Path) -> None:
    shown = PIL.Image.open(io.BytesIO(given(Start("x", np.zeros((100, 5000), np.uint8)), page, "data/image.png")))
    assert shown.size == (2048, 41)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([Filter("1 2")], "square"),
        ([Filter("box:9")], "9×9"),
        ([Filter("outline", {"stride": (2, 1)})], "one stride"),
        ([Filter("outline", {"dilation": 5})], "at most 4"),
        ([Pooling(9)], "--pool"),
        ([Pooling(2)] * 7, "6 steps"),
    ],
)
def test_a_chain_that_the_page_has_not_is_refused(page: Path, steps: list[Filter | Pooling], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        site(Start("drawing", None, steps), page)


def test_the_offline_page_has_all_in_it_and_forbids_the_network(page: Path) -> None:
    html = offline(Start("my.png", np.zeros((2, 2), np.uint8)), page)
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    assert "default-src &#x27;none&#x27;" in html
    assert html.index("Content-Security-Policy") < html.index("<style>")
    found = embedded(html)
    assert set(found) == {"kernels", "samples", "start", "image"}
    assert found["start"] == {"image": "my.png", "state": "image=image"}
    assert str(found["image"]).startswith("data:image/png;base64,")
    assert html.count("</style>") == 1


def test_modules_import_one_another_by_names_in_the_map(page: Path) -> None:
    html = offline(Start(), page)
    found = re.search(r'<script type="importmap">(.*?)</script>', html, re.DOTALL)
    assert found
    imports = json.loads(found[1])["imports"]
    assert set(imports) == {"convoscope/lab/main.js", "convoscope/lab/one.js", "convoscope/shared/two.js"}
    sources = {name: base64.b64decode(address.partition(",")[2]).decode() for name, address in imports.items()}
    assert sources["convoscope/lab/main.js"] == (
        'import { one } from "convoscope/lab/one.js";\nimport "convoscope/shared/two.js";\n'
        'export * from "convoscope/lab/one.js";'
    )
    assert 'from "convoscope/lab/one.js"' in sources["convoscope/shared/two.js"]
    assert 'import "convoscope/lab/main.js";' in html


def test_a_page_whose_files_are_missing_is_refused(page: Path) -> None:
    (page / "shared" / "two.js").unlink()
    with pytest.raises(ConfigurationError, match=r"shared/two\.js"):
        offline(Start(), page)
    (page / "lab" / "index.html").write_text("<p>no module</p>")
    with pytest.raises(ConfigurationError, match="0 modules"):
        offline_page(page, "lab/index.html", {})


def test_both_ways_to_make_a_file_of_a_page_have_the_same_policy() -> None:
    def policy(page: str) -> str:
        return unescape(page.partition('<meta http-equiv="Content-Security-Policy" content="')[2].partition('"')[0])

    script = (STATIC / "shared" / "offline-page.js").read_text(encoding="utf-8")
    by_script = "".join(re.findall(r'"(.*?)"', script.partition("const POLICY =")[2].partition(";\n")[0]))
    page = offline(Start())
    assert policy(page) == by_script
    assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'"} <= set(by_script.split("; "))
    shown = Page(page)._repr_html_()  # its own base must stand before the policy, which forbids another
    assert 0 < shown.index("&lt;base ") < shown.index("Content-Security-Policy")


@pytest.mark.parametrize("page", ["lab", "explorer"])
def test_a_page_says_what_is_missing_where_no_script_may_run(page: str) -> None:
    html = (STATIC / page / "index.html").read_text(encoding="utf-8")
    assert 'class="unstarted">This page needs JavaScript' in html
