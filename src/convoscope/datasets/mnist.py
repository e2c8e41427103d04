"""MNIST: 70,000 handwritten digits, 28 × 28 pixels, grey."""

from __future__ import annotations

from convoscope.datasets.description import DatasetInfo
from convoscope.datasets.mnist_files import loader, published

CLASS_NAMES = tuple("0123456789")
class_names = CLASS_NAMES  # as lessons write it

INFO = DatasetInfo(
    name="mnist",
    title="handwritten digits, 28 × 28, grey",
    image_shape=(28, 28, 1),
    max_value=255,
    class_names=CLASS_NAMES,
    train_count=60_000,
    test_count=10_000,
    licence="CC BY-SA 3.0",
    source="Yann LeCun and Corinna Cortes, http://yann.lecun.com/exdb/mnist/",
    urls=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files=published(
        (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
)

load_data = loader(INFO, "MNIST, the handwritten digits", "about 12 MB", __name__)
