"""Scores and their honest statistics: detectors, thresholds from validation reals, metrics with intervals."""

from tad.scoring.card import against_card
from tad.scoring.conformal import ensemble, fuse, guaranteed, in_words, p_values, percentiles, places
from tad.scoring.detectors import (
    DETECTORS,
    FITTED,
    Detector,
    build,
    from_csv,
    load_detectors,
    look,
    register,
    score,
    two_tailed,
)
from tad.scoring.families import by_family, detectability
from tad.scoring.floor import real_floor, source_pairs
from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.metrics import metrics
from tad.scoring.monotone import detection_limits, monotone_auc
from tad.scoring.operating import at_operating_points, operating_points
from tad.scoring.paired import corrected, holm, paired
from tad.scoring.pooled import above_own_real, mean_auc
from tad.scoring.reals import false_positive_rate, median_over_groups
from tad.scoring.resampled import auc_statistic
from tad.scoring.summary import summary
from tad.scoring.table import video_scores
from tad.scoring.threshold import Threshold, oracle_threshold, quantile_threshold, threshold_of_folds

__all__ = [
    "DETECTORS", "FITTED", "Detector", "Interval", "Threshold", "above_own_real", "against_card",
    "at_operating_points", "auc_statistic", "build", "by_family", "corrected", "detectability", "detection_limits",
    "ensemble", "false_positive_rate", "from_csv", "fuse", "group_bootstrap", "guaranteed", "holm", "in_words",
    "load_detectors", "look", "mean_auc", "median_over_groups", "metrics", "monotone_auc", "operating_points",
    "oracle_threshold", "p_values", "paired", "percentiles", "places", "quantile_threshold", "real_floor",
    "register", "score", "source_pairs", "summary", "threshold_of_folds", "two_tailed", "video_scores",
]  # fmt: skip
