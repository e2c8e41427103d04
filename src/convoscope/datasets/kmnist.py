"""Kuzushiji-MNIST: 70,000 Japanese letters in old handwriting, 28 × 28 pixels, grey."""

from __future__ import annotations

from convoscope.datasets.description import DatasetInfo
from convoscope.datasets.mnist_files import loader, published

CLASS_NAMES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
class_names = CLASS_NAMES  # as lessons write it

INFO = DatasetInfo(
    name="kmnist",
    title="letters of old Japanese books, 28 × 28, grey",
    image_shape=(28, 28, 1),
    max_value=255,
    class_names=CLASS_NAMES,
    train_count=60_000,
    test_count=10_000,
    licence="CC BY-SA 4.0",
    source="ROIS-DS Center for Open Data in the Humanities, https://github.com/rois-codh/kmnist",
    urls=("https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
    # Sizes and sums are those in TensorFlow Datasets' list.
    files=published(
        (18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
        (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
        (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
        (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
    ),
)

load_data = loader(INFO, "Kuzushiji-MNIST, the letters of old Japanese books", "about 21 MB", __name__)
