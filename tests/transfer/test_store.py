"""Features on disk: kept, shared, and never in the way."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from convoscope.transfer.store import FeatureStore

VECTORS = np.arange(12, dtype=np.float32).reshape(3, 4)


def test_what_is_put_comes_back_by_recipe_and_image(tmp_path: Path) -> None:
    FeatureStore(tmp_path).put("one", ["a", "b", "c"], VECTORS)
    store = FeatureStore(tmp_path)
    found = store.get("one", ["c", "a", "x"])
    assert found.keys() == {"a", "c"}
    np.testing.assert_array_equal(found["c"], VECTORS[2])
    assert store.get("other", ["a"]) == {}


def test_more_images_than_a_question_may_have(tmp_path: Path) -> None:
    names = [f"{number}" for number in range(2_100)]
    vectors = np.arange(2_100, dtype=np.float32)[:, None]
    store = FeatureStore(tmp_path)
    store.put("one", names, vectors)
    assert [float(store.get("one", names)[name][0]) for name in ("0", "999", "2099")] == [0, 999, 2099]


def test_nothing_is_there_before_something_was_put(tmp_path: Path) -> None:
    assert FeatureStore(tmp_path / "missing").get("one", ["a"]) == {}
    assert not (tmp_path / "missing").exists()


def test_a_damaged_file_is_begun_again(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    store.path.write_bytes(b"no database, but some bytes" * 100)
    assert store.get("one", ["a"]) == {}
    store.put("one", ["a"], VECTORS[:1])
    assert store.get("one", ["a"]).keys() == {"a"}


def test_a_vector_that_was_cut_short_is_none(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    store.put("one", ["a"], VECTORS[:1])
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE features SET vector = ?", (b"abc",))
    assert store.get("one", ["a"]) == {}


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = FeatureStore(tmp_path / "file")
    store.put("one", ["a"], VECTORS[:1])
    assert store.get("one", ["a"]) == {}


@pytest.mark.parametrize("workers", [8])
def test_many_write_at_once(tmp_path: Path, workers: int) -> None:
    def put(number: int) -> None:
        FeatureStore(tmp_path).put("one", [f"{number}"], np.full((1, 3), number, np.float32))

    with ThreadPoolExecutor(workers) as executor:
        list(executor.map(put, range(40)))
    found = FeatureStore(tmp_path).get("one", [f"{number}" for number in range(40)])
    assert {name: float(vector[0]) for name, vector in found.items()} == {f"{n}": float(n) for n in range(40)}


def test_vectors_are_found_under_the_name_they_are_linked_to(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    store.put("backbone", ["a"], VECTORS[:1])
    store.link("run", "backbone")
    np.testing.assert_array_equal(store.get("run", ["a"])["a"], VECTORS[0])
    store.put("run", ["b"], VECTORS[1:2])
    np.testing.assert_array_equal(store.get("backbone", ["b"])["b"], VECTORS[1])
    assert store.get("other", ["a", "b"]) == {}


def test_a_file_of_an_earlier_version_has_no_links(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    store.put("one", ["a"], VECTORS[:1])
    with sqlite3.connect(store.path) as connection:
        connection.execute("DROP TABLE links")
    np.testing.assert_array_equal(store.get("one", ["a"])["a"], VECTORS[0])
    store.link("two", "one")
    assert store.get("two", ["a"]).keys() == {"a"}
