"""LiteRT files (.tflite, of TensorFlow Lite before), by the published schema, version 3.

What Convoscope says of a model stands in the file's ``metadata``: an entry for each of the properties that
`convoscope.interchange.onnx.metadata` describes, under the same name, its buffer the text in UTF-8. An initializer
there is a constant tensor here, by its name. A node is an operator: its name in the schema, and the names of the
tensors that it reads (an empty name for one that is left out) and makes. A file of int8 has no property ``convoscope``:
its weights are no longer the model's.
"""
