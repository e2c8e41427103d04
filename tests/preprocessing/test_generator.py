"""ImageDataGenerator and its iterators: what the comparison with Keras does not see."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convoscope.errors import (
    ConfigurationError,
    ConvoscopeWarning,
    DataError,
    MissingFileError,
    ShapeError,
    UnknownNameError,
)
from convoscope.preprocessing.image import ImageDataGenerator, apply_affine_transform, random_rotation, random_shift
from convoscope.training.data.py_dataset import PyDataset

IMAGES = np.arange(7 * 4 * 5 * 3, dtype=np.uint8).reshape(7, 4, 5, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, count in (("cats", 3), ("dogs", 2)):
        (tmp_path / name).mkdir()
        for index in range(count):
            Image.fromarray(IMAGES[index]).save(tmp_path / name / f"{index}.png")
    return tmp_path


def test_an_iterator_is_a_pydataset_that_also_goes_on_for_ever() -> None:
    iterator = ImageDataGenerator().flow(IMAGES, np.arange(7), batch_size=3, shuffle=False)
    assert isinstance(iterator, PyDataset)
    assert (len(iterator), iterator.num_batches, iterator.n, iterator.workers) == (3, 3, 7, 1)
    assert [y.tolist() for _, (_, y) in zip(range(4), iterator, strict=False)] == [[0, 1, 2], [3, 4, 5], [6], [0, 1, 2]]
    iterator.reset()
    assert iterator.next()[1].tolist() == [0, 1, 2]
    assert iterator[2][1].tolist() == [6]
    with pytest.raises(IndexError, match="no batch 3: there are 3 batches"):
        iterator[3]


def test_an_epoch_that_ends_brings_a_new_order() -> None:
    np.random.seed(4)  # noqa: NPY002 - what it draws from
    iterator = ImageDataGenerator().flow(IMAGES, np.arange(7), batch_size=7)
    first = iterator[0][1].tolist()
    assert iterator[0][1].tolist() == first
    iterator.on_epoch_end()
    second = iterator[0][1].tolist()
    assert second != first
    assert sorted(second) == list(range(7))


def test_the_images_given_are_left_as_they_are() -> None:
    images = IMAGES.astype(np.float32)
    kept = images.copy()
    next(ImageDataGenerator(rescale=0.1, samplewise_center=True).flow(images, batch_size=7))
    np.testing.assert_array_equal(images, kept)


def test_a_copy_in_another_process_gives_the_same_batches() -> None:
    iterator = ImageDataGenerator(rotation_range=30).flow(IMAGES, np.arange(7), seed=3)
    copy = pickle.loads(pickle.dumps(iterator))
    np.testing.assert_array_equal(iterator[0][0], copy[0][0])


def test_further_inputs_come_along() -> None:
    more = [np.arange(7), np.arange(7) * 2]
    (x, one, two), y = ImageDataGenerator().flow((IMAGES, more), np.arange(7), batch_size=2, shuffle=False)[1]
    np.testing.assert_array_equal(x, IMAGES[2:4])
    assert (one.tolist(), two.tolist(), y.tolist()) == ([2, 3], [4, 6], [2, 3])


def test_changed_images_are_written_down(tmp_path: Path) -> None:
    flow: dict[str, Any] = {"batch_size": 2, "shuffle": False, "save_prefix": "seen", "save_format": "bmp"}
    next(ImageDataGenerator().flow(IMAGES, save_to_dir=tmp_path, **flow))
    assert [path.name.rsplit("_", 1)[0] for path in sorted(tmp_path.glob("*.bmp"))] == ["seen_0", "seen_1"]
    with pytest.raises(MissingFileError, match="save_to_dir must be an existing folder"):
        ImageDataGenerator().flow(IMAGES, save_to_dir=tmp_path / "gone", **flow)


def test_channels_first_gives_the_transposed_batches() -> None:
    change = {"theta": 20.0, "channel_shift_intensity": 9.0, "flip_horizontal": True, "brightness": 1.3}
    last, first = (ImageDataGenerator(data_format=name) for name in ("channels_last", "channels_first"))
    image = IMAGES[0].astype(np.float32)
    found = first.apply_transform(image.transpose(2, 0, 1), change)
    np.testing.assert_array_equal(found, last.apply_transform(image, change).transpose(2, 0, 1))


def test_whole_numbers_are_rounded_and_kept_in_range() -> None:
    # The numbers are those of scipy.ndimage.affine_transform.
    image = np.array([[[250], [255], [0]]], np.uint8)
    found = apply_affine_transform(image, tx=0.5, row_axis=0, col_axis=1, channel_axis=2)
    assert (found.dtype, found.ravel().tolist()) == (np.uint8, [253, 128, 0])
    signed = apply_affine_transform(np.array([[[-3], [-4]]], np.int16), tx=0.5, row_axis=0, col_axis=1, channel_axis=2)
    assert signed.ravel().tolist() == [-4, -4]
    assert ImageDataGenerator(rescale=0.5).standardize(np.array([[[3]]])).dtype == np.float32


def test_random_functions_stay_within_their_range() -> None:
    # A single bright pixel in the middle of an image that is turned around it stays where it is.
    image = np.zeros((1, 5, 5))
    image[0, 2, 2] = 1
    for _ in range(20):
        assert random_rotation(image, 80, fill_mode="constant")[0, 2, 2] == pytest.approx(1)
        shifted = random_shift(image, 0.0, 0.2, fill_mode="constant")
        assert shifted[0, 2].sum() == pytest.approx(1)
        assert shifted[0, 2, 1:4].sum() == pytest.approx(1)
    with pytest.raises(UnknownNameError, match=r"'row_axes'\. Did you mean 'row_axis'"):
        random_rotation(image, 80, row_axes=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"interpolation_order": 3},
            "interpolation_order must be 0 .* but is 3. Splines .* need SciPy",
        ),
        ({"fill_mode": "neareast"}, "Did you mean 'nearest'"),
        ({"zoom_range": (0.1, 0.2, 0.3)}, "zoom_range must be two numbers"),
        ({"brightness_range": 0.3}, "brightness_range must be two numbers"),
        ({"validation_split": 1.5}, "between 0 and 1, but is 1.5"),
        ({"data_format": "NHWC"}, "no data_format named 'NHWC'"),
    ],
)
def test_arguments_that_cannot_be_meant_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ImageDataGenerator(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"zca_whitening": True}, "zca_whitening needs featurewise_center"),
        ({"featurewise_std_normalization": True}, "featurewise_std_normalization needs featurewise_center"),
        ({"samplewise_std_normalization": True}, "samplewise_std_normalization needs samplewise_center"),
        (
            {"zca_whitening": True, "featurewise_center": True, "featurewise_std_normalization": True},
            "overrides featurewise_std_normalization",
        ),
    ],
)
def test_settings_that_bring_others_along_say_so(arguments: dict[str, bool], message: str) -> None:
    with pytest.warns(ConvoscopeWarning, match=message):
        made = ImageDataGenerator(**arguments)
    assert made.featurewise_center or made.samplewise_center


def test_what_was_not_fitted_says_so() -> None:
    made = ImageDataGenerator(featurewise_center=True)
    with pytest.warns(ConvoscopeWarning, match=r"featurewise_center has no effect yet: first call fit\(x\)"):
        assert made.standardize(np.ones((2, 2, 1))).max() == 1


def test_images_and_labels_that_do_not_fit_are_named() -> None:
    generator = ImageDataGenerator(validation_split=0.5)
    with pytest.raises(
        ShapeError, match=r"flow takes images of shape .*\(7, 4, 5\). Greyscale images need a last axis"
    ):
        generator.flow(IMAGES[..., 0])
    with pytest.raises(ShapeError, match=r"fit takes images of shape .*\(4, 5, 3\)"):
        generator.fit(IMAGES[0])
    with pytest.raises(ShapeError, match="7 images, but y has 3 entries"):
        generator.flow(IMAGES, [0, 1, 2])
    with pytest.raises(DataError, match=r"do not have the same classes. .*ignore_class_split=True"):
        generator.flow(IMAGES, np.arange(7), subset="training")
    with pytest.raises(UnknownNameError, match="no subset named 'test'"):
        generator.flow(IMAGES, subset="test")
    with pytest.raises(DataError, match="There are no images"):
        next(generator.flow(IMAGES[:0]))
    with pytest.raises(ShapeError, match=r"one image of three axes.*\(2, 2\)"):
        apply_affine_transform(np.zeros((2, 2)), theta=3)


def test_a_folder_that_is_not_there_or_lacks_a_class(folder: Path) -> None:
    with pytest.raises(MissingFileError, match=r"read the folder .*gone"):
        ImageDataGenerator().flow_from_directory(folder / "gone")
    with pytest.warns(ConvoscopeWarning, match="no folder .*birds, so class 'birds' has no images"):
        found = ImageDataGenerator().flow_from_directory(folder, classes=["birds", "cats"])
    assert (found.class_indices, found.classes.tolist()) == ({"birds": 0, "cats": 1}, [1, 1, 1])
    with pytest.raises(UnknownNameError, match="no class_mode named 'raw'"):
        ImageDataGenerator().flow_from_directory(folder, class_mode="raw")
    with pytest.raises(UnknownNameError, match="no color_mode named 'grey'"):
        ImageDataGenerator().flow_from_directory(folder, color_mode="grey")


def test_links_are_followed_when_asked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("linked")
    (root / "all").mkdir()
    (root / "all" / "more").symlink_to(folder / "cats", target_is_directory=True)
    counts = [ImageDataGenerator().flow_from_directory(root, follow_links=on).samples for on in (False, True)]
    assert counts == [0, 3]


@pytest.mark.parametrize(
    ("columns", "arguments", "error", "message"),
    [
        ({"filename": [1]}, {}, DataError, "Column 'filename' must contain file names"),
        ({"file": ["a.png"]}, {}, UnknownNameError, "no column in the table named 'filename'.* Known: file"),
        (
            {"filename": ["a.png"], "class": [3]},
            {},
            DataError,
            r"class names as strings, but contains 3.*astype\(str\)",
        ),
        ({"filename": ["a.png"], "class": ["a"]}, {"class_mode": "binary"}, DataError, "two classes, but there is 1"),
        (
            {"filename": ["a.png"], "class": [["a"]]},
            {"class_mode": "sparse"},
            DataError,
            r"but contains \['a'\]",
        ),
        (
            {"filename": ["a.png"], "class": ["a"]},
            {"class_mode": "multi_output"},
            ConfigurationError,
            "'multi_output' takes a list of columns as y_col, but got 'class'",
        ),
        (
            {"filename": ["a.png"], "class": ["a"], "w": ["heavy"]},
            {"weight_col": "w"},
            DataError,
            "Column 'w' must contain the weights",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_described(
    columns: dict[str, list[Any]], arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ImageDataGenerator().flow_from_dataframe(columns, **arguments)


def test_file_names_are_believed_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = {"filename": ["cats/0.png", "gone.png"], "class": ["cat", "dog"]}
    found = ImageDataGenerator().flow_from_dataframe(table, folder, validate_filenames=False)
    assert found.filenames == ["cats/0.png", "gone.png"]
    assert capsys.readouterr().out == "Found 2 non-validated image filenames belonging to 2 classes.\n"
    with pytest.raises(MissingFileError, match=r"gone\.png"):
        next(found)
