"""One-class training: objectives, recipes, the Lightning module, the run."""

from tad.training.fit import fit
from tad.training.heads import HeadRecipe, Pool, fit_head, look_through, make_pool
from tad.training.module import Reconstruction, TrainingStopped
from tad.training.objectives import (
    flow_losses,
    frame_error,
    hide_mid_frame,
    neighbour_errors,
    photometric_loss,
    smoothness_loss,
)
from tad.training.recipes import RECIPES, Machine, Recipe
from tad.training.self_forged import SelfForged, Variation

__all__ = [
    "RECIPES", "HeadRecipe", "Machine", "Pool", "Recipe", "Reconstruction", "SelfForged", "TrainingStopped",
    "Variation", "fit", "fit_head", "flow_losses", "frame_error", "hide_mid_frame", "look_through", "make_pool",
    "neighbour_errors", "photometric_loss", "smoothness_loss",
]  # fmt: skip
