"""Dataset, held to TensorFlow's: elements, their types, how many there are, what is shuffled, kept and made ahead."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.pipelines import PIPELINES, described, plain

import convoscope as cs
from convoscope.data import AUTOTUNE, Dataset, Options, TensorSpec, experimental
from convoscope.errors import ConfigurationError, DataError, MissingFileError

VALUES: dict[str, Any] = json.loads((Path(__file__).parent / "dataset_values.json").read_text())["pipelines"]


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_gives_what_tensorflow_gives(name: str) -> None:
    expected, dataset = VALUES[name], PIPELINES[name](Dataset)
    for _ in range(2):  # a data set can be gone through again
        assert [plain(element) for element in dataset] == expected["elements"]
    assert [plain(element) for element in dataset.as_numpy_iterator()] == expected["elements"]
    assert int(dataset.cardinality()) == int(experimental.cardinality(dataset)) == expected["cardinality"]
    if expected["cardinality"] >= 0:
        assert len(dataset) == expected["cardinality"] == len(list(dataset))


@pytest.mark.parametrize("name", [name for name, values in VALUES.items() if values["elements"]])
def test_a_spec_says_what_elements_look_like(name: str) -> None:
    found, expected = described(PIPELINES[name](Dataset).element_spec), VALUES[name]["spec"]
    flat = [list(_specs(spec)) for spec in (found, expected)]
    assert [dtype for _, dtype in flat[0]] == [dtype for _, dtype in flat[1]]
    for (shape, _), (known, _) in zip(*flat, strict=True):
        # What TensorFlow leaves open of a generator, or after unbatch, the first element tells.
        assert known is None or len(shape) == len(known)
        assert all(b in (None, a) for a, b in zip(shape, known or [], strict=False))


def _specs(spec: Any) -> Iterator[Any]:
    if isinstance(spec, dict):
        for value in spec.values():
            yield from _specs(value)
    elif (isinstance(spec[0], list) and len(spec) == 2 and isinstance(spec[1], str)) or spec[0] is None:
        yield spec
    else:
        for value in spec:
            yield from _specs(value)


# ---- order


@pytest.mark.parametrize(("count", "size"), [(50, 7), (50, 50), (50, 200), (3, 2)])
def test_each_element_is_drawn_from_the_buffer(count: int, size: int) -> None:
    order = [int(n) for n in Dataset.range(count).shuffle(size, seed=3)]
    assert sorted(order) == list(range(count))
    assert order != sorted(order)
    # The n-th that comes out was in the buffer by then: one of the first n + size.
    assert all(number < position + size for position, number in enumerate(order))


def test_shuffling_gives_each_order_as_often() -> None:
    dataset = Dataset.range(3).shuffle(3, seed=1)
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(1200):
        order = tuple(int(n) for n in dataset)
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    # Chi-squared with 5 degrees of freedom is below 20.5 in 999 of 1000 cases.
    assert sum((seen - 200) ** 2 / 200 for seen in counts.values()) < 20.5


def test_orders_follow_from_the_seed_and_differ_from_iteration_to_iteration() -> None:
    def orders(**options: Any) -> list[list[int]]:
        dataset = Dataset.range(30).shuffle(30, **options)
        return [[int(n) for n in dataset] for _ in range(2)]

    first, second = orders(seed=5)
    assert first != second
    assert orders(seed=5) == [first, second]
    assert orders(seed=6)[0] != first
    kept = orders(seed=5, reshuffle_each_iteration=False)
    assert kept[0] == kept[1]
    cs.utils.set_random_seed(8)
    seeded = orders()
    cs.utils.set_random_seed(8)
    assert orders() == seeded
    repeated = [int(n) for n in Dataset.range(9).shuffle(9, seed=1).repeat(2)]
    assert repeated[:9] != repeated[9:]
    assert sorted(repeated[:9]) == sorted(repeated[9:])


def test_what_is_cached_is_made_once_and_only_when_it_was_made_whole() -> None:
    made: list[int] = []

    def note(number: Any) -> Any:
        made.append(int(number))
        return number

    dataset = Dataset.range(3).map(note).cache()
    next(iter(dataset))
    assert made == [0]
    for _ in range(3):
        assert [int(n) for n in dataset] == [0, 1, 2]
    assert made == [0, 0, 1, 2]
    shuffled = dataset.shuffle(3, seed=2)
    assert [int(n) for n in shuffled] != [int(n) for n in shuffled] or [int(n) for n in shuffled] != [0, 1, 2]


# ---- elements


def test_elements_are_arrays_that_answer_numpy() -> None:
    for images, labels in Dataset.from_tensor_slices((np.ones((4, 2, 2)), [0, 1, 2, 3])).batch(3).take(1):
        assert type(images[0].numpy()) is np.ndarray
        assert labels[2].numpy() == 2
        assert ["a", "b", "c"][labels[1]] == "b"
        assert (images / 2).numpy().max() == 0.5
    (text,) = Dataset.from_tensor_slices(["a/b.png"])
    assert text.numpy() == "a/b.png"


def test_our_layers_and_models_stand_in_a_map() -> None:
    scaled = Dataset.from_tensor_slices((np.full((4, 6, 6, 1), 255.0, np.float32), [0, 1, 0, 1])).batch(2)
    rescale = cs.layers.Rescaling(1 / 255)
    for x, _ in scaled.map(lambda x, y: (rescale(x), y), num_parallel_calls=AUTOTUNE):
        assert x.shape == (2, 6, 6, 1)
        assert x.numpy() == pytest.approx(1.0)


# ---- training


def test_models_train_on_data_sets_as_on_arrays(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.random((50, 5)).astype(np.float32), generator.integers(0, 3, 50)

    def network() -> Any:
        model = cs.Sequential([cs.Input((5,)), cs.layers.Dense(3, activation="softmax")], seed=2)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    dataset = Dataset.from_tensor_slices((x, y)).batch(8)
    plain_model, model = network(), network()
    expected = plain_model.fit(x, y, batch_size=8, epochs=3, shuffle=False, validation_data=(x, y), verbose=0)
    found = model.fit(dataset.cache().prefetch(AUTOTUNE), epochs=3, validation_data=dataset, verbose=0)
    for name, values in expected.history.items():
        assert found.history[name] == pytest.approx(values, rel=1e-6)
    assert found.params["steps"] == 7
    assert np.array_equal(model.predict(dataset, verbose=0), plain_model.predict(x, verbose=0))
    assert model.evaluate(dataset, verbose=0) == pytest.approx(plain_model.evaluate(x, y, verbose=0))
    endless = network()
    with pytest.raises(ConfigurationError, match=r"is endless.*steps_per_epoch"):
        endless.fit(dataset.repeat(), verbose=0)
    endless.fit(dataset.repeat(), steps_per_epoch=10, epochs=2, verbose=0)
    assert endless.optimizer.iterations == 20
    unbuilt = cs.Sequential([cs.layers.Dense(3, activation="softmax")])
    unbuilt.compile("adam", "sparse_categorical_crossentropy")
    unbuilt.fit(dataset.shuffle(4), verbose=0)


def test_prefetching_runs_in_a_thread_that_ends() -> None:
    before = threading.active_count()
    names = set()

    def note(number: Any) -> Any:
        names.add(threading.current_thread().name)
        return number

    iterator = iter(Dataset.range(100).map(note).prefetch(2))
    assert int(next(iterator)) == 0
    iterator.close()  # type: ignore[attr-defined]
    end = time.monotonic() + 60
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before
    assert names == {"convoscope-prefetch"}


# ---- files and refusals


def test_files_are_listed(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "c.jpg"):
        (tmp_path / name).touch()
    listed = [each.numpy() for each in Dataset.list_files(str(tmp_path / "*.png"), shuffle=False)]
    assert listed == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    shuffled = Dataset.list_files([str(tmp_path / "*.png"), str(tmp_path / "*.jpg")], seed=1)
    assert sorted(str(each) for each in shuffled) == sorted(str(tmp_path / n) for n in ("a.png", "b.png", "c.jpg"))
    with pytest.raises(MissingFileError, match="no file matches"):
        Dataset.list_files(str(tmp_path / "*.gif"))


def test_what_cannot_be_is_said() -> None:
    numbers = Dataset.range(3)
    with pytest.raises(DataError, match=r"batch 1: elements of different shapes cannot be batched: \(1,\) and \(2,\)"):
        list(Dataset.range(1, 3).map(lambda n: np.zeros(int(n))).batch(2))
    with pytest.raises(DataError, match="same length along their first axis"):
        Dataset.from_tensor_slices((np.zeros(3), np.zeros(4)))
    with pytest.raises(ConfigurationError, match="Write from_generator"):
        Dataset.from_generator(iter([1]))  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"element 1: expected an array of shape \(3,\), but got \(2,\)"):
        list(Dataset.from_generator(lambda: [np.zeros(2)], output_signature=TensorSpec((3,), np.float32)))
    with pytest.raises(ConfigurationError, match="in memory only, not in a file"):
        numbers.cache("somewhere")
    with pytest.raises(TypeError, match="has no end, so it has no length"):
        len(numbers.repeat())
    with pytest.raises(TypeError, match="unknown number of elements"):
        len(numbers.filter(lambda n: True))
    with pytest.raises(AttributeError, match=r"no padded_batch\. Instead, give all elements the same shape"):
        numbers.padded_batch(2)
    with pytest.raises(AttributeError, match=r"class_names is .* of the data set that image_dataset_from_directory"):
        _ = numbers.class_names
    with pytest.raises(ConfigurationError, match="batch_size must be at least 1"):
        numbers.batch(0)
    with pytest.raises(ConfigurationError, match=r"Dataset.zip takes data sets"):
        Dataset.zip((numbers, 3))
    with pytest.raises(ConfigurationError, match="has no elements"):
        _ = numbers.take(0).element_spec


def test_options_change_nothing() -> None:
    options = Options()
    options.experimental_distribute.auto_shard_policy = "off"
    assert [int(n) for n in Dataset.range(3).with_options(options)] == [0, 1, 2]
    assert int(Dataset.range(5).reduce(0, lambda total, n: total + n)) == 10
    assert int(Dataset.range(1).get_single_element()) == 0
    assert repr(Dataset.range(5).batch(2)) == "<Dataset of 3, in batches>"
