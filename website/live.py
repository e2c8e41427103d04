"""The filter lab and the explorer inside pages: the same files that ``Share`` and ``--html`` save, in a frame."""

from __future__ import annotations

from pathlib import Path

from website.contents import between

_FOLDER = "live"
_SOBEL = "-1,0,1/-2,0,2/-1,0,1"
_BLUR = "1,1,1/1,1,1/1,1,1"
_VERTICAL = "-1,2,-1/-1,2,-1/-1,2,-1"

#: What the lab beside a page of docs/filters begins with, as its address has it.
LAB_STATES = {
    "filters/index": f"image=photograph&step=convolve;kernel={_SOBEL}",
    "filters/1_what_a_convolution_is": f"image=drawing&step=convolve;kernel={_BLUR};weight=0.111111111",
    "filters/2_filters_that_look_for_lines": f"image=drawing&step=convolve;kernel={_VERTICAL}",
    "filters/3_nine_numbers_to_change": f"image=photograph&step=convolve;kernel={_BLUR};weight=0.111111111",
    "filters/5_colour": f"image=photograph&step=convolve;kernel={_SOBEL}",
    "filters/6_borders_stride_and_padding": f"image=drawing&step=convolve;kernel={_SOBEL};padding=same;stride=2",
    "filters/7_pooling": f"image=photograph&step=convolve;kernel={_SOBEL}&step=pool;mode=max;size=2;stride=2",
}
_TITLES = {
    "lab": "The filter lab: an image, a kernel, and what it makes of the image",
    "explorer": "The explorer: a small network that reads handwritten digits",
}


def frame(page: str, what: str, state: str = "") -> str:
    """Return the HTML of a frame with one of the pages in it.

    Parameters
    ----------
    page : str
        The page that it stands on.
    what : {'lab', 'explorer'}
    state : str
        What the page shows at first, as a link to it has it.
    """
    address = between(page, f"{_FOLDER}/{what}.html") + (f"#{state}" if state else "")
    return (
        f'<iframe class="live" src="{address.replace("&", "&amp;")}" title="{_TITLES[what]}" loading="lazy"></iframe>\n'
        f'<p class="live-link"><a href="{address.replace("&", "&amp;")}">Open in a separate page</a></p>'
    )


def write_live(extra: Path) -> None:
    """Train a small network on the digits in the package, and write the explorer and the lab as files that are whole.

    Parameters
    ----------
    extra : Path
        The folder whose content is copied beside the site's pages.
    """
    import convoscope as cs
    from convoscope.web import explorer, lab

    folder = extra / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lab.html").write_text(lab.offline(lab.Start()), encoding="utf-8")

    (x, y), (x_test, y_test) = cs.datasets.digits.load_data()
    cs.utils.set_random_seed(1)
    layers = cs.layers
    model = cs.Sequential(
        [
            cs.Input(shape=(8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[..., None], y, epochs=20, verbose=0)
    model.class_names = [str(digit) for digit in range(10)]
    shown = explorer.opened(model, x_test[..., None], y_test)
    (folder / "explorer.html").write_text(explorer.offline(shown), encoding="utf-8")
