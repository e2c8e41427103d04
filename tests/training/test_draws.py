"""No call repeats what the one before drew: the order of batches, dropout, augmentation. Yet runs can be repeated."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoscope as cs
from convoscope.engine.base import Engine
from convoscope.models import load_model, tensorfile
from convoscope.training import stages
from convoscope.training.course import Course
from convoscope.training.draws import Draws, Position
from convoscope.training.feeds import ArrayFeed, order_of


class Seen(cs.utils.PyDataset):
    """Notes which of its 20 batches are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> Any:
        self.batches.append(index)
        return np.full((4, 6, 6, 1), index, np.uint8), np.zeros(4, int)


def same(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def dropped(model: Any) -> Any:
    """Take a step that learns nothing, and return which values dropout let through in it."""
    return model.train_on_batch(np.ones((1, 200)), np.zeros((1, 200)))


def masks(**options: Any) -> Any:
    """A model whose loss tells which of 200 values are dropped: each has another weight."""
    model = cs.Sequential([cs.Input((200,)), cs.layers.Dropout(0.5, **options), cs.layers.Rescaling(1.0)], seed=4)
    model.layers[-1].trainable = False
    head = cs.layers.Dense(200, use_bias=False)
    model.add(head)
    model.compile(cs.optimizers.SGD(0.0), "mse")
    model.set_weights([np.diag(np.sqrt(1.001 ** np.arange(200)))])
    return model


def test_calls_of_fit_go_over_all_samples_and_not_over_the_first_again() -> None:
    x, y = np.arange(640.0, dtype=np.float32)[:, None] / 640, np.zeros((640, 1))
    seen = []
    model = cs.Sequential([cs.Input((1,)), cs.layers.Dense(1)], seed=3)
    model.compile("sgd", "mse")
    plain = ArrayFeed.portions

    def noted(self: ArrayFeed, position: Position, count: int | None) -> Any:
        for portion in plain(self, position, count):
            seen.append(portion.order)
            yield portion

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArrayFeed, "portions", noted)
        for _ in range(20):
            model.fit(x, y, epochs=1, steps_per_epoch=2, batch_size=32, verbose=0)
    assert [len(rows) for rows in seen] == [64] * 20
    # 64 of 640, drawn anew 20 times, leave each out with 0.9 ** 20: 78 of them, give or take 8.
    assert 500 < len(set(np.concatenate(seen).tolist())) < 620


def test_a_sequence_too_is_gone_through_in_another_order_each_time(new_model: Any) -> None:
    sequence, again = Seen(), Seen()
    model, twin = new_model(5), new_model(5)
    for _ in range(3):
        model.fit(sequence, verbose=0)
        twin.fit(again, verbose=0)
    passes = np.reshape(sequence.batches, (3, 20))
    assert len({tuple(each) for each in passes.tolist()}) == 3
    assert (np.sort(passes) == np.arange(20)).all()
    assert again.batches == sequence.batches
    assert passes.tolist() == [order_of(5, number, 20).tolist() for number in range(3)]
    assert same(model, twin)


@pytest.mark.parametrize("recompiled", [False, True])
@pytest.mark.parametrize("options", [{}, {"seed": 9}])
def test_dropout_draws_on_from_call_to_call(engine: Engine, recompiled: bool, options: dict[str, Any]) -> None:
    model, twin = masks(**options), masks(**options)
    drawn: list[list[float]] = [[], []]
    for _ in range(4):
        for index, each in enumerate((model, twin)):
            drawn[index].append(dropped(each))
            if recompiled:
                each.compile(cs.optimizers.SGD(0.0), "mse")  # counts its steps from 0 again
    assert len(set(drawn[0])) == 4
    assert drawn[0] == drawn[1]
    assert model.draws.steps == 4


def test_equal_seeds_and_calls_give_equal_weights(new_model: Any, images: Any, engine: Engine) -> None:
    x, y = images
    models = [new_model(7), new_model(7)]
    for model in models:
        model.fit(x, y, batch_size=16, epochs=2, verbose=0)
        model.train_on_batch(x[:9], y[:9])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x, y, batch_size=16, steps_per_epoch=7, epochs=2, verbose=0)
        model.fit(x, y, epochs=1, verbose=0)
    assert same(*models)
    assert models[0].draws == models[1].draws


KEPT = {
    "file": lambda model, path: (model.save(path / "m.safetensors"), load_model(path / "m.safetensors"))[1],
    "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
    "copy": lambda model, path: copy.deepcopy(model),
    "itself": lambda model, path: model,
}


@pytest.mark.parametrize("how", KEPT)
@pytest.mark.parametrize("steps", [None, 2, 3, 7])
def test_resumed_training_is_that_which_was_never_interrupted(
    how: str, steps: int | None, new_model: Any, images: Any, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"batch_size": 20, "steps_per_epoch": steps, "verbose": 0}  # 5 batches
    begun, whole = new_model(), new_model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *args, **kwargs: None)  # of 5 batches, epochs of 2 run out
        for model in (begun, whole):
            model.fit(*images, epochs=1, **options)  # a training before
        whole.fit(*images, epochs=9, **options)
        for epoch in (2, 5, 9):
            before = {2: 0, 5: 2, 9: 5}[epoch]
            begun.fit(*images, initial_epoch=before, epochs=epoch, **options)
            begun = KEPT[how](begun, tmp_path)
    assert begun.draws == whole.draws
    assert same(begun, whole)


def test_a_model_that_has_only_its_weights_back_goes_on_by_the_epoch(new_model: Any, images: Any) -> None:
    whole, begun, again = new_model(dropout=0.0), new_model(dropout=0.0), new_model(dropout=0.0)
    for model in (whole, begun, again):
        model.compile("sgd", "sparse_categorical_crossentropy")
    whole.fit(*images, epochs=4, verbose=0)
    begun.fit(*images, epochs=2, verbose=0)
    again.set_weights(begun.get_weights())
    again.fit(*images, initial_epoch=2, epochs=4, verbose=0)
    assert same(whole, again)


def test_files_from_before_resume_as_they_did(new_model: Any, images: Any, tmp_path: Path) -> None:
    model, path = new_model(), tmp_path / "model.safetensors"
    model.fit(*images, epochs=2, verbose=0)
    model.save(path)
    header, tensors = tensorfile.read_tensors(path)
    assert header.metadata["model"].pop("draws") == {"steps": 8, "passes": 2, "batches": 0}
    tensorfile.write_tensors(path, tensors, header.metadata)
    old = load_model(path)
    assert old.draws == Draws()
    for each in (model, old):
        each.fit(*images, initial_epoch=2, epochs=3, verbose=0)
    assert same(model, old)
    assert old.draws == model.draws


def test_draws_that_cannot_be_are_a_damaged_file(new_model: Any, images: Any, tmp_path: Path) -> None:
    model, path = new_model(), tmp_path / "model.safetensors"
    model.fit(*images, verbose=0)
    model.save(path)
    header, tensors = tensorfile.read_tensors(path)
    for draws in ({"steps": -1, "passes": 0, "batches": 0}, {"steps": 0}, 7, {"steps": 0, "passes": "2", "batches": 0}):
        metadata = json.loads(json.dumps(header.metadata))
        metadata["model"]["draws"] = draws
        tensorfile.write_tensors(path, tensors, metadata)
        with pytest.raises(cs.errors.FileFormatError):
            load_model(path)


def test_a_training_that_diverged_has_drawn_nothing(new_model: Any, images: Any) -> None:
    model = new_model(optimizer=cs.optimizers.SGD(0.01))
    model.fit(*images, batch_size=16, steps_per_epoch=2, verbose=0)
    before = model.draws
    model.optimizer.learning_rate = 1e30
    with pytest.raises(cs.errors.TrainingDivergedError):
        model.fit(*images, initial_epoch=1, epochs=4, batch_size=16, steps_per_epoch=2, verbose=0)
    assert model.draws == before


@pytest.mark.parametrize(("batches", "steps"), [(5, 2), (5, None), (6, 3), (1, 1), (4, 9)])
def test_where_epochs_lead_is_the_same_at_once_and_one_by_one(batches: int, steps: int | None) -> None:
    class Counted(ArrayFeed):
        def __init__(self) -> None:
            self.batches = batches

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *args, **kwargs: None)
        course = Course(Counted(), steps)
        for epoch in range(12):
            assert Course(Counted(), steps, Draws(), epoch).position == course.position
            course.took(course.steps or 0, True, "fit")


def test_steps_are_those_of_the_model_and_not_of_one_optimizer(new_model: Any, images: Any) -> None:
    model = new_model()
    model.fit(*images, batch_size=10, verbose=0)
    model.compile("adam", "sparse_categorical_crossentropy")
    stages.fit(model, *images, batch_size=50, epochs=3, verbose=0)
    assert model.optimizer.iterations == 6
    assert model.draws == Draws(16, Position(4, 0))
