"""One-class training: objectives, recipes, the Lightning module, the run."""

from tad.training.fit import fit
from tad.training.module import Reconstruction, TrainingStopped
from tad.training.objectives import (
    flow_losses,
    frame_error,
    neighbour_errors,
    photometric_loss,
    smoothness_loss,
)
from tad.training.recipes import RECIPES, Machine, Recipe

__all__ = [
    "RECIPES", "Machine", "Recipe", "Reconstruction", "TrainingStopped", "fit", "flow_losses", "frame_error",
    "neighbour_errors", "photometric_loss", "smoothness_loss",
]  # fmt: skip
