"""Imported again: tools that reload what has changed purge `sys.modules`, in this process, with objects still about."""

from __future__ import annotations

import subprocess
import sys

_PURGED_TWICE = """
import importlib, sys
import numpy as np

x = np.random.default_rng(0).random((32, 8, 8, 1)).astype(np.float32)
y = np.arange(32) % 3


def make(cs):
    layers = cs.layers
    model = cs.Sequential([layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)), layers.MaxPooling2D(),
                           layers.Flatten(), layers.Dense(3, activation="softmax")], seed=1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


old = []
for _ in range(3):
    import convoscope as cs

    assert cs.use_engine("auto").name == "native"
    model, fresh = make(cs), make(cs)
    before = model.predict(x)
    history = model.fit(x, y, epochs=2, verbose=0).history
    old.append((model, fresh, before, model.predict(x), history))
    for name in [name for name in sys.modules if name.partition(".")[0] == "convoscope"]:
        del sys.modules[name]

import convoscope as cs

assert all(history == old[0][4] for *_, history in old)
for model, fresh, before, after, _ in old:
    assert (model.predict(x) == after).all()
    assert (fresh.predict(x) == before).all()
    fresh.fit(x, y, epochs=2, verbose=0)
    assert (fresh.predict(x) == after).all()

import convoscope._native
import convoscope.layers

for module in (convoscope, convoscope.layers, convoscope._native):
    importlib.reload(module)
model = make(convoscope)
model.fit(x, y, epochs=2, verbose=0)
assert (model.predict(x) == old[0][3]).all()
"""

_OPTIMIZED = """
import numpy as np
import convoscope as cs

assert_is_off = True
assert not assert_is_off  # not run with -O
model = cs.Sequential([cs.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), cs.layers.Flatten(), cs.layers.Dense(3)], seed=1)
model.compile("adam", "mean_squared_error", metrics=["mse"])
x = np.ones((8, 8, 8, 1))
model.fit(x, np.ones((8, 3)), verbose=0)
model.save("model.safetensors")
assert_equal = (cs.load_model("model.safetensors").predict(x) == model.predict(x)).all()
if not assert_equal:
    raise SystemExit("the file has another model")
try:
    cs.layers.Conv2D(4, 2**31)
except cs.errors.ConfigurationError:
    pass
else:
    raise SystemExit("nothing was checked")
cs.models.Sequential().get_config()
"""


def _run(code: str, *options: str, folder: object = None) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", code], capture_output=True, text=True, timeout=300, cwd=folder
    )
    assert done.returncode == 0, done.stderr


def test_a_package_that_is_purged_and_imported_again_works_and_so_do_its_old_objects() -> None:
    _run(_PURGED_TWICE)


def test_nothing_depends_on_asserts_and_descriptions(tmp_path: object) -> None:
    _run(_OPTIMIZED, "-OO", folder=tmp_path)
