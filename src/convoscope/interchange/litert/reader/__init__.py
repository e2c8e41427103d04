"""LiteRT files, read: a bounded flatbuffer, and its operators as the nodes that ONNX's reader makes layers of."""
