"""Where real ends and fake begins: chosen on validation reals, or, named oracle, on the test set."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from numbers import Real

import numpy as np
import pandas as pd

from tad import checks
from tad.scoring.table import is_fake, one_fake_per_real, require, usable


@dataclass(frozen=True)
class Threshold:
    """A score above `value` is called fake; the rest says what that number rests on."""

    value: float
    quantile: float | None  # of the reals' scores, in (0, 1); None if it was chosen otherwise
    n_clips: int
    n_groups: int
    guarantee: str  # in words, which false-positive rate it promises
    kind: str = "validation reals"  # how it was chosen

    def __float__(self) -> float:
        return self.value


def threshold_value(threshold: float | Threshold) -> float:
    """The number of a threshold; infinite is one that nothing passes, or all."""
    value = threshold.value if isinstance(threshold, Threshold) else threshold
    checks.check(isinstance(value, Real) and value == value, "threshold must be a number", value)
    return float(value)


def quantile_threshold(scores: pd.DataFrame, quantile: float = 0.95) -> Threshold:
    """Choose the threshold that a share of the validation reals does not pass, each group weighing the same.

    Where the groups suffice for a promise, the share is counted over one group more, which may be the worst: then no
    more than 1 - quantile of footage like theirs is expected above. Where they do not, it is the plain quantile.

    Source: Lee, Barber, Willett, "Distribution-free inference with hierarchical data", 2023.

    Args:
        scores: one detector's validation reals: clips, or the videos of `video_scores` if videos are to be judged.
            Rows without a score are left out.
        quantile: in (0, 1); the smallest score at or below which so much of the weight lies, never interpolated.

    Example:
        >>> clips = pd.DataFrame({"group": list("aabc"), "score": [0.1, 0.2, 0.3, 0.4]})
        >>> clips = clips.assign(label="real", split="val", detector="midframe_mse", status="ok")
        >>> quantile_threshold(clips, 0.5).value
        0.3
    """
    inside = isinstance(quantile, Real) and 0 < quantile < 1
    checks.check(inside, "quantile must lie between 0 and 1", quantile)
    require(scores, ["group", "label", "split", "detector", "score", "status"])
    for column, only in (("label", "real"), ("split", "val")):
        found = set(scores[column])
        if found - {only}:
            raise ValueError(f"a threshold is chosen on {column} {only!r} alone; got {sorted(found)}")
    if scores["detector"].nunique() > 1:
        raise ValueError(f"a threshold belongs to one detector; got {sorted(set(scores['detector']))}")
    rows = scores[usable(scores)].sort_values("score", kind="stable")
    if rows.empty:
        raise ValueError(f"a threshold needs at least one scored row; got {len(scores)} rows, none scored")

    reached = np.cumsum(1 / rows.groupby("group")["score"].transform("size").to_numpy())
    n_groups = rows["group"].nunique()
    counted = n_groups + (n_groups >= groups_needed(quantile))
    first = np.argmax(reached >= quantile * counted - 1e-9)  # rounding must not push it a row up
    value = float(rows["score"].iloc[first])
    return Threshold(value, quantile, _clips(rows), n_groups, guarantee(quantile, n_groups))


def _clips(rows: pd.DataFrame) -> int:
    return int(rows["n_clips"].sum()) if "n_clips" in rows.columns else len(rows)


def groups_needed(quantile: float) -> int:
    """How many calibration groups can promise a false-positive rate of 1 - quantile: 1 / (n + 1) must not pass it.

    Example:
        >>> groups_needed(0.95), groups_needed(0.9)
        (19, 9)
    """
    return ceil(round(1 / (1 - quantile) - 1, 9))


def guarantee(quantile: float, n_groups: int) -> str:
    """Say which false-positive rate the threshold of `quantile_threshold` promises in footage like its groups.

    With too few groups the plain quantile promises the conformal 1 - quantile * n / (n + 1), for the new group may be
    the worst of all n + 1.
    """
    rate, needed = f"{100 * (1 - quantile):.3g} %", groups_needed(quantile)
    if n_groups >= needed:
        return f"at most {rate} false positives in footage like the {n_groups} calibration groups"
    promised = f"{100 * (1 - quantile * n_groups / (n_groups + 1)):.3g} %"
    return f"no guarantee at {rate}: needs {needed} groups, has {n_groups}; this quantile promises {promised} at most"


def threshold_of_folds(found: Sequence[Threshold]) -> Threshold:
    """Join the thresholds that folds chose on their own validation reals, for scores that were pooled on one scale.

    The highest is taken: it passes no real that its own fold's would not. By places among reals, as folds are pooled,
    all are the same where folds have equally many groups.

    Args:
        found: of each fold, of one quantile; that of a single one is returned as it is.
    """
    good = isinstance(found, list | tuple) and len(found) > 0 and all(isinstance(one, Threshold) for one in found)
    checks.check(good, "folds must have a Threshold each, one or more", found)
    if len(found) == 1:
        return found[0]
    highest, fewest = max(found, key=float), min(one.n_groups for one in found)
    promise = f"{guarantee(highest.quantile, fewest)}, in each of {len(found)} folds"
    kind = "each fold's own validation reals"
    return Threshold(highest.value, highest.quantile, sum(one.n_clips for one in found), fewest, promise, kind)


def oracle_threshold(table: pd.DataFrame) -> Threshold:
    """Choose the threshold that maximises the accuracy, at one fake per real, on the very rows it will be judged by.

    Only for comparison with published "optimal" thresholds; every table that uses it says *oracle*.

    Args:
        table: one detector's rows, clips or videos, both labels. Rows without a score are left out.
    """
    require(table, ["label", "group"])
    rows = table[usable(table)]
    value = most_accurate_cut(is_fake(rows), rows["score"].to_numpy(float), one_fake_per_real(rows))
    promise = "no guarantee: chosen on the very rows that it is judged by"
    return Threshold(value, None, _clips(rows), rows["group"].nunique(), promise, kind="oracle")


def most_accurate_cut(fake: np.ndarray, score: np.ndarray, weights: np.ndarray) -> float:
    """Find the cut (fake above it) of the greatest weighted accuracy, from rows (R,).

    All cuts between two neighbouring scores do the same; the middle of the gap is taken. Among equally good gaps the
    widest wins, then the lowest. Calling all or none fake is taken only if it is strictly better.
    """
    values, place = np.unique(score, return_inverse=True)
    gain = np.bincount(place, weights=np.where(fake, -weights, weights))  # of moving the cut past a value
    right = weights[fake].sum() + np.r_[0.0, np.cumsum(gain)]  # weight called rightly, cut by cut
    cuts = np.r_[np.nextafter(values[0], -np.inf), (values[1:] + values[:-1]) / 2, values[-1]]
    width = np.r_[0.0, np.diff(values), 0.0]
    best = right >= right.max() - 1e-9 * weights.sum()
    return float(cuts[np.argmax(np.where(best, width, -1.0))])
