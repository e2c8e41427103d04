"""Convoscope beside Keras, PyTorch and ONNX Runtime, and against what the processor can do: ``python -m benchmarks``.

===================  ================================================================================================
`environments`       a virtual environment for each peer, under ``.bench/``
`networks`, `sweep`  what is computed, said once for all peers
`programs/`          what runs in a peer's environment: one measurement, one process, one line of JSON
`parts/`             what is measured together, and how it reads: from ``epoch`` to ``startup``
`runner`             the measurements of a part, interleaved round by round
`results`, `page`    JSON files, and docs/benchmarks.md with its plots, made from them
===================  ================================================================================================

All but `programs/` needs nothing but Python, so that the process that starts the others stays small.
"""
