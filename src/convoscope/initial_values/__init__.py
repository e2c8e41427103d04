"""The initializers, a kind a file; their names, `get` and `serialize` are in `convoscope.initializers`."""
