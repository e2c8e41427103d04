"""ONNX files in: operators become layers, with the channels last and no transposition left inside."""
