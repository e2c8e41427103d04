"""Classes of one's own: models and layers with a method `call`. Keras ran the same: `tools/make_keras_configs.py`."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models import subclassed_networks

from convoscope import keras
from convoscope.errors import ConfigurationError, NotReadyError, ShapeError
from convoscope.layers import Concatenate, Conv2D, Dense, Dropout, Flatten, Input, Layer
from convoscope.models import Model, Sequential, load_model, model_from_json
from convoscope.utils import set_random_seed

HERE = Path(__file__).parent
KERAS = json.loads((HERE / "keras_configs.json").read_text())["subclassed"]
Block = subclassed_networks.block_of(keras)
MyNetwork = subclassed_networks.network_of(keras)


class Small(Model):
    """At the top of the module, so that it can be pickled."""

    def __init__(self, units: int = 3) -> None:
        super().__init__()
        self.flat, self.last = Flatten(), Dense(units)

    def call(self, x: Any) -> Any:
        return self.last(self.flat(x))


def pattern(shape: tuple[int, ...]) -> np.ndarray:
    return ((np.arange(np.prod(shape)).reshape(shape) % 7 - 2) / 8).astype(np.float32)


X = pattern((2, 6, 6, 1))


def network() -> Any:
    model = MyNetwork()
    model.build((None, 6, 6, 1))
    return model


def test_names_weights_and_their_order_are_those_of_keras() -> None:
    model = network()
    assert model.name == KERAS["name"]
    assert [layer.name for layer in model.layers] == KERAS["layers"]
    assert [list(weight.shape) for weight in model.weights] == KERAS["weights"]
    assert [list(weight.shape) for weight in model.trainable_weights] == KERAS["trainable"]
    assert [layer.count_params() for layer in model.layers] == KERAS["params"]


def test_it_predicts_what_keras_predicts_with_the_weights_out_of_keras_file(engine: Any, tmp_path: Path) -> None:
    model = network()
    model.load_weights(HERE / "keras_weights" / "subclassed.weights.h5")
    np.testing.assert_allclose(model.predict(X, verbose=0), KERAS["predictions"], atol=1e-5)
    again = network()
    again.set_weights([pattern(w.shape) for w in model.get_weights()])
    np.testing.assert_allclose(again(X).numpy(), KERAS["predictions"], atol=1e-5)
    model.save_weights(tmp_path / "own.weights.h5")
    again.load_weights(tmp_path / "own.weights.h5")


def test_it_trains_and_dropout_under_an_if_acts_in_training_alone() -> None:
    set_random_seed(1)  # of some starts, every neuron is silent for both samples
    model = network()
    assert "dropout" in {node.operation.name for node in model.node_list}
    model.compile("sgd", "mse")
    before = model.get_weights()
    history = model.fit(X, np.ones((2, 3)), epochs=3, verbose=0)
    assert len(history.history["loss"]) == 3
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(changed)


def test_training_of_a_class_and_of_the_same_graph_is_the_same() -> None:
    model = Small()
    model.build((None, 6, 6, 1))
    stack = Sequential([Input((6, 6, 1)), Flatten(), Dense(3)], seed=model.seed)
    stack.set_weights(model.get_weights())
    for each in (model, stack):
        each.compile("adam", "mse")
        each.fit(np.tile(X, (8, 1, 1, 1)), np.ones((16, 3)), epochs=2, batch_size=4, verbose=0)
    for a, b in zip(model.get_weights(), stack.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_first_data_builds_it() -> None:
    model = Small()
    assert not model.built
    with pytest.raises(NotReadyError, match="has not been built yet"):
        model.summary()
    model.compile("adam", "mse")
    model.fit(X, np.ones((2, 3)), verbose=0)
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, 6, 6, 1), (None, 3))
    with pytest.raises(ShapeError, match="was built for inputs of shape"):
        model.build((None, 5, 5, 1))


def test_summary_has_a_row_for_each_attribute() -> None:
    lines: list[str] = []
    network().summary(print_fn=lines.append, line_length=88)
    assert 'Model: "my_network"' in lines[0]
    assert "│ block_1 (Block)" in lines[0]
    assert "Connected to" not in lines[0]
    assert "Total params: 114 " in lines[0]
    assert "Trainable params: 106 " in lines[0]


@pytest.mark.parametrize("make", [network, Small], ids=["network", "small"])
def test_a_file_needs_no_class_and_predicts_and_trains_on_bit_for_bit(make: Any, tmp_path: Path) -> None:
    model = make()
    model.compile("adam", "mse")
    model.fit(X, np.ones((2, 3)), verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert type(again) is Model
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    for each in (model, again):
        each.evaluate(X, np.ones((2, 3)), verbose=0)
    assert again.optimizer.iterations == model.optimizer.iterations
    assert again.name == model.name
    assert model_from_json(model.to_json()).count_params() == model.count_params()


def test_small_trains_on_from_its_file_as_without(tmp_path: Path) -> None:
    model = Small()
    model.compile("adam", "mse")
    model.fit(X, np.ones((2, 3)), verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    for each in (model, again):
        each.train_on_batch(X, np.ones((2, 3)))
    for a, b in zip(sorted(model.get_weights(), key=np.size), sorted(again.get_weights(), key=np.size), strict=True):
        np.testing.assert_array_equal(a, b)


def test_copies_and_pickles_are_of_the_class_and_share_nothing() -> None:
    model = Small()
    model.compile("adam", "mse")
    model.fit(X, np.ones((2, 3)), verbose=0)
    told = model.predict(X, verbose=0)
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for twin in twins:
        assert isinstance(twin, Small)
        np.testing.assert_array_equal(twin.predict(X, verbose=0), told)
        twin.fit(X, np.ones((2, 3)), verbose=0)
        assert not np.array_equal(twin.predict(X, verbose=0), told)
    np.testing.assert_array_equal(model.predict(X, verbose=0), told)
    deep = copy.deepcopy(network_with_weights := network())
    np.testing.assert_array_equal(deep.predict(X, verbose=0), network_with_weights.predict(X, verbose=0))
    deep.layers[1].conv.kernel.assign(0)
    assert np.any(network_with_weights.layers[1].conv.kernel)


# ---- layers of one's own


def test_a_block_is_a_layer_in_a_stack_and_between_symbols(tmp_path: Path) -> None:
    block = Block(2, name="mine")
    stack = Sequential([Input((6, 6, 1)), block, Flatten(), Dense(2)])
    assert isinstance(block, Block)
    assert isinstance(block, Layer)
    assert (block.input_shape, block.output_shape, block.count_params()) == ((None, 6, 6, 1), (None, 6, 6, 2), 32)
    assert [w.path.split("/")[1] for w in block.weights[:4]] == ["gamma", "beta", "moving_mean", "moving_variance"]
    stack.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(
        load_model(tmp_path / "m.safetensors").predict(X, verbose=0), stack.predict(X, verbose=0)
    )
    inputs = Input((6, 6, 1))
    shared = Block(1)
    graph = Model(inputs, Flatten()(shared(shared(inputs))))
    assert graph.count_params() == shared.count_params() == 14
    graph.compile("sgd", "mse")
    graph.fit(X, np.ones((2, 36)), verbose=0)
    for each in (copy.deepcopy(graph), copy.deepcopy(stack)):
        assert each.predict(X, verbose=0).shape[0] == 2
    with pytest.raises(ShapeError, match=r"Block 'block.*was built for inputs of shape \(None, 6, 6, 1\)"):
        shared(Input((4, 4, 1)))


def test_a_block_sets_gets_and_freezes_its_weights() -> None:
    block = Block(2)
    block(Input((6, 6, 1)))
    block.set_weights([np.full(w.shape, 0.5) for w in block.get_weights()])
    assert all((weight == 0.5).all() for weight in block.weights)
    with pytest.raises(ShapeError, match="takes weights of the shapes"):
        block.set_weights([np.zeros(3)])
    block.trainable = False
    assert block.trainable_weights == ()
    assert not block.conv.trainable
    assert block.get_config() == {"name": "block", "trainable": False, "filters": 2}
    assert Block.from_config(block.get_config()).filters == 2


def test_several_inputs_and_outputs_keep_their_form() -> None:
    class Two(Model):
        def __init__(self) -> None:
            super().__init__(name="two")
            self.join, self.head = Concatenate(), Dense(2)

        def call(self, inputs: Any) -> Any:
            joined = self.join([inputs["left"], inputs["right"]])
            return {"head": self.head(joined), "joined": joined}

    model = Two()
    data = {"left": np.ones((3, 2), np.float32), "right": np.ones((3, 4), np.float32)}
    told = model.predict(data, verbose=0)
    assert {key: value.shape for key, value in told.items()} == {"head": (3, 2), "joined": (3, 6)}
    assert (model.input_names, model.output_names) == (["left", "right"], ["head", "joined"])
    model.compile("sgd", {"head": "mse"})
    model.fit(data, {"head": np.zeros((3, 2))}, verbose=0)

    class Pair(Model):
        def __init__(self) -> None:
            super().__init__()
            self.head = Dense(2)

        def call(self, inputs: Any) -> Any:
            left, right = inputs
            return self.head(left), self.head(right)

    first, second = Pair().predict([np.ones((3, 2)), np.zeros((3, 2))], verbose=0)
    assert (first.shape, second.shape) == ((3, 2), (3, 2))


def test_a_class_that_gives_inputs_and_outputs_is_a_model_between_symbols() -> None:
    class Given(Model):
        def __init__(self) -> None:
            inputs = Input((4,))
            super().__init__(inputs, Dense(2)(inputs))

    assert Given().output_shape == (None, 2)
    assert Given().name == "given_1"


# ---- what cannot be noted


def refused(kind: type, shape: tuple[int, ...] = (None, 4)) -> str:
    with pytest.raises(ConfigurationError) as raised:
        kind().build(shape)
    return str(raised.value)


def test_a_line_that_cannot_be_noted_is_named() -> None:
    class Branching(Small):
        def call(self, x: Any) -> Any:
            y = self.last(x)
            return y if y > 0 else x  # this line

    class Numbers(Small):
        def call(self, x: Any) -> Any:
            return np.maximum(self.last(x), 0)  # and this one

    class Nothing(Small):
        def call(self, x: Any) -> Any:
            self.last(x)

    class Loose(Small):
        def call(self, x: Any) -> Any:
            return Dense(3)(x)

    class Otherwise(Small):
        def call(self, x: Any, training: Any = None) -> Any:
            return self.last(x) if training else self.flat(x)

    for kind, words in (
        (Branching, "return y if y > 0 else x"),
        (Numbers, "return np.maximum(self.last(x), 0)"),
        (Branching, "ReLU(threshold=...)"),
        (Numbers, "a symbol without values"),
        (Nothing, "call must return the output of layers, but returned NoneType"),
        (Loose, "which is stored in none of its attributes. Create layers in __init__"),
        (Otherwise, "computes different layers with training=True than with training=False"),
    ):
        told = refused(kind)
        assert words in told
        assert kind.__name__ in told
    for kind in (Branching, Numbers, Nothing, Otherwise):
        assert __file__ in refused(kind)
    assert f"line {Branching.call.__code__.co_firstlineno + 2}" in refused(Branching)


def test_weights_and_steps_of_ones_own_are_refused_with_their_line() -> None:
    class Own(Layer):
        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(input_shape[-1], 3))

        def call(self, x: Any) -> Any:
            return x @ self.w

    with pytest.raises(ConfigurationError, match=r"Own: add_weight at .*test_subclassed\.py, line \d+.*Dense\(units\)"):
        Own()(Input((4,)))

    class Stepping(Small):
        def train_step(self, data: Any) -> Any:
            return {}

    with pytest.raises(ConfigurationError, match=r"Stepping defines train_step, at .*test_subclassed\.py, line \d+"):
        Stepping().compile("adam", "mse")


def test_a_layer_that_only_sometimes_acts_is_found_by_training() -> None:
    class Sometimes(Model):
        def __init__(self) -> None:
            super().__init__()
            self.drop, self.conv = Dropout(0.9), Conv2D(1, 1, use_bias=False)

        def call(self, x: Any, training: bool = False) -> Any:
            x = self.conv(x)
            return self.drop(x) if training else x

    model = Sometimes()
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.predict(X, verbose=0), X * model.get_weights()[0].item(), rtol=1e-6)
    assert [node.operation.name for node in model.node_list] == ["conv2d", "dropout"]
