"""The metrics once more, for a bootstrap: as functions of how often each group is taken.

A bootstrap needs every metric a thousand times, for which a call of scikit-learn costs too much. A resample
of groups is a row of counts (K, G): means and rates follow from sums over each group, areas from rows that
are sorted once. With every group taken once each function has the value of `tad.scoring.metrics.metrics`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tad.scoring.table import is_fake, one_fake_per_real

Compute = Callable[[np.ndarray], np.ndarray]
BATCH_WEIGHTS = 4_000_000  # row weights in memory at once


@dataclass(frozen=True)
class Statistic:
    """A number that a bootstrap over groups can recompute.

    Args:
        compute: counts (K, G), how often each group is taken, -> values (K,), NaN where undefined.
        n_total: G, all groups of the table.
        n_groups: the groups behind the number: those with reals for a false-positive rate; where both classes
            are needed, those of the scarcer.
        proportion: whether it lies in [0, 1], so that groups that all agree still bound it.
    """

    compute: Compute
    n_total: int
    n_groups: int
    proportion: bool = True


def statistics(table: pd.DataFrame, threshold: float, weights: np.ndarray | None = None) -> dict[str, Statistic]:
    """Prepare the metrics of a table for resampling, under the names of `metrics`.

    Args:
        table: scored rows of one detector, both labels, with the column `group`.
        threshold: a row is called fake if its score is above it.
        weights: row weights (R,); without them one fake per real.

    Returns:
        One `Statistic` a metric.

    Raises:
        ValueError: a class is empty.

    Example:
        >>> table = pd.DataFrame({"label": ["real", "real", "fake"], "score": [0.1, 0.4, 0.9]})
        >>> table["group"] = ["a", "b", "a"]
        >>> rate = statistics(table, threshold=0.3, weights=np.ones(3))["false-positive rate"]
        >>> rate.compute(np.array([[1, 1], [2, 0]])), rate.n_groups
        (array([0.5, 0. ]), 2)
    """
    fake, score = is_fake(table), table["score"].to_numpy(float)
    w = one_fake_per_real(table) if weights is None else np.asarray(weights, float)
    real, called, groups = ~fake, score > float(threshold), _Groups.of(table)
    recall, false_positives = groups.mean(called, w * fake), groups.mean(called, w * real)
    real_mean, fake_mean = groups.mean(score, w * real), groups.mean(score, w * fake)

    def about(*rows: np.ndarray, compute: Compute, proportion: bool = True) -> Statistic:
        return Statistic(compute, groups.n, groups.behind(*rows), proportion)

    either = (real, fake)
    return {
        "accuracy": about(*either, compute=groups.mean(called == fake, w)),
        "balanced accuracy": about(*either, compute=lambda n: (recall(n) + 1 - false_positives(n)) / 2),
        "precision": about(called, compute=groups.mean(fake, w * called)),
        "recall": about(fake, compute=recall),
        "F1": about(*either, compute=groups.ratio(2 * w * (fake & called), w * fake + w * called)),
        "false-positive rate": about(real, compute=false_positives),
        "AUC": auc_statistic(table, w),
        "average precision": about(*either, compute=_average_precision(fake, score, w, groups)),
        "real mean": about(real, compute=real_mean, proportion=False),
        "real std": about(real, compute=groups.std(score, w * real), proportion=False),
        "fake mean": about(fake, compute=fake_mean, proportion=False),
        "fake std": about(fake, compute=groups.std(score, w * fake), proportion=False),
        "separation ratio": about(*either, compute=lambda n: fake_mean(n) / _positive(real_mean(n)), proportion=False),
    }


def auc_statistic(table: pd.DataFrame, weights: np.ndarray) -> Statistic:
    """Prepare the area under the ROC curve: the share of pairs whose fake scores higher, a tie counting half.

    A group taken twice is not compared with its own copy. Fakes are easier to tell from the reals of their
    own scene, and copies would make such pairs twice as frequent as they are: every resample would look too
    good.

    Args:
        table: scored rows of both labels, with the column `group`.
        weights: row weights (R,).

    Raises:
        ValueError: a class is empty.
    """
    fake, score, groups = is_fake(table), table["score"].to_numpy(float), _Groups.of(table)
    of_fakes, of_reals = weights * fake, weights * ~fake
    order, rows_sum = _ties(score)
    own_won, own_pairs = _pairs_within(score, of_fakes, of_reals, groups)

    def compute(counts: np.ndarray) -> np.ndarray:
        taken = counts[:, groups.codes[order]]
        fakes, reals = rows_sum(taken * of_fakes[order]), rows_sum(taken * of_reals[order])  # (K, U)
        won = (fakes * (np.cumsum(reals, axis=1) - reals / 2)).sum(1)
        copies = counts * (counts - 1)
        pairs = fakes.sum(1) * reals.sum(1) - copies @ own_pairs
        return np.clip(_divide(won - copies @ own_won, pairs), 0, 1)  # rounding may pass 1

    return Statistic(_in_batches(compute, len(table)), groups.n, groups.behind(~fake, fake))


def _pairs_within(
    score: np.ndarray, of_fakes: np.ndarray, of_reals: np.ndarray, groups: "_Groups"
) -> tuple[np.ndarray, np.ndarray]:
    """Weigh the pairs that each group's fakes win against its own reals, and all its pairs: (G,), (G,)."""
    won, pairs = np.zeros(groups.n), np.zeros(groups.n)
    for group in range(groups.n):
        rows = groups.codes == group
        order, rows_sum = _ties(score[rows])
        fakes, reals = rows_sum(of_fakes[rows][order]), rows_sum(of_reals[rows][order])
        won[group] = (fakes * (np.cumsum(reals) - reals / 2)).sum()
        pairs[group] = fakes.sum() * reals.sum()
    return won, pairs


def _average_precision(fake: np.ndarray, score: np.ndarray, weights: np.ndarray, groups: "_Groups") -> Compute:
    order, rows_sum = _ties(-score)  # from the highest score down

    def compute(counts: np.ndarray) -> np.ndarray:
        of_all = counts[:, groups.codes[order]] * weights[order]
        fakes, called = rows_sum(of_all * fake[order]), np.cumsum(rows_sum(of_all), axis=1)
        precision = np.cumsum(fakes, axis=1) / np.where(called > 0, called, 1)  # no row yet: no fake either
        return _divide((fakes * precision).sum(1), fakes.sum(1))

    return _in_batches(compute, len(score))


def _ties(score: np.ndarray) -> tuple[np.ndarray, Compute]:
    """Order rows by score; returns also a function that sums rows (..., R), so ordered, over equal scores."""
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return order, lambda rows: np.add.reduceat(rows, starts, axis=-1)


def _in_batches(compute: Compute, n_rows: int) -> Compute:
    def batched(counts: np.ndarray) -> np.ndarray:
        n_batches = -(-len(counts) * n_rows // BATCH_WEIGHTS)
        return np.concatenate([compute(batch.astype(float)) for batch in np.array_split(counts, n_batches)])

    return batched


@dataclass(frozen=True)
class _Groups:
    """Which group each row is of, and weighted means from sums over each group."""

    codes: np.ndarray  # (R,), 0 ... n - 1
    n: int

    @classmethod
    def of(cls, table: pd.DataFrame) -> "_Groups":
        codes, names = pd.factorize(table["group"])
        return cls(codes, len(names))

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


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)
