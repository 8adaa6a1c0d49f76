"""Scores on the scale that validation reals set: conformal p-values, percentiles, and detectors fused on them.

Every group of reals weighs 1, as in `quantile_threshold`, however many clips it has: a group votes with the share of
its clips. The p-value of a clip of a new real group is then at most a with probability at most a, for every a.

Source: Lee, Barber, Willett, "Distribution-free inference with hierarchical data", 2023.
"""

from collections.abc import Iterable
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from tad import checks
from tad.scoring.table import VIDEO, require, usable
from tad.scoring.threshold import groups_needed, quantile_threshold


def p_values(calibration: pd.DataFrame, scores: ArrayLike) -> np.ndarray:
    """Ask how unusual scores (R,) are among validation reals: (1 + groups at or above) / (groups + 1), per score.

    Args:
        calibration: one detector's validation reals, as for `quantile_threshold`.
        scores: of the same detector, of the same unit (clips or videos).

    Example:
        >>> clips = pd.DataFrame({"group": list("aabc"), "score": [0.1, 0.2, 0.3, 0.4]})
        >>> clips = clips.assign(label="real", split="val", detector="midframe_mse", status="ok")
        >>> p_values(clips, [0.2, 0.5])  # at or above 0.2: half of a, b and c
        array([0.875, 0.25 ])
    """
    reals, weights, n_groups = _calibration(calibration)
    below, _ = _weight_up_to(reals, weights, checks.numbers("scores", scores))
    return np.round((1 + n_groups - below) / (n_groups + 1), 12)  # thirds of a group add up to one but for rounding


def guaranteed(alpha: float, n_groups: int) -> bool:
    """Whether so many calibration groups can promise a false-positive rate alpha at all: 1 / (n + 1) reaches it.

    Args:
        alpha: a rate in (0, 1).
        n_groups: of the calibration.

    Example:
        >>> guaranteed(0.05, 18), guaranteed(0.05, 19)
        (False, True)
    """
    checks.check(isinstance(alpha, Real) and 0 < alpha < 1, "alpha must lie between 0 and 1", alpha)
    checks.whole("n_groups", n_groups)
    return n_groups >= groups_needed(1 - alpha)


def in_words(p_value: float, n_groups: int) -> str:
    """Say what a conformal p-value means, with the number of groups that it rests on.

    Args:
        p_value: in (0, 1].
        n_groups: of the calibration.

    Example:
        >>> in_words(1 / 13, 12)
        'of 12 real groups it was calibrated on, none scored this high; that is too few for a guarantee below 7.7 %'
    """
    checks.number("p_value", p_value, 0, 1, above=True)
    checks.whole("n_groups", n_groups, 1)
    above = p_value * (n_groups + 1) - 1
    basis, rate = f"of {n_groups} real groups it was calibrated on, ", f"{100 * p_value:.3g} %"
    if above < 1e-9:
        return f"{basis}none scored this high; that is too few for a guarantee below {100 / (n_groups + 1):.2g} %"
    return f"{basis}{above:.3g} scored this high; at most {rate} of real footage like theirs is expected to"


def percentiles(calibration: pd.DataFrame, scores: ArrayLike) -> np.ndarray:
    """Place scores (R,) among validation reals: the share of groups below, those level counting half, in [0, 1].

    By these, scores of several detectors, or of one detector in several folds, can be pooled. All that passes every
    real is 1: how far it passes them is lost.

    Args:
        calibration, scores: as for `p_values`.
    """
    reals, weights, _ = _calibration(calibration)
    return mid_ranks(reals, weights, checks.numbers("scores", scores))


def places(calibration: pd.DataFrame, scores: ArrayLike) -> np.ndarray:
    """Place scores (R,) among validation reals, and beyond them in order: percentiles that do not end at 0 and 1.

    Few groups of reals are soon passed by all fakes, which plain percentiles then tie. Beyond the last real this adds
    z / (1 + z) of one group's share, z the distance in standard deviations of the reals: order is kept, a whole group
    is never gained. Scores of one detector in several folds can be pooled by it.

    Args:
        calibration, scores: as for `p_values`.

    Returns:
        (R,) between -1/n and 1 + 1/n for n groups; within the reals the percentile.

    Example:
        >>> clips = pd.DataFrame({"group": list("abcd"), "score": [0.0, 1.0, 2.0, 3.0]})
        >>> clips = clips.assign(label="real", split="val", detector="midframe_mse", status="ok")
        >>> places(clips, [1.5, 4.0, 5.0]).round(2)
        array([0.5 , 1.12, 1.16])
    """
    reals, weights, n_groups = _calibration(calibration)
    scores = checks.numbers("scores", scores)
    mean = np.average(reals, weights=weights)
    spread = np.sqrt(np.average((reals - mean) ** 2, weights=weights)) or 1.0
    beyond = (np.maximum(scores - reals.max(), 0) - np.maximum(reals.min() - scores, 0)) / spread
    return mid_ranks(reals, weights, scores) + beyond / (1 + np.abs(beyond)) / n_groups


def fuse(columns: ArrayLike, n_groups: ArrayLike, how: str = "mean") -> np.ndarray:
    """Fuse several detectors' percentiles into one score each row; higher = more likely fake.

    Args:
        columns: percentiles (R, D), a column a detector.
        n_groups: that each detector was calibrated on, (D,) or one number; "fisher" alone looks at it.
        how: "mean", "max" or "fisher": Fisher's -2 sum(log p), p no smaller than the groups resolve. Detectors that see
            the same clip are not independent, so that it is a score and no test.

    Returns:
        (R,)
    """
    found = _array(columns)
    good = found.ndim == 2 and found.shape[1] > 0 and ((found >= 0) & (found <= 1)).all()
    checks.check(bool(good), "columns must be percentiles (R, D) in [0, 1]", columns)
    columns = found
    checks.one_of("how", how, ("mean", "max", "fisher"))
    groups = checks.numbers("n_groups", np.ravel(n_groups), least=1)
    if how != "fisher":
        return getattr(columns, how)(axis=1)
    return stats.combine_pvalues((1 + groups * (1 - columns)) / (groups + 1), "fisher", axis=1).statistic


def _array(values: ArrayLike) -> np.ndarray:
    try:
        return np.asarray(values, float)
    except (ValueError, TypeError):
        return np.empty(())  # which is refused with the shape that is asked for


def ensemble(calibration: pd.DataFrame, scores: pd.DataFrame, how: str = "mean") -> pd.DataFrame:
    """Fuse all detectors of a scores table into one more.

    Args:
        calibration: validation reals of every detector; a threshold of the ensemble wants other reals than these.
        scores: scores table of the same detectors and the same unit.
        how: as for `fuse`.

    Returns:
        A scores table of the rows that every detector scored, with the detector "ensemble (mean)" or the like.
    """
    for table in (calibration, scores):
        require(table, ["video", "group", "label", "detector", "score", "status"])
        checks.check(len(table) > 0, "a scores table must hold a row", table)
    names = list(dict.fromkeys(scores["detector"]))
    rows = scored_by_all(scores, names)
    parts = {name: rows[rows["detector"].eq(name)] for name in names}
    reals = {name: calibration[calibration["detector"].eq(name)] for name in names}
    columns = np.stack([percentiles(reals[name], part["score"]) for name, part in parts.items()], axis=1)
    fused = fuse(columns, [_calibration(of)[2] for of in reals.values()], how)
    return parts[names[0]].assign(detector=f"ensemble ({how})", score=fused)


def scored_by_all(scores: pd.DataFrame, detectors: Iterable[str]) -> pd.DataFrame:
    """Keep the clips, or videos, that all these detectors scored; the rows of each stand in the same order."""
    key = [name for name in [*VIDEO, "start_s"] if name != "detector" and name in scores.columns]
    names = list(detectors)
    rows = scores[usable(scores) & scores["detector"].isin(names)]
    if rows.duplicated([*key, "detector"]).any():
        raise ValueError(f"a detector scores a clip once; got {rows.duplicated([*key, 'detector']).sum()} rows again")
    same = rows.groupby(key, sort=False, dropna=False, observed=True)
    order = np.argsort(same.ngroup().to_numpy(), kind="stable")
    return rows.iloc[order[same["detector"].transform("size").to_numpy()[order] == len(names)]]


def mid_ranks(reference: ArrayLike, weights: np.ndarray, scores: ArrayLike) -> np.ndarray:
    """Find the share of a weighted reference (N,) below each score (R,), what is level counting half."""
    below, reached = _weight_up_to(reference, weights, scores)
    return np.clip((below + reached) / 2 / weights.sum(), 0, 1)  # rounding may pass 1


def _calibration(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """The reals' scores (N,), their weights (N,), which are 1 in sum over a group, and the number of groups."""
    n_groups = quantile_threshold(table).n_groups  # refuses what may not calibrate
    rows = table[usable(table)]
    return rows["score"].to_numpy(float), 1 / rows.groupby("group")["score"].transform("size").to_numpy(), n_groups


def _weight_up_to(reference: ArrayLike, weights: np.ndarray, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The weight of the reference below each score, and of that at or below it."""
    reference = np.asarray(reference, float)
    order = np.argsort(reference, kind="stable")
    sums = np.r_[0.0, np.cumsum(weights[order])]
    below, reached = (sums[np.searchsorted(reference[order], scores, side)] for side in ("left", "right"))
    return below, reached
