"""Descriptions of layers, under Keras' names and with Keras' arguments."""

from convoscope.layers.activation import ELU, Activation, LeakyReLU, ReLU, Softmax
from convoscope.layers.augmentation import RandomErasing, RandomFlip, RandomRotation, RandomTranslation
from convoscope.layers.base import Layer
from convoscope.layers.convolution import Conv2D
from convoscope.layers.dense import Dense
from convoscope.layers.enlarging import Conv2DTranspose, UpSampling2D
from convoscope.layers.input import Input, InputLayer
from convoscope.layers.joining import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from convoscope.layers.normalization import BatchNormalization, Rescaling
from convoscope.layers.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    MinPooling2D,
)
from convoscope.layers.regularization import Dropout
from convoscope.layers.reshaping import Flatten, Reshape, ZeroPadding2D
from convoscope.layers.serialization import deserialize, serialize

Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
MaxPool2D = MaxPooling2D
AvgPool2D = AveragePooling2D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalMaxPool2D = GlobalMaxPooling2D

__all__ = [
    "ELU",
    "Activation",
    "Add",
    "Average",
    "AveragePooling2D",
    "AvgPool2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Conv2DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "MaxPooling2D",
    "Maximum",
    "MinPooling2D",
    "Minimum",
    "Multiply",
    "RandomErasing",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "Subtract",
    "UpSampling2D",
    "ZeroPadding2D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]
