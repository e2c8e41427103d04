"""A notebook's channel, as ipywidgets sees it: what the kernel sends is kept, what a page sends is put in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convoscope as cs

pytest.importorskip("anywidget", reason="widgets need anywidget")


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Channel:
    """The channel of all widgets that are made in a test."""
    import comm
    from comm.base_comm import BaseComm

    made = Channel()

    class Comm(BaseComm):
        def publish_msg(
            self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
        ) -> None:
            made.sent.append((self.comm_id, msg_type, data, [bytes(each) for each in buffers or []]))

    monkeypatch.setattr(comm, "create_comm", Comm)
    return made


class Channel:
    """What was sent: (the widget's id, the message's type, its data, its buffers)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Any, list[bytes]]] = []

    def ask(self, widget: Any, method: str, address: str, body: bytes | None = None) -> tuple[dict[str, Any], bytes]:
        """Ask as a page does; the answer and its bytes."""
        self.sent.clear()
        content = {"kind": "ask", "id": "1", "method": method, "address": address}
        self.put(widget, {"method": "custom", "content": content}, [] if body is None else [body])
        [(_, _, data, buffers)] = self.sent
        return data["content"], buffers[0]

    def tell(self, widget: Any, **state: Any) -> None:
        """Tell traits as a page does: bytes as buffers."""
        paths = [[name] for name, value in state.items() if isinstance(value, bytes)]
        buffers = [state.pop(name) for [name] in paths]
        self.put(widget, {"method": "update", "state": state, "buffer_paths": paths}, buffers)

    def put(self, widget: Any, data: dict[str, Any], buffers: list[bytes]) -> None:
        widget.comm.handle_msg({"content": {"data": data}, "buffers": [memoryview(each) for each in buffers]})

    def updates(self) -> dict[str, Any]:
        """All traits that the kernel has sent since the last time."""
        found: dict[str, Any] = {}
        for _, _, data, buffers in self.sent:
            if data.get("method") == "update":
                found |= data["state"]
                found |= {path[0]: buffer for path, buffer in zip(data["buffer_paths"], buffers, strict=True)}
        self.sent.clear()
        return found


@pytest.fixture(scope="session")
def model() -> cs.Sequential:
    return cs.Sequential(
        [
            cs.layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1), name="conv2d"),
            cs.layers.MaxPooling2D(name="max_pooling2d"),
            cs.layers.Flatten(),
            cs.layers.Dense(10, activation="softmax", name="dense"),
        ],
        seed=1,
    )


@pytest.fixture(scope="session")
def digits() -> tuple[Any, Any]:
    _, (x, y) = cs.datasets.digits.load_data()
    return x[..., None].astype(np.float32) / 16, y
