"""Batches that are made while training runs: in another thread, in order, in bounded memory, and ended in any case."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.training.streams import ending_its_threads, parts

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.errors import ConfigurationError, ConvoscopeError, ConvoscopeWarning, DataError, UnknownNameError


def same(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Every test ends with the threads that it began with."""
    with ending_its_threads():
        yield


# ---- what is trained on


@pytest.mark.parametrize("size", [10, 16, 97])
def test_a_generator_teaches_what_its_arrays_teach(new_model: Any, images: Any, engine: Engine, size: int) -> None:
    whole, streamed, watched = new_model(), new_model(), new_model()
    expected = whole.fit(*images, batch_size=size, shuffle=False, verbose=0).history
    assert streamed.fit(parts(images, size), verbose=0).history == expected
    spy = cs.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    assert watched.fit(parts(images, size), verbose=0, callbacks=[spy]).history == expected
    assert same(whole, streamed)
    assert same(whole, watched)
    assert streamed.evaluate(parts(images, size), verbose=0) == whole.evaluate(*images, verbose=0)
    assert np.array_equal(streamed.predict(parts(images, size), verbose=0), whole.predict(images[0], verbose=0))


def test_batches_of_several_sizes_and_kinds_are_steps_of_their_own(new_model: Any, images: Any) -> None:
    x, y = images
    ends = [0, 10, 20, 25, 40, 55, 56, 97]
    given = [(x[a:b].astype(np.float32 if a == 10 else np.uint8), y[a:b]) for a, b in itertools.pairwise(ends)]
    streamed, by_hand = new_model(dropout=0.0), new_model(dropout=0.0)
    streamed.fit(iter(given), verbose=0)
    for batch in given:
        by_hand.train_on_batch(*batch)
    assert same(streamed, by_hand)
    assert streamed.optimizer.iterations == 7


def test_weights_come_with_the_batches(new_model: Any, images: Any) -> None:
    weights = np.linspace(0.1, 2, 97)
    whole, streamed, listed = new_model(), new_model(), new_model()
    whole.fit(*images, sample_weight=weights, shuffle=False, verbose=0)
    triples = [
        (*pair, weights[first : first + 32]) for first, pair in zip(range(0, 97, 32), parts(images, 32), strict=True)
    ]
    streamed.fit(iter(triples), verbose=0)
    listed.fit(iter(list(map(list, triples))), verbose=0)
    assert same(whole, streamed)
    assert same(whole, listed)


class Tensor:
    """What other libraries hand over: something with `__array__`, on a device that NumPy can read."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.values if dtype is None else self.values.astype(dtype)


class Loader:
    """As PyTorch's DataLoader: lists of tensors, a length, and another order each time."""

    def __init__(self, images: Any) -> None:
        self.images, self.asked = images, 0

    def __len__(self) -> int:
        return 10

    def __iter__(self) -> Iterator[Any]:
        self.asked += 1
        return ([Tensor(x), Tensor(y)] for x, y in parts(self.images))


def test_batches_of_other_libraries_are_taken(new_model: Any, images: Any) -> None:
    model, loader = new_model(), Loader(images)
    history = model.fit(loader, epochs=2, validation_data=loader, verbose=0)
    assert loader.asked == 4
    assert history.params["steps"] == 10
    plain = new_model().fit(*images, batch_size=10, epochs=2, validation_data=images, shuffle=False, verbose=0)
    assert plain.history == history.history


def test_models_with_several_inputs_and_outputs_are_streamed_to() -> None:
    generator = np.random.default_rng(0)
    left, right = cs.Input((3,), name="left"), cs.Input((2,), name="right")
    joined = cs.layers.Concatenate()([left, right])
    outputs = [cs.layers.Dense(1, name="one")(joined), cs.layers.Dense(2, name="two")(joined)]
    models = [cs.Model([left, right], outputs, seed=1) for _ in range(3)]
    x = {"left": generator.random((12, 3)), "right": generator.random((12, 2))}
    y = {"one": generator.random((12, 1)), "two": generator.random((12, 2))}
    first = models[0].get_weights()
    for model in models:
        model.compile("sgd", "mse")
        model.set_weights(first)

    def rows(given: Any, start: int) -> Any:
        return {name: values[start : start + 4] for name, values in given.items()}

    models[0].fit(x, y, batch_size=4, shuffle=False, verbose=0)
    models[1].set_weights(first)
    models[1].fit(((rows(x, at), rows(y, at)) for at in (0, 4, 8)), verbose=0)
    assert same(models[0], models[1])
    models[2].set_weights(first)
    tuples = ((tuple(rows(x, at).values()), tuple(rows(y, at).values())) for at in (0, 4, 8))
    models[2].fit(tuples, verbose=0)
    assert same(models[0], models[2])


def test_a_model_without_shapes_is_built_for_the_first_batch(images: Any) -> None:
    for data in (parts(images), Loader(images), list(parts(images))):
        given = data if not isinstance(data, list) else _Sequence(data)
        model = cs.Sequential([cs.layers.Flatten(), cs.layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(given, verbose=0)
        assert model.optimizer.iterations == 10  # the batch that was looked at is trained on
    model = cs.Sequential([cs.layers.Flatten(), cs.layers.Dense(3)])
    assert model.predict([images[0]], verbose=0).shape == (97, 3)


class _Sequence(cs.utils.Sequence):
    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches  # super().__init__() forgotten, as programs do

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        return self.batches[index]


def test_one_batch_takes_keras_arguments(new_model: Any, images: Any) -> None:
    x, y = images
    weights = np.linspace(0.5, 2, 97)
    model, other = new_model(), new_model()
    first = model.train_on_batch(x, y, weights, None, True)
    assert first == other.train_on_batch(x, y, sample_weight=weights, return_dict=True, reset_metrics=True)
    assert model.test_on_batch(x, y, weights) == other.test_on_batch(x, y, sample_weight=weights)
    for call in (model.train_on_batch, model.test_on_batch):
        with pytest.raises(ConfigurationError, match="every call measures only its own batch"):
            call(x, y, reset_metrics=False)
    model.reset_metrics()
    assert model.predict_on_batch([x]).shape == (97, 3)


def test_no_batch_of_a_persons_generator_is_lost(new_model: Any, images: Any) -> None:
    asked = []

    def endless() -> Iterator[Any]:
        while True:
            asked.append(len(asked))
            yield images[0][:8], images[1][:8]

    data, model = endless(), new_model()
    model.fit(data, steps_per_epoch=3, epochs=2, validation_data=data, validation_steps=2, verbose=0)
    assert len(asked) == 10  # as many as were asked for: what comes next is as it would be without threads
    model.predict(data, steps=1, verbose=0)
    assert len(asked) == 11


# ---- what goes wrong


def failing(images: Any, error: BaseException) -> Iterator[Any]:
    batches = parts(images)
    for _ in range(3):
        yield next(batches)
    raise error


def test_an_error_names_the_batch_and_leaves_the_model_after_the_one_before(new_model: Any, images: Any) -> None:
    model, other = new_model(), new_model()
    with pytest.raises(DataError, match=r"^fit, batch 4: the data raised OSError: gone") as caught:
        model.fit(failing(images, OSError("gone")), verbose=0)
    assert isinstance(caught.value.__cause__, OSError)
    other.fit(parts((images[0][:30], images[1][:30])), verbose=0)
    assert same(model, other)
    assert model.optimizer.iterations == model.draws.steps == 3
    with pytest.raises(DataError, match=r"^fit, batch 2 of pass 3: the data raised KeyError"):
        model.fit(_Failing(images), epochs=3, verbose=0)
    model.fit(*images, verbose=0)


class _Failing:
    def __init__(self, images: Any) -> None:
        self.images, self.passes = images, 0

    def __iter__(self) -> Iterator[Any]:
        self.passes += 1
        batches = parts(self.images)
        yield next(batches)
        if self.passes == 3:
            raise KeyError("x")
        yield next(batches)


def test_a_bad_batch_is_named_and_those_before_it_are_trained_on(new_model: Any, images: Any) -> None:
    x, y = images[0].astype(np.float32), images[1]
    x[35] = np.nan
    model = new_model()
    with pytest.raises(DataError, match=r"^fit, batch 4: x contains NaN .*first in sample 5 of 10"):
        model.fit(parts((x, y)), verbose=0)
    assert model.optimizer.iterations == 3
    with pytest.raises(DataError, match=r"^validation_data, batch 4: x contains NaN"):
        model.fit(*images, validation_data=_Sequence(list(parts((x, y)))), verbose=0)
    for bad, message in (
        ((x, y, y, y), "a batch is x, .* but got a tuple of 4"),
        ((), "but got a tuple of 0"),
        (x, "batch 1: y is missing"),
        ((x[:, :5], y), "The images are 5 × 6 pixels"),
    ):
        with pytest.raises(ConvoscopeError, match=message):
            model.fit(iter([bad]), verbose=0)


def test_an_interruption_ends_the_thread(new_model: Any, images: Any) -> None:
    ended = threading.Event()

    def slow() -> Iterator[Any]:
        try:
            while True:
                yield images[0][:8], images[1][:8]
        finally:
            ended.set()

    class Interrupted(cs.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 2:
                raise KeyboardInterrupt

    model, data = new_model(), slow()
    with pytest.raises(KeyboardInterrupt):
        model.fit(data, verbose=0, callbacks=[Interrupted()])
    assert model.optimizer.iterations == 3
    data.close()  # no thread runs it any more
    assert ended.is_set()


def test_training_that_is_stopped_ends_the_thread(new_model: Any, images: Any) -> None:
    class Stop(cs.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = True

    model = new_model()
    model.fit(_Sequence(list(parts(images)) * 20), workers=3, epochs=4, verbose=0, callbacks=[Stop()])
    assert model.optimizer.iterations == 1


def test_what_cannot_be_given_beside_batches_is_said(model: Any, images: Any) -> None:
    x, y = images
    for options, message in (
        ({"y": y}, "x is a generator that yields batches, so y must be part of each"),
        ({"sample_weight": np.ones(97)}, "sample_weight must be part of each"),
        ({"class_weight": "auto"}, "class_weight='auto' needs all labels at once"),
        ({"validation_split": 0.2}, "validation_split=0.2 needs arrays, but x is a generator"),
        ({"validation_data": 7}, "validation_data must be .* something that yields batches"),
        ({"validation_steps": 0}, "validation_steps must be at least 1"),
        ({"steps_per_epoch": 1.5}, "steps_per_epoch must be a whole number"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            model.fit(parts(images), verbose=0, **options)
    with pytest.raises(UnknownNameError, match="argument of fit"):
        model.fit(x, y, worker=2)
    with pytest.raises(DataError, match="has no batches: its length is 0"):
        model.fit(_Sequence([]), verbose=0)
    assert model.optimizer.iterations == 0


def test_a_generator_that_has_ended_gives_nothing_and_says_so(new_model: Any, images: Any) -> None:
    ended = parts(images)
    model = new_model()
    with pytest.warns(ConvoscopeWarning, match="the remaining 3 epochs are not trained"):
        assert model.fit(ended, epochs=4, verbose=0).epoch == [0]
    for call in (model.evaluate, model.predict):
        with pytest.raises(DataError, match="yielded no batches"):
            call(ended, verbose=0)
    with pytest.warns(ConvoscopeWarning, match="validation: the data yielded no batches"):
        history = model.fit(*images, epochs=2, validation_data=parts(images), verbose=0).history
    assert (len(history["loss"]), len(history["val_loss"])) == (2, 1)
    with pytest.raises(DataError, match="yielded no batches, but at least one is needed"):
        cs.Sequential([cs.layers.Dense(2)]).predict(iter(()))


def test_a_sequence_without_end_needs_steps(new_model: Any, images: Any) -> None:
    class Endless(cs.utils.PyDataset):
        @property
        def num_batches(self) -> None:
            return None

        def __getitem__(self, index: int) -> Any:
            return images[0][index % 50 :][:8], images[1][index % 50 :][:8]

    class Lengthless(cs.utils.PyDataset):
        pass

    model = new_model()
    with pytest.raises(ConfigurationError, match=r"is endless, so set the number of steps .* steps_per_epoch=100"):
        model.fit(Endless(), verbose=0)
    model.fit(Endless(), steps_per_epoch=3, epochs=2, verbose=0)
    assert model.optimizer.iterations == 6
    with pytest.raises(NotImplementedError, match="does not define its number of batches"):
        list(Lengthless())
    with pytest.raises(NotImplementedError, match="has no __getitem__"):
        Lengthless()[0]
