"""Look inside a trained model: what its layers make of images, what they look at, where they go wrong.

Each function returns arrays, and has a ``plot`` for notebooks (``pip install '.[plots]'``).
"""

from convoscope.explore.activations import Activations, activations
from convoscope.explore.common_features import CommonFeatures, common_features
from convoscope.explore.confusion import Confusion, confusion
from convoscope.explore.dead_filters import DeadFilters, dead_filters
from convoscope.explore.embedding import Embedding, embedding
from convoscope.explore.filters import Filters, filters
from convoscope.explore.grad_cam import GradCam, grad_cam
from convoscope.explore.interventions import Ablation, ablate
from convoscope.explore.mistakes import Mistakes, mistakes
from convoscope.explore.nearest import Nearest, nearest
from convoscope.explore.occlusion import Occlusion, occlusion
from convoscope.explore.receptive_field import ReceptiveField, receptive_field
from convoscope.explore.saliency import Saliency, saliency
from convoscope.explore.top_activating import TopActivating, top_activating

__all__ = [
    "Ablation",
    "Activations",
    "CommonFeatures",
    "Confusion",
    "DeadFilters",
    "Embedding",
    "Filters",
    "GradCam",
    "Mistakes",
    "Nearest",
    "Occlusion",
    "ReceptiveField",
    "Saliency",
    "TopActivating",
    "ablate",
    "activations",
    "common_features",
    "confusion",
    "dead_filters",
    "embedding",
    "filters",
    "grad_cam",
    "mistakes",
    "nearest",
    "occlusion",
    "receptive_field",
    "saliency",
    "top_activating",
]
