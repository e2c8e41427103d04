"""A teacher's own tour: what is taken, and what is said of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.errors import ConfigurationError, ConvoscopeError, FileFormatError, MissingFileError
from convoscope.web.class_file import class_file
from convoscope.web.description import describe
from convoscope.web.exercise_files import OwnExercises, exercises_of_tour, read_exercises
from convoscope.web.explored import Explored
from convoscope.web.explorer import offline, with_tour
from convoscope.web.tours import KINDS, PLACEHOLDERS, POINTS, read_tour

STEP = {
    "title": "Edges",
    "text": "A window of {window}: {value}.",
    "show": {"layer": "first convolution"},
    "point": "map",
}


@pytest.fixture(scope="module")
def model() -> cs.Sequential:
    layers = cs.layers
    return cs.Sequential(
        [layers.Conv2D(4, 3, input_shape=(8, 8, 1), name="edges"), layers.Flatten(), layers.Dense(2)], seed=1
    )


def test_a_file_is_read_as_it_is(model: cs.Sequential, tmp_path: Path) -> None:
    show = {"layer": "edges", "map": 2, "pixel": [1, 2], "view": "why", "image": 3, "source": "draw", "play": "window"}
    tour = {"title": "Edges first", "steps": [STEP, {**STEP, "name": "again", "show": show, "seconds": 2.5}]}
    file = tmp_path / "my-tour.json"
    file.write_text(json.dumps(tour), encoding="utf-8")
    assert read_tour(file, model, 4) == read_tour(str(file), model, 4) == tour
    assert read_tour({"steps": [STEP]}, model) == {"title": "", "steps": [STEP]}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"titel": "x"}, "step 2: unknown field 'titel'. A step has name, title, text, show, point, seconds."),
        ({"title": ""}, "step 2, title: must be a text of 1 to 120 characters, but it is ''."),
        ({"text": None}, "step 2, text: must be a text of 1 to 600 characters, but it is missing."),
        ({"text": "{vaule}"}, "step 2, text: a placeholder is one of 'image', "),
        (
            {"name": "3"},
            "step 2, name: must be 1 to 40 lowercase letters, digits and hyphens, as in 'first-map', but it is '3'",
        ),
        ({"point": "maap"}, "step 2, point: must be one of 'image', "),
        ({"point": ["map"]}, "step 2, point: must be one of 'image', "),
        ({"seconds": True}, "step 2, seconds: must be a number from 1 to 300, but it is True."),
        ({"seconds": float("nan")}, "step 2, seconds: must be a number from 1 to 300, but it is nan."),
        ({"show": []}, "step 2, show: must be an object, but it is []."),
        ({"show": {"lair": 1}}, "show: unknown field 'lair'. What a step shows has view, layer, map,"),
        ({"show": {"layer": "conv9"}}, "show.layer: must name a layer of the model ('edges', "),
        ({"show": {"layer": {}}}, "show.layer: must name a layer of the model"),
        ({"show": {"view": "all"}}, "show.view: must be 'overview', 'network', 'why' or 'mistakes', but it is 'all'."),
        ({"show": {"view": ["why"]}}, "show.view: must be 'overview',"),
        ({"show": {"map": -1}}, "show.map: must be 'strongest' or a number from 0, but it is -1."),
        (
            {"show": {"pixel": [1]}},
            "show.pixel: must be 'strongest', 'negative' or 'followed', or [row, column], counted",
        ),
        ({"show": {"image": 4}}, "show.image: must be the number of a test image, from 0 to 3, but it is 4."),
    ],
)
def test_what_is_wrong_is_said_with_its_step_and_field(model: cs.Sequential, step: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_tour({"steps": [STEP, {**STEP, **step}]}, model, 4)
    assert said in str(error.value)
    assert str(error.value).startswith("The tour, step 2")
    assert str(error.value).endswith("docs/tours.md describes the format.")


@pytest.mark.parametrize(
    "content", [{}, {"steps": []}, {"steps": {}}, {"steps": [7]}, {"steps": [STEP] * 61}, {"step": 1}]
)
def test_a_tour_is_a_list_of_steps(model: cs.Sequential, content: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="step"):
        read_tour(content, model)


def test_two_steps_of_one_name_are_refused(model: cs.Sequential) -> None:
    with pytest.raises(ConfigurationError, match="step 1, name: each name may be used only once"):
        read_tour({"steps": [{**STEP, "name": "a"}, {**STEP, "name": "a"}]}, model)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "expected a JSON object"),
        ('{"steps":' + 100_000 * "[", "nested too deeply"),
        (" " * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_tour_is_refused(model: cs.Sequential, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "my-tour.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError, match=said) as error:
        read_tour(file, model)
    assert "my-tour.json" in str(error.value)
    with pytest.raises(MissingFileError):
        read_tour(tmp_path / "none.json", model)


def test_the_documented_tour_works_and_every_word_is_documented(model: cs.Sequential) -> None:
    text = (Path(__file__).parents[2] / "docs/tours.md").read_text(encoding="utf-8")
    read_tour(json.loads(text.partition("```json")[2].partition("```")[0]), model, 30)
    words = [*(f"{{{each}}}" for each in PLACEHOLDERS), *POINTS, *KINDS]
    assert [each for each in words if f"`{each}`" not in text] == []


def test_the_page_gets_the_tour_and_the_images_that_it_shows(model: cs.Sequential) -> None:
    images = np.zeros((500, 8, 8, 1), np.float32)
    explored = Explored(model, images, np.zeros(500, int))
    tour = {"steps": [{**STEP, "show": {"image": 444}}]}
    told = describe(with_tour(explored, tour), 1_000_000).told
    assert told["tour"] == {"title": "", **tour}
    assert 444 in told["indices"]
    assert len(told["labels"]) == len(told["predicted"]) == len(told["indices"])
    assert describe(explored, 1_000_000).told["tour"] is None
    with pytest.raises(ConvoscopeError, match="but there are no test images"):
        with_tour(Explored(model), tour)


EXERCISES: list[dict[str, Any]] = [
    {"kind": "number", "title": "Why not 28?", "text": "How wide is the map?", "answer": 26},
    {"kind": "softmax", "seed": 7},
]


def test_one_file_holds_a_tour_and_exercises(model: cs.Sequential, tmp_path: Path) -> None:
    tour = {"title": "Edges first", "steps": [STEP], "exercises": EXERCISES}
    file = tmp_path / "both.json"
    file.write_text(json.dumps(tour), encoding="utf-8")
    read = read_tour(file, model)
    assert (read["steps"], [each["kind"] for each in read["exercises"]]) == ([STEP], ["number", "softmax"])
    own = read_exercises(file)  # the same file, for the page of exercises
    assert own.told == {"title": "Edges first", "exercises": read["exercises"]}
    assert exercises_of_tour(read) == own
    assert exercises_of_tour({"title": "", "steps": [STEP]}) is None
    unnamed = exercises_of_tour(read_tour({"steps": [STEP], "exercises": EXERCISES}, model))
    assert unnamed is not None
    assert unnamed.told["title"] == "From your teacher"


@pytest.mark.parametrize(
    ("exercises", "said"),
    [
        ({}, "exercises must be a list of 1 to 100, but got {}."),
        ([], "exercises must be a list of 1 to 100, but got 0."),
        ([7], "exercises[0] needs a “kind”, one of number, choice,"),
        ([*EXERCISES, {"kind": "numbr"}], "exercises[2] needs a “kind”"),
        ([{**EXERCISES[0], "answr": 1}], "exercises[0] (number) has an unknown field “answr”."),
        ([{**EXERCISES[0], "answer": float("nan")}], "exercises[0] (number), “answer” must be a number"),
        ([{**EXERCISES[0], "answer": {1, 2}}], "exercises must contain only what JSON supports"),
        ([{"kind": "softmax", "seed": 10**9}], "“seed” must be a whole number from 1 to 999999"),
        (EXERCISES * 51, "exercises must be a list of 1 to 100, but got 102."),
    ],
)
def test_a_wrong_exercise_of_a_tour_is_said_with_its_number_and_field(
    model: cs.Sequential, exercises: Any, said: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_tour({"steps": [STEP], "exercises": exercises}, model)
    assert str(error.value).startswith("The tour: exercises")
    assert said in str(error.value)


def test_exercises_that_hold_themselves_are_refused(model: cs.Sequential) -> None:
    round_and_round: list[Any] = []
    round_and_round.append(round_and_round)
    with pytest.raises(ConfigurationError, match="only what JSON supports"):
        read_tour({"steps": [STEP], "exercises": round_and_round}, model)


def test_a_file_of_exercises_may_have_steps_but_not_in_their_place(tmp_path: Path) -> None:
    file = tmp_path / "both.json"
    for content, said in (({"steps": [STEP]}, "lacks the field"), ({"steps": 7, "exercises": EXERCISES}, "“steps”")):
        file.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(FileFormatError, match=said):
            read_exercises(file)


def test_a_class_file_and_an_offline_page_have_the_exercises_of_the_tour(model: cs.Sequential) -> None:
    tour = {"title": "Edges first", "steps": [STEP], "exercises": EXERCISES}
    explored = with_tour(Explored(model, np.zeros((3, 8, 8, 1), np.float32), np.zeros(3, int)), tour)
    assert "Why not 28?" in json.loads(_embedded(offline(explored)))["exercises"]
    assert "exercises" not in json.loads(_embedded(offline(with_tour(explored, {"steps": [STEP]}))))
    own = OwnExercises({"title": "Class 9b", "exercises": [{"kind": "pooling", "seed": 3}]})
    for added, title, kinds in ((None, "Edges first", []), (own, "Class 9b", ["pooling"])):
        pages = json.loads(_embedded(class_file({"digits": explored}, added)))["pages"]
        told = next(page["data"]["own"] for page in pages if page["name"] == "exercises")
        assert (told["title"], [each["kind"] for each in told["exercises"]]) == (title, [*kinds, "number", "softmax"])


def _embedded(html: str) -> str:
    return html.partition('id="embedded">')[2].partition("</script>")[0]
