"""The metrics once more, for a bootstrap: as functions of how often each group is taken.

A bootstrap needs every metric a thousand times, for which a call of scikit-learn costs too much. A resample of groups
is a row of counts (K, G): means and rates follow from sums over each group, areas from rows that are sorted once. With
every group taken once each function has the value of `tad.scoring.metrics.metrics`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from tad import checks
from tad.scoring.table import SOURCE, is_fake, require_scored, row_weights, source_of
from tad.scoring.threshold import threshold_value

Compute = Callable[[np.ndarray], np.ndarray]
BATCH_WEIGHTS = 4_000_000  # row weights in memory at once


@dataclass(frozen=True)
class Statistic:
    """A number that a bootstrap over groups can recompute."""

    compute: Compute  # counts (K, G), how often each group is taken, -> values (K,), NaN where undefined
    n_total: int  # G, all groups of the table
    n_groups: int  # behind the number: those with reals, with fakes, or of the scarcer class where both are needed
    proportion: bool = True  # whether it lies in [0, 1], so that groups that all agree still bound it


def statistics(table: pd.DataFrame, threshold: float, weights: np.ndarray | None = None) -> dict[str, Statistic]:
    """Prepare the metrics of a table for resampling; arguments and names are those of `metrics`."""
    fake, score = is_fake(table), table["score"].to_numpy(float)
    w = row_weights(table, weights)
    real, called, groups = ~fake, score > threshold_value(threshold), _Groups(table)
    recall, false_positives = groups.mean(called, w * fake), groups.mean(called, w * real)
    real_mean, fake_mean = groups.mean(score, w * real), groups.mean(score, w * fake)

    def about(*rows: np.ndarray, compute: Compute, proportion: bool = True) -> Statistic:
        return Statistic(compute, groups.n, groups.behind(*rows), proportion)

    either, amount = (real, fake), partial(about, proportion=False)
    return {
        "accuracy": about(*either, compute=groups.mean(called == fake, w)),
        "balanced accuracy": about(*either, compute=lambda n: (recall(n) + 1 - false_positives(n)) / 2),
        "precision": about(called, compute=groups.mean(fake, w * called)),
        "recall": about(fake, compute=recall),
        "F1": about(*either, compute=groups.ratio(2 * w * (fake & called), w * fake + w * called)),
        "false-positive rate": about(real, compute=false_positives),
        "AUC": auc_statistic(table, w),
        "average precision": about(*either, compute=_average_precision(fake, score, w, groups)),
        "real mean": amount(real, compute=real_mean),
        "real std": amount(real, compute=groups.std(score, w * real)),
        "fake mean": amount(fake, compute=fake_mean),
        "fake std": amount(fake, compute=groups.std(score, w * fake)),
        "separation ratio": amount(*either, compute=lambda n: _divide(fake_mean(n), np.maximum(real_mean(n), 0))),
    }


def auc_statistic(table: pd.DataFrame, weights: np.ndarray, across: bool = False) -> Statistic:
    """Prepare the area under the ROC curve: the share of pairs whose fake scores higher, a tie counting half.

    A group taken twice is not compared with its own copy. Fakes are easier to tell from the reals of their own scene,
    and copies would make such pairs twice as frequent as they are: every resample would look too good.

    Args:
        table: scored rows of one detector; columns label, score and group.
        weights: of each row, >= 0.
        across: leave out the pairs within a group, one in n groups. Nobody who judges a video has its real beside it,
            and a fake that always lies a little above its own real would seem to be found.
    """
    require_scored(table, ["label", "group"])
    checks.check(weights is not None, "weights must be numbers", weights)
    weights = row_weights(table, weights)
    fake, score, groups = is_fake(table), table["score"].to_numpy(float), _Groups(table)
    order, over_ties = _ties(score)

    @_in_batches(len(table))
    def pairs(counts: np.ndarray) -> np.ndarray:  # (K, G) -> (K, 2), the weight of the pairs won and of all
        taken = counts[:, groups.codes[order]] * weights[order]
        fakes, reals = over_ties(taken * fake[order]), over_ties(taken * ~fake[order])
        won = (fakes * (np.cumsum(reals, axis=1) - reals / 2)).sum(1)
        return np.stack([won, fakes.sum(1) * reals.sum(1)], axis=1)

    own = pairs(np.eye(groups.n))  # within each group

    def compute(counts: np.ndarray) -> np.ndarray:
        won, every = (pairs(counts) - (counts * (counts - (not across))) @ own).T
        return np.clip(_divide(won, every), 0, 1)  # rounding may pass 1

    return Statistic(compute, groups.n, groups.behind(~fake, fake))


def own_real_statistic(table: pd.DataFrame, weights: np.ndarray) -> Statistic:
    """Prepare the share of fakes that score above the very real they were made from, a tie counting half.

    The AUC compares a fake with the reals of all scenes. This compares it with its own scene alone: what lies between
    the two is owed to scenes that differ.

    Args:
        table: scored rows of one detector and variant, each fake beside its real; columns of `SOURCE`, label and score.
        weights: of each row, >= 0.
    """
    require_scored(table, ["label", *SOURCE])
    weights, fake, score = row_weights(table, weights), is_fake(table), table["score"].to_numpy(float)
    source, groups = source_of(table), _Groups(table)
    reals = np.bincount(source[~fake])
    if reals.max(initial=0) > 1:  # such as one that was encoded twice
        raise ValueError(f"a fake must have one real of its own; got {reals.max()} reals of one clip")
    own = np.full(source.max() + 1, np.nan)
    own[source[~fake]] = score[~fake]
    own = own[source]
    won = np.where(score == own, 0.5, score > own)
    return Statistic(groups.mean(won, weights * (fake & ~np.isnan(own))), groups.n, groups.behind(fake))


def _average_precision(fake: np.ndarray, score: np.ndarray, weights: np.ndarray, groups: "_Groups") -> Compute:
    order, over_ties = _ties(-score)  # from the highest score down

    @_in_batches(len(score))
    def compute(counts: np.ndarray) -> np.ndarray:
        of_all = counts[:, groups.codes[order]] * weights[order]
        fakes, called = over_ties(of_all * fake[order]), np.cumsum(over_ties(of_all), axis=1)
        precision = np.cumsum(fakes, axis=1) / np.where(called > 0, called, 1)  # no row yet: no fake either
        return _divide((fakes * precision).sum(1), fakes.sum(1))

    return compute


def _ties(score: np.ndarray) -> tuple[np.ndarray, Compute]:
    """Order rows by score; returns also a function that sums rows (..., R), so ordered, over equal scores."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    return order, lambda rows: np.add.reduceat(rows, starts, axis=-1)


def _in_batches(n_rows: int) -> Callable[[Compute], Compute]:
    def batched(compute: Compute, counts: np.ndarray) -> np.ndarray:
        n_batches = -(-len(counts) * n_rows // BATCH_WEIGHTS)
        return np.concatenate([compute(batch.astype(float)) for batch in np.array_split(counts, n_batches)])

    return lambda compute: partial(batched, compute)


class _Groups:
    """Which group each row is of, and weighted means from sums over each group."""

    def __init__(self, table: pd.DataFrame):
        self.codes, names = pd.factorize(table["group"])  # (R,), 0 ... n - 1
        self.n = len(names)

    def behind(self, *masks: np.ndarray) -> int:
        return min(np.unique(self.codes[mask]).size for mask in masks)

    def ratio(self, numerator: np.ndarray, denominator: np.ndarray) -> Compute:
        above, below = (np.bincount(self.codes, of, self.n) for of in (numerator, denominator))
        return lambda counts: _divide(counts @ above, counts @ below)

    def mean(self, values: np.ndarray, weights: np.ndarray) -> Compute:
        return self.ratio(values * weights, weights)

    def std(self, values: np.ndarray, weights: np.ndarray) -> Compute:
        centred = values - np.average(values, weights=weights)  # else two large squares would cancel
        mean, mean_square = self.mean(centred, weights), self.mean(centred**2, weights)
        return lambda counts: np.sqrt(np.maximum(mean_square(counts) - mean(counts) ** 2, 0))


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return numerator / np.where(denominator == 0, np.nan, denominator)
