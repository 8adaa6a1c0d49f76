"""What notebooks and the command line call: one recipe a function."""

from tad.experiment.audit import Audit, audit
from tad.experiment.benign import BENIGN, benign_changes
from tad.experiment.checkpoints import load, load_threshold, save_threshold
from tad.experiment.comparison import Comparison, target
from tad.experiment.cross_dataset import cross_dataset
from tad.experiment.cross_fit import cross_fit
from tad.experiment.detector_set import detector_set, left_out
from tad.experiment.evaluation import Evaluation, Setting, card_and_default, evaluate, ladder, measure
from tad.experiment.explain_ladder import (
    Looked,
    by_family,
    explanations,
    falling,
    in_words,
    measure_explanations,
    measured_explanations,
)
from tad.experiment.explain_pictures import head_grid, motion, profile, strip
from tad.experiment.explain_video import explain_video
from tad.experiment.fit_detectors import Material, calibrate_detectors, fit_detectors
from tad.experiment.joined import compare
from tad.experiment.looking import ClipBrowser, StrengthExplorer
from tad.experiment.output import folder
from tad.experiment.real_video import AS_IT_IS, Sources
from tad.experiment.recipes import Training, named_recipe, train, training_groups
from tad.experiment.score import score_videos
from tad.experiment.scores import visibilities
from tad.experiment.sheet import sheet
from tad.experiment.sources import sources

__all__ = [
    "AS_IT_IS", "BENIGN", "Audit", "ClipBrowser", "Comparison", "Evaluation", "Looked", "Material", "Setting",
    "Sources", "StrengthExplorer", "Training", "audit", "benign_changes", "by_family", "calibrate_detectors",
    "card_and_default", "compare", "cross_dataset", "cross_fit", "detector_set", "evaluate", "explain_video",
    "explanations", "falling", "fit_detectors", "folder", "head_grid", "in_words", "ladder", "left_out", "load",
    "load_threshold", "measure", "measure_explanations", "measured_explanations", "motion", "named_recipe",
    "profile", "save_threshold", "score_videos", "sheet", "sources", "strip", "target", "train", "training_groups",
    "visibilities",
]  # fmt: skip
