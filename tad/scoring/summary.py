"""Everything there is to say about one detector on one set of families."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from tad import checks
from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.metrics import metrics
from tad.scoring.operating import at_operating_points
from tad.scoring.resampled import statistics
from tad.scoring.table import counts, one_detector, per_unit, usable
from tad.scoring.threshold import Threshold

SHARES = (
    "accuracy", "balanced accuracy", "precision", "recall", "F1", "false-positive rate", "EER", "TPR at 1 % FPR",
    "TPR at 0.1 % FPR",
)  # fmt: skip
AREAS = ("AUC", "average precision", "pAUC at 10 % FPR")
FORMATS = dict.fromkeys(SHARES, "%") | dict.fromkeys(AREAS, ".2f") | {"separation ratio": ".3g"}
SCORES = ".4g"  # means, deviations and thresholds
COLUMNS = ["quantity", "value", "low", "high", "text", "note", "n_groups"]


def summary(
    scores: pd.DataFrame, threshold: Threshold, detector: str, unit: str = "video", n_boot: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Measure a detector on one set of families, at one fake per real.

    Args:
        scores: scores table of one split, already narrowed to the families and strengths in question.
        threshold: scores above it are called fake; it must have been chosen for the same unit.
        detector: name in the column `detector`.
        unit: "video" (the mean of its clips) or "clip".
        n_boot, seed: of the bootstrap over groups.

    Returns:
        One row a quantity: those of `metrics`, with those of `operating_points` after "average precision", then
        "threshold" and "not scored" (clips that failed). Columns quantity, value, low, high (NaN where the groups
        resolve no interval), text, note, n_groups, n_real, n_fake.
    """
    checks.of_kind("threshold", threshold, Threshold, "a Threshold")
    rows = one_detector(scores, detector)
    table = per_unit(rows[usable(rows)], unit)
    values = metrics(table, threshold.value)
    intervals = {}
    for name, statistic in statistics(table, threshold.value).items():
        intervals[name] = replace(group_bootstrap(statistic, n_boot, seed), value=values[name])
        if name == "average precision":
            intervals |= at_operating_points(table, n_boot=n_boot, seed=seed)
    lines = [(name, found.text(FORMATS.get(name, SCORES)), found) for name, found in intervals.items()]
    note = f"{threshold.kind}; {threshold.guarantee}"
    cut = Interval(threshold.value, np.nan, np.nan, threshold.n_groups, note)
    lost = rows[~usable(rows)]
    note = "left out of everything above" if len(lost) else ""
    failed = Interval(float(len(lost)), np.nan, np.nan, lost["group"].nunique(), note)
    lines += [("threshold", cut.value_text(SCORES), cut), ("not scored", f"{len(lost)} of {len(rows)} clips", failed)]
    cells = [{"quantity": name, "text": text} | asdict(interval) for name, text, interval in lines]
    return pd.DataFrame(cells)[COLUMNS].assign(**counts(table))
