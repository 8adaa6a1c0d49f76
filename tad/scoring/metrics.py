"""The metrics of one table of scores, by scikit-learn."""

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from tad.scoring.table import is_fake, require_scored, row_weights
from tad.scoring.threshold import threshold_value


def metrics(table: pd.DataFrame, threshold: float, weights: np.ndarray | None = None) -> dict[str, float]:
    """Measure how a score tells fakes from reals.

    Args:
        table: scored rows of one detector, both labels; a higher score is more likely fake.
        threshold: a row is called fake if its score is above it.
        weights: row weights (R,), positive; without them one fake per real.

    Returns:
        The metrics by name. Precision is NaN if nothing is called fake, the separation ratio (fake mean / real mean)
        unless the real mean is positive; the stds are those of the rows at hand (no n - 1).

    Example:
        >>> table = pd.DataFrame({"label": ["real", "real", "fake"], "score": [0.1, 0.4, 0.9]})
        >>> found = metrics(table, threshold=0.3, weights=np.array([1.0, 1.0, 2.0]))
        >>> found["accuracy"], found["false-positive rate"], found["AUC"]
        (0.75, 0.5, 1.0)
    """
    require_scored(table, ["label"])
    cut = threshold_value(threshold)
    fake, score, w = is_fake(table), table["score"].to_numpy(float), row_weights(table, weights)
    called = score > cut
    values = {
        "accuracy": sk.accuracy_score(fake, called, sample_weight=w),
        "balanced accuracy": sk.balanced_accuracy_score(fake, called, sample_weight=w),
        "precision": sk.precision_score(fake, called, sample_weight=w, zero_division=np.nan),
        "recall": sk.recall_score(fake, called, sample_weight=w),
        "F1": sk.f1_score(fake, called, sample_weight=w),
        "false-positive rate": 1 - sk.recall_score(fake, called, pos_label=False, sample_weight=w),
        "AUC": sk.roc_auc_score(fake, score, sample_weight=w),
        "average precision": sk.average_precision_score(fake, score, sample_weight=w),
    }
    for label, rows in (("real", ~fake), ("fake", fake)):
        mean = values[f"{label} mean"] = np.average(score[rows], weights=w[rows])
        values[f"{label} std"] = np.sqrt(np.average((score[rows] - mean) ** 2, weights=w[rows]))
    values["separation ratio"] = values["fake mean"] / values["real mean"] if values["real mean"] > 0 else np.nan
    return {name: float(value) for name, value in values.items()}
