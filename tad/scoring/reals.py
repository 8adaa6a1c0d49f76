"""What can be said of reals alone: the rate of false positives, and how far a change moves their scores.

A group is what counts: each weighs the same, however many clips or videos it has.
"""

import numpy as np
import pandas as pd

from tad import checks
from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.resampled import Statistic, _Groups
from tad.scoring.table import require_scored
from tad.scoring.threshold import threshold_value


def false_positive_rate(reals: pd.DataFrame, threshold: float, n_boot: int = 1000, seed: int = 0) -> Interval:
    """Measure the share of reals above a threshold, each group weighing the same.

    Args:
        reals: scored real rows of one detector, clips or videos; columns group, label, score.
        threshold: scores above it are called fake.
        n_boot, seed: of the bootstrap over groups.

    Raises:
        ValueError: a row that is no real, or none at all.

    Example:
        >>> rows = pd.DataFrame({"group": list("aab"), "label": "real", "score": [1.0, 3.0, 1.0]})
        >>> false_positive_rate(rows, 2.0).text("%")
        '25 %, interval n/a (needs 6 groups)'
    """
    require_scored(reals, ["label", "group"])
    if set(reals["label"]) != {"real"}:
        raise ValueError(f"a false-positive rate is of reals alone; got labels {sorted(set(reals['label']))}")
    groups, weights = _Groups(reals), 1 / reals.groupby("group")["score"].transform("size").to_numpy()
    compute = groups.mean(reals["score"].to_numpy(float) > threshold_value(threshold), weights)
    return group_bootstrap(Statistic(compute, groups.n, groups.n), n_boot, seed)


def median_over_groups(groups: pd.Series, values: np.ndarray, n_boot: int = 1000, seed: int = 0) -> Interval:
    """Measure the median over groups of each group's mean value.

    Args:
        groups: of each row (R,).
        values: (R,), finite.
        n_boot, seed: of the bootstrap over groups.

    Example:
        >>> median_over_groups(pd.Series(list("aabc")), np.array([0.0, 2.0, 5.0, -1.0])).value
        1.0
    """
    values = checks.numbers("values", values)
    checks.check(np.shape(groups) == values.shape, f"groups must be {len(values)}, one a value", groups)
    means = np.sort(pd.Series(values).groupby(np.asarray(groups)).mean().to_numpy())

    def compute(counts: np.ndarray) -> np.ndarray:
        taken = np.cumsum(counts, axis=1)
        half = taken[:, -1:] / 2
        lower, upper = (taken >= half).argmax(1), (taken > half).argmax(1)
        return (means[lower] + means[upper]) / 2

    return group_bootstrap(Statistic(compute, len(means), len(means), proportion=False), n_boot, seed)
