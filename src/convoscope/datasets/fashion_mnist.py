"""Fashion-MNIST: 70,000 pieces of clothing, 28 × 28 pixels, grey."""

from __future__ import annotations

from convoscope.datasets.description import DatasetInfo
from convoscope.datasets.mnist_files import loader, published

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
class_names = CLASS_NAMES  # as lessons write it

INFO = DatasetInfo(
    name="fashion-mnist",
    title="clothes, 28 × 28, grey",
    image_shape=(28, 28, 1),
    max_value=255,
    class_names=CLASS_NAMES,
    train_count=60_000,
    test_count=10_000,
    licence="MIT",
    source="Zalando SE, https://github.com/zalandoresearch/fashion-mnist",
    urls=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    files=published(
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
)

load_data = loader(INFO, "Fashion-MNIST, the clothes", "about 31 MB", __name__)
