"""Recipes: how to train well on a data set, chosen by trial on images held back from training."""

from convoscope.recipes.known import get, names, suggest
from convoscope.recipes.recipe import Recipe

__all__ = ["Recipe", "get", "names", "suggest"]
