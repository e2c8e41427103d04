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
            help="A lesson's network: dense, perceptron, cnn-1 or cnn-2. Default: cnn-2, or the recipe's.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    layers: Annotated[
        str | None,
        typer.Option(help="Your own layers in a line, in place of --model.", metavar="LINE", rich_help_panel=_MODEL),
    ] = None
    filters: Annotated[
        int | None, typer.Option(help="Filters in each convolution of the model.", rich_help_panel=_MODEL)
    ] = None
    convolutions: Annotated[
        int | None,
        typer.Option(help="How many convolutions with pooling the model has, as 3.", rich_help_panel=_MODEL),
    ] = None
    kernel_size: Annotated[
        int | None, typer.Option(help="The side of their kernels. Default: 3.", rich_help_panel=_MODEL)
    ] = None
    pooling: Annotated[
        str | None,
        typer.Option(
            help="What halves the image after each: max, average, min, or stride: no pooling. Default: max.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    dense_units: Annotated[
        int | None, typer.Option(help="Units of the model's dense layer. Default: 128.", rich_help_panel=_MODEL)
    ] = None
    dropout: Annotated[
        float | None,
        typer.Option(
            help="Dropout after pooling and dense layer, as 0.4. Default: 0.",
            rich_help_panel=_MODEL,
        ),
    ] = None


@dataclass(frozen=True)
class TrainingOptions:
    """How it is trained."""

    recipe: Annotated[
        str | None,
        typer.Option(
            help="fast: high accuracy in the least time. best: the highest in minutes. Fills in the options left out.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    epochs: Annotated[
        int | None,
        typer.Option(
            help="How often to go through the images. Default: digits 30, others 5; your own images: by their number.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(help="Images to a step. Default: 32; cnn-2 64, digits 32.", rich_help_panel=_TRAINING),
    ] = None
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--lr", help="Learning rate, of a recipe the highest. Default: 0.001, sgd 0.01.", rich_help_panel=_TRAINING
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
            help="Share of the training images to validate with, as 0.1; the best epoch's model is kept. Default: 0, "
            "0.1 for your own images.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    augment: Annotated[
        str | None,
        typer.Option(
            help='Layers that vary the images in training, as "flip horizontal, shift 0.1, rotate 0.03", or none. '
            "Default: the recipe's.",
            metavar="LINE",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    class_weight: Annotated[
        str | None,
        typer.Option(
            help="auto: rare classes weigh as much as others. Default: none; auto for your own images if a class is "
            "three times rarer than another.",
            rich_help_panel=_TRAINING,
        ),
    ] = None
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after so many epochs without a better validation.", rich_help_panel=_TRAINING),
    ] = None
    goal_accuracy: Annotated[
        float | None,
        typer.Option(help="Stop when this accuracy is reached, as 0.95.", rich_help_panel=_TRAINING),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(
            help="Repeat a run exactly, with the same number of threads. Default: drawn.", rich_help_panel=_TRAINING
        ),
    ] = None


@dataclass(frozen=True)
class ImageOptions:
    """What your own images are brought to."""

    image_size: Annotated[
        str | None,
        typer.Option(
            help="What they are brought to. Default: chosen by their sizes.",
            metavar="SIDE|HEIGHTxWIDTH",
            rich_help_panel=_IMAGES,
        ),
    ] = None
    color: Annotated[
        str | None,
        typer.Option(help="grayscale or rgb. Default: whether they have colour.", rich_help_panel=_IMAGES),
    ] = None
    max_pixels: Annotated[
        int | None,
        typer.Option(
            help="Leave out images with more pixels than this: they take much memory. Default: 50 million.",
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
            help="The pretrained network to begin with, or none: from scratch. Default: efficientnet-lite0 for photos "
            "in colour, unless an option says how to train from scratch.",
            metavar="NAME|FILE|none",
            rich_help_panel=_PHOTOS,
        ),
    ] = None
    fine_tune: Annotated[
        int | None,
        typer.Option(
            help="Train the last blocks of the backbone, too. Default: 4 where held-out images say that it gains.",
            metavar="BLOCKS",
            rich_help_panel=_PHOTOS,
        ),
    ] = None
    minutes: Annotated[
        float | None,
        typer.Option(
            help="How long fine-tuning may take, with trying it; 0 for none. Default: 3.", rich_help_panel=_PHOTOS
        ),
    ] = None
    exclude: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="Leave out the files on this list, such as the suspects.csv of an earlier run.",
            metavar="FILE",
            rich_help_panel=_PHOTOS,
        ),
    ] = None
    based_on: Annotated[
        Path | None,
        typer.Option(
            "--from",
            parser=read_path,
            help="Go on from an earlier run after photos or classes were added: its split stays.",
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
        typer.Option(parser=read_path, help="Go on with the run in this folder.", metavar="RUN", rich_help_panel=_RUN),
    ] = None
    snapshots: Annotated[
        bool,
        typer.Option(
            "--snapshots",
            metavar="",
            help="Keep the weights after each epoch, 2 bytes each: explore then goes back to any.",
            rich_help_panel=_RUN,
        ),
    ] = False
    explore: Annotated[
        bool,
        typer.Option(
            "--explore",
            metavar="",
            help="Open the explorer in the browser, which follows training epoch by epoch. Keeps snapshots.",
            rich_help_panel=_RUN,
        ),
    ] = False
    track: Annotated[
        list[str] | None,
        typer.Option(
            help="Write the run for tensorboard, wandb (offline) or mlflow too. Can be given again.",
            metavar="TRACKER",
            rich_help_panel=_RUN,
        ),
    ] = None
    data_dir: Annotated[
        Path | None,
        typer.Option(
            parser=read_path,
            help="A folder to look for the data set in first, and to keep your own images in once they are decoded.",
            rich_help_panel=_RUN,
        ),
    ] = None
    threads: Annotated[
        int | None,
        typer.Option(help="Threads to compute with. Default: all.", rich_help_panel=_RUN),
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
            help="How --engine torch multiplies: float32, tf32 or bf16. Default: float32.", rich_help_panel=_RUN
        ),
    ] = None
    processes: Annotated[
        int | None,
        typer.Option(
            help="Train in so many processes on this machine, with PyTorch: each computes its part of every batch.",
            min=1,
            rich_help_panel=_RUN,
        ),
    ] = None
    batch_norm: Annotated[
        str | None,
        typer.Option(
            help="In many processes: together takes mean and variance of the whole batch, each those of a process's "
            "part, which is faster. Default: together.",
            rich_help_panel=_RUN,
        ),
    ] = None
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", metavar="", help="Print the result only.", rich_help_panel=_RUN)
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
            f"--resume goes on with the run's own settings, and {', '.join(told)} cannot be changed on the way. "
            f"Leave it out, or begin a new run. What can be given: --epochs, --threads, --engine, --device, "
            f"--precision, --processes, --batch-norm, --data-dir, --snapshots, --track, --explore, --quiet."
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
