"""Classifiers of your own photos, on a pretrained backbone.

Images become features (`features`, kept by `store`), a logistic head is fitted to these (`head`, by `logistic`), with
its strength and temperature from cross-validation (`folds`, `calibration`), and learns what to refuse (`rejecting`).
Where that gains, the last blocks of the backbone are trained, too (`fine_tuning`, `tuned`); `choosing` decides.
"""

from convoscope.transfer.assembling import assemble
from convoscope.transfer.choosing import Choice, Wishes, train
from convoscope.transfer.digesting import digest_of_features
from convoscope.transfer.features import Extractor, View
from convoscope.transfer.frozen import Classified, train_frozen
from convoscope.transfer.head import Head, fit_head
from convoscope.transfer.photos import Photos
from convoscope.transfer.rejecting import fit_rejection
from convoscope.transfer.store import FeatureStore

__all__ = [
    "Choice",
    "Classified",
    "Extractor",
    "FeatureStore",
    "Head",
    "Photos",
    "View",
    "Wishes",
    "assemble",
    "digest_of_features",
    "fit_head",
    "fit_rejection",
    "train",
    "train_frozen",
]
