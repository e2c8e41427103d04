"""All that is trained to test the claims. A trial that several claims look at is trained once."""

from __future__ import annotations

from convoscope.lessons.trial import FASHION, MNIST, trial

# Long ones once, short ones more often, and most often the lessons' own network, on which the most depends: together
# they take ten minutes on two cores.
_LONG, _SHORT, _JUDGED = 1, 3, 5

PERCEPTRON = trial(FASHION, "perceptron", model="perceptron")
DENSE = trial(FASHION, "dense network", model="dense", seeds=_SHORT)
ONE_OF_32 = trial(FASHION, "one convolution of 32", model="cnn-1", seeds=_SHORT)
TWO_OF_64 = trial(FASHION, "two convolutions of 64", model="cnn-2", seeds=_JUDGED)
ALONE = trial(FASHION, "two convolutions of 64, alone on all cores", model="cnn-2", epochs=3, seeds=1, alone=True)

FILTERS = {
    8: trial(FASHION, "two convolutions of 8", model="cnn-2", filters=8),
    16: trial(FASHION, "two convolutions of 16", model="cnn-2", filters=16),
    32: trial(FASHION, "two convolutions of 32", model="cnn-2", filters=32),
    64: TWO_OF_64,
}
CONVOLUTIONS = {
    0: DENSE,
    1: trial(FASHION, "one convolution of 64", model="cnn-2", convolutions=1),
    2: TWO_OF_64,
    3: trial(FASHION, "three convolutions of 64", model="cnn-2", convolutions=3),
}
POOLINGS = {
    "max": FILTERS[32],
    **{
        pooling: trial(FASHION, f"two convolutions of 32, {words}", model="cnn-2", filters=32, pooling=pooling)
        for pooling, words in (("average", "average pooling"), ("min", "min pooling"), ("stride", "stride 2"))
    },
}
SHUFFLED_DENSE = trial(FASHION, "dense network, shuffled pixels", model="dense", shuffled=True, seeds=_SHORT)
SHUFFLED_CONVOLUTIONS = trial(
    FASHION, "two convolutions of 32, shuffled pixels", model="cnn-2", filters=32, shuffled=True
)

_ONE_LAYER = (
    "conv 32 3 relu kernel_initializer={initializer}, maxpool 2, flatten, dense 128 relu, dense {{classes}} softmax"
)
STARTS = {
    initializer: trial(
        MNIST,
        f"one convolution of 32, {words} first",
        layers=_ONE_LAYER.format(initializer=initializer),
        epochs=3,
        validation=0.1,
        seeds=_SHORT,
    )
    for initializer, words in (("glorot_uniform", "random filters"), ("filter_bank", "known filters"))
}
BATCHES = {
    size: trial(
        FASHION,
        f"dense network, 1 epoch in batches of {size}",
        model="dense",
        epochs=1,
        batch_size=size,
        seeds=_LONG,
    )
    for size in (1, 32, 256)
}

_UNSCALED = "rescale {max_value}, flatten, dense 128 relu, dense {classes} softmax"
OLDER_LESSON = {
    "Adam, 1 epoch": trial(FASHION, "dense network, 1 epoch", model="dense", epochs=1, seeds=_SHORT),
    "Adam, pixels 0 to 255, 1 epoch": trial(
        FASHION, "dense network, pixels 0 to 255, 1 epoch", layers=_UNSCALED, epochs=1, seeds=_SHORT
    ),
    "Adam, pixels 0 to 255": trial(FASHION, "dense network, pixels 0 to 255", layers=_UNSCALED, seeds=_SHORT),
    "SGD, 1 epoch": trial(
        FASHION, "dense network, SGD, 1 epoch", model="dense", optimizer="sgd", epochs=1, seeds=_SHORT
    ),
    "SGD": trial(FASHION, "dense network, SGD", model="dense", optimizer="sgd", seeds=_SHORT),
    "SGD, pixels 0 to 255": trial(
        FASHION, "dense network, SGD, pixels 0 to 255", layers=_UNSCALED, optimizer="sgd", seeds=_SHORT
    ),
    "SGD at 0.001, pixels 0 to 255": trial(
        FASHION,
        "dense network, SGD at 0.001, pixels 0 to 255",
        layers=_UNSCALED,
        optimizer="sgd",
        learning_rate=0.001,
        seeds=_SHORT,
    ),
    "SGD at 0.0001, pixels 0 to 255": trial(
        FASHION,
        "dense network, SGD at 0.0001, pixels 0 to 255",
        layers=_UNSCALED,
        optimizer="sgd",
        learning_rate=0.0001,
        seeds=_SHORT,
    ),
}

DIGITS = {
    "dense": trial(MNIST, "dense network", model="dense"),
    "1 convolution": trial(MNIST, "one convolution of 32", model="cnn-1"),
    "1 and dropout": trial(MNIST, "one convolution of 32, dropout 0.4", model="cnn-1", dropout=0.4),
    "2 convolutions": trial(MNIST, "two convolutions of 64", model="cnn-2"),
    "2 and dropout": trial(MNIST, "two convolutions of 64, dropout 0.25", model="cnn-2", dropout=0.25),
}

DROPOUTS = {
    rate: trial(
        FASHION,
        f"one convolution of 32, dropout {rate:g}, with held-out images",
        model="cnn-1",
        dropout=rate,
        epochs=8,
        validation=0.1,
        seeds=_LONG,
    )
    for rate in (0.0, 0.2, 0.3, 0.4, 0.5)
}
TWENTY_EPOCHS = trial(
    FASHION,
    "two convolutions of 64, 20 epochs, with held-out images",
    model="cnn-2",
    epochs=20,
    validation=0.1,
    seeds=_LONG,
)
GOAL = 0.95
TO_THE_GOAL = trial(
    FASHION,
    f"two convolutions of 64, until training accuracy is {100 * GOAL:.0f} %",
    model="cnn-2",
    epochs=20,
    goal_accuracy=GOAL,
    seeds=_LONG,
)
