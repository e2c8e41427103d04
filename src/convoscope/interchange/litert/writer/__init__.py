"""LiteRT files written by the library flatbuffers, an extra: see `convoscope.interchange.litert.writer.file.write`."""
