from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.datasets import info
from convoscope.errors import ConfigurationError, UnknownNameError
from convoscope.layers import (
    BatchNormalization,
    Conv2D,
    MaxPooling2D,
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from convoscope.recipes import Recipe
from convoscope.training.schedules import OneCycle

SMALL = Recipe("fast", None, "flatten, dense {classes} softmax", epochs=2, batch_size=32, learning_rate=0.01)


@pytest.fixture(autouse=True)
def reference_engine() -> None:
    cs.use_engine("reference")


def digits(count: int = 100) -> tuple[Any, Any]:
    (x, y), _ = cs.datasets.digits.load_data()
    return x[:count, ..., None], y[:count]


def kinds(model: cs.Sequential) -> list[type]:
    return [type(layer) for layer in model.layers]


@pytest.mark.parametrize("dataset", cs.datasets.names())
@pytest.mark.parametrize("name", cs.recipes.names())
def test_every_recipe_builds_a_classifier_for_its_data_set_and_trains_a_step(name: str, dataset: str) -> None:
    known = info(dataset)
    recipe = replace(cs.recipes.get(name, dataset), batch_size=2).lasting(1)
    model = recipe.model(known.image_shape, len(known.class_names), seed=1)
    assert model.output_shape == (None, len(known.class_names))
    x = np.random.default_rng(1).integers(0, 256, (2, *known.image_shape), np.uint8)
    history = recipe.fit(model, x, np.array([0, 9]), verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize(
    ("epochs", "passes", "steps"),
    # 100 images in batches of 32 are 4 steps.
    [(2, 2, 8), (1, 1, 4), (0.5, 1, 2), (1.5, 2, 6), (2.5, 3, 10), (0.01, 1, 1)],
)
def test_a_part_of_an_epoch_is_a_part_of_its_steps_and_the_rates_end_with_the_last(
    epochs: float, passes: int, steps: int
) -> None:
    recipe = SMALL.lasting(epochs)
    model = recipe.model((8, 8, 1), 10, scale=1 / 16, seed=3)
    history = recipe.fit(model, *digits(), verbose=0)
    assert (len(history.history["loss"]), model.optimizer.iterations) == (passes, steps)
    assert model.optimizer.schedule == OneCycle(0.01, steps)


def test_training_is_by_the_recipes_optimizer_loss_and_rate() -> None:
    recipe = replace(SMALL, optimizer="adamw", weight_decay=0.03, label_smoothing=0.1, schedule="constant")
    model = recipe.model((8, 8, 1), 10, seed=3)
    recipe.fit(model, *digits(), verbose=0)
    assert repr(model.optimizer) == repr(cs.optimizers.AdamW(0.01, weight_decay=0.03))
    assert model.loss.label_smoothing == 0.1
    plain = SMALL.model((8, 8, 1), 10, seed=3)
    SMALL.fit(plain, *digits(), verbose=0)
    assert plain.optimizer.weight_decay is None


def test_the_network_begins_with_scaling_and_what_varies_the_images() -> None:
    varied = replace(SMALL, augmentation="flip horizontal, shift 0.1")
    model = varied.model((8, 8, 1), 10, scale=0.5)
    assert [layer.base_name() for layer in model.layers[:3]] == ["rescaling", "random_flip", "random_translation"]
    assert kinds(replace(varied, network="dense").model((8, 8, 1), 10, scale=None))[:2] == [
        RandomFlip,
        RandomTranslation,
    ]


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_the_fast_network_is_the_lessons_with_a_normalization_after_each_pooling(dataset: str) -> None:
    model = replace(cs.recipes.get("fast", dataset), augmentation="").model((28, 28, 1), 10, scale=None)
    lesson = cs.models.build_preset("cnn-2", (28, 28, 1), 10)
    expected = [
        found
        for layer in lesson.layers
        for found in ([MaxPooling2D, BatchNormalization] if isinstance(layer, MaxPooling2D) else [type(layer)])
    ]
    assert kinds(model) == expected
    # A factor, an offset, a mean and a variance for each of twice 64 filters.
    assert model.count_params() == lesson.count_params() + 4 * 128


def test_the_same_seed_trains_the_same_model() -> None:
    recipe = replace(SMALL, augmentation="shift 0.1")
    outputs = []
    for _ in range(2):
        model = recipe.model((8, 8, 1), 10, scale=1 / 16, seed=5)
        recipe.fit(model, *digits(), verbose=0)
        outputs.append(model.predict(digits()[0], verbose=0))
    assert np.array_equal(*outputs)


def test_a_known_data_set_has_its_own_recipe_under_any_spelling_of_its_name() -> None:
    assert cs.recipes.get("fast", "Fashion_MNIST").dataset == "fashion-mnist"
    assert cs.recipes.get("best", info("mnist")).dataset == "mnist"


def test_another_data_set_gets_the_rules_recipe() -> None:
    other = replace(info("mnist"), name="holiday", image_shape=(32, 32, 3), train_count=5_000)
    for name in cs.recipes.names():
        assert cs.recipes.get(name, other) == cs.recipes.suggest(name, (32, 32, 3), 5_000)


@pytest.mark.parametrize(("side", "halvings"), [(4, 1), (8, 1), (14, 2), (28, 3), (32, 3), (64, 4), (224, 4)])
def test_the_rule_halves_an_image_as_often_as_its_size_allows(side: int, halvings: int) -> None:
    model = cs.recipes.suggest("best", (side, side, 1), 20_000).model((side, side, 1), 3)
    assert kinds(model).count(MaxPooling2D) == halvings
    assert BatchNormalization in kinds(model)


def test_the_rule_shows_few_images_more_often_and_never_mirrors_any() -> None:
    for name in cs.recipes.names():
        few, many = (cs.recipes.suggest(name, (28, 28, 1), count) for count in (1_000, 60_000))
        assert few.epochs > many.epochs
        assert few.batch_size <= many.batch_size
        assert "flip" not in few.augmentation + many.augmentation


@pytest.mark.parametrize(
    ("shape", "widths"),
    # Halved until 3 pixels are left; half as wide from 48 pixels on.
    [
        ((12, 12, 3), [32, 64]),
        ((32, 40, 3), [32, 64, 128]),
        ((64, 64, 3), [16, 32, 64, 128]),
        ((64, 64, 1), [16, 32, 64, 128]),
    ],
)
def test_the_fast_rule_gives_colour_and_larger_images_a_convolution_for_each_halving_and_one_more(
    shape: tuple[int, int, int], widths: list[int]
) -> None:
    model = cs.recipes.suggest("fast", shape, 2_000).model(shape, 5)
    convolutions = [layer for layer in model.layers if isinstance(layer, Conv2D)]
    assert [layer.filters for layer in convolutions] == [*widths, widths[-1]]
    assert kinds(model).count(BatchNormalization) == kinds(model).count(MaxPooling2D) == len(widths)
    assert RandomRotation in kinds(model)


def test_few_photos_in_colour_are_varied_more_and_mirrored_where_that_makes_no_difference() -> None:
    few, many, grey, small = (
        cs.recipes.suggest("fast", shape, count, mirrored=True)
        for shape, count in (((64, 64, 3), 400), ((64, 64, 3), 2_000), ((64, 64, 1), 400), ((32, 32, 3), 400))
    )
    varied = {RandomFlip, RandomTranslation, RandomRotation, RandomZoom, RandomContrast, RandomBrightness}
    assert varied <= set(kinds(few.model((64, 64, 3), 5)))
    assert few.label_smoothing > 0
    for other in (many, grey, small, cs.recipes.suggest("fast", (64, 64, 3), 400)):
        assert "flip" not in other.augmentation
    for other in (many, grey, small):
        assert "zoom" not in other.augmentation


def test_the_fast_rule_gives_small_grey_images_the_lessons_network_normalized_where_they_are_many() -> None:
    assert cs.recipes.suggest("fast", (28, 28, 1), 2_000).network == "cnn-2"
    many = kinds(cs.recipes.suggest("fast", (32, 32, 1), 60_000).model((32, 32, 1), 10))
    few = kinds(cs.recipes.suggest("fast", (32, 32, 1), 6_000).model((32, 32, 1), 10))
    assert [kind for kind in many if kind is not BatchNormalization] == few
    assert many.count(BatchNormalization) == 2


def test_your_own_images_get_the_rules_recipe_whatever_their_folder_is_called() -> None:
    own = replace(info("mnist"), where="/photos/mnist", files=(), urls=())
    assert own.is_custom
    assert own.key == "/photos/mnist"
    assert cs.recipes.get("best", own) == cs.recipes.suggest("best", own.image_shape, own.train_count)


def test_an_unknown_recipe_or_data_set_gets_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"no recipe named 'bst'\. Did you mean 'best'"):
        cs.recipes.get("bst", "mnist")
    with pytest.raises(UnknownNameError, match="Did you mean 'fast'"):
        cs.recipes.suggest("fats", (28, 28, 1), 100)
    with pytest.raises(UnknownNameError, match="Did you mean 'fashion-mnist'"):
        cs.recipes.get("best", "fashon-mnist")


@pytest.mark.parametrize("epochs", [0, -1, float("nan"), float("inf")])
def test_epochs_that_cannot_be_are_refused(epochs: float) -> None:
    with pytest.raises(ConfigurationError, match="number above 0"):
        SMALL.lasting(epochs)
