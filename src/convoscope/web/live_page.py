"""The explorer beside a training: open from the first weights on, it follows them and steers the training."""

from __future__ import annotations

import os
import time
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any

from convoscope.notebook import in_notebook
from convoscope.paths import user_path
from convoscope.streams import show
from convoscope.training.callbacks import Snapshots
from convoscope.training.callbacks.base import Logs
from convoscope.training.callbacks.live_control import LiveControl
from convoscope.training.callbacks.snapshots import find_snapshots
from convoscope.training.progress import numbers_in

if TYPE_CHECKING:
    from pathlib import Path

    from convoscope.web.explored import Explored
    from convoscope.web.opening import Opened

_LONG = 3600.0  # seconds


class LivePage(LiveControl):
    """Open the explorer while a model trains: it shows the current weights, and training can be controlled from it.

    The page plots the loss as it changes, shows the progress, and has controls to pause, to go on by a single batch, to
    resume, to limit the batches per second, to change the learning rate, and to stop. Maps, filters and the prediction
    for the chosen image follow the weights, at most once a second. While no page is open, nothing is sent.

    Parameters
    ----------
    x : array (N, *input_shape), or a list or dict of those, optional
        Test images to explore, prepared as for training.
    y : array, optional
        Their labels. See `convoscope.Sequential.explore`.
    x_train, y_train : arrays, optional
        Training images and their labels; the page shows which of them are nearest to an image.
    snapshots : str or path, optional
        The folder for the weights after each epoch, so that you can go back to them. By default, they are kept in a
        temporary folder until the page is closed.
    paused : bool
        Whether training waits, before its first batch, until somebody resumes it on the page.
    patience : float or None
        The number of seconds without an open page after which paused training resumes by itself. None: it waits.
    port : int, optional
        The port to listen on.
    browser : bool
        Whether to open a browser. A notebook shows the page itself.

    Notes
    -----
    The page's stop button ends ``fit`` as ``model.stop_training = True`` does. The page does not change the result: the
    weights are the same as without it, bit for bit, unless somebody changes the learning rate or stops. A callback that
    sets the learning rate of each epoch, such as `LearningRateScheduler`, overrides a change made on the page. All
    changes are listed in `changes`.

    The page stays open after training until `close` is called or Python ends. `stay` waits for Ctrl-C.

    Examples
    --------
    >>> import numpy as np
    >>> import convoscope as cs
    >>> x, y = np.random.default_rng(0).random((64, 6, 6, 1)), np.arange(64) % 2
    >>> layers = [cs.layers.Flatten(input_shape=(6, 6, 1)), cs.layers.Dense(2, activation="softmax")]
    >>> model = cs.Sequential(layers, seed=1)
    >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    >>> with cs.callbacks.LivePage(x, y, port=0, browser=False) as page:
    ...     history = model.fit(x, y, epochs=2, verbose=0, callbacks=[page])  # doctest: +ELLIPSIS
    The explorer is at http://127.0.0.1:...
    >>> page.changes
    []
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        *,
        x_train: Any = None,
        y_train: Any = None,
        snapshots: str | os.PathLike[str] | None = None,
        paused: bool = False,
        patience: float | None = 60.0,
        port: int | None = None,
        browser: bool = True,
    ) -> None:
        super().__init__(paused=paused, patience=patience, say=show)
        self._data = {"x": x, "y": y, "x_train": x_train, "y_train": y_train}
        self._port, self._browser = port, browser
        self._folder = None if snapshots is None else user_path(snapshots)
        self._own_folder: TemporaryDirectory[str] | None = None
        self._keeping: Snapshots | None = None
        self._lines: list[dict[str, Any]] = []
        self._training = False
        self._page: Opened | None = None

    @property
    def address(self) -> str | None:
        """The address of the page, for a browser on this machine; None until training has begun."""
        return None if self._page is None else self._page.address

    def close(self) -> None:
        """Close the page and free its port."""
        page, self._page = self._page, None
        if page is not None:
            page.close()
        if self._own_folder is not None:
            self._own_folder.cleanup()
            self._own_folder = None

    def stay(self) -> None:
        """Keep the page open after training until Ctrl-C is pressed."""
        self._training = False
        if self._page is None:
            return
        try:
            self._say(f"\nThe explorer stays at {self._page.address} until Ctrl-C is pressed.")
            while True:
                time.sleep(_LONG)
        except KeyboardInterrupt:
            self._say("\nThe explorer has ended.")

    def __enter__(self) -> LivePage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- what training does

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self._keeping is not None:
            self._keeping.set_model(model)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._training = True
        self._keeping = self._keeper()
        if self._keeping is not None:
            self._keeping.set_model(self.model)
            self._keeping.on_train_begin(logs)
        super().on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self._keeping is not None:
            self._keeping.on_epoch_begin(epoch, logs)
        self._lines = [line for line in self._lines if line["epoch"] <= epoch]
        if self._page is None:
            self._open()
        super().on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._lines = [*self._lines, {"epoch": epoch + 1, **numbers_in(logs)}]
        if self._keeping is not None:
            self._keeping.on_epoch_end(epoch, logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        super().on_train_end(logs)
        self._training = False

    # ---- the page

    def _keeper(self) -> Snapshots | None:
        """Return what keeps the weights of each epoch, unless somebody else does."""
        if self._folder is None:
            self._own_folder = TemporaryDirectory(prefix="convoscope-")
            self._folder = user_path(self._own_folder.name)
        return Snapshots(self._folder)

    def _explored(self) -> Explored | None:
        """Return what the page shows; None while there are no weights to show."""
        assert self._folder is not None
        return self._explored_in(self._folder, self.model.name, self._data, int(self.params["epochs"]))

    def _explored_in(self, folder: Path, title: str, data: dict[str, Any], epochs: int) -> Explored | None:
        """Return the model of the newest weights in a folder, which the page begins with."""
        from convoscope.models import load_model
        from convoscope.web.epochs import Epochs
        from convoscope.web.explored import Explored
        from convoscope.web.live import Live

        kept = find_snapshots(folder)
        if not kept:
            return None
        own = max(kept)
        told = Epochs(self._measured, folder, own, epochs, self._goes_on, live=Live(self, self._after_stop()))
        return Explored(load_model(kept[own]), **data, title=title, epochs=told)

    def _measured(self) -> list[dict[str, Any]]:
        return self._lines

    def _goes_on(self) -> bool:
        """Say whether it trains: after an error or Ctrl-C nobody has been told that it does not."""
        from convoscope.layers import moments

        return self._training and moments.others_train()

    def _after_stop(self) -> str:
        return "Training was stopped from this page. Call fit again to continue from these weights."

    def _open(self) -> None:
        from convoscope.web.explorer import site
        from convoscope.web.opening import Opened
        from convoscope.web.server import PORT, Server

        explored = self._explored()
        if explored is None:
            return
        server = Server(site(explored), port=PORT if self._port is None else self._port)
        self._page = Opened(server)
        self._say(f"The explorer is at {self._page.address}")
        if in_notebook():
            from IPython.display import display

            display(self._page)
        elif self._browser:
            self._say(self._page.open_browser())
