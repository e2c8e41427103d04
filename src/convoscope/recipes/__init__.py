"""Recipes: how to train well on a data set, chosen by trial on held-out images."""

from convoscope.recipes.known import get, names
from convoscope.recipes.recipe import Recipe
from convoscope.recipes.suggestion import suggest

__all__ = ["Recipe", "get", "names", "suggest"]
