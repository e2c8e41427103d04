"""Sequential: layers put together, named, built, and given weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convoscope.engine import use
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, DataError, NotReadyError, ShapeError, UnknownNameError
from convoscope.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, Layer, MaxPooling2D, Rescaling
from convoscope.models import Sequential
from convoscope.utils import clear_session


def lesson_layers(**first: object) -> list[Layer]:
    return [
        Conv2D(64, (3, 3), activation="relu", **first),
        MaxPooling2D(2, 2),
        Conv2D(64, (3, 3), activation="relu"),
        MaxPooling2D(2, 2),
        Flatten(),
        Dense(128, activation="relu"),
        Dense(10, activation="softmax"),
    ]


def names(model: Sequential) -> list[str]:
    return [layer.name for layer in model.layers]


# ---- building


def test_a_list_an_input_layer_and_add_make_the_same_model() -> None:
    from_list = Sequential(lesson_layers(input_shape=(28, 28, 1)), seed=5)
    with_input = Sequential([Input(shape=(28, 28, 1)), *lesson_layers()], seed=5)
    added = Sequential(seed=5)
    for layer in lesson_layers(input_shape=(28, 28, 1)):
        added.add(layer)
    for model in (with_input, added):
        assert [layer.output_shape for layer in model.layers] == [layer.output_shape for layer in from_list.layers]
        for weight, same in zip(model.weights, from_list.weights, strict=True):
            np.testing.assert_array_equal(weight, same)


def test_the_lessons_network_has_the_shapes_and_parameters_that_the_lesson_says() -> None:
    model = Sequential(lesson_layers(input_shape=(28, 28, 1)))
    assert [layer.output_shape for layer in model.layers] == [
        (None, 26, 26, 64),
        (None, 13, 13, 64),
        (None, 11, 11, 64),
        (None, 5, 5, 64),
        (None, 1600),
        (None, 128),
        (None, 10),
    ]
    assert [layer.count_params() for layer in model.layers] == [640, 0, 36_928, 0, 0, 204_928, 1_290]
    assert model.count_params() == 243_786
    assert (model.input_shape, model.output_shape) == ((None, 28, 28, 1), (None, 10))


def test_a_model_that_was_told_no_input_shape_learns_it_from_data() -> None:
    model = Sequential([Flatten(), Dense(3)])
    assert not model.built
    assert model.predict(np.zeros((2, 4, 5), np.float32), verbose=0).shape == (2, 3)
    assert model.input_shape == (None, 4, 5)


def test_build_takes_the_batch_axis_first() -> None:
    model = Sequential([Dense(3)])
    model.build((None, 7))
    model.build((None, 7))
    assert model.layers[0].weights[0].shape == (7, 3)
    with pytest.raises(ShapeError, match=r"takes inputs of shape \(7,\)"):
        model.build((None, 8))
    with pytest.raises(ConfigurationError, match=r"model\.build\(\(None, 28, 28, 1\)\)"):
        Sequential([Flatten()]).build((28, 28, 1)[:3])


def test_the_channel_axis_that_is_missing_is_named_with_the_remedy() -> None:
    with pytest.raises(ShapeError, match=r"Layer 1 of 7.*channel axis is missing.*reshape\(-1, 28, 28, 1\)"):
        Sequential(lesson_layers(input_shape=(28, 28)))


def test_too_many_poolings_are_told_with_the_place() -> None:
    layers = [Conv2D(4, 3, input_shape=(28, 28, 1)), *(MaxPooling2D() for _ in range(6))]
    with pytest.raises(ShapeError, match=r"Layer 6 of 7: MaxPooling2D 'max_pooling2d_4'.*2×2.*1×1"):
        Sequential(layers)


def test_a_layer_that_does_not_fit_leaves_the_model_as_it_was() -> None:
    model = Sequential([Flatten(input_shape=(8, 8, 1)), Dense(4)])
    with pytest.raises(ShapeError, match=r"Layer 3 of 3: Conv2D 'conv2d'.*Put it before Flatten"):
        model.add(Conv2D(3, 3))
    assert names(model) == ["flatten", "dense"]
    assert model.predict_on_batch(np.zeros((1, 8, 8, 1))).shape == (1, 4)


def test_adding_a_layer_keeps_the_weights_of_the_others() -> None:
    model = Sequential([Dense(4, input_shape=(6,)), Dense(3)])
    before = model.get_weights()
    model.add(Dense(2))
    for weight, kept in zip(model.weights, before, strict=False):
        np.testing.assert_array_equal(weight, kept)
    assert model.output_shape == (None, 2)


def test_first_weights_follow_from_the_seed_and_the_place() -> None:
    def first_weights(seed: int, *layers: Layer) -> list[np.ndarray]:
        return Sequential([Input((6,)), *layers], seed=seed).get_weights()

    small, same = first_weights(1, Dense(4)), first_weights(1, Dense(4), Dense(3))
    np.testing.assert_array_equal(small[0], same[0])
    assert not np.array_equal(small[0], first_weights(2, Dense(4))[0])
    twins = first_weights(1, Dense(6), Dense(6))
    assert not np.array_equal(twins[0], twins[2])


def test_pop_takes_the_last_layer_off() -> None:
    model = Sequential([Dense(4, input_shape=(6,)), Dense(3)])
    assert model.pop().name == "dense_1"
    assert model.output_shape == (None, 4)
    assert model.predict_on_batch(np.zeros((1, 6))).shape == (1, 4)
    model.pop()
    with pytest.raises(ConfigurationError, match="no layer to remove"):
        model.pop()
    model.add(Dense(2, input_shape=(9,)))
    assert model.input_shape == (None, 9)


# ---- names


def test_automatic_names_count_over_the_process_and_step_around_given_ones() -> None:
    model = Sequential([Dense(1), Dense(1, name="dense_1"), Dense(1), Dense(1, name="head"), Flatten()])
    assert names(model) == ["dense", "dense_1", "dense_2", "head", "flatten"]
    assert names(Sequential([Dense(1)])) == ["dense_2"]  # as in Keras: the next one that was given no name
    assert (model.name, Sequential().name) == ("sequential", "sequential_2")


def test_a_name_stays_what_it_was_when_the_layer_was_made() -> None:
    second = [Dense(4), Dense(3)][1]
    assert second.name == "dense_1"
    Sequential([Input((4,)), second])
    assert second.name == "dense_1"


def test_layers_of_before_and_after_clear_session_are_told_apart() -> None:
    first = Dense(4)
    clear_session()
    second = Dense(3)
    assert (first.name, second.name) == ("dense", "dense")
    assert names(Sequential([first, second])) == ["dense", "dense_1"]


def test_a_given_name_goes_before_an_automatic_one() -> None:
    model = Sequential([Dense(1)])
    model.add(Dense(1, name="dense"))
    assert names(model) == ["dense_1", "dense"]


def test_two_layers_with_the_same_given_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="Two layers are named 'twin', a Dense and a Flatten"):
        Sequential([Dense(1, name="twin"), Flatten(name="twin")])


def test_a_shared_layer_keeps_its_name_and_the_new_ones_step_around_it() -> None:
    base = Sequential([Dense(4, input_shape=(6,)), Dense(3)])
    other = Sequential([Dense(6, input_shape=(6,)), *base.layers, Dense(2)])
    assert names(base) == ["dense", "dense_1"]
    assert names(other) == ["dense_2", "dense", "dense_1", "dense_3"]


def test_layers_of_two_models_get_names_that_are_unique_in_both() -> None:
    first, second = Sequential([Dense(4, input_shape=(6,))]), Sequential([Dense(3, input_shape=(4,)), Dense(2)])
    both = Sequential([*first.layers, *second.layers])
    for model in (first, second, both):
        assert len(set(names(model))) == len(model.layers)
    assert both.get_layer(both.layers[1].name) is second.layers[0]


def test_get_layer_finds_by_name_and_index_and_names_the_nearest() -> None:
    model = Sequential(lesson_layers(input_shape=(28, 28, 1)))
    assert model.get_layer("conv2d_1") is model.layers[2]
    assert model.get_layer(index=-1) is model.layers[-1]
    with pytest.raises(UnknownNameError, match="Did you mean 'conv2d'"):
        model.get_layer("conv2")
    with pytest.raises(ConfigurationError, match="index 7: model 'sequential' has 7 layers"):
        model.get_layer(index=7)
    with pytest.raises(ConfigurationError, match="either a name or an index"):
        model.get_layer()


# ---- what is no layer


def test_a_class_in_place_of_a_layer_is_told_about_the_parentheses() -> None:
    with pytest.raises(
        ConfigurationError, match=r"Layer 2 is the class Flatten.*forget the parentheses.*Flatten\(\.\.\.\)"
    ):
        Sequential([Conv2D(4, 3), Flatten])  # type: ignore[list-item]


def test_a_model_stands_in_a_model_but_not_in_itself() -> None:
    inner = Sequential([Dense(3)])
    model = Sequential([Input((4,)), inner, Dense(2)], seed=1)
    assert [layer.name for layer in model.layers] == ["sequential", "dense_1"]
    assert [weight.shape for weight in model.weights] == [(4, 3), (3,), (3, 2), (2,)]
    x = np.random.default_rng(0).random((5, 4))
    np.testing.assert_allclose(model.predict(x), _by_hand(model, x), rtol=1e-5)
    with pytest.raises(ConfigurationError, match="cannot contain itself"):
        model.add(model)


def _by_hand(model: Sequential, x: Any) -> Any:
    first, one, second, two = model.get_weights()
    return (x @ first + one) @ second + two


def test_anything_else_is_no_layer() -> None:
    with pytest.raises(ConfigurationError, match=r"Layer 1 must be a layer.*'relu' \(of type str\)"):
        Sequential(["relu"])  # type: ignore[list-item]
    with pytest.raises(ConfigurationError, match="takes a list of layers"):
        Sequential(Dense(3))  # type: ignore[arg-type]


def test_a_layer_has_one_place_in_a_model() -> None:
    layer = Dense(4)
    with pytest.raises(ConfigurationError, match=r"Layer 2 is Dense.*is already in this model"):
        Sequential([layer, layer])
    model = Sequential([Input((4,)), layer])
    with pytest.raises(ConfigurationError, match="is already in this model"):
        model.add(layer)


def test_an_input_can_only_come_first() -> None:
    with pytest.raises(ConfigurationError, match="can only be the first layer"):
        Sequential([Dense(3), Input((4,))])
    with pytest.raises(ConfigurationError, match="can only be the first layer"):
        Sequential([Input((4,)), Input((4,))])


def test_a_model_without_an_input_shape_says_how_to_give_one() -> None:
    model = Sequential([Dense(3)])
    for ask in (
        lambda: model.summary(),
        lambda: model.output_shape,
        lambda: model.input,
        lambda: model.count_params(),
        lambda: model.build(),
        lambda: model.set_weights([]),
        lambda: model.save("model.safetensors"),
    ):
        with pytest.raises(NotReadyError, match=r"not been built.*Input\(shape=\(28, 28, 1\)\).*model\.build"):
            ask()


def test_a_model_without_layers_says_so() -> None:
    with pytest.raises(NotReadyError, match="no layers"):
        Sequential([Input((3,))]).predict(np.zeros((1, 3)))


# ---- weights and sharing


def test_set_weights_sets_all_or_none() -> None:
    model = Sequential([Dense(4, input_shape=(6,)), Dense(3)])
    new = [np.full_like(weight, 2.0) for weight in model.weights]
    model.set_weights(new)
    assert all((weight == 2.0).all() for weight in model.weights)
    with pytest.raises(ShapeError, match=r"Dense 'dense_1', kernel: expected shape \(4, 3\), but got \(3, 4\)"):
        model.set_weights([np.zeros((6, 4)), np.zeros(4), np.zeros((3, 4)), np.zeros(3)])
    with pytest.raises(ShapeError, match="has 4 weights, but got 1"):
        model.set_weights([np.zeros((6, 4))])
    assert all((weight == 2.0).all() for weight in model.weights)


def test_a_model_on_shared_layers_shares_their_weights() -> None:
    base = Sequential([Dense(4, input_shape=(6,)), Dense(3)], seed=1)
    other = Sequential([*base.layers[:-1], Dense(5)], seed=2)
    assert other.weights[0] is base.weights[0]
    other.weights[0][...] = 0.5
    assert (base.weights[0] == 0.5).all()


def test_a_shared_layer_does_not_take_inputs_of_another_size() -> None:
    base = Sequential([Dense(4, input_shape=(6,))])
    with pytest.raises(ShapeError, match=r"built for inputs of shape \(6,\) and cannot take \(7,\)"):
        Sequential([Input((7,)), *base.layers])


def test_freezing_a_model_freezes_every_layer() -> None:
    model = Sequential([Dense(4, input_shape=(6,)), BatchNormalization()])
    assert [weight.shape for weight in model.trainable_weights] == [(6, 4), (4,), (4,), (4,)]
    assert [weight.shape for weight in model.non_trainable_weights] == [(4,), (4,)]
    model.trainable = False
    assert model.trainable_weights == []
    assert not model.trainable
    model.layers[0].trainable = True
    assert len(model.trainable_weights) == 2


# ---- running


def test_an_executable_is_kept_until_something_changes() -> None:
    model = Sequential([Dense(4, input_shape=(6,)), Dense(3)])
    use("reference")
    first = model.executable()
    assert model.executable() is first
    assert model.executable(fused=False) is not first
    model.layers[0].trainable = False
    frozen = model.executable()
    assert frozen is not first
    assert frozen.plan.trainable == (2, 3)
    model.add(Dense(2))
    assert model.executable().plan.output_shape == (2,)


def test_calling_predict_and_predict_on_batch_give_the_same(engine: Engine) -> None:
    model = Sequential(
        [Rescaling(1 / 255, input_shape=(5, 5, 1)), Flatten(), Dropout(0.5), Dense(3, activation="softmax")]
    )
    x = np.random.default_rng(0).integers(0, 256, (4, 5, 5, 1)).astype(np.uint8)
    expected = model.predict(x, batch_size=4, verbose=0)
    np.testing.assert_array_equal(model.predict_on_batch(x), expected)
    np.testing.assert_array_equal(model(x), expected)
    np.testing.assert_allclose(expected.sum(axis=1), 1.0, rtol=1e-6)
    assert not np.array_equal(model(x, training=True), expected)  # values are dropped


def test_data_that_is_no_batch_is_refused_before_the_model_is_built() -> None:
    model = Sequential([Dense(3)])
    with pytest.raises(ShapeError, match="first axis is the number of images"):
        model.predict(np.zeros(4))
    with pytest.raises(DataError, match=r"different shapes.*np\.stack"):
        model.predict([np.zeros((2, 2)), np.zeros((3, 3))])
    assert not model.built


def test_config_makes_the_same_architecture_again() -> None:
    model = Sequential([Input((28, 28, 1)), *lesson_layers()], name="lesson")
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert again.name == "lesson"
    unbuilt = Sequential([Dense(3)])
    assert Sequential.from_config(unbuilt.get_config()).get_config() == unbuilt.get_config()


def test_bad_names_and_seeds_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="name must be a string"):
        Sequential(name="")
    with pytest.raises(ConfigurationError, match="seed"):
        Sequential(seed=-1)
