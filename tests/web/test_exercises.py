"""The exercises: their answers against SciPy, NumPy and the library's layers, a teacher's file, the checks of runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import signal, special

import convoscope as cs
from convoscope import exercises
from convoscope.errors import ConfigurationError, ConvoscopeError, FileFormatError
from convoscope.web.exercise_files import read_exercises
from convoscope.web.exercises import given, offline, site

SCRIPT = Path(__file__).parent / "exercises-judge.js"
SEEDS = list(range(1, 13))

Case = tuple[Any, str | None]  # an answer; None where it is right, else what the feedback has to say
Array = npt.NDArray[Any]


def ask(folder: Path, question: dict[str, Any]) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("the page's exercises are tested with Node: apt install nodejs")
    file = folder / "question.json"
    file.write_text(json.dumps(question), encoding="utf-8")
    run = subprocess.run([node, SCRIPT, file], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


def pixel(told: dict[str, Any], _: Any) -> Iterator[Case]:
    image, kernel, bias = np.array(told["image"], float), np.array(told["kernel"], float), told["bias"]
    at = tuple(told["at"])
    right = signal.correlate2d(image, kernel, "valid")[at] + bias
    yield right, None
    if bias:
        yield right - bias, "left out the bias"
    flipped = signal.convolve2d(image, kernel, "valid")[at] + bias
    if flipped not in (right, right - bias, right - 2 * bias):
        yield flipped, "by 180°"


def kernel(told: dict[str, Any], _: Any) -> Iterator[Case]:
    image = np.array(told["image"], float)
    made = [signal.correlate2d(image, np.array(option["kernel"]), "valid") for option in told["options"]]
    for index, picture in enumerate(made):
        right = index == told["right"]
        assert right or np.abs(picture - made[told["right"]]).max() > 1
        yield index, None if right else "This kernel"


def edit(told: dict[str, Any], _: Any) -> Iterator[Case]:
    wanted = np.array(told["kernel"], float)
    yield wanted.tolist(), None
    yield (2 * wanted).tolist(), "2 times what it should be"
    if not np.array_equal(wanted.T, wanted):
        yield wanted.T.tolist(), "Rows and columns are swapped"


def relu(told: dict[str, Any], _: Any) -> Iterator[Case]:
    values = np.array(told["values"], float)
    yield np.maximum(values + told["bias"], 0).tolist(), None
    yield np.maximum(values, 0).tolist(), "left out the bias"
    yield np.abs(values + told["bias"]).tolist(), "minus signs"


def border(told: dict[str, Any], _: Any) -> Iterator[Case]:
    half = told["window"] // 2
    yield [told["at"][0] + half, told["at"][1] + half], None
    yield told["at"], "neighbours on all sides"


def size(told: dict[str, Any], _: Any) -> Iterator[Case]:
    shape = (None, told["input"], told["input"], 1)

    def out(strides: int) -> int:
        if told["layer"] == "Conv2D":
            layer: Any = cs.layers.Conv2D(64, told["window"], strides=strides, padding=told["padding"])
        else:
            layer = cs.layers.MaxPooling2D(told["window"], strides=strides, padding=told["padding"])
        return int(layer.compute_output_shape(shape)[1])

    right = out(told["stride"])
    yield right, None
    if told["stride"] > 1 and out(1) != told["input"]:
        yield out(1), f"stride of {told['stride']} as 1"


def pooling(told: dict[str, Any], _: Any) -> Iterator[Case]:
    image, size, (row, column) = np.array(told["image"]), told["size"], told["at"]
    window = image[row * size : (row + 1) * size, column * size : (column + 1) * size]
    if told["mode"] == "average":
        yield window.mean(), None
        yield window.sum(), "Divide it by"
        return
    places = np.argwhere(window == window.max()) + np.array([row, column]) * size
    yield places[0].tolist(), None
    lowest = np.argwhere(window == window.min())[0] + np.array([row, column]) * size
    yield lowest.tolist(), "right window"


def receptive(told: dict[str, Any], _: Any) -> Iterator[Case]:
    """Which pixels of one row change one value, found by changing them."""

    def run(row: Array) -> Array:
        for each in told["layers"]:
            window, stride = each["window"], each.get("stride", each["window"])  # a pooling's is as its window
            row = np.lib.stride_tricks.sliding_window_view(row, window)[::stride].sum(axis=1)
        return row

    plain = np.zeros(101)
    middle = len(run(plain)) // 2
    seen = [bool(run(row)[middle]) for row in np.eye(101)]
    yield sum(seen), None
    yield sum(seen) ** 2, "The question asks for its width"


def parameters(told: dict[str, Any], _: Any) -> Iterator[Case]:
    if told["layer"] == "Dense":
        layers: list[Any] = [cs.Input(shape=(told["input"],)), cs.layers.Dense(told["units"])]
        biases = told["units"]
    else:
        shape = (told["side"], told["side"], told["channels"])
        layers = [cs.Input(shape=shape), cs.layers.Conv2D(told["filters"], told["window"])]
        biases = told["filters"]
    count = cs.Sequential(layers).count_params()
    yield count, None
    yield count - biases, "left out the biases"


def built(answer: dict[str, Any]) -> bool:
    """Whether the library makes a network of these layers that has a score for each of ten classes."""
    makes: dict[str, Callable[[dict[str, Any]], Any]] = {
        "Conv2D": lambda each: cs.layers.Conv2D(each["filters"], each["window"], strides=each.get("stride", 1)),
        "MaxPooling2D": lambda each: cs.layers.MaxPooling2D(each["window"]),
        "Flatten": lambda each: cs.layers.Flatten(),
        "Reshape": lambda each: cs.layers.Reshape(each["shape"]),
        "Dense": lambda each: cs.layers.Dense(each["units"]),
    }
    try:
        layers = [makes[each["type"]](each) for each in answer["layers"]]
        return bool(cs.Sequential([cs.Input(shape=answer["input"]), *layers]).output_shape == (None, 10))
    except ConvoscopeError:
        return False


def network(told: dict[str, Any], _: Any) -> Iterator[Case]:
    """Every single change of a setting to one of these: the page and the library have to agree."""
    start = {"input": told["input"], "layers": told["layers"]}
    assert not built(start)
    yield start, "Nothing has been changed yet"
    tried = [{**start, "input": [*told["input"][:2], 1]}] if len(told["input"]) == 2 else []
    for index, layer in enumerate(told["layers"]):
        for name in set(layer) - {"type"}:
            values = [[1600]] if name == "shape" else [1, 10]
            for value in values:
                layers = [*told["layers"][:index], {**layer, name: value}, *told["layers"][index + 1 :]]
                tried.append({**start, "layers": layers})
    filters = told["layers"][0]["filters"]
    fitting = [{**each, "shape": [13 * 13 * filters]} if each["type"] == "Reshape" else each for each in told["layers"]]
    tried.append({**start, "layers": fitting})
    found = [built(each) for each in tried]
    assert any(found)
    yield from ((each, None if good else "") for each, good in zip(tried, found, strict=True))


def softmax(told: dict[str, Any], options: list[str] | None) -> Iterator[Case]:
    shares = special.softmax(told["scores"])
    of = told["of"]
    if told["asks"] == "probability":
        yield 100 * shares[of], None
        yield shares[of], "percent"
        return
    after = special.softmax(np.array(told["scores"]) + (np.arange(3) == of))
    assert options
    assert after[of] > shares[of]
    assert all(after[i] < shares[i] for i in range(3) if i != of)
    right = "both become less probable" if told["asks"] == "rises" else "stay the same"
    yield from ((index, None if right in option else "") for index, option in enumerate(options))


def curves(told: dict[str, Any], options: list[str] | None) -> Iterator[Case]:
    validation, training = told["validation"], told["training"]
    best = int(np.argmin(validation)) + 1
    if told["asks"] == "stop":
        assert sorted(validation)[0] < sorted(validation)[1]
        yield best, None
        yield int(np.argmin(training)) + 1, "loss on the training images is smallest"
        return
    rises, falls = validation[-1] > min(validation) + 0.05, training[-4] - training[-1] > 0.035
    assert options
    right = "overfits" if rises else "long enough" if falls else "generalizes"
    yield from ((index, None if right in option else "") for index, option in enumerate(options))


ANSWERS: dict[str, Callable[[dict[str, Any], Any], Iterator[Case]]] = {
    each.__name__: each
    for each in (pixel, kernel, edit, relu, border, size, pooling, receptive, parameters, network, softmax, curves)
}


def proofs(name: str) -> Callable[[dict[str, Any], Any], Iterator[Case]]:
    def answers(told: dict[str, Any], _: Any) -> Iterator[Case]:
        yield exercises._code(name, told["seed"]), None
        other = next(each for each in exercises.names() if each != name)
        yield exercises._code(other, told["seed"]).lower(), "another task"
        yield "ABCDEF", f"seed={told['seed']}"

    return answers


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every kind of exercise for each of the seeds, drawn by the page."""
    found: list[dict[str, Any]] = ask(tmp_path_factory.mktemp("drawn"), {"given": given(), "seeds": SEEDS})
    return found


def test_the_page_judges_as_scipy_numpy_and_the_library_do(drawn: list[dict[str, Any]], tmp_path: Path) -> None:
    known = {**ANSWERS, **{name: proofs(name) for name in exercises.names()}}
    cases = [(each, *case) for each in drawn for case in known[each["kind"]](each["settings"], each.get("options"))]
    answers = [{"kind": each["kind"], "settings": each["settings"], "answer": answer} for each, answer, _ in cases]
    found = ask(tmp_path, {"answers": json.loads(json.dumps(answers, default=float))})
    for (each, answer, says), judged in zip(cases, found, strict=True):
        about = f"{each['kind']} {each['settings']}: {answer} {judged}"
        assert judged["right"] is (says is None), about
        assert says is None or says in judged["says"], about


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(
    drawn: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert ask(tmp_path, {"given": given(), "seeds": SEEDS}) == drawn
    for name in ANSWERS:
        settings = {json.dumps(each["settings"]) for each in drawn if each["kind"] == name}
        assert len(settings) > len(SEEDS) // 2, name


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    def written(told: Any) -> Path:
        file = tmp_path / "my.json"
        file.write_text(told if isinstance(told, str) else json.dumps(told), encoding="utf-8")
        return file

    return written


NUMBER = {"kind": "number", "text": "How wide?", "answer": 26}
PIXEL = {"kind": "pixel", "image": [[0, 64, 128], [48, 192, 144], [42, 226, 168]], "kernel": "sobel-x", "at": [0, 0]}


def test_a_teachers_file_is_on_the_page(write: Callable[[Any], Path]) -> None:
    own = read_exercises(write({"title": "Class <b>", "exercises": [NUMBER, PIXEL, {"kind": "size", "seed": 7}]}))
    answer = site(own).answer("data/exercises.json")
    assert answer
    told = json.loads(answer.body)["own"]
    assert told["title"] == "Class <b>"
    assert told["exercises"][0] == {**NUMBER, "text": ["How wide?"]}
    assert told["exercises"][1]["kernel"] == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert "Class \\u003cb>" in offline(own)


def test_the_file_in_the_documentation_can_be_read_and_shown(write: Callable[[Any], Path], tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "exercises.md").read_text(encoding="utf-8")
    own = read_exercises(write(page.partition("```json\n")[2].partition("```")[0]))
    *kept, seeded = own.told["exercises"]
    assert seeded == {"kind": "softmax", "seed": 7}
    right = [26, 1, 427, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [2, 0]]
    answers = [
        {"kind": each["kind"], "settings": each, "answer": answer} for each, answer in zip(kept, right, strict=True)
    ]
    assert all(judged["right"] for judged in ask(tmp_path, {"answers": answers}))


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        (" " * 1_000_001, "at most 1 MB"),
        ([], "the file must be an object"),
        ({"exercises": []}, "“exercises” must be a list of 1 to 100, but got 0"),
        ({"exercises": [{"kind": "quiz"}]}, r"“exercises”\[0\] needs a “kind”, one of number"),
        ({"exercises": [NUMBER, {**NUMBER, "answer": "26"}]}, r"\[1\] \(number\), “answer” must be a number"),
        ({"exercises": [{**NUMBER, "answer": 1e400}]}, "must be a number"),
        ({"exercises": [{**NUMBER, "answer": 10**400}]}, "must be a number"),
        ({"exercises": [{**NUMBER, "text": "a" * 2001}]}, "at most 2000 characters"),
        ({"exercises": [{"kind": "number", "text": "?"}]}, "lacks the field “answer”"),
        ({"exercises": [{**NUMBER, "html": "<b>"}]}, "unknown field “html”"),
        ({"exercises": [{**PIXEL, "at": [1, 0]}]}, "the output has 1 rows and 1 columns"),
        ({"exercises": [{**PIXEL, "image": [[1, 2], [3]]}]}, "rows of different lengths: 2, 1"),
        ({"exercises": [{**PIXEL, "kernel": "sobel"}]}, "or one of identity"),
        ({"exercises": [{"kind": "size", "seed": 0}]}, "a whole number from 1 to 999999, but got 0"),
        ({"exercises": [{"kind": "choice", "text": "?", "options": ["a"], "right": 1}]}, "0 to 0, but got 1"),
        ({"exercises": [{"kind": "pooling", "image": [[1]], "at": [0, 0]}]}, "does not fit into the image"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused_in_words(
    write: Callable[[Any], Path], told: Any, says: str
) -> None:
    with pytest.raises(FileFormatError, match=says):
        read_exercises(write(told))


@pytest.fixture(scope="module")
def history() -> Any:
    """A network that learns a few digits, and stops where its training accuracy is 99 %."""
    cs.utils.set_random_seed(1)
    x = np.repeat(np.eye(10, dtype=np.float32), 4, axis=0)[:, :, None, None]
    y = np.repeat(np.arange(10), 4)
    model = cs.Sequential([cs.Input(shape=(10, 1, 1)), cs.layers.Flatten(), cs.layers.Dense(10, activation="softmax")])
    model.compile(optimizer=cs.optimizers.Adam(0.3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])

    class Stop(cs.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = logs["accuracy"] >= 0.99

    return model.fit(x, y, epochs=60, callbacks=[Stop()], verbose=0)


def test_the_check_sees_who_stops_at_99_percent_and_who_does_not(history: Any) -> None:
    done = exercises.check("reach-99", history, seed=7)
    assert done
    assert done.code in str(done)
    assert exercises.check("reach-99", history, seed=8).code != done.code
    longer = cs.callbacks.History()
    longer.model, longer.params = history.model, history.params
    longer.history = {"accuracy": [*history.history["accuracy"], 1.0]}
    assert "training went on" in exercises.check("reach-99", longer).says
    longer.history = {"accuracy": [0.5, 0.6]}
    assert "60.00%" in exercises.check("reach-99", longer).says
    longer.history, longer.params = history.history, {"epochs": len(history.epoch)}
    assert "pass more than 2 as epochs" in exercises.check("reach-99", longer).says


def test_the_check_knows_the_lessons_network() -> None:
    conv = lambda: [cs.layers.Conv2D(64, 3, activation="relu"), cs.layers.MaxPooling2D(2, 2)]  # noqa: E731
    dense = [cs.layers.Flatten(), cs.layers.Dense(128, activation="relu"), cs.layers.Dense(10, activation="softmax")]
    model = cs.Sequential([cs.Input(shape=(28, 28, 1)), *conv(), *conv(), *dense])
    assert exercises.check("lesson-network", model)


def test_what_cannot_be_checked_is_said_in_words(history: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"The Python exercises are: lesson-network, reach-99"):
        exercises.check("reach", history)
    with pytest.raises(ConfigurationError, match=r"checks 2 results"):
        exercises.check("dropout", history)
    with pytest.raises(ConfigurationError, match=r"but got a list"):
        exercises.check("reach-99", [0.99])
    with pytest.raises(ConfigurationError, match=r"validation_data"):
        exercises.check("sweet-spot", Untested(history))


class Untested(cs.callbacks.History):
    """A history without test images, of a network that flattens little."""

    def __init__(self, history: Any) -> None:
        super().__init__()
        self.model = cs.Sequential([cs.Input(shape=(4, 4, 1)), cs.layers.MaxPooling2D(2), cs.layers.Flatten()])
        self.params, self.history = history.params, history.history
