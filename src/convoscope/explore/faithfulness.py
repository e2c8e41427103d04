"""Faithfulness: whether a heat map shows what the network uses, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, SupportsIndex

import numpy as np

from convoscope import drawing
from convoscope.checks import integer
from convoscope.engine.base import Array
from convoscope.errors import ConfigurationError, ShapeError
from convoscope.explore import perturbation
from convoscope.explore.heat_maps import Explainer, HeatMaps, enlarged, heat_maps
from convoscope.explore.likeness import spearman, ssim
from convoscope.explore.predictions import checked_labels, predictions
from convoscope.explore.random_weights import from_the_top, untrained
from convoscope.explore.submodels import as_batch, class_count, class_names
from convoscope.layers import Layer
from convoscope.models.network import Network

_FEWEST = 16  # values of a map
_CHANGED, _KEPT = 0.3, 0.7  # mean sizes of the rank correlation, up to which and from which on a sentence is said


class Areas(NamedTuple):
    """Areas under the curves of each image, from 0 to 1, (N,) each; `random` is the mean over the random orders."""

    deletion: Array
    insertion: Array
    random: Array


@dataclass(frozen=True, eq=False)
class Randomization:
    """How similar the maps remain if the network's weights are made random.

    Attributes
    ----------
    layers : tuple of str
        The layers whose weights became random one after the other, from the last one down; without a cascade only
        "all layers".
    spearman, ssim : array (levels, networks, N)
        The rank correlation of each image's map with that of each random network, and their structural similarity.
        NaN where a map is the same everywhere: it has no order.
    values : int
        How many values a map has. With fewer than 16, even unlike maps are often ordered alike.

    Examples
    --------
    >>> result = Randomization(("dense", "conv2d"), np.array([[[0.4]], [[0.1]]]), np.array([[[0.3]], [[0.1]]]), 196)
    >>> result.similarity
    0.1
    """

    layers: tuple[str, ...]
    spearman: Array
    ssim: Array
    values: int

    @property
    def similarity(self) -> float:
        """The mean size of the rank correlation with all weights random: near 0 is good, near 1 is not.

        The sign of what a random network shows is a matter of chance, so it does not count.
        """
        sizes = np.abs(self.spearman[-1])
        return float(np.nanmean(sizes)) if np.isfinite(sizes).any() else float("nan")

    def __str__(self) -> str:
        if np.isnan(self.similarity):
            return "The map is uniform, so nothing can be concluded."
        if self.values < _FEWEST:
            said = f"The map has only {self.values} values, too few to tell similarity from chance."
        elif self.similarity < _CHANGED:
            said = "The map changes completely when the weights are random: it shows what the network learned."
        elif self.similarity < _KEPT:
            said = "The map keeps part of its pattern when the weights are random: not all of it was learned."
        else:
            said = "The map hardly changes when the weights are random: it shows the image, not what was learned."
        return f"rank correlation {self.similarity:.2f} with the maps of random networks. {said}"


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How well heat maps show which pixels a network uses.

    Attributes
    ----------
    images : array (N, *input_shape)
    method : str
    classes : array of int (N,)
        Whose evidence the maps show.
    labels : tuple of str
        The classes' names.
    maps : array (N, height, width)
        In the size of the images.
    fractions : array (steps + 1,)
        Which part of the pixels is replaced, or inserted.
    deletion : array (N, steps + 1)
        The class's probability while pixels are replaced by the baseline, the most important first. A faithful map
        makes it drop at once.
    insertion : array (N, steps + 1)
        The same while they are put into the baseline. A faithful map makes it rise at once.
    random : array (orders, N, steps + 1)
        The deletion curves of random orders. Read backwards, they are the insertion curves of the reversed orders, so
        that chance has the same area under both.
    randomization : Randomization or None

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2, 1)), cs.layers.Dense(2, activation="softmax")])
    >>> model.set_weights([np.array([[0.0, 9.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]), np.array([0.0, -4.0])])
    >>> image = np.array([[[1.0], [0.0]], [[0.0], [0.0]]])  # the network looks at the first pixel alone
    >>> result = cs.explore.faithfulness(model, image, 1, "saliency", baseline=0.0, steps=4, networks=0)
    >>> result.auc.deletion.round(2), result.auc.insertion.round(2)
    (array([0.14]), array([0.87]))
    """

    images: Array
    method: str
    classes: Array
    labels: tuple[str, ...]
    maps: Array
    fractions: Array
    deletion: Array
    insertion: Array
    random: Array
    randomization: Randomization | None

    @property
    def auc(self) -> Areas:
        """The areas under the curves of each image."""
        random = perturbation.area(self.random).mean(axis=0)
        return Areas(perturbation.area(self.deletion), perturbation.area(self.insertion), random)

    @property
    def gain(self) -> Array:
        """The area under insertion minus that under deletion, (N,): at most 1; random orders give 0."""
        return self.auc.insertion - self.auc.deletion

    def __str__(self) -> str:
        areas, spread = self.auc, float(perturbation.area(self.random).mean(axis=1).std())
        chance = f"random orders {areas.random.mean():.3f} ± {spread:.3f}"
        count = len(self.images)
        lines = [
            f"Faithfulness of {self.method}, {count} image{'s' if count > 1 else ''}",
            f"  deletion   {areas.deletion.mean():.3f}  lower is better   ({chance})",
            f"  insertion  {areas.insertion.mean():.3f}  higher is better  ({chance})",
        ]
        if self.randomization is not None:
            lines.append(f"  randomization check: {self.randomization}")
        return "\n".join(lines)

    __repr__ = __str__

    def plot(self) -> Any:
        """Show both curves, the means over all images, with the range of the random orders; also any cascade.

        Examples
        --------
        >>> import convoscope as cs
        >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2, 1)), cs.layers.Dense(2, activation="softmax")])
        >>> figure = cs.explore.faithfulness(model, np.ones((1, 2, 2, 1)), 1, "saliency", steps=4, networks=0).plot()
        >>> len(figure.axes)  # deletion and insertion
        2
        """
        cascade = self.randomization is not None and len(self.randomization.layers) > 1
        made, axes = drawing.new_figure(1, 3 if cascade else 2, 10.5 if cascade else 7.4, 3.2)
        random, areas = self.random.mean(axis=1), self.auc
        parts = [("Deletion", self.deletion, random, areas.deletion, "replaced")]
        parts += [("Insertion", self.insertion, random[:, ::-1], areas.insertion, "inserted")]
        for panel, (name, curves, chance, own, done) in zip(axes[0], parts, strict=False):
            panel.fill_between(self.fractions, chance.min(axis=0), chance.max(axis=0), color=drawing.GRID)
            panel.plot(self.fractions, chance.mean(axis=0), color=drawing.FAINT, linestyle="--", label="random orders")
            panel.plot(self.fractions, curves.mean(axis=0), color=drawing.FRONT, label=drawing.plain(self.method))
            panel.set(xlabel=f"share of the pixels {done}", ylabel="probability of the class", ylim=(-0.02, 1.02))
            drawing.finish(panel, f"{name}: area {own.mean():.3f}, by chance {areas.random.mean():.3f}")
            panel.legend(fontsize=8)
        if cascade and self.randomization is not None:
            _plot_cascade(axes[0][2], self.randomization)
        return made


def faithfulness(
    model: Network,
    x: Any,
    y: Any = None,
    method: str | Explainer = "grad_cam",
    *,
    layer: Layer | str | SupportsIndex | None = None,
    baseline: str | float | Sequence[float] = "mean",
    steps: int = 20,
    orders: int = 10,
    networks: int = 3,
    cascade: bool = False,
    seed: int = 0,
) -> Faithfulness:
    """Measure how well heat maps show which pixels a network uses.

    Two tests are made for each map. Does the probability of the class drop when the pixels that the map marks as
    important are replaced (deletion), and does it rise when they are inserted into an empty image (insertion), sooner
    than with random pixels? And does the map change when the network's weights are random (the randomization check)? A
    map that stays the same shows the image, not what was learned.

    Parameters
    ----------
    model : Sequential or Model
        With one input, and one row of scores for each image.
    x : array (N, *input_shape) or one image
        Prepared as for training: (height, width) or (height, width, channels) each.
    y : int, array of int (N,), or one-hot rows (N, classes), optional
        The classes whose evidence is shown; for each image the one that the model predicts, if left out.
    method : {"grad_cam", "hires_cam", "occlusion", "saliency"} or function
        A function ``(model, images, classes)`` returns a map for each image, (N, height, width) of any size, with large
        values where the evidence is. It is also called for random networks.
    layer : layer, name or index, optional
        For Grad-CAM and HiResCAM; the last convolution if left out.
    baseline : {"mean", "blur"}, float or one for each channel
        What replaces pixels: the mean of the image in each channel; the image under a Gaussian blur with a standard
        deviation of a tenth of its longer side; or a value. On a black background, 0 replaces nothing.
    steps : int
        The number of steps in which pixels are replaced. Each costs a prediction.
    orders : int
        How many random orders the curves are compared with.
    networks : int
        The number of random networks that the maps are compared with; 0 skips the randomization check.
    cascade : bool
        Whether to make the layers random one after the other, from the last one down, instead of all at once.
    seed : int
        Of random orders and weights: the same seed gives the same result.

    Raises
    ------
    ConfigurationError
        If the model has several inputs, or an argument is invalid.
    ShapeError
        If the images have no rows and columns, the outputs are not one row of scores for each image, or a function
        returned something else.

    Notes
    -----
    Petsiuk, Das and Saenko, "RISE" (2018), for deletion and insertion; Adebayo et al., "Sanity Checks for Saliency
    Maps" (2018). The network was not trained on images with replaced pixels: compare the curves with the random ones
    beside them, not with those of other baselines or networks.

    See Also
    --------
    grad_cam, saliency, occlusion : The maps.

    Examples
    --------
    >>> import convoscope as cs
    >>> model = cs.Sequential([cs.layers.Flatten(input_shape=(2, 2, 1)), cs.layers.Dense(2, activation="softmax")])
    >>> model.set_weights([np.array([[0.0, 9.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]), np.array([0.0, -4.0])])
    >>> image = np.array([[[1.0], [0.0]], [[0.0], [0.0]]])
    >>> result = faithfulness(model, image, 1, "saliency", baseline=0.0, steps=4, networks=0)
    >>> result.deletion.round(2).tolist(), result.insertion.round(2).tolist()
    ([[0.99, 0.02, 0.02, 0.02, 0.02]], [[0.02, 0.99, 0.99, 0.99, 0.99]])
    """
    images = as_batch(model, x, "faithfulness")
    if images.ndim not in (3, 4):
        raise ShapeError(
            "faithfulness takes images of shape (height, width) or (height, width, channels), but model "
            f"{model.name!r} takes inputs of shape {images.shape[1:]}."
        )
    classes, names = _classes(model, images, y)
    steps, orders = integer(steps, "steps", "faithfulness"), integer(orders, "orders", "faithfulness")
    networks = integer(networks, "networks", "faithfulness", minimum=0)
    chosen = heat_maps(model, method, layer)
    raw = chosen.of(model, images, classes)
    maps = enlarged(raw, *images.shape[1:3])
    probability = perturbation.probability(model)
    found = [
        _curves(probability, image, int(each), seen, baseline, (steps, orders, seed))
        for image, each, seen in zip(images, classes, maps, strict=True)
    ]
    check = _randomization(model, chosen, images, classes, raw, networks, cascade, seed) if networks else None
    deleted, inserted, random = (np.stack(each) for each in zip(*found, strict=True))
    labels = tuple(names[each] for each in classes)
    fractions = perturbation.counts(maps[0].size, steps) / maps[0].size
    return Faithfulness(
        images, chosen.name, classes, labels, maps, fractions, deleted, inserted, random.swapaxes(0, 1), check
    )


def _curves(
    probability: Any, image: Array, class_index: int, seen: Array, baseline: Any, how: tuple[int, int, int]
) -> tuple[Array, Array, Array]:
    """Return one image's curves: (steps + 1,) by deletion and by insertion, (orders, steps + 1) of random orders."""
    steps, orders, seed = how
    base, pixels = perturbation.baseline_of(image, baseline), perturbation.order(seen, seed)
    deleted = probability(perturbation.deletion(image, base, pixels, steps), class_index)
    inserted = probability(perturbation.deletion(base, image, pixels, steps), class_index)
    shuffled = [perturbation.random_order(len(pixels), seed + 1 + number) for number in range(orders)]
    random = [probability(perturbation.deletion(image, base, each, steps), class_index) for each in shuffled]
    return deleted, inserted, np.stack(random)


def _randomization(
    model: Network, method: HeatMaps, images: Array, classes: Array, raw: Array, networks: int, cascade: bool, seed: int
) -> Randomization:
    layers: list[str] = []
    ranks, structures = [], []
    for number in range(networks):
        one = seed + 1 + number
        twins = from_the_top(model, one) if cascade else iter([("all layers", untrained(model, one))])
        layers, levels = [], []
        for name, twin in twins:
            layers.append(name)
            levels.append(method.of(twin, images, classes))
        ranks.append([[spearman(a, b) for a, b in zip(raw, level, strict=True)] for level in levels])
        size = images.shape[1:3]
        pairs = [(enlarged(raw, *size), enlarged(level, *size)) for level in levels]
        structures.append([[ssim(a, b) for a, b in zip(*pair, strict=True)] for pair in pairs])
    if not layers:
        raise ConfigurationError(f"Model {model.name!r} has no weights to randomize: use networks=0.")
    correlations, likenesses = (np.array(each).swapaxes(0, 1) for each in (ranks, structures))
    return Randomization(tuple(layers), correlations, likenesses, raw[0].size)


def _classes(model: Network, images: Array, y: Any) -> tuple[Array, Sequence[str]]:
    """Return the class of each image, (N,), and the names of all; a single output has two classes."""
    count = max(2, class_count(model))
    names = class_names(model, count)
    if y is None:
        return predictions(model, images).predicted, names
    told = np.full(len(images), y) if np.ndim(y) == 0 else y
    return checked_labels(told, len(images), count), names


def _plot_cascade(panel: Any, check: Randomization) -> None:
    sizes = [np.abs(level)[np.isfinite(level)] for level in check.spearman]
    similarity = [float(each.mean()) if each.size else float("nan") for each in sizes]
    panel.plot(np.arange(1, len(similarity) + 1), similarity, **drawing.series(0))
    panel.set(xlabel="random layers, from the last one down", ylabel="size of the rank correlation", ylim=(-0.02, 1.02))
    drawing.finish(panel, "Randomization check: near 0 is good")
