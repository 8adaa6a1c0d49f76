"""The metrics of one table of scores, by scikit-learn."""

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from tad import checks
from tad.scoring.table import is_fake, require_scored, row_weights
from tad.scoring.threshold import threshold_value

METRICS = (
    "accuracy", "balanced accuracy", "precision", "recall", "F1", "false-positive rate", "AUC", "average precision",
    "real mean", "real std", "fake mean", "fake std", "separation ratio",
)  # fmt: skip


def metrics(
    table: pd.DataFrame, threshold: float, weights: np.ndarray | None = None, names: tuple[str, ...] = METRICS
) -> dict[str, float]:
    """Measure how a score tells fakes from reals.

    Args:
        table: scored rows of one detector, both labels; a higher score is more likely fake.
        threshold: a row is called fake if its score is above it.
        weights: row weights (R,), positive; without them one fake per real.
        names: of `METRICS`; who needs few of them for many tables need not wait for all.

    Returns:
        The metrics by name. Precision is NaN if nothing is called fake, the separation ratio (fake mean / real mean)
        unless the real mean is positive; the stds are those of the rows at hand (no n - 1).

    Raises:
        ValueError: a table without a score or a label, or a name that is not among them.

    Example:
        >>> table = pd.DataFrame({"label": ["real", "real", "fake"], "score": [0.1, 0.4, 0.9]})
        >>> found = metrics(table, threshold=0.3, weights=np.array([1.0, 1.0, 2.0]))
        >>> found["accuracy"], found["false-positive rate"], found["AUC"]
        (0.75, 0.5, 1.0)
    """
    require_scored(table, ["label"])
    known = isinstance(names, list | tuple) and set(names) <= set(METRICS)
    checks.check(known, f"names must be some of {', '.join(METRICS)}", names)
    cut = threshold_value(threshold)
    fake, score, w = is_fake(table), table["score"].to_numpy(float), row_weights(table, weights)
    called = score > cut

    def mean(rows: np.ndarray) -> float:
        return np.average(score[rows], weights=w[rows])

    def std(rows: np.ndarray) -> float:
        return np.sqrt(np.average((score[rows] - mean(rows)) ** 2, weights=w[rows]))

    ways = {
        "accuracy": lambda: sk.accuracy_score(fake, called, sample_weight=w),
        "balanced accuracy": lambda: sk.balanced_accuracy_score(fake, called, sample_weight=w),
        "precision": lambda: sk.precision_score(fake, called, sample_weight=w, zero_division=np.nan),
        "recall": lambda: sk.recall_score(fake, called, sample_weight=w),
        "F1": lambda: sk.f1_score(fake, called, sample_weight=w),
        "false-positive rate": lambda: 1 - sk.recall_score(fake, called, pos_label=False, sample_weight=w),
        "AUC": lambda: sk.roc_auc_score(fake, score, sample_weight=w),
        "average precision": lambda: sk.average_precision_score(fake, score, sample_weight=w),
        "real mean": lambda: mean(~fake), "real std": lambda: std(~fake),
        "fake mean": lambda: mean(fake), "fake std": lambda: std(fake),
        "separation ratio": lambda: mean(fake) / mean(~fake) if mean(~fake) > 0 else np.nan,
    }  # fmt: skip
    return {name: float(ways[name]()) for name in names}
