"""Each family by itself against the reals its fakes were made from, at all strengths together or one by one."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.metrics import metrics
from tad.scoring.resampled import auc_statistic
from tad.scoring.table import counts, is_fake, matched, one_detector, one_fake_per_real, per_unit, usable
from tad.scoring.threshold import threshold_value

AT_THRESHOLD = ("recall", "false-positive rate", "separation ratio")


def detectability(
    scores: pd.DataFrame, detector: str, unit: str = "clip", n_boot: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Measure how detection falls as fakes get subtler: the AUC of each family at each strength.

    Args:
        scores: scores table of one split, with reals and the fakes of all strengths.
        detector: name in the column `detector`.
        unit: "clip" or "video" (the mean of its clips).
        n_boot, seed: of the bootstrap over groups.

    Returns:
        One row a family and strength: family, scope, strength; auc, low, high (NaN where the groups resolve no
        interval), text, note; psnr_db (median of the fakes), n_groups, n_real, n_fake, n_failed (fake clips without a
        score). Where no fake was scored auc is NaN and text says "n/a".
    """
    lines = [line for line, _ in _cells(scores, ["method", "scope", "strength"], detector, unit, n_boot, seed)]
    table = pd.DataFrame(lines).sort_values(["method", "scope", "strength"], ignore_index=True)
    return table.rename(columns={"method": "family"})


def by_family(
    scores: pd.DataFrame, threshold: float, detector: str, unit: str = "video", n_boot: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Measure each family at a threshold.

    Args:
        threshold: a number or a `Threshold`; scores above it are called fake.
        others: as in `detectability`.

    Returns:
        One row a family: as in `detectability` without strength; then auc_across, of pairs from different groups alone
        (NaN where there are none), the verdict by its interval, recall, false_positive_rate and separation_ratio.
    """
    threshold = threshold_value(threshold)
    lines = []
    for line, compared in _cells(scores, ["method", "scope"], detector, unit, n_boot, seed):
        across = _auc(compared, n_boot, seed, across=True)
        line["auc_across"], line["verdict"] = across.value, verdict(across.value, across.low, across.high)
        found = metrics(compared, threshold, names=AT_THRESHOLD) if len(compared) else {}
        lines.append(line | {re.sub(r"\W", "_", name): found.get(name, np.nan) for name in AT_THRESHOLD})
    return pd.DataFrame(lines).rename(columns={"method": "family"})


def verdict(auc: float, low: float, high: float) -> str:
    """Say in words what the interval of an AUC allows.

    "n/a" is no interval, or an AUC of exactly 0 or 1 from so few groups that even their agreement may be chance.

    Example:
        >>> verdict(0.8, 0.6, 0.9), verdict(0.6, 0.3, 0.8), verdict(1.0, 0.29, 1.0)
        ('detected', 'chance', 'n/a')
    """
    if low > 0.5:
        return "detected"
    if high < 0.5:
        return "looks more real than real"
    return "chance" if low <= 0.5 and 0 < auc < 1 else "n/a"  # low may be NaN


def _cells(
    scores: pd.DataFrame, by: list[str], detector: str, unit: str, n_boot: int, seed: int
) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """For the fakes of each value of some columns: what `detectability` says of them, and the rows compared for it."""
    rows = one_detector(scores, detector)
    fake = is_fake(rows)
    for values, fakes in rows[fake].groupby(by, sort=False, dropna=False, observed=True):
        table = per_unit(matched(pd.concat([rows[~fake], fakes])), unit)
        auc = _auc(table, n_boot, seed)
        line = dict(zip(by, values, strict=True))
        line |= {"auc": auc.value, "low": auc.low, "high": auc.high, "text": auc.text(), "note": auc.note}
        line["psnr_db"] = table["psnr_db"][table["label"].eq("fake")].median()
        line |= {"n_groups": auc.n_groups} | counts(table) | {"n_failed": int((~usable(fakes)).sum())}
        yield line, table


def _auc(table: pd.DataFrame, n_boot: int, seed: int, across: bool = False) -> Interval:
    if table.empty:
        return Interval(np.nan, np.nan, np.nan, 0, "n/a (no fake was scored beside its real)")
    fake, score = is_fake(table), table["score"].to_numpy(float)
    if np.array_equal(np.sort(score[fake]), np.sort(score[~fake])):  # strength 0: nothing to resample
        return Interval(0.5, 0.5, 0.5, table["group"].nunique(), "fakes and reals have the very same scores")
    return group_bootstrap(auc_statistic(table, one_fake_per_real(table), across), n_boot, seed)
