"""Transfer learning: what a network learned from one data set helps with another that has few images.

A network with two convolutions learns MNIST's digits. Then its head, the dense layers, is replaced by a new one; the
convolutions are frozen (`layer.trainable = False`), and training changes only the head. We compare this with the same
network trained from scratch, and with one that starts from MNIST's convolutions and fine-tunes them, for 10, 30, 100
and 300 images per class. One task is similar (the digits in the package, written by other people and scanned in another
way), and one is not (clothes).

A run of a minute and a half on one core of a busy machine. Test accuracy in percent, mean and standard deviation of
three seeds (the curves are docs/images/transfer.png):

    digits, after mnist                10            30           100
    from scratch               90.3 ± 2.0    94.4 ± 0.9    96.9 ± 1.2
    transferred, frozen        95.2 ± 0.6    98.0 ± 0.4    98.8 ± 0.2
    transferred, trained on    93.6 ± 1.5    97.3 ± 1.1    98.5 ± 0.6

    fashion-mnist, after mnist         10            30           100           300
    from scratch               72.2 ± 3.3    76.4 ± 0.7    80.7 ± 1.0    82.1 ± 1.5
    transferred, frozen        72.2 ± 2.6    78.3 ± 0.7    82.7 ± 0.5    84.3 ± 0.9
    transferred, trained on    72.1 ± 2.9    78.4 ± 1.4    82.1 ± 0.9    84.5 ± 0.8

On the similar task, ten images per class with transfer do as well as thirty without. On the other, transfer gains two
points from thirty images on, and nothing with ten. Freezing does not always help: if a network has seen only the digits
0 to 4 of a small data set, it is better to fine-tune its convolutions for 5 to 9, as this page shows if the large data
sets are missing.

Run this page: python docs/transfer.py [digits]. It writes transfer.png into the current folder if matplotlib is
installed. Without MNIST and Fashion-MNIST on disk, or with the word digits, a network that knows the digits 0 to 4
learns 5 to 9.
"""

import sys
from dataclasses import dataclass

import numpy as np

import convoscope as cs

BATCH = 32


@dataclass
class Task:
    """Images of one size, with values from 0 to 1, and their labels; `counts` are the training images per class."""

    name: str
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    counts: tuple[int, ...]

    @property
    def classes(self):
        return int(self.y.max()) + 1

    def few(self, count, generator):
        """Draw this number of images from each class."""
        indices = [generator.permutation(np.flatnonzero(self.y == label))[:count] for label in range(self.classes)]
        chosen = generator.permutation(np.concatenate(indices))
        return self.x[chosen], self.y[chosen]


def task(name, counts=(), *, test=10_000):
    data = cs.datasets.load(name)
    x, x_test = (images[..., None].astype("float32") / data.info.max_value for images in (data.x_train, data.x_test))
    return Task(name, x, data.y_train, x_test[:test], data.y_test[:test], counts)


def as_mnist(small):
    """Bring 8×8 digits into MNIST's form: twenty pixels high, with a margin of four."""
    larger = cs.Sequential([cs.layers.Input((8, 8, 1)), cs.layers.UpSampling2D(5, interpolation="bilinear")])
    x, x_test = (larger.predict(images, verbose=0)[:, ::2, ::2] for images in (small.x, small.x_test))
    around = ((0, 0), (4, 4), (4, 4), (0, 0))
    return Task(small.name, np.pad(x, around), small.y, np.pad(x_test, around), small.y_test, small.counts)


def halves(digits):
    """Split the digits into two tasks of five classes: 0 to 4, and 5 to 9."""
    parts = []
    for first, counts in ((0, ()), (5, (3, 10, 30))):
        own, own_test = (np.isin(labels, range(first, first + 5)) for labels in (digits.y, digits.y_test))
        name = f"digits {first} to {first + 4}"
        images = (digits.x[own], digits.y[own] - first, digits.x_test[own_test], digits.y_test[own_test] - first)
        parts.append(Task(name, *images, counts))
    return parts


def network(shape, classes, seed):
    return cs.Sequential(
        [
            cs.layers.Conv2D(16, 3, activation="relu", padding="same", input_shape=shape),
            cs.layers.MaxPooling2D(2),
            cs.layers.Conv2D(32, 3, activation="relu", padding="same"),
            cs.layers.MaxPooling2D(2),
            cs.layers.Flatten(),
            cs.layers.Dense(64, activation="relu"),
            cs.layers.Dense(classes, activation="softmax"),
        ],
        seed=seed,
    )


HEAD = 5  # the first layer of the head


def trained(model, x, y, epochs):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return model


def begun(source, classes, seed, *, frozen):
    """Return a new network with the convolutions of a trained one, frozen or not, and a new head."""
    model = network(source.input_shape[1:], classes, seed)
    for layer, known in zip(model.layers[:HEAD], source.layers[:HEAD], strict=True):
        layer.set_weights(known.get_weights())
        layer.trainable = not frozen
    return model


WAYS = {
    "from scratch": lambda source, classes, seed: network(source.input_shape[1:], classes, seed),
    "transferred, frozen": lambda source, classes, seed: begun(source, classes, seed, frozen=True),
    "transferred, trained on": lambda source, classes, seed: begun(source, classes, seed, frozen=False),
}


def accuracies(source, target, *, seeds, steps):
    """Return the test accuracy for each method, number of images and seed (which draws images and initial weights).

    Every network takes the same number of steps, so fewer images mean more epochs.
    """
    found = {way: {count: [] for count in target.counts} for way in WAYS}
    for count in target.counts:
        for seed in range(seeds):
            x, y = target.few(count, np.random.default_rng(seed))
            epochs = -(-steps // -(-len(x) // BATCH))
            for way, start in WAYS.items():
                model = trained(start(source, target.classes, seed), x, y, epochs)
                found[way][count].append(model.evaluate(target.x_test, target.y_test, verbose=0)[1])
    return found


def show(title, found):
    print(f"\n{title}: test accuracy in percent, mean ± standard deviation")
    counts = list(next(iter(found.values())))
    print(f"  {'images a class':<24}" + "".join(f"{count:>14}" for count in counts))
    for way, runs in found.items():
        cells = [f"{100 * np.mean(runs[count]):.1f} ± {100 * np.std(runs[count], ddof=1):.1f}" for count in counts]
        print(f"  {way:<24}" + "".join(f"{cell:>14}" for cell in cells))


def draw(results):
    """Draw the curves of each task with their spread into transfer.png; they can be distinguished in greyscale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6 * len(results), 3.8), layout="constrained")
    looks = (("o", "--", "#8a9097"), ("s", "-", "#0b57a4"), ("^", ":", "#1c1e21"))
    for axes, (title, found) in zip(figure.subplots(1, len(results), squeeze=False)[0], results.items(), strict=True):
        for (marker, line, colour), (way, runs) in zip(looks, found.items(), strict=True):
            mean, spread = ([100 * of(each) for each in runs.values()] for of in (np.mean, lambda r: np.std(r, ddof=1)))
            axes.errorbar(list(runs), mean, spread, marker=marker, ls=line, color=colour, capsize=3, label=way)
        axes.set_xscale("log")
        axes.set_xticks(list(runs), [str(count) for count in runs])
        axes.minorticks_off()
        axes.set(title=title, xlabel="images a class", ylabel="test accuracy, %")
        axes.grid(axis="y", color="#e3e5e8", lw=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig("transfer.png", dpi=110)


large = all(cs.datasets.info(name).where != "not on disk" for name in ("mnist", "fashion-mnist"))
if large and "digits" not in sys.argv[1:]:
    known, epochs, seeds, steps = task("mnist"), 2, 3, 400
    targets = [as_mnist(task("digits", (10, 30, 100))), task("fashion-mnist", (10, 30, 100, 300), test=5_000)]
else:
    known, target = halves(task("digits"))
    targets, epochs, seeds, steps = [target], 20, 5, 100

source = trained(network(known.x.shape[1:], known.classes, seed=1), known.x, known.y, epochs)
score = source.evaluate(known.x_test, known.y_test, verbose=0)[1]
print(f"The network knows {known.name}: {100 * score:.1f} % of the test images.")
assert score > 0.95

results = {}
for target in targets:
    title = f"{target.name}, after {known.name}"
    results[title] = accuracies(source, target, seeds=seeds, steps=steps)
    show(title, results[title])

# A frozen network has not changed: only the head has learned.
frozen = trained(begun(source, targets[0].classes, 1, frozen=True), *targets[0].few(3, np.random.default_rng(1)), 1)
for layer, before in zip(frozen.layers[:HEAD], source.layers[:HEAD], strict=True):
    for weight, same in zip(layer.get_weights(), before.get_weights(), strict=True):
        assert (weight == same).all()

try:
    draw(results)
except ImportError:
    print("\nTo draw the curves, install matplotlib: pip install 'convoscope[plots]'.")
else:
    print("\nThe curves are in transfer.png.")
