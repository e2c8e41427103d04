"""LiteRT files (.tflite, of TensorFlow Lite before), by the published schema, version 3."""
