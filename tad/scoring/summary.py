"""The measured tables: a whole set of families, and family by family."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from tad.scoring.curves import compare, counts
from tad.scoring.intervals import group_bootstrap
from tad.scoring.metrics import metrics
from tad.scoring.resampled import statistics
from tad.scoring.table import is_fake, one_detector, per_unit, usable
from tad.scoring.threshold import Threshold

PERCENT = {"accuracy", "balanced accuracy", "precision", "recall", "F1", "false-positive rate"}
AREAS = {"AUC", "average precision"}
FAMILY_COLUMNS = {  # column of `by_family`: its quantity
    "recall": "recall",
    "false_positive_rate": "false-positive rate",
    "mean_score": "fake mean",
    "separation_ratio": "separation ratio",
}


def summary(
    scores: pd.DataFrame,
    threshold: Threshold | float,
    detector: str,
    unit: str = "video",
    n_boot: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure everything there is to say about one detector on one set of families, one fake per real.

    Args:
        scores: scores table of one split, already narrowed to the families and strengths in question.
        threshold: scores above it are called fake; it must have been chosen for the same unit.
        detector: name in the column `detector`.
        unit: "video" (the mean of its clips) or "clip".
        n_boot, seed: of the bootstrap over groups.

    Returns:
        One row a quantity: those of `metrics`, then "threshold" and "not scored" (clips that failed). Columns
        quantity, value, low, high (NaN where the groups resolve no interval), text, note, n_groups, n_real,
        n_fake.

    Raises:
        ValueError: a class is empty, several splits, another unit, or a missing column or detector.
    """
    rows = one_detector(scores, detector)
    table = per_unit(rows[usable(rows)], unit)
    values = metrics(table, float(threshold))
    lines = []
    for name, statistic in statistics(table, float(threshold)).items():
        interval = replace(group_bootstrap(statistic, n_boot, seed), value=values[name])
        lines.append({"quantity": name} | asdict(interval) | {"text": interval.text(**style(name))})
    lines += [_threshold_line(threshold), _failure_line(rows)]
    columns = ["quantity", "value", "low", "high", "text", "note", "n_groups"]
    return pd.DataFrame(lines)[columns].assign(**counts(table))


def style(quantity: str) -> dict[str, bool | str]:
    """How a quantity is written: the arguments of `Interval.text`.

    Example:
        >>> style("recall"), style("real mean")
        ({'percent': True}, {'spec': '.4g'})
    """
    if quantity in PERCENT:
        return {"percent": True}
    return {"spec": ".2f" if quantity in AREAS else ".3g" if quantity == "separation ratio" else ".4g"}


def _threshold_line(threshold: Threshold | float) -> dict[str, object]:
    note, n_groups = "given", 0
    if isinstance(threshold, Threshold):
        note, n_groups = f"{threshold.kind}; {threshold.guarantee}", threshold.n_groups
    value = float(threshold)
    line = {"quantity": "threshold", "value": value, "low": np.nan, "high": np.nan}
    return line | {"text": format(value, style("threshold")["spec"]), "note": note, "n_groups": n_groups}


def _failure_line(rows: pd.DataFrame) -> dict[str, object]:
    failed = rows[~usable(rows)]
    text = f"{len(failed)} of {len(rows)} clips"
    note = "left out of everything above" if len(failed) else ""
    line = {"quantity": "not scored", "value": float(len(failed)), "low": np.nan, "high": np.nan}
    return line | {"text": text, "note": note, "n_groups": failed["group"].nunique()}


def by_family(
    scores: pd.DataFrame,
    threshold: Threshold | float,
    detector: str,
    unit: str = "video",
    n_boot: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure each family by itself, against the reals its fakes were made from.

    Args:
        scores, threshold, detector, unit, n_boot, seed: as in `summary`.

    Returns:
        One row a family: family, scope, the columns of `compare`, verdict, and at the threshold recall and
        false_positive_rate, with mean_score (of the fakes) and separation_ratio.

    Raises:
        ValueError: a class is empty, several splits, another unit, or a missing column or detector.
    """
    rows = one_detector(scores, detector)
    fake = is_fake(rows)
    families = rows[fake].groupby(["method", "scope"], sort=False, dropna=False, observed=True)
    table = []
    for (family, scope), fakes in families:
        compared, line = compare(rows[~fake], fakes, unit, n_boot, seed)
        found = metrics(compared, float(threshold)) if len(compared) else {}
        at_threshold = {column: found.get(quantity, np.nan) for column, quantity in FAMILY_COLUMNS.items()}
        line["verdict"] = verdict(line["auc"], line["low"], line["high"])
        table.append({"family": family, "scope": scope} | line | at_threshold)
    return pd.DataFrame(table)


def verdict(auc: float, low: float, high: float) -> str:
    """Say in words what the interval of an AUC allows.

    Args:
        auc, low, high: value and interval, NaN where there is none.

    Returns:
        "detected", "chance" (0.5 is in the interval), "looks more real than real", or "n/a": no interval, or
        an AUC of exactly 0 or 1 from so few groups that even their full agreement may be chance.

    Example:
        >>> verdict(0.8, 0.6, 0.9), verdict(0.6, 0.3, 0.8), verdict(1.0, 0.29, 1.0)
        ('detected', 'chance', 'n/a')
    """
    if np.isnan(low):
        return "n/a"
    if low > 0.5:
        return "detected"
    if high < 0.5:
        return "looks more real than real"
    return "chance" if 0 < auc < 1 else "n/a"
