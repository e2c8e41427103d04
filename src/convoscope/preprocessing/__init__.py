"""Images on their way into a model: files read and written, and `ImageDataGenerator`, which changes them at random.

Everything is in `convoscope.preprocessing.image`, as in Keras:

>>> from convoscope.preprocessing.image import ImageDataGenerator, load_img
"""

from convoscope.preprocessing import image

__all__ = ["image"]
