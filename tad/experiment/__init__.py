"""What notebooks and the command line call: one recipe a function."""

from tad.experiment.audit import Audit, audit
from tad.experiment.checkpoints import load, load_threshold, save_threshold
from tad.experiment.recipes import (
    Evaluation,
    Training,
    evaluate,
    folder,
    ladder,
    named_recipe,
    pick,
    train,
    training_groups,
)
from tad.experiment.score import score_videos
from tad.experiment.scores import visibilities
from tad.experiment.sheet import sheet

__all__ = [
    "Audit", "Evaluation", "Training", "audit", "evaluate", "folder", "ladder", "load", "load_threshold",
    "named_recipe", "pick", "save_threshold", "score_videos", "sheet", "train", "training_groups",
    "visibilities",
]  # fmt: skip
