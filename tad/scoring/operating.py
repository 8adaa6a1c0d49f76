"""Operating points: how a detector does where false alarms must be rare.

A false-positive rate a shows only among 1 / a reals: with fewer, not one of them may pass, whatever a is. What asks for
more reals than there are is "n/a (needs N reals)".

All is read off the placements of the fakes: the share of reals that score as high as a fake, or the false-positive rate
of the cut that just catches it. The ROC curve is their distribution (Pepe, "The statistical evaluation of medical tests
for classification and prediction", 2003). As with the AUC, a fake of a group taken twice is not placed among copies of
its own scene's reals: every resample would look too good.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import ceil

import numpy as np
import pandas as pd

from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.resampled import Statistic, _divide, _Groups, _in_batches
from tad.scoring.table import is_fake, require_scored, row_weights

Read = Callable[..., np.ndarray]  # share of reals above, share at or above, weight of each fake (K, F) -> (K,)
RATES = {"pAUC at 10 % FPR": 0.1, "TPR at 1 % FPR": 0.01, "TPR at 0.1 % FPR": 0.001}  # the highest FPR looked at
ROUNDING = 1e-9


def operating_points(table: pd.DataFrame, weights: np.ndarray | None = None) -> dict[str, Statistic]:
    """Prepare the statistics at operating points for resampling.

    Args:
        table: scored rows of one detector, both labels; a higher score is more likely fake.
        weights: row weights (R,), positive; without them one fake per real.

    Returns:
        "EER", the rate at which false positives and misses are equal, linear between the points of the ROC curve;
        "pAUC at 10 % FPR", standardised so that chance is 0.5 (McClish, "Analyzing a portion of the ROC curve", 1989);
        "TPR at 1 % FPR" and "TPR at 0.1 % FPR", the highest that a cut within this rate reaches. NaN where the reals
        are too few.
    """
    require_scored(table, ["label", "group"])
    fake, groups = is_fake(table), _Groups(table)
    placed = _placements(table, row_weights(table, weights), groups)

    def about(name: str, read: Read) -> Statistic:
        def compute(counts: np.ndarray) -> np.ndarray:
            return read(*placed(counts)) if (~fake).sum() >= reals_needed(name) else np.full(len(counts), np.nan)

        return Statistic(_in_batches(len(table))(compute), groups.n, groups.behind(~fake, fake))

    reads: dict[str, Read] = {"EER": _eer}
    for name, rate in RATES.items():
        reads[name] = partial(_partial_auc if name.startswith("pAUC") else _tpr_at, max_fpr=rate)
    return {name: about(name, read) for name, read in reads.items()}


def reals_needed(name: str) -> int:
    """Count the reals that a statistic at an operating point needs.

    Example:
        >>> reals_needed("TPR at 0.1 % FPR"), reals_needed("EER")
        (1000, 1)
    """
    return ceil(round(1 / RATES.get(name, 1.0), 9))


def at_operating_points(
    table: pd.DataFrame, weights: np.ndarray | None = None, n_boot: int = 1000, seed: int = 0
) -> dict[str, Interval]:
    """Measure the statistics of `operating_points`, each with its interval or the number of reals that it needs.

    Args:
        table: scored rows of one detector, reals and fakes.
        weights: of each row; one fake per real when None.
        n_boot: resamples of groups.
        seed: of the bootstrap.
    """
    found, statistics = {}, operating_points(table, weights)
    n_reals = int((~is_fake(table)).sum())
    for name, statistic in statistics.items():
        interval, needed = group_bootstrap(statistic, n_boot, seed), reals_needed(name)
        found[name] = interval if n_reals >= needed else replace(interval, note=f"n/a (needs {needed} reals)")
    return found


def _placements(table: pd.DataFrame, weights: np.ndarray, groups: _Groups) -> Callable[[np.ndarray], tuple]:
    """Place the F fakes among the reals of each resample: counts (K, G) -> the three arguments of a `Read`."""
    fake, score = is_fake(table), table["score"].to_numpy(float)
    reals = np.flatnonzero(~fake)[np.argsort(-score[~fake], kind="stable")]  # from the highest score down
    own = groups.codes[fake]
    of_group = np.zeros((len(reals) + 1, groups.n))
    of_group[np.arange(1, len(reals) + 1), groups.codes[reals]] = weights[reals]
    of_group = np.cumsum(of_group, axis=0)
    higher = [of_group[np.searchsorted(-score[reals], -score[fake], side)] for side in ("left", "right")]

    def placed(counts: np.ndarray) -> tuple[np.ndarray, ...]:
        copies = np.maximum(counts[:, own] - 1, 0)  # (K, F), of the fake's own group

        def without_copies(amount: np.ndarray) -> np.ndarray:  # (F, G) -> (K, F)
            return counts @ amount.T - copies * amount[np.arange(len(own)), own]

        everything = without_copies(np.tile(of_group[-1], (len(own), 1)))
        taken = counts[:, own] * weights[fake]
        above, reached = (_divide(without_copies(amount), everything) for amount in higher)
        return above, reached, _divide(taken, taken.sum(1, keepdims=True))

    return placed


def _eer(above: np.ndarray, reached: np.ndarray, share: np.ndarray) -> np.ndarray:
    low, high = np.zeros((len(share), 1)), np.ones((len(share), 1))
    for _ in range(40):  # halvings: the curve rises, so one point alone has FPR + TPR = 1
        fpr = (low + high) / 2
        caught = np.clip((fpr - above) / np.maximum(reached - above, 1e-12), 0, 1)
        tpr = (share * caught).sum(1, keepdims=True)
        low, high = np.where(fpr + tpr < 1, fpr, low), np.where(fpr + tpr < 1, high, fpr)
    return np.where(np.isnan(tpr), np.nan, high)[:, 0]


def _partial_auc(above: np.ndarray, reached: np.ndarray, share: np.ndarray, max_fpr: float) -> np.ndarray:
    level = reached - above
    slope = np.clip(max_fpr - above, 0, level) ** 2 / 2 / np.maximum(level, 1e-12)  # a tie: the curve climbs slantwise
    area = (share * (slope + np.maximum(max_fpr - reached, 0))).sum(1)
    least = max_fpr**2 / 2
    return (1 + (area - least) / (max_fpr - least)) / 2


def _tpr_at(above: np.ndarray, reached: np.ndarray, share: np.ndarray, max_fpr: float) -> np.ndarray:
    return (share * np.where(np.isnan(reached), np.nan, reached <= max_fpr + ROUNDING)).sum(1)
