"""Random augmentation: what is done for given random numbers, what numbers are drawn, and when they stay the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from convoscope import _native
from convoscope.engine import philox
from convoscope.engine.base import Engine, LossRule, Stretch
from convoscope.engine.native import NativeEngine
from convoscope.engine.plan import build
from convoscope.engine.reference import ReferenceEngine
from convoscope.engine.updates import update_rule
from convoscope.layers import (
    Conv2D,
    Dense,
    Flatten,
    Layer,
    RandomErasing,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    Rescaling,
)

Array = npt.NDArray[Any]
SEED, ITERATION = 2**40 + 3, 5
SCIPY_MODES = {"constant": "grid-constant", "nearest": "nearest", "reflect": "reflect", "wrap": "grid-wrap"}


def augmented(engine: Engine, layers: Layer | list[Layer], x: Array, **draw: int) -> Array:
    """Return what the layers make of images in training."""
    plan = build(layers if isinstance(layers, list) else [layers], x.shape[1:])
    settings = {"seed": SEED, "iteration": ITERATION, **draw}
    return engine.prepare(plan, []).pullback(x, x, training=True, **settings).outputs


def numbers(count: int, *, stream: int = 0, seed: int = SEED) -> Array:
    """Return the four numbers of each image's block."""
    words = philox.words(4 * count, seed=seed, iteration=ITERATION, stream=stream)
    return words.reshape(count, 4) / 2**32


def some_images(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.fixture(params=[1, 2, 3, 5])
def threads(request: pytest.FixtureRequest) -> int:
    _native.set_threads(request.param)
    return int(request.param)


# ---- values for given numbers


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_images_are_flipped_where_their_number_is_below_a_half(engine: Engine, mode: str) -> None:
    x = some_images(20, 4, 5, 2)
    found = augmented(engine, RandomFlip(mode), x)
    for image, outcome, drawn in zip(x, found, numbers(20), strict=True):
        axes = [axis for axis, name in enumerate(("vertical", "horizontal")) if name in mode and drawn[axis] < 0.5]
        np.testing.assert_array_equal(outcome, np.flip(image, axes))


@pytest.mark.parametrize(
    ("fill_mode", "expected"),
    [
        ("constant", [7, 7, 1, 2]),
        ("nearest", [1, 1, 1, 2]),
        ("reflect", [2, 1, 1, 2]),
        ("wrap", [3, 4, 1, 2]),
    ],
)
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_a_shift_by_half_the_width_is_two_pixels_to_the_right(
    engine: Engine, fill_mode: str, expected: list[int], interpolation: str
) -> None:
    x = np.array([1, 2, 3, 4], np.float32).reshape(1, 1, 4, 1)
    layer = RandomTranslation(0, (0.5, 0.5), fill_mode, interpolation, fill_value=7)
    np.testing.assert_array_equal(augmented(engine, layer, x).ravel(), expected)
    down = RandomTranslation((0.5, 0.5), 0, fill_mode, interpolation, fill_value=7)
    np.testing.assert_array_equal(augmented(engine, down, x.reshape(1, 4, 1, 1)).ravel(), expected)


def test_half_a_pixel_is_the_mean_of_two(engine: Engine) -> None:
    x = np.array([1, 2, 4, 8], np.float32).reshape(1, 1, 4, 1)
    layer = RandomTranslation(0, (0.125, 0.125), "constant", fill_value=5)
    np.testing.assert_array_equal(augmented(engine, layer, x).ravel(), [3, 1.5, 3, 6])


@pytest.mark.parametrize("quarters", [-3, -1, 1, 2, 4])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("size", [1, 4, 7])
def test_quarter_turns_are_exact_and_counter_clockwise(
    engine: Engine, quarters: int, interpolation: str, size: int
) -> None:
    x = some_images(2, size, size, 3)
    layer = RandomRotation((quarters / 4, quarters / 4), "constant", interpolation, fill_value=9)
    np.testing.assert_array_equal(augmented(engine, layer, x), np.rot90(x, quarters, (1, 2)))


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("shape", [(7, 6, 3), (1, 9, 1), (12, 12, 1)])
def test_shifts_and_turns_are_those_of_scipy(
    engine: Engine, fill_mode: str, interpolation: str, shape: tuple[int, int, int]
) -> None:
    x = some_images(6, *shape)
    shift = RandomTranslation((-0.9, 1.0), 0.6, fill_mode, interpolation, fill_value=0.5)
    turn = RandomRotation((-0.3, 0.9), fill_mode, interpolation, fill_value=0.5)
    shifted, turned = augmented(engine, shift, x), augmented(engine, turn, x)
    for place, drawn in enumerate(numbers(6)):
        angle = 2 * np.pi * (-0.3 + 1.2 * drawn[2])
        matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        centre = (np.array(shape[:2]) - 1) / 2
        moved = np.array(shape[:2]) * (-0.9 + 1.9 * drawn[0], -0.6 + 1.2 * drawn[1])
        for found, linear, offset in (
            (shifted, np.eye(2), -moved),
            (turned, matrix, centre - matrix @ centre),
        ):
            for channel in range(shape[2]):
                expected = ndimage.affine_transform(
                    x[place, ..., channel].astype(np.float64),
                    linear,
                    offset,
                    order=0 if interpolation == "nearest" else 1,
                    mode=SCIPY_MODES[fill_mode],
                    cval=0.5,
                )
                np.testing.assert_allclose(found[place, ..., channel], expected, rtol=0, atol=2e-6)


def test_a_rectangle_is_erased_where_the_numbers_say(engine: Engine) -> None:
    x = some_images(40, 9, 12, 2)
    found = augmented(engine, RandomErasing((0.2, 1.0), (0.1, 0.6), fill_value=3.5), x)
    rows, columns = np.mgrid[:9, :12]
    for place, drawn in enumerate(numbers(80).reshape(40, 8)):
        tall, wide = 9 * np.sqrt(0.1 + 0.5 * drawn[0]), 12 * np.sqrt(0.1 + 0.5 * drawn[1])
        top, left = drawn[2] * (9 - tall), drawn[3] * (12 - wide)
        within = (rows >= top) & (rows < top + tall) & (columns >= left) & (columns < left + wide)
        erased = within & (drawn[5] < 0.2 + 0.8 * drawn[4])
        np.testing.assert_array_equal(found[place], np.where(erased[..., None], np.float32(3.5), x[place]))


def test_what_is_written_lies_within_the_value_range(engine: Engine) -> None:
    x = some_images(3, 5, 5, 1)
    found = augmented(engine, RandomErasing((1, 1), (1, 1), fill_value=300, value_range=(-1, 2)), x)
    np.testing.assert_array_equal(found, np.full_like(x, 2))


def test_noise_is_normal_within_the_value_range(engine: Engine) -> None:
    x = np.full((60, 10, 11, 3), 50, np.float32)
    found = augmented(engine, RandomErasing((1, 1), (1, 1), value_range=(-100, 10)), x) / 10
    below = np.sort(found.ravel())[: found.size // 2].astype(np.float64)
    assert (found == 1).mean() == pytest.approx(0.1587, abs=0.01)  # the share beyond one standard deviation
    assert (found < -1).mean() == pytest.approx(0.1587, abs=0.01)
    assert np.square(below).mean() == pytest.approx(1, abs=0.04)  # half a normal distribution has its variance
    neighbours = np.corrcoef(found.reshape(-1, 2).T)[0, 1]
    assert abs(neighbours) < 4 / np.sqrt(found.size / 2)


def test_the_engines_agree_on_every_instruction_set_and_for_every_number_of_threads(isa: str, threads: int) -> None:
    x = some_images(17, 8, 7, 3)
    gradient = np.random.default_rng(2).normal(size=x.shape).astype(np.float32)
    for layers in (
        [RandomFlip(), RandomTranslation(0.4, 0.3, "wrap"), RandomErasing((1, 1), value_range=(0, 1))],
        [
            RandomRotation(0.4, "constant", fill_value=1),
            RandomErasing(fill_value=0),
            RandomTranslation(1, 1, "nearest"),
        ],
        [RandomRotation(0.4, "reflect", "nearest"), RandomTranslation(0.2, 0.2, "constant", "nearest")],
    ):
        plan = build(layers, x.shape[1:])
        ours, exact = (
            executable.pullback(x, gradient, training=True, seed=1, iteration=2)
            for executable in (
                NativeEngine().prepare(plan, []),
                ReferenceEngine().prepare(plan, [], np.float64),
            )
        )
        np.testing.assert_allclose(ours.outputs, exact.outputs, rtol=0, atol=3e-6)
        np.testing.assert_allclose(ours.input, exact.input, rtol=0, atol=1e-5)


# ---- the way back


@pytest.mark.parametrize("fill_mode", SCIPY_MODES)
def test_the_gradient_is_the_adjoint(engine: Engine, fill_mode: str) -> None:
    """<y, A x> = <Aᵀ y, x>, where the fill value, which does not depend on x, is 0."""
    x, y = some_images(5, 6, 7, 2), np.random.default_rng(1).normal(size=(5, 6, 7, 2)).astype(np.float32)
    for layers in ([RandomRotation(1, fill_mode)], [RandomTranslation(1, 1, fill_mode), RandomFlip()]):
        found = engine.prepare(build(layers, x.shape[1:]), []).pullback(x, y, training=True, seed=3)
        there = (y.astype(np.float64) * found.outputs).sum()
        back = (found.input.astype(np.float64) * x).sum()
        np.testing.assert_allclose(there, back, rtol=1e-5, atol=1e-5)


def test_erased_pixels_have_no_gradient(engine: Engine) -> None:
    x = np.ones((6, 8, 8, 1), np.float32)
    plan = build([RandomErasing((1, 1), fill_value=0)], (8, 8, 1))
    found = engine.prepare(plan, []).pullback(x, 2 * x, training=True, seed=3)
    np.testing.assert_array_equal(found.input, 2 * found.outputs)
    assert 0 < found.input.mean() < 2


# ---- the draws


def test_flips_are_even_and_do_not_follow_each_other() -> None:
    x = np.array([[1, 2], [3, 4]], np.float32).reshape(1, 2, 2, 1).repeat(8000, axis=0)
    corner = augmented(NativeEngine(), RandomFlip(), x)[:, 0, 0, 0]
    shares = [(corner == value).mean() for value in (1, 2, 3, 4)]
    np.testing.assert_allclose(shares, 0.25, atol=4 * np.sqrt(0.25 * 0.75 / 8000))


def test_shifts_are_even_over_their_range_and_independent() -> None:
    """An image whose values are its columns (then its rows), extended by 'nearest', shows its shift in the middle."""
    size = 41
    rows, columns = np.mgrid[:size, :size]
    x = np.stack([rows, columns], axis=-1).astype(np.float32)[None].repeat(3000, axis=0)
    middle = augmented(NativeEngine(), RandomTranslation((-0.1, 0.3), 0.2, "nearest"), x)[:, 20, 20]
    for shifts, low, high in ((20 - middle[:, 0], -0.1, 0.3), (20 - middle[:, 1], -0.2, 0.2)):
        share = np.sort((shifts / size - low) / (high - low))
        assert np.abs(share - np.linspace(0, 1, 3000)).max() < 1.95 / np.sqrt(3000)  # Kolmogorov, one in a thousand
    assert abs(np.corrcoef(middle.T)[0, 1]) < 4 / np.sqrt(3000)


def test_erasing_touches_the_share_of_images_and_pixels_that_keras_documents() -> None:
    x = np.ones((4000, 20, 20, 1), np.float32)
    for factor, share in ((1.0, 0.5), (0.4, 0.2), ((1, 1), 1.0), ((0.5, 1), 0.75), (0, 0.0)):
        kept = augmented(NativeEngine(), RandomErasing(factor, (0.1, 0.4), fill_value=0), x)
        touched = (kept == 0).any(axis=(1, 2, 3))
        assert touched.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 4000))
        if share:
            side = (0.4**1.5 - 0.1**1.5) / (1.5 * 0.3)  # the mean of the square root
            assert (kept[touched] == 0).mean() == pytest.approx(side**2, rel=0.05)


def test_layers_of_a_stack_draw_each_for_itself_and_a_seed_of_its_own_wins(engine: Engine) -> None:
    x = some_images(30, 3, 3, 1)
    found = augmented(engine, [RandomFlip("horizontal"), RandomFlip("horizontal")], x)
    first, second = numbers(30)[:, 1] < 0.5, numbers(30, stream=1)[:, 1] < 0.5
    expected = np.where((first ^ second)[:, None, None, None], x[:, :, ::-1], x)
    np.testing.assert_array_equal(found, expected)
    for layer in (RandomFlip(seed=7), RandomErasing((1, 1), seed=7), RandomRotation(1, seed=7)):
        one, other = (augmented(engine, layer, x, seed=seed) for seed in (1, 2))
        np.testing.assert_array_equal(one, other)
        assert (augmented(engine, layer, x, iteration=ITERATION + 1) != one).any()


def test_an_image_s_numbers_depend_on_its_place_in_the_batch_alone(threads: int) -> None:
    x = some_images(23, 9, 9, 1)
    layers: list[Layer] = [RandomRotation(0.2), RandomErasing((1, 1)), RandomTranslation(0.3, 0.3), RandomFlip()]
    whole = augmented(NativeEngine(), layers, x)
    np.testing.assert_array_equal(augmented(NativeEngine(), layers, x[:9]), whole[:9])
    _native.set_threads(1)
    np.testing.assert_array_equal(augmented(NativeEngine(), layers, x), whole)


def test_in_prediction_nothing_is_done(engine: Engine) -> None:
    x = some_images(4, 5, 6, 2)
    layers = [RandomFlip(), RandomTranslation(1, 1), RandomRotation(1), RandomErasing((1, 1))]
    executable = engine.prepare(build(layers, x.shape[1:]), [])
    np.testing.assert_array_equal(executable.forward(x), x)
    found = executable.pullback(x, 2 * x)
    np.testing.assert_array_equal(found.outputs, x)
    np.testing.assert_array_equal(found.input, 2 * x)


# ---- training


def small_stack() -> list[Layer]:
    return [
        Rescaling(0.5),
        RandomTranslation(0.2, 0.2),
        RandomErasing(fill_value=0),
        Conv2D(3, 3, activation="relu"),
        RandomFlip(),  # in the middle: gradients go back through it
        RandomRotation(0.1, "constant"),
        Flatten(),
        Dense(3, activation="softmax"),
    ]


def stretch_on(plan: Any, *, rate: float = 0.01) -> Stretch:
    generator = np.random.default_rng(4)
    rows = np.concatenate([generator.permutation(19) for _ in range(3)])
    return Stretch(
        x=generator.normal(size=(19, 7, 6, 1)).astype(np.float32),
        y=generator.integers(0, 3, 19).astype(np.int32),
        rows=rows,
        batch_size=8,
        loss=LossRule("sparse_categorical_crossentropy"),
        rule=update_rule("adam"),
        learning_rates=np.full(8, rate),
        iteration=0,
        seed=21,
        slots=[tuple(np.zeros(plan.weights[p].shape, np.float32) for _ in range(2)) for p in plan.trainable],
        losses=np.zeros(len(rows), np.float32),
        outputs=np.zeros((len(rows), 3), np.float32),
    )


def first_weights(plan: Any) -> list[Array]:
    generator = np.random.default_rng(5)
    return [generator.normal(0, 0.3, weight.shape).astype(np.float32) for weight in plan.weights]


def test_a_step_of_training_draws_by_its_number_and_the_places_in_its_batch(engine: Engine) -> None:
    plan = build(small_stack(), (7, 6, 1))
    stretch = stretch_on(plan, rate=0.0)
    executable = engine.prepare(plan, first_weights(plan))
    assert executable.train(stretch) == 8
    for step in range(8):
        batch = slice(8 * step, 8 * (step + 1))
        rows = stretch.rows[batch]
        alone = executable.gradients(stretch.x[rows], stretch.y[rows], stretch.loss, seed=21, iteration=step)
        np.testing.assert_allclose(stretch.outputs[batch], alone.outputs, rtol=1e-6)


def test_training_that_goes_on_ends_exactly_where_uninterrupted_training_ends(engine: Engine, threads: int) -> None:
    plan = build(small_stack(), (7, 6, 1))
    ends = []
    for pieces in ([(0, 8)], [(0, 3), (3, 4), (4, 8)]):
        weights, whole = first_weights(plan), stretch_on(plan)
        for first, last in pieces:
            part = stretch_on(plan)
            part.rows, part.iteration, part.slots = whole.rows[8 * first : 8 * last], first, whole.slots
            part.losses, part.outputs = whole.losses[8 * first : 8 * last], whole.outputs[8 * first : 8 * last]
            assert engine.prepare(plan, weights).train(part) == last - first  # a new executable, as after a resume
        ends.append([*weights, whole.losses, whole.outputs])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_engines_learn_the_same(threads: int) -> None:
    plan = build(small_stack(), (7, 6, 1))
    ends = []
    for engine in (NativeEngine(), ReferenceEngine()):
        weights, stretch = first_weights(plan), stretch_on(plan)
        engine.prepare(plan, weights).train(stretch)
        ends.append([*weights, stretch.losses])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-4)
