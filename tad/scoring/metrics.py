"""The metrics of one table of scores, by scikit-learn."""

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from tad.scoring.table import is_fake, one_fake_per_real


def metrics(table: pd.DataFrame, threshold: float, weights: np.ndarray | None = None) -> dict[str, float]:
    """Measure how a score tells fakes from reals.

    Args:
        table: scored rows of one detector, both labels; a higher score is more likely fake.
        threshold: a row is called fake if its score is above it.
        weights: row weights (R,); without them one fake per real.

    Returns:
        accuracy, balanced accuracy, precision (NaN if nothing is called fake), recall, F1, false-positive
        rate, AUC, average precision, real mean and std, fake mean and std (weighted, of the rows at hand: no
        n - 1), and the separation ratio, fake mean / real mean (NaN unless the real mean is positive).

    Raises:
        ValueError: a class is empty.

    Example:
        >>> table = pd.DataFrame({"label": ["real", "real", "fake"], "score": [0.1, 0.4, 0.9]})
        >>> found = metrics(table, threshold=0.3, weights=np.array([1.0, 1.0, 2.0]))
        >>> found["accuracy"], found["false-positive rate"], found["AUC"]
        (0.75, 0.5, 1.0)
    """
    fake, score = is_fake(table), table["score"].to_numpy(float)
    w = one_fake_per_real(table) if weights is None else np.asarray(weights, float)
    called = score > float(threshold)
    true_negative_rate = sk.recall_score(fake, called, pos_label=False, sample_weight=w)
    real_mean, real_std = _mean_and_std(score[~fake], w[~fake])
    fake_mean, fake_std = _mean_and_std(score[fake], w[fake])
    values = {
        "accuracy": sk.accuracy_score(fake, called, sample_weight=w),
        "balanced accuracy": sk.balanced_accuracy_score(fake, called, sample_weight=w),
        "precision": sk.precision_score(fake, called, sample_weight=w, zero_division=np.nan),
        "recall": sk.recall_score(fake, called, sample_weight=w),
        "F1": sk.f1_score(fake, called, sample_weight=w),
        "false-positive rate": 1 - true_negative_rate,
        "AUC": sk.roc_auc_score(fake, score, sample_weight=w),
        "average precision": sk.average_precision_score(fake, score, sample_weight=w),
        "real mean": real_mean,
        "real std": real_std,
        "fake mean": fake_mean,
        "fake std": fake_std,
        "separation ratio": fake_mean / real_mean if real_mean > 0 else np.nan,
    }
    return {name: float(value) for name, value in values.items()}


def _mean_and_std(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    mean = np.average(values, weights=weights)
    return mean, np.sqrt(np.average((values - mean) ** 2, weights=weights))
