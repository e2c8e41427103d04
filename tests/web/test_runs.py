"""What Python tells the page of a large network: values, evidence, features, and what is counted a few at a time."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.explore.networks import inverted, values

import convoscope as cs
from convoscope.errors import ConfigurationError, ConvoscopeError
from convoscope.explore import nearest as nearest_images
from convoscope.explore.random_weights import untrained
from convoscope.web import explored as limits
from convoscope.web.description import describe
from convoscope.web.epochs import Moments
from convoscope.web.exhibits import written
from convoscope.web.explored import Explored, Files
from convoscope.web.explorer import offline, site
from convoscope.web.gradually import SHARE, Gradually
from convoscope.web.runs import Runs
from convoscope.web.training_images import _nearest, features, nearest

Array = npt.NDArray[Any]
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def explored() -> Explored:
    images = values("inverted_images").astype(np.float32)
    rng = np.random.default_rng(4)
    train = rng.uniform(0, 1, (15, 10, 8, 3)).astype(np.float32)
    return Explored(inverted(), images, values("inverted_classes"), train, np.arange(15) % 4, "photos")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the network were large."""
    monkeypatch.setattr(limits, "_LARGE", 1)
    monkeypatch.setattr(limits, "_AT_ONCE", 1)


def read(content: bytes) -> list[Array]:
    """Read arrays as the page does."""
    length = int.from_bytes(content[:4], "little")
    found, begin = [], 4 + length
    for shape in json.loads(content[4:begin]):
        end = begin + 4 * int(np.prod(shape))
        found.append(np.frombuffer(content[begin:end], "<f4").reshape(shape))
        begin = end
    assert begin == len(content)
    return found


def position(name: str) -> int:
    return [call.layer.name for call in inverted().graph.calls].index(name)


def as_sent(image: Any) -> str:
    return base64.b64encode(np.asarray(image, "<f4").tobytes()).decode()


def test_scores_evidence_and_saliency_are_those_of_autograd(explored: Explored) -> None:
    runs = Runs()
    at, last = position("block1a_project_conv"), position("predictions")
    for image, label in enumerate(values("inverted_classes").tolist()):
        question = {"image": image, "classes": [0, label], "position": at}
        (found,) = read(runs.values(explored, {**question, "wanted": [last]}))
        scores = values("inverted_scores")[image]
        np.testing.assert_allclose(found, np.exp(scores) / np.exp(scores).sum(), **CLOSE)
        for method in ("grad_cam", "hires_cam"):
            _, evidence = read(runs.evidence(explored, {**question, "method": method}))
            np.testing.assert_allclose(evidence[..., 0], values(f"inverted_{method}")[image], **CLOSE)
        saliency = read(runs.saliency(explored, {**question, "input": 0}))[1]
        np.testing.assert_allclose(saliency, values("inverted_saliency")[image], **CLOSE)


def test_an_own_image_gives_what_the_same_test_image_gives(explored: Explored) -> None:
    wanted = [position("stem_conv"), position("predictions")]
    runs = Runs()
    ours = read(runs.values(explored, {"image": 2, "wanted": wanted}))
    own = read(runs.values(explored, {"own": [as_sent(explored.images[2])], "wanted": wanted}))
    for one, other in zip(ours, own, strict=True):
        np.testing.assert_array_equal(one, other)


def test_filters_off_and_numbers_changed_are_in_what_comes_after_them(explored: Explored) -> None:
    runs, dense = Runs(), position("predictions")
    question = {"image": 1, "wanted": [position("top_activation"), position("avg_pool"), dense]}
    before = [array.copy() for array in explored.model.own_weights]
    plain = read(runs.values(explored, question))
    changes = [{"position": dense, "weight": "bias", "index": 2, "value": 50.0}]
    told = {**question, "silenced": {str(position("top_activation")): [3, 5]}, "changes": changes}
    maps, pooled, scores = read(runs.values(explored, told))
    assert not maps[..., [3, 5]].any()
    assert not pooled[[3, 5]].any()
    np.testing.assert_array_equal(np.delete(maps, [3, 5], axis=-1), np.delete(plain[0], [3, 5], axis=-1))
    assert scores[2] == pytest.approx(1)
    for array, again in zip(read(runs.values(explored, question)), plain, strict=True):
        np.testing.assert_array_equal(array, again)  # as it was
    for old, new in zip(before, explored.model.own_weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_untrained_network_is_the_same_each_time_and_the_model_is_left_alone(explored: Explored) -> None:
    one, other = (untrained(explored.model).own_weights for _ in range(2))
    for first, second, trained in zip(one, other, explored.model.own_weights, strict=True):
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, trained)
    question = {"image": 0, "position": position("top_conv"), "classes": [1], "method": "grad_cam"}
    runs = Runs()
    trained_map, other_map = (read(runs.evidence(explored, {**question, "trained": each})) for each in (True, False))
    assert not np.allclose(trained_map[0], other_map[0])


def test_the_model_beside_is_asked_for_by_name(explored: Explored) -> None:
    twin = Explored(inverted(), explored.x, explored.y)
    twin.model.own_weights[-1][...] = [9, 0, 0, 0]
    pair = replace(explored, beside=twin)
    question = {"image": 0, "wanted": [position("predictions")]}
    runs = Runs()
    ours, others = (read(runs.values(pair, {**question, "beside": each}))[0] for each in (False, True))
    np.testing.assert_allclose(others, twin.model.predict(twin.images[:1])[0], rtol=1e-5)
    assert not np.allclose(ours, others)


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("values", {"image": 0}),
        ("values", {"image": 0, "wanted": [99]}),
        ("values", {"image": 6, "wanted": [0]}),
        ("values", {"image": -1, "wanted": [0]}),
        ("values", {"image": "x", "wanted": [0]}),
        ("values", {"image": [0], "wanted": [0]}),
        ("values", {"image": {}, "wanted": [0]}),
        ("values", {"own": "AAAA", "wanted": [0]}),
        ("values", {"own": ["AAAA"], "wanted": [0]}),
        ("values", {"own": [[1, 2]], "wanted": [0]}),
        ("values", {"image": 0, "wanted": [0], "silenced": {"0": [99]}}),
        (
            "values",
            {"image": 0, "wanted": [0], "changes": [{"position": 0, "weight": "gamma", "index": 0, "value": 1}]},
        ),
        ("evidence", {"image": 0, "position": 99, "classes": [0], "method": "grad_cam"}),
        ("evidence", {"image": 0, "position": 11, "classes": [0], "method": "grad_cam"}),
        ("evidence", {"image": 0, "position": 0, "classes": [4], "method": "grad_cam"}),
        ("evidence", {"image": 0, "position": 0, "classes": [], "method": "grad_cam"}),
        ("evidence", {"image": 0, "position": 0, "classes": [0], "method": "magic"}),
        ("saliency", {"image": 0, "input": 1, "classes": [0]}),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(explored: Explored, asked: str, question: dict[str, Any]) -> None:
    with pytest.raises(ConvoscopeError, match=r"\w{3}.*\."):
        getattr(Runs(), asked)(explored, question)


def test_layers_may_be_told_as_digits(explored: Explored) -> None:
    asked = [Runs().values(explored, {"image": 0, "wanted": wanted}) for wanted in ([1], ["1"])]
    assert asked[0] == asked[1]


# ---- a few images at a time


class Clock:
    """A clock that goes by a step whenever somebody looks."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock(1.01 * SHARE)
    monkeypatch.setattr("convoscope.web.gradually.time.monotonic", clock)
    return clock


def test_a_share_ends_when_its_time_is_over_and_quick_images_come_in_larger_batches(clock: Clock) -> None:
    sizes: list[int] = []

    def run(batch: Array) -> Array:
        sizes.append(len(batch))
        return batch**2

    images = np.arange(1000.0)[:, None]
    squares = Gradually(run, images)
    squares.more(SHARE)
    assert (sizes, squares.done) == ([2], 2)
    clock.step = SHARE / 100
    squares.more(SHARE)
    assert squares.done == 1000
    assert sizes == [2, 2, 4, 8, 16, 32, 64, 128, 256, 256, 232]
    np.testing.assert_array_equal(squares.known, images**2)


@pytest.mark.usefixtures("slow")
def test_test_images_of_a_large_network_are_counted_while_the_page_is_open(explored: Explored) -> None:
    fresh = replace(explored)
    told = describe(fresh, 10**6, waits=False).told
    assert (told["predicted"], told["accuracy"], told["confusion"]) == ([], None, None)
    assert told["labels"] == values("inverted_classes")[told["indices"]].tolist()
    assert {"count", "nearest"} <= set(told["asks"])
    assert fresh.counting is not None
    assert fresh.counting.done == 0
    moments, found = Moments(fresh), {"total": 6}
    while "total" in found:
        found = moments.count(moments.at({}), {})
    predicted = values("inverted_scores").argmax(axis=1)
    assert found["predicted"] == predicted.tolist()
    assert found["accuracy"] == np.mean(predicted == values("inverted_classes"))


@pytest.mark.usefixtures("slow")
def test_a_page_is_told_who_runs_the_network_and_a_file_runs_it_itself(explored: Explored) -> None:
    def runs(page: Any) -> str:
        return str(json.loads(page)["runs"])

    answer = site(replace(explored)).answer("data/explorer.json")
    assert answer is not None
    assert runs(answer.body) == "python"
    text = offline(replace(explored)).partition('id="embedded">')[2].partition("</script>")[0]
    told = json.loads(text)["explorer"]
    assert told["runs"] == "page"
    assert told["accuracy"] is not None


def test_a_small_network_is_run_by_the_page_and_counted_at_once(explored: Explored) -> None:
    answer = site(explored).answer("data/explorer.json")
    assert answer is not None
    told = json.loads(answer.body)
    assert told["runs"] == "page"
    assert told["accuracy"] is not None
    assert "count" not in told["asks"]


def test_nearest_and_features_are_of_as_many_training_images_as_are_known(explored: Explored, clock: Clock) -> None:
    fresh = replace(explored)
    assert fresh.x_train is not None
    image = explored.images[3]
    counts = []
    while not counts or counts[-1] < 15:
        found = nearest(fresh, {"image": as_sent(image)})
        counts.append(found["known"])
        expected = nearest_images(explored.model, image, fresh.x_train[: counts[-1]], 6)
        np.testing.assert_allclose(found["distances"], expected.distances[0], rtol=1e-5)
        assert found["labels"] == fresh.y_train[expected.indices[0]].tolist()
        assert found["count"] == 15
    assert counts == [2, 4, 6, 8, 10, 12, 14, 15]
    largest = features(fresh, {"features": [4, 0]})
    pooled = cs.Model(fresh.model.inputs, fresh.model.get_layer("avg_pool").output).predict(fresh.x_train)
    content = written(largest)
    begin = 4 + int.from_bytes(content[:4], "little")
    assert json.loads(content[4:begin])["packed"] == {"kind": "float32", "divisor": 1, "bytes": len(content) - begin}
    sent = np.frombuffer(content[begin:], "<f4").reshape(-1, 10, 8, 3)
    for each in largest["features"]:
        order = np.argsort(-pooled[:, each["feature"]])[:4]
        np.testing.assert_allclose(each["values"], pooled[order, each["feature"]], rtol=1e-5)
        np.testing.assert_array_equal(sent[each["at"]], fresh.x_train[order])
    assert [each["feature"] for each in largest["features"]] == [4, 0]


def test_a_test_image_is_told_by_its_number_and_taken_from_the_runs(
    explored: Explored, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, fresh = Runs(), replace(explored)
    runs.values(fresh, {"image": 3, "wanted": [0]})
    monkeypatch.setattr("convoscope.explore.all_values.AllValues.of", lambda *_: pytest.fail("it was run again"))
    found = nearest(fresh, {"image": 3}, runs)
    monkeypatch.undo()
    assert found["distances"] == pytest.approx(nearest(fresh, {"image": as_sent(explored.images[3])})["distances"])
    with pytest.raises(ConfigurationError, match="There is no image 6: there are 6"):
        nearest(fresh, {"image": 6}, runs)


def test_the_nearest_of_many_are_those_of_double_precision() -> None:
    rng = np.random.default_rng(5)
    known = rng.normal(size=(3000, 40)).astype(np.float32)
    known[2000:2900] = known[7] + rng.normal(0, 1e-4, (900, 40))
    own = known[7] + np.float32(1e-4)
    order = rng.permutation(3000)
    found, distances = _nearest(known, own, order)
    exact = np.linalg.norm(known.astype(np.float64) - own.astype(np.float64), axis=1)
    assert found.tolist() == np.lexsort((order, exact))[:6].tolist()
    np.testing.assert_allclose(distances, np.sort(exact)[:6])
    twins, _ = _nearest(np.zeros((100, 3), np.float32), np.zeros(3, np.float32), order[:100])
    assert len(twins) == 6


@pytest.mark.usefixtures("slow")
def test_features_are_kept_by_file_and_network_for_the_next_time(
    explored: Explored, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    digests = [f"{number % 14:064x}" for number in range(15)]  # the last is the first one's copy
    told = {"height": 10, "width": 8, "channels": 3, "max_value": 1, "edge": 0.4}
    fresh = replace(explored, files=Files(digests, told))
    assert fresh.x_train is not None
    copied = fresh.x_train[:1]
    fresh = replace(fresh, x_train=np.concatenate([fresh.x_train[:-1], copied]))
    question = {"image": as_sent(explored.images[3])}
    monkeypatch.setattr("convoscope.web.gradually.TOGETHER", 4)
    assert [nearest(fresh, question)["known"] for _ in range(3)] == [2, 4, 6]
    again = replace(fresh)  # as if the page were opened anew
    found = nearest(again, question)
    assert found["known"] == 7  # those 4 that were kept, the copy of one of them, and 2 more
    assert again.training_images is not None
    assert again.training_images.features.order[:7].tolist() == [0, 1, 2, 3, 14, 4, 5]
    while found["known"] < 15:
        found = nearest(again, question)
    at_once = nearest_images(explored.model, explored.images[3], fresh.x_train, 6)
    np.testing.assert_allclose(found["distances"], at_once.distances[0], rtol=1e-5)
    assert found["labels"] == fresh.y_train[at_once.indices[0]].tolist()
    assert nearest(replace(fresh), question) == found
    other = untrained(explored.model)
    assert nearest(replace(fresh, model=other), question)["known"] == 2
    assert nearest(replace(fresh, files=Files(digests, {**told, "fit": "stretch"})), question)["known"] == 2


@pytest.mark.parametrize("told", [None, ["x"], [9], [-1], list(range(21))])
def test_features_that_are_not_there_are_refused(explored: Explored, told: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"eature"):
        features(explored, {"features": told})
