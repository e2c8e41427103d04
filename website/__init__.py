"""The documentation site: ``python -m website`` makes it of ``docs``, of docstrings and of the package's own pages."""
