"""One-class training: objectives, recipes, the Lightning module, the run."""

from importlib import import_module

from tad.training.heads import HeadRecipe, Pool, fit_head, look_through, make_pool
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

_LIGHTNING = {"fit": "run", "Reconstruction": "module", "TrainingStopped": "module"}


def __getattr__(name: str):
    """What stands on Lightning, whose import takes a second that only a training should wait for."""
    if name not in _LIGHTNING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LIGHTNING[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
