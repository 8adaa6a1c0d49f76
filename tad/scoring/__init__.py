"""Scores and their honest statistics: detectors, thresholds from validation reals, metrics with intervals."""

from tad.scoring.card import against_card
from tad.scoring.detectors import DETECTORS, Detector, build, look, register, score
from tad.scoring.families import by_family, detectability
from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.metrics import metrics
from tad.scoring.resampled import auc_statistic
from tad.scoring.summary import summary
from tad.scoring.table import video_scores
from tad.scoring.threshold import Threshold, oracle_threshold, quantile_threshold

__all__ = [
    "DETECTORS", "Detector", "Interval", "Threshold", "against_card", "auc_statistic", "build", "by_family",
    "detectability", "group_bootstrap", "look", "metrics", "oracle_threshold", "quantile_threshold", "register",
    "score", "summary", "video_scores",
]  # fmt: skip
