"""Why a clip got its score: attention, Captum's attributions and error maps, and how right each of them is."""

from tad.explain.attention import attention, attention_gradient, attention_of_mid_frame, rollout
from tad.explain.attribution import (
    Effort,
    Heat,
    ablation,
    grad_cam,
    integrated_gradients,
    layer_integrated_gradients,
    occlusion,
    smooth_grad,
)
from tad.explain.cells import TUBELETS, Grid, cells, evidence, fitting, pooled, spread
from tad.explain.controls import control_maps, random_detector, random_twin
from tad.explain.error_maps import ERROR_MAPS, error_map, error_maps
from tad.explain.faithfulness import Remembered, deletion_area, deletion_curve, infidelity
from tad.explain.localisation import agreement, localisation
from tad.explain.measured import Questions, measure_clip
from tad.explain.methods import METHODS, explain, usable
from tad.explain.summary import COLUMNS, IN_WORDS, mean_over_groups, summary, table
from tad.explain.target import ClipScore, blurred, embedded_layer, is_differentiable

__all__ = [
    "COLUMNS", "ERROR_MAPS", "IN_WORDS", "METHODS", "TUBELETS", "ClipScore", "Effort", "Grid", "Heat", "Questions",
    "Remembered", "ablation", "agreement", "attention", "attention_gradient", "attention_of_mid_frame", "blurred",
    "cells", "control_maps", "deletion_area", "deletion_curve", "embedded_layer", "error_map", "error_maps",
    "evidence", "explain", "fitting", "grad_cam", "infidelity", "integrated_gradients", "is_differentiable",
    "layer_integrated_gradients", "localisation", "mean_over_groups", "measure_clip", "occlusion", "pooled",
    "random_detector", "random_twin", "rollout", "smooth_grad", "spread", "summary", "table", "usable",
]  # fmt: skip
