"""One-class training: objectives, recipes, the Lightning module, the run."""

from tad.training.fit import fit
from tad.training.module import Reconstruction
from tad.training.objectives import (
    flow_losses,
    frame_error,
    neighbour_errors,
    photometric_loss,
    smoothness_loss,
)
from tad.training.recipes import RECIPES, Recipe

__all__ = [
    "RECIPES", "Recipe", "Reconstruction", "fit", "flow_losses", "frame_error", "neighbour_errors",
    "photometric_loss", "smoothness_loss",
]  # fmt: skip
