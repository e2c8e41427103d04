"""Names of TensorFlow and Keras that are not here: one sentence each that says what to write.

The sentence comes where the name is used, as in ``tf.GradientTape()``, and where it is imported.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Sequence
from typing import Any

from convoscope.errors import OutsideImportError, OutsideNameError


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text: names that would fill a line each as a list."""
    return tuple(text.split())


_FIT = "compile and fit train a model: model.compile(optimizer, loss); model.fit(x, y)."
_GRADIENTS = "the engines compute gradients: fit trains, and convoscope.explore shows saliency maps."
_TEXT = "Convoscope is for images, and has no layers for text and sequences."
_EXPORT = "model.save(path) saves the model in one safetensors file."
_ONE_MACHINE = "training runs on all cores of this machine; convoscope.set_threads(n) sets the number."

#: By the name behind ``tf.``
TENSORFLOW = {
    "GradientTape": _GRADIENTS,
    "gradients": _GRADIENTS,
    "Variable": "weights belong to layers (layer.weights, layer.set_weights); other numbers are NumPy arrays.",
    "Module": "write class MyModel(keras.Model) with a call method over layers.",
    "function": "Convoscope compiles every model itself. Leave the decorator out.",
    "custom_gradient": _GRADIENTS,
    "stop_gradient": "set layer.trainable = False to freeze a layer.",
    "distribute": _ONE_MACHINE,
    "device": f"leave 'with tf.device(...)' out: {_ONE_MACHINE}",
    "lite": _EXPORT,
    "saved_model": f"{_EXPORT} convoscope.load_model(path) reads it back.",
    "hub": "there are no modules to download; write the network with layers.",
    "train": "model.save_weights(path), callbacks.ModelCheckpoint and callbacks.BackupAndRestore keep weights.",
    "summary": "callbacks.TensorBoard records training metrics.",
    "strings": "Convoscope is for images; Python's str methods handle file names (path.split(os.sep)).",
    "feature_column": "Convoscope is for images; prepare tables with pandas and NumPy.",
    "estimator": _FIT,
    "contrib": f"TensorFlow 1 is not supported: {_FIT}",
    "Session": f"TensorFlow 1 is not supported: {_FIT}",
    "placeholder": "TensorFlow 1 is not supported: use keras.Input(shape=(28, 28, 1)).",
    "global_variables_initializer": f"TensorFlow 1 is not supported: {_FIT}",
    "ConfigProto": "TensorFlow 1 is not supported; there is nothing to configure.",
    "Graph": "TensorFlow 1 is not supported: model.graph contains the layer calls.",
    "RaggedTensor": "resize all images to one size and stack them: np.stack(images).",
    "ragged": "resize all images to one size and stack them: np.stack(images).",
    "SparseTensor": "use a NumPy array.",
    "sparse": "use NumPy arrays.",
    "TensorArray": "use a list of NumPy arrays.",
    "TFRecordDataset": "read images from folders: keras.utils.image_dataset_from_directory(folder).",
    "while_loop": "use Python's while over arrays; a model has no loops.",
    "autograph": "there is nothing to convert: a model is traced once.",
    "signal": "use NumPy (np.fft) or SciPy.",
    "audio": _TEXT,
    "lookup": _TEXT,
    "profiler": "convoscope's summary(plan=True) shows the steps that run.",
    "tpu": _ONE_MACHINE,
}
_RECURRENT = words("""
    SimpleRNNCell StackedRNNCells ConvLSTM1D ConvLSTM3D SimpleRNN LSTM GRU Bidirectional TimeDistributed
    ConvLSTM2D RNN LSTMCell GRUCell
""")
_WORDS = words("""
    Embedding TextVectorization StringLookup IntegerLookup Hashing CategoryEncoding Discretization
    MultiHeadAttention EinsumDense GroupQueryAttention MelSpectrogram STFTSpectrogram
    ReversibleEmbedding Attention AdditiveAttention Masking HashedCrossing
""")
_LINES = words("""
    Conv1D Convolution1D Conv1DTranspose Convolution1DTranspose DepthwiseConv1D SeparableConv1D SeparableConvolution1D
    MaxPooling1D MaxPool1D AveragePooling1D AvgPool1D GlobalMaxPooling1D GlobalMaxPool1D GlobalAveragePooling1D
    GlobalAvgPool1D AdaptiveAveragePooling1D AdaptiveMaxPooling1D UpSampling1D ZeroPadding1D Cropping1D SpatialDropout1D
""")
_VOLUMES = words("""
    Conv3D Convolution3D Conv3DTranspose Convolution3DTranspose MaxPooling3D MaxPool3D AveragePooling3D AvgPool3D
    GlobalMaxPooling3D GlobalMaxPool3D GlobalAveragePooling3D GlobalAvgPool3D AdaptiveAveragePooling3D
    AdaptiveMaxPooling3D UpSampling3D ZeroPadding3D Cropping3D SpatialDropout3D
""")
_AUGMENTATIONS = words("""
    AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MixUp
    RandAugment RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomGaussianBlur
    RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomSaturation
    RandomSharpness RandomShear Solarization
""")
_ANY_FUNCTION = (
    "ImageDataGenerator(preprocessing_function=...) and Dataset.map vary images by any function of arrays; RandomFlip, "
    "RandomRotation, RandomTranslation, RandomZoom, RandomContrast, RandomBrightness and RandomErasing are layers here."
)
_FRAMEWORKS = ("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper")
#: By the name in ``keras.layers``
LAYERS = {
    **dict.fromkeys((*_RECURRENT, *_WORDS), _TEXT),
    **dict.fromkeys(
        _LINES,
        "use the layer for images on a single row: Reshape((1, n, channels)), then Conv2D(filters, (1, k)).",
    ),
    **dict.fromkeys(_AUGMENTATIONS, _ANY_FUNCTION),
    **dict.fromkeys(_FRAMEWORKS, "models of other frameworks cannot run in Convoscope; write the network with layers."),
    **dict.fromkeys(_VOLUMES, "Convoscope is for images with two sides, and has no layers for volumes."),
}
#: By the name in ``keras.datasets``
DATASETS = dict.fromkeys(
    ("imdb", "reuters", "boston_housing", "california_housing"),
    "it contains text or tables, but Convoscope is for images (mnist, fashion_mnist, cifar10, cifar100, kmnist, "
    "digits).",
)
#: By the name behind ``keras.``
KERAS = {
    "experimental": "experimental modules have moved: layers.RandomFlip, optimizers.schedules.",
    "estimator": _FIT,
    "wrappers": "the scikit-learn wrappers are in the package scikeras.",
    "distribution": _ONE_MACHINE,
    "mixed_precision": "Convoscope computes in float32. Leave the policy out.",
    "tree": "use Python's lists and dicts.",
    "Variable": TENSORFLOW["Variable"],
    "export": _EXPORT,
    "legacy": "use the current modules instead of the legacy ones: preprocessing.image, optimizers.",
    "quantizers": "Convoscope computes in float32.",
}
#: By the name in ``keras.applications``
APPLICATIONS = dict.fromkeys(
    words("""
        ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge DenseNet121 DenseNet169 DenseNet201
        EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6
        EfficientNetB7 EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2L
        EfficientNetV2M EfficientNetV2S InceptionResNetV2 MobileNet MobileNetV3Large MobileNetV3Small
        NASNetLarge NASNetMobile ResNet101 ResNet101V2 ResNet152 ResNet152V2 ResNet50V2 Xception convnext densenet
        efficientnet efficientnet_v2 inception_resnet_v2 mobilenet mobilenet_v3 nasnet resnet_v2 xception
    """),
    "there are EfficientNetLite0 to 4, InceptionV3, MobileNetV2, ResNet18, 34 and 50, VGG16 and 19, and SqueezeNet. "
    "EfficientNetLite0 is small and accurate, and its weights are installed.",
)
#: By the name in ``keras.utils``
UTILS = {
    "FeatureSpace": "Convoscope is for images; prepare tables with pandas and NumPy.",
    **dict.fromkeys(
        words("audio_dataset_from_directory pad_sequences text_dataset_from_directory timeseries_dataset_from_array"),
        _TEXT,
    ),
}
_OLD_BACKEND = "images are always height × width × channels; leave it out."
#: By the name in ``keras.backend``
BACKEND = {
    **dict.fromkeys(("set_image_dim_ordering", "image_dim_ordering"), _OLD_BACKEND),
    **dict.fromkeys(("get_session", "set_session"), f"TensorFlow 1 is not supported: {_FIT}"),
    **dict.fromkeys(("function", "gradients"), _GRADIENTS),
    "tf": "write import convoscope as tf.",
}
PREPROCESSING = dict.fromkeys(("text", "sequence", "timeseries", "timeseries_dataset_from_array"), _TEXT)

TABLES: dict[str, dict[str, str]] = {
    "convoscope": TENSORFLOW,
    "convoscope.keras": {**TENSORFLOW, **KERAS},
    "convoscope.layers": LAYERS,
    "convoscope.keras.layers": LAYERS,
    "convoscope.keras.applications": APPLICATIONS,
    "convoscope.datasets": DATASETS,
    "convoscope.keras.datasets": DATASETS,
    "convoscope.keras.preprocessing": {**PREPROCESSING, **UTILS},
    "convoscope.keras.utils": UTILS,
    "convoscope.keras.backend": BACKEND,
    "convoscope.preprocessing": PREPROCESSING,
}


def sentence(module: str, name: str) -> str | None:
    """Return what to say of a name in a module; None if it is not known to be outside."""
    found = TABLES.get(module, {}).get(name)
    shown = {"convoscope": "tf", "convoscope.keras": "keras"}.get(module, module.rsplit(".", 1)[-1])
    return None if found is None else f"{shown}.{name} is not in Convoscope: {found}"


def missing(module: str, name: str) -> AttributeError:
    """Return the error for a name that a module does not have."""
    said = sentence(module, name)
    if said is not None:
        return OutsideNameError(said)
    return AttributeError(f"module {module!r} has no attribute {name!r}")


class _Imports(importlib.abc.MetaPathFinder):
    """Finds nothing; says of an import that is outside what to write."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:
        module, _, name = fullname.rpartition(".")
        if module in TABLES and (said := sentence(module, name)) is not None:
            raise OutsideImportError(said)


def explain_imports() -> None:
    """Have imports of these names say their sentence."""
    if not any(isinstance(finder, _Imports) for finder in sys.meta_path):
        sys.meta_path.append(_Imports())
