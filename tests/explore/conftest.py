from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def figures_without_windows() -> None:
    """Draw into memory, also where there is a screen."""
    import matplotlib

    matplotlib.use("agg")
