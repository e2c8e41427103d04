"""Look inside a trained model: the outputs of its layers, what they respond to, and its mistakes.

Each function returns arrays, and has a ``plot`` for notebooks (``pip install 'convoscope[plots]'``).
"""

from convoscope.explore.activations import Activations, activations
from convoscope.explore.common_features import CommonFeatures, common_features
from convoscope.explore.confusion import Confusion, confusion
from convoscope.explore.dead_filters import DeadFilters, dead_filters
from convoscope.explore.embedding import Embedding, embedding
from convoscope.explore.faithfulness import Faithfulness, Randomization, faithfulness
from convoscope.explore.filters import Filters, filters
from convoscope.explore.grad_cam import GradCam, grad_cam
from convoscope.explore.interventions import Ablation, ablate
from convoscope.explore.maximize import Maximized, maximize
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
    "Faithfulness",
    "Filters",
    "GradCam",
    "Maximized",
    "Mistakes",
    "Nearest",
    "Occlusion",
    "Randomization",
    "ReceptiveField",
    "Saliency",
    "TopActivating",
    "ablate",
    "activations",
    "common_features",
    "confusion",
    "dead_filters",
    "embedding",
    "faithfulness",
    "filters",
    "grad_cam",
    "maximize",
    "mistakes",
    "nearest",
    "occlusion",
    "receptive_field",
    "saliency",
    "top_activating",
]
