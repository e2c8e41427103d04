"""ONNX files written by the library onnx, an extra: see `convoscope.interchange.onnx.writer.file.write`."""
