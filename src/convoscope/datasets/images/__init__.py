"""Single images, from wherever they come, in the form that a model takes."""
