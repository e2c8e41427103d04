"""The list of public programs, and what is done to a program before it runs: its imports change, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import convoscope as cs
from public_programs import pretrained, standins
from public_programs.fetching import NotFetchedError, fetch
from public_programs.keras_record import recorded
from public_programs.listing import Program, programs
from public_programs.running import Outcome, Verdict, judge, run, this_python
from public_programs.script import as_script, change_imports
from public_programs.table import kept, table


def test_the_list_names_repositories_revisions_and_paths() -> None:
    found = programs()
    assert len(found) >= 60
    assert len({program.name for program in found}) == len(found)
    for program in found:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", program.repository)
        assert re.fullmatch(r"[0-9a-f]{40}", program.revision)
        assert program.path.endswith((".py", ".ipynb"))
    assert {"lmoroney/dlaicourse", "tensorflow/docs", "lukas/ml-class"} <= {program.repository for program in found}


def test_what_keras_made_of_every_program_is_kept() -> None:
    assert set(recorded()) == {program.name for program in programs()}


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("import tensorflow as tf", "import convoscope as tf"),
        ("    from tensorflow import keras  # here", "    from convoscope import keras  # here"),
        ("from tensorflow.keras.layers import Dense, \\", "from convoscope.keras.layers import Dense, \\"),
        ("from keras.utils import np_utils", "from convoscope.keras.utils import np_utils"),
        ("import tensorflow.keras.backend as K", "import convoscope.keras.backend as K"),
        ("import keras", "import convoscope.keras; import convoscope.keras as keras"),
        ("import tensorflow", "import convoscope; import convoscope as tensorflow"),
        ("import keras.layers as L", "import convoscope.keras.layers as L"),
        ("import tensorflow_datasets as tfds", "import tensorflow_datasets as tfds"),
        ("from keras_tuner import X", "from keras_tuner import X"),
        ("x = tf.keras.Sequential()", "x = tf.keras.Sequential()"),
        ("print('import keras')", "print('import keras')"),
    ],
)
def test_only_imports_change(line: str, changed: str) -> None:
    assert change_imports(line) == changed


def notebook(*cells: str) -> str:
    sources = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [*sources, {"cell_type": "markdown", "source": ["# not code"]}]})


def test_a_notebook_becomes_a_script() -> None:
    text = as_script(
        notebook(
            "%matplotlib inline\nx = 1",
            "import os\n!wget --no-check-certificate \\\n    https://a.b/c.zip \\\n    -O /tmp/c.zip",
            "%%backend torch\nraise ValueError",
            "if x:\n    !pip install y\n    z = 2",
        ),
        "a.ipynb",
    )
    said: list[str] = []
    names: dict[str, Any] = {"shell": said.append}
    exec(text, names)
    assert [" ".join(command.split()) for command in said] == [
        "wget --no-check-certificate https://a.b/c.zip -O /tmp/c.zip",
        "pip install y",
    ]
    assert names["x"] == 1
    assert names["z"] == 2


@pytest.fixture
def clones(tmp_path: Path) -> Path:
    """A folder with one clone, in which three programs are."""
    clone = tmp_path / "clones" / "somebody" / "lessons"
    clone.mkdir(parents=True)
    (clone / "good.py").write_text(
        "import tensorflow as tf\n"
        "(x, y), _ = tf.keras.datasets.mnist.load_data()\n"
        "model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10, activation='softmax')])\n"
        "model.compile(loss='sparse_categorical_crossentropy', metrics=['accuracy'])\n"
        "model.fit(x / 255, y, epochs=50, verbose=0)\n"
        "model.evaluate(x / 255, y, verbose=0)\n"
        "base = tf.keras.applications.MobileNetV2((32, 32, 3), include_top=False, pooling='avg')\n"
        "base.predict(tf.zeros((1, 32, 32, 3)))\n"
    )
    (clone / "outside.py").write_text("import tensorflow as tf\n\nwith tf.GradientTape() as tape:\n    pass\n")
    (clone / "broken.py").write_text("import keras\nopen('nowhere.txt')\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        options = ["-c", "user.name=x", "-c", "user.email=x@y.z"]
        subprocess.run(["git", *options, *command], cwd=clone, check=True, capture_output=True)
    return tmp_path / "clones"


def program(clones: Path, path: str) -> Program:
    clone = clones / "somebody" / "lessons"
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True, text=True)
    return Program("somebody/lessons", done.stdout.strip(), path)


@pytest.mark.long
@pytest.mark.slow
def test_programs_are_run_and_judged(clones: Path, tmp_path: Path) -> None:
    outcomes = {
        name: run(program(clones, f"{name}.py"), "convoscope", this_python(), tmp_path, clones)
        for name in ("good", "outside", "broken")
    }
    good = outcomes["good"]
    assert [event["call"] for event in good.events] == ["fit", "evaluate", "predict"]
    assert good.events[0]["epochs"] == 2
    assert good.events[0]["parameters"] == 7850
    assert good.events[2]["parameters"] == 2_257_984
    theirs = {"same": good, "other": Outcome([{**good.events[0], "parameters": 1}, *good.events[1:]])}
    verdicts = [
        judge(program(clones, "good.py"), good, theirs["same"]),
        judge(program(clones, "good.py"), good, theirs["other"]),
        judge(program(clones, "outside.py"), outcomes["outside"], Outcome([])),
        judge(program(clones, "broken.py"), outcomes["broken"], Outcome([])),
        judge(program(clones, "broken.py"), outcomes["broken"], Outcome([], "FileNotFoundError: nowhere.txt")),
    ]
    assert [verdict.word for verdict in verdicts] == ["runs", "differs", "refused", "fails", "not in Keras either"]
    assert "parameters 7850, in Keras 1" in verdicts[1].detail
    assert verdicts[2].detail.startswith("line 3: OutsideNameError: tf.GradientTape is not in Convoscope")
    assert "| good.py | runs | fit 1, evaluate 1, predict 1 |" in table(verdicts)


def test_a_file_that_is_not_in_a_clone_says_so(clones: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFetchedError, match=r"has no other\.py"):
        fetch(program(clones, "other.py"), "other.py", tmp_path, clones)


def test_stand_ins_have_the_form_of_what_they_stand_for(tmp_path: Path) -> None:
    (x, y), (x_test, y_test) = standins.arrays("cifar10")
    assert (x.shape, y.shape, x_test.shape, y_test.shape) == (
        (50000, 32, 32, 3),
        (50000, 1),
        (10000, 32, 32, 3),
        (10000, 1),
    )
    for name in ("horse-or-human.zip", "flower_photos.tgz"):
        standins.unpack(name, standins.download(f"https://a.b/{name}"), tmp_path)
    assert len(list((tmp_path / "horses").iterdir())) == standins.PHOTOS
    assert (tmp_path / "flower_photos" / "daisy").is_dir()
    with pytest.raises(LookupError, match="no stand-in"):
        standins.download("https://a.b/c.bin")


def test_rows_of_programs_that_are_not_run_stay() -> None:
    one, other, *_ = programs()
    page = table(
        [
            Verdict(one, "runs", "fit 1"),
            Verdict(other, "refused", "a | b"),
            Verdict(Program("x/y", "", "gone.py"), "runs"),
        ]
    )
    assert kept(page) == [Verdict(one, "runs", "fit 1"), Verdict(other, "refused", "a | b")]


def test_the_stand_in_for_weights_is_a_file_as_keras_2_wrote_it(tmp_path: Path) -> None:
    def network() -> Any:
        inputs = cs.Input((4, 4, 2))
        x = cs.layers.BatchNormalization(name="bn")(cs.layers.Conv2D(3, 3, name="conv")(inputs))
        return cs.Model(inputs, cs.layers.Dense(2, name="top")(cs.layers.Flatten()(x)))

    given, other = network(), network()
    (tmp_path / "weights.h5").write_bytes(pretrained.file_of_keras_2(given))
    other.load_weights(tmp_path / "weights.h5")
    assert all((a == b).all() for a, b in zip(given.get_weights(), other.get_weights(), strict=True))
    with pytest.raises(LookupError, match="no stand-in"):
        pretrained.download("https://a.b/lenet_weights.h5")
    classes = json.loads(pretrained.download("https://a.b/imagenet_class_index.json"))
    assert len(classes) == 1000
