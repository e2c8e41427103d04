"""The loopback server of the data sets' tests."""

from tests.datasets.conftest import server as server
