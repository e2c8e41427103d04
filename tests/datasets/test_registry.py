from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from convoscope import datasets
from convoscope.errors import UnknownNameError


def test_six_data_sets_are_known() -> None:
    assert datasets.names() == ("digits", "mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100")


@pytest.mark.parametrize("name", ["fashion-mnist", "fashion_mnist", "Fashion-MNIST", "FashionMNIST", "fashion mnist"])
def test_a_name_is_taken_in_any_spelling(name: str) -> None:
    assert datasets.info(name).name == "fashion-mnist"


def test_a_name_that_is_unknown_gets_the_nearest_right_one() -> None:
    with pytest.raises(UnknownNameError, match=r"no data set of that name. Did you mean 'fashion-mnist'"):
        datasets.load("fasion-mnist")
    with pytest.raises(
        UnknownNameError, match="The data sets are digits, mnist, fashion-mnist, kmnist, cifar10, cifar"
    ):
        datasets.info("imagenet")


def test_the_facts_are_the_published_ones() -> None:
    facts = {name: datasets.info(name) for name in datasets.names()}
    assert [i.image_shape for i in facts.values()] == [(8, 8, 1), *[(28, 28, 1)] * 3, *[(32, 32, 3)] * 2]
    assert [i.max_value for i in facts.values()] == [16, *[255] * 5]
    counts = [(1437, 360), *[(60000, 10000)] * 3, *[(50000, 10000)] * 2]
    assert [(i.train_count, i.test_count) for i in facts.values()] == counts
    assert [i.licence for i in facts.values()] == [
        "CC BY 4.0", "CC BY-SA 3.0", "MIT", "CC BY-SA 4.0", "not stated", "not stated",
    ]  # fmt: skip
    assert [len(i.class_names) for i in facts.values()] == [10, 10, 10, 10, 10, 100]
    assert len(set(facts["cifar100"].class_names)) == 100
    assert list(facts["cifar100"].class_names) == sorted(facts["cifar100"].class_names)
    assert facts["fashion-mnist"].class_names == (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip
    assert facts["mnist"].class_names == tuple("0123456789")
    assert all(url.endswith("/") for i in facts.values() for url in i.urls)
    with pytest.raises(FrozenInstanceError):
        facts["mnist"].name = "other"  # type: ignore[misc]


def test_the_place_is_bundled_or_a_folder_or_not_on_disk(tmp_path: Path, put: Callable[..., Path]) -> None:
    put(tmp_path / "here" / "mnist")
    assert datasets.info("digits", tmp_path).where == "bundled"
    assert datasets.info("mnist", tmp_path / "here").where == str(tmp_path / "here" / "mnist")
    assert datasets.info("mnist").where == "not on disk"


def test_loading_by_name_gives_arrays_and_facts(
    tmp_path: Path, put: Callable[..., Path], arrays: dict[str, NDArray[np.uint8]]
) -> None:
    put(tmp_path / "mnist")
    data = datasets.load("MNIST", tmp_path)
    for ours, expected in zip((data.x_train, data.y_train, data.x_test, data.y_test), arrays.values(), strict=True):
        np.testing.assert_array_equal(ours, expected)
    assert (data.info.train_count, data.info.test_count) == (5, 3)
    assert data.info.where == str(tmp_path / "mnist")
    assert len(repr(data)) < 3000  # a description, not 70,000 images


def test_the_digits_load_by_name() -> None:
    data = datasets.load("digits")
    assert data.x_train.shape == (data.info.train_count, 8, 8)
    assert data.pairs[1][0] is data.x_test


def test_a_name_that_the_package_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'imagenet'; it has .*fashion_mnist"):
        datasets.imagenet  # noqa: B018
    assert {"mnist", "load", "names"} <= set(dir(datasets))


def test_importing_the_package_opens_no_network_and_no_archive_modules() -> None:
    code = (
        "import sys, convoscope.datasets as d; d.names(); print('urllib.request' in sys.modules, 'ssl' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]
