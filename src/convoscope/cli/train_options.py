"""The options of ``convoscope train``, in the groups that its help shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from convoscope.cli.options import read_path

_MODEL, _TRAINING, _IMAGES, _RUN = "Model", "Training", "Your own images", "Run"
_PHOTOS = "Your own photos"


@dataclass(frozen=True)
class ModelOptions:
    """What the model is."""

    model: Annotated[
        str | None,
        typer.Option(
            help="One of the lessons' networks: dense, perceptron, cnn-1 or cnn-2. Default: cnn-2, or the recipe's.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    layers: Annotated[
        str | None,
        typer.Option(help="Your own line of layers, instead of --model.", metavar="LINE", rich_help_panel=_MODEL),
    ] = None
    filters: Annotated[
        int | None, typer.Option(help="Number of filters in each convolution.", rich_help_panel=_MODEL)
    ] = None
    convolutions: Annotated[
        int | None,
        typer.Option(help="Number of convolutions, each followed by pooling, such as 3.", rich_help_panel=_MODEL),
    ] = None
    kernel_size: Annotated[
        int | None, typer.Option(help="Kernel size of the convolutions. Default: 3.", rich_help_panel=_MODEL)
    ] = None
    pooling: Annotated[
        str | None,
        typer.Option(
            help="What halves the image after each convolution: max, average or min pooling, or stride (no pooling). "
            "Default: max.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    dense_units: Annotated[
        int | None,
        typer.Option(help="Number of units in the hidden dense layer. Default: 128.", rich_help_panel=_MODEL),
    ] = None
    dropout: Annotated[
        float | None,
        typer.Option(
            help="Dropout rate after pooling and the dense layer, such as 0.4. Default: 0.",
            rich_help_panel=_MODEL,
        ),
    ] = None


@dataclass(frozen=True)
class TrainingOptions:
    """How it is trained."""

    recipe: Annotated[
        str | None,
        typer.Option(
            help="fast: high accuracy in the least time. best: the highest accuracy within minutes. Sets the options "
            "that you leave out.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Number of epochs. Default: 30 for digits, 5 for other data sets; for your own images it depends on "
            "their number.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Images per batch. Default: 64 for cnn-2, otherwise 32; always 32 for digits.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--lr",
            help="Learning rate; with a recipe, the peak rate. Default: 0.001; 0.01 for sgd.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    optimizer: Annotated[
        str | None,
        typer.Option(help="adam, adamw, rmsprop or sgd. Default: adam.", rich_help_panel=_TRAINING),
    ] = None
    validation: Annotated[
        float | None,
        typer.Option(
            "--val",
            help="Fraction of the training images to hold out for validation, such as 0.1; the best epoch's model is "
            "kept. Default: 0; 0.1 for your own images.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    augment: Annotated[
        str | None,
        typer.Option(
            help='Augmentation layers for training, such as "flip horizontal, shift 0.1, rotate 0.03", or none. '
            "Default: the recipe's.",
            metavar="LINE",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    class_weight: Annotated[
        str | None,
        typer.Option(
            help="auto: weight the loss so that rare classes count as much as others. Default: none; auto for your own "
            "images if one class is three times rarer than another.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after this many epochs without a better validation result.", rich_help_panel=_TRAINING),
    ] = None
    goal_accuracy: Annotated[
        float | None,
        typer.Option(help="Stop when this accuracy is reached, such as 0.95.", rich_help_panel=_TRAINING),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(
            help="Random seed: the same seed and number of threads repeat a run exactly. Default: random.",
            rich_help_panel=_TRAINING,
        ),
    ] = None


@dataclass(frozen=True)
class ImageOptions:
    """What your own images are brought to."""

    image_size: Annotated[
        str | None,
        typer.Option(
            help="Size to scale the images to. Default: chosen from their sizes.",
            metavar="SIDE|HEIGHTxWIDTH",
            rich_help_panel=_IMAGES,
        ),
    ] = None
    color: Annotated[
        str | None,
        typer.Option(help="grayscale or rgb. Default: rgb if the images have colour.", rich_help_panel=_IMAGES),
    ] = None
    max_pixels: Annotated[
        int | None,
        typer.Option(
            help="Skip images with more pixels than this, because they need much memory. Default: 50 million.",
            min=1,
            rich_help_panel=_IMAGES,
        ),
    ] = None


@dataclass(frozen=True)
class PhotoOptions:
    """How a classifier of photos is put on a pretrained backbone."""

    backbone: Annotated[
        str | None,
        typer.Option(
            help="The pretrained network to start from, or none to train from scratch. Default: efficientnet-lite0 for "
            "colour photos, unless you give options for training from scratch.",
            metavar="NAME|FILE|none",
            rich_help_panel=_PHOTOS,
        ),
    ] = None
    fine_tune: Annotated[
        int | None,
        typer.Option(
            help="Also train this many of the backbone's last blocks. Default: 4 if that improves accuracy on held-out "
            "images.",
            metavar="BLOCKS",
            rich_help_panel=_PHOTOS,
        ),
    ] = None
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Time limit of fine-tuning, including the trial; 0 for no fine-tuning. Default: 3.",
            rich_help_panel=_PHOTOS,
        ),
    ] = None
    exclude: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="Leave out the files in this list, such as the suspects.csv of an earlier run.",
            metavar="FILE",
            rich_help_panel=_PHOTOS,
        ),
    ] = None
    based_on: Annotated[
        Path | None,
        typer.Option(
            "--from",
            parser=read_path,
            help="Continue from an earlier run after adding photos or classes, and keep its split.",
            metavar="RUN",
            rich_help_panel=_PHOTOS,
        ),
    ] = None


@dataclass(frozen=True)
class RunOptions:
    """Where the run is kept, who follows it, and what it computes with."""

    out: Annotated[
        Path | None,
        typer.Option(
            parser=read_path, help="The run's folder. Default: runs/DATASET-MODEL-N or -RECIPE-N.", rich_help_panel=_RUN
        ),
    ] = None
    resume: Annotated[
        Path | None,
        typer.Option(parser=read_path, help="Resume the run in this folder.", metavar="RUN", rich_help_panel=_RUN),
    ] = None
    snapshots: Annotated[
        bool,
        typer.Option(
            "--snapshots",
            metavar="",
            help="Save the weights after each epoch, 2 bytes each, so that explore can show any epoch.",
            rich_help_panel=_RUN,
        ),
    ] = False
    explore: Annotated[
        bool,
        typer.Option(
            "--explore",
            metavar="",
            help="Open the explorer in the browser: it follows training live, and can pause it, change the learning "
            "rate and stop it. Implies --snapshots.",
            rich_help_panel=_RUN,
        ),
    ] = False
    paused: Annotated[
        bool,
        typer.Option(
            "--paused",
            metavar="",
            help="Open the explorer, and wait before the first batch until you press Resume there.",
            rich_help_panel=_RUN,
        ),
    ] = False
    track: Annotated[
        list[str] | None,
        typer.Option(
            help="Also log the run for tensorboard, wandb (offline) or mlflow. Can be repeated.",
            metavar="TRACKER",
            rich_help_panel=_RUN,
        ),
    ] = None
    data_dir: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="The folder to search first for the data set, and to cache your own decoded images in.",
            rich_help_panel=_RUN,
        ),
    ] = None
    threads: Annotated[
        int | None,
        typer.Option(help="Number of threads. Default: all cores.", rich_help_panel=_RUN),
    ] = None
    engine: Annotated[
        str | None,
        typer.Option(
            help="auto, native, reference, or torch: PyTorch, on a GPU if there is one. Default: auto.",
            rich_help_panel=_RUN,
        ),
    ] = None
    device: Annotated[
        str | None,
        typer.Option(
            help="Where --engine torch computes: cuda, cuda:1, mps or cpu. Default: a GPU if there is one.",
            rich_help_panel=_RUN,
        ),
    ] = None
    precision: Annotated[
        str | None,
        typer.Option(
            help="float32, exact or direct (see --exact), or bf16. With --engine torch: float32, tf32 or bf16. "
            "Default: float32.",
            rich_help_panel=_RUN,
        ),
    ] = None
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            metavar="",
            help="Take no shortcut that rounds more than a sum of products: --precision exact.",
            rich_help_panel=_RUN,
        ),
    ] = False
    processes: Annotated[
        int | None,
        typer.Option(
            help="Train in this many processes on this machine, with PyTorch; each computes its share of every batch.",
            min=1,
            rich_help_panel=_RUN,
        ),
    ] = None
    batch_norm: Annotated[
        str | None,
        typer.Option(
            help="With several processes: together uses the mean and variance of the whole batch; each uses those of "
            "each process's share, which is faster. Default: together.",
            rich_help_panel=_RUN,
        ),
    ] = None
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", metavar="", help="Print only the result.", rich_help_panel=_RUN)
    ] = False


def settings_given(
    model: ModelOptions, training: TrainingOptions, images: ImageOptions, photos: PhotoOptions
) -> dict[str, Any]:
    """Give what was typed under the names of `convoscope.runs.TrainSettings`; None is what was not."""
    given = {**asdict(model), **asdict(training), **asdict(images), **asdict(photos)}
    for name in ("exclude", "based_on"):
        given[name] = None if given[name] is None else str(given[name].absolute())
    renamed = {"augment": "augmentation", "color": "color_mode"}
    return {renamed.get(name, name): value for name, value in given.items()} | {"image_size": size(images.image_size)}


def refuse_with_resume(given: dict[str, Any]) -> None:
    """Raise ConfigurationError if something was given that a run cannot change on the way."""
    from convoscope.errors import ConfigurationError

    names = {"learning_rate": "lr", "validation": "val", "augmentation": "augment", "color_mode": "color"}
    told = [
        name if name == "DATASET" else f"--{names.get(name, name).replace('_', '-')}"
        for name in given
        if given[name] is not None
    ]
    if told:
        raise ConfigurationError(
            f"--resume continues the run with its own settings, so {', '.join(told)} cannot be changed. Leave it out, "
            "or start a new run. You can give: --epochs, --threads, --engine, --device, --precision, --exact, "
            "--processes, --batch-norm, --data-dir, --snapshots, --track, --explore, --paused, --quiet."
        )


def size(text: str | None) -> tuple[int, int] | None:
    """Read ``64`` or ``48x64``, the height first."""
    from convoscope.errors import ConfigurationError

    if text is None:
        return None
    sides = text.lower().replace("×", "x").split("x")
    if not 1 <= len(sides) <= 2 or not all(side.strip().isdecimal() for side in sides):
        raise ConfigurationError(
            f"--image-size is a side in pixels or HEIGHTxWIDTH, but is {text!r}. Write 64 or 48x64."
        )
    return int(sides[0]), int(sides[-1])
