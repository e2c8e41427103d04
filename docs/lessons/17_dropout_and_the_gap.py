"""Overfitting, and dropout: the gap between training and validation.

"Nearly one million free parameters and only 60,000 training data points, so what should we be worried about?" That the
network memorizes its images: training accuracy keeps rising, but accuracy on unseen images does not. Dropout sets part
of its input to zero, a different part at every step. The lesson puts it after the pooling and after the dense layer,
with a rate of 0.4, and says of rates "between 20% and 50%" that "it tends to not matter that much".

The gap that `fit` shows is misleading: training accuracy is measured with part of the network dropped, and is therefore
too low. The last column is a fair comparison: the training images again, with the complete network.

A run of a few minutes on one core of a busy machine:

    epoch 20         training  validation     gap    training images, complete network
      dropout 0        99.41%      91.28%    8.13    99.60%
      dropout 0.4      93.23%      92.22%    1.02    96.79%

So dropout makes the gap smaller, by seven points as `fit` shows it and by four in a fair comparison, and accuracy on
unseen images gains one point. Without dropout, validation accuracy was best after epoch 8; after that, the network only
memorized.

Run this page: python docs/lessons/17_dropout_and_the_gap.py [digits]. Without Fashion-MNIST on disk, or with the word
digits, it uses the digits in the package.
"""

import convoscope as cs
from lesson_data import load

EPOCHS = 20

(x_train, y_train), _ = load("fashion-mnist")
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255
held_out = len(x_train) // 10
x_train, x_validation = x_train[:-held_out], x_train[-held_out:]
y_train, y_validation = y_train[:-held_out], y_train[-held_out:]
cs.utils.set_random_seed(1)


def network(dropout):
    model = cs.Sequential()
    model.add(cs.layers.Conv2D(32, (3, 3), input_shape=(28, 28, 1), activation="relu"))
    model.add(cs.layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(cs.layers.Dropout(dropout))
    model.add(cs.layers.Flatten())
    model.add(cs.layers.Dense(128, activation="relu"))
    model.add(cs.layers.Dropout(dropout))
    model.add(cs.layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


print(f"{network(0).count_params():,} parameters, {len(x_train):,} images\n")
assert network(0).count_params() == network(0.4).count_params() == 693_962

learned, gaps = {}, {}
for dropout in (0, 0.4):
    model = network(dropout)
    history = model.fit(
        x_train, y_train, epochs=EPOCHS, validation_data=(x_validation, y_validation), verbose=0
    ).history
    training, validation = history["accuracy"], history["val_accuracy"]
    print(f"Dropout {dropout}       training  validation     gap")
    for epoch in (0, 1, 4, 9, EPOCHS - 1):
        gap = 100 * (training[epoch] - validation[epoch])
        print(f"  epoch {epoch + 1:>2}    {training[epoch]:>10.2%}{validation[epoch]:>12.2%}{gap:>8.2f} points")
    whole = model.evaluate(x_train, y_train, verbose=0)[1]
    best = max(range(EPOCHS), key=lambda epoch: validation[epoch])
    print(f"  The complete network on its training images: {whole:.2%}. Validation was best after epoch {best + 1}.\n")
    learned[dropout] = training[-1]
    gaps[dropout] = training[-1] - validation[-1], whole - validation[-1]

print("Gap after the last epoch, in points:")
for dropout, (usual, fair) in gaps.items():
    print(f"  dropout {dropout:<4} {100 * usual:6.2f} as fit shows it, {100 * fair:6.2f} with the complete network")

# The network memorizes the images; with dropout, training is harder.
assert learned[0] > 0.98
assert learned[0.4] < learned[0]
