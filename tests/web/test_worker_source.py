"""Modules put into one script, for a worker that has no import map."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from convoscope.errors import ConfigurationError
from convoscope.web.bundle import module_source, offline_page, worker_source
from convoscope.web.site import page_files


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_modules_become_one_script_that_computes_the_same(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    write(
        tmp_path,
        start='import { twice as double, Counter } from "./a.js";\nimport "./b.js";\nconst c = new Counter();\n'
        "console.log(double(4), c.up(), globalThis.order.join());\n",
        a='import { two } from "./b.js";\nexport const twice = (x) => two * x;\n'
        "export class Counter {\n  #n = 0;\n  up() {\n    return ++this.#n;\n  }\n}\n",
        b='globalThis.order = [...(globalThis.order ?? []), "b"];\nexport const two = 2;\nexport async function f() {}'
        "\nexport function* g() {}\n",
    )
    script = tmp_path / "all.cjs"
    script.write_text(worker_source(tmp_path, "start.js"))
    assert subprocess.run([node, script], capture_output=True, text=True, check=True).stdout == "8 1 b\n"


def test_one_module_passes_on_what_its_modules_pass_on(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    write(
        tmp_path,
        start='import { a, named, one, two } from "./index.js";\nawait null;\n'
        "export default [a, named(), one, two].join();\n",
        index='export * from "./a.js";\nexport {\n  named,\n  b as two,\n} from "./b.js";\n'
        "export const [one, other] = [1, 2];\n",
        a="export const a = 0;\n",
        b='export const b = 3;\nexport function named() {\n  return "b";\n}\n',
    )
    (tmp_path / "all.mjs").write_text(module_source(tmp_path, "start.js"))
    (tmp_path / "use.mjs").write_text('import found from "./all.mjs";\nconsole.log(found);\n')
    assert (
        subprocess.run([node, tmp_path / "use.mjs"], capture_output=True, text=True, check=True).stdout == "0,b,1,3\n"
    )


def test_a_page_for_a_widget_is_one_script_without_addresses() -> None:
    page = offline_page(page_files(), "explorer/index.html", None, notebook=True)
    assert page.count("<script") == 1
    assert '<script type="application/json"' not in page
    assert "<html data-notebook " in page
    assert not re.search(r"^(import|export)\b", page, re.MULTILINE)


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        (
            {"start": 'import { a } from "./a.js";', "a": 'import { b } from "./start.js";\nexport const a = 1;'},
            "itself",
        ),
        ({"start": 'import { a } from "./a.js";'}, "no such file"),
        ({"start": "const a = 1;\nexport { a };"}, "in a form"),
        ({"start": 'import * as a from "./a.js";', "a": ""}, "in a form"),
    ],
)
def test_what_it_does_not_know_is_an_error(tmp_path: Path, modules: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        worker_source(write(tmp_path, **modules), "start.js")


def test_the_classifier_needs_nothing_else(tmp_path: Path) -> None:
    source = worker_source(page_files(), "teach/classifier-worker.js")
    assert not re.search(r"^(import|export)\b", source, re.MULTILINE)
    assert "document" not in re.sub(r"//.*|/\*[\s\S]*?\*/", "", source)
    node = shutil.which("node")
    if node is not None:
        script = tmp_path / "worker.js"
        script.write_text(source)
        subprocess.run([node, "--check", script], check=True)


def test_only_a_page_that_computes_may_start_workers() -> None:
    pages = [offline_page(page_files(), "teach/offline.html", {}, computing=computing) for computing in (False, True)]
    policies = [re.search(r'Security-Policy" content="([^"]+)"', page)[1] for page in pages]  # type: ignore[index]
    assert ["wasm-unsafe-eval" in policy for policy in policies] == [False, True]
    assert all("default-src &#x27;none&#x27;" in policy and "connect-src" not in policy for policy in policies)
