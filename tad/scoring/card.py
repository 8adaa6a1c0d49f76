"""The measured numbers beside the model card's."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tad.scoring.intervals import Interval
from tad.scoring.summary import style

ON_CARD = {  # quantity: its name among the card's numbers
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "F1": "f1",
    "false-positive rate": "false_positive_rate",
    "AUC": "auc",
    "average precision": "average_precision",
    "separation ratio": "separation_ratio",
    "threshold": "threshold",
}


def against_card(at_threshold: pd.DataFrame, at_oracle: pd.DataFrame, card: Mapping[str, object]) -> pd.DataFrame:
    """Put the measured numbers beside the model card's.

    Args:
        at_threshold: `summary` at the threshold from validation reals.
        at_oracle: `summary` of the same scores at the oracle threshold.
        card: the card's numbers: accuracy, precision, recall, f1, false_positive_rate (as shares),
            separation_ratio, threshold, real_mse_mean, real_mse_std, fake_mse_mean, fake_mse_std. What is
            missing is "not stated".

    Returns:
        Text columns quantity, card, measured, interval, note; all at the first threshold unless named oracle.

    Raises:
        ValueError: the second summary is not at an oracle threshold.
    """
    found, oracle = at_threshold.set_index("quantity"), at_oracle.set_index("quantity")
    chosen = oracle.loc["threshold", "note"]
    if not chosen.startswith("oracle"):
        raise ValueError(f"the second summary must be at an oracle threshold; got one chosen on {chosen}")
    lines = [_beside(name, name, found, card.get(key)) for name, key in ON_CARD.items()]
    lines += [_mean_and_std(label, found, card) for label in ("real", "fake")]
    best = _beside("accuracy at the oracle threshold", "accuracy", oracle, card.get("accuracy"))
    best["note"] = "; ".join(filter(None, ["chosen on these very scores", best["note"]]))
    lines += [best, _beside("oracle threshold", "threshold", oracle, card.get("threshold"))]
    return pd.DataFrame(lines)


def _beside(title: str, quantity: str, found: pd.DataFrame, card: object) -> dict[str, str]:
    row, written = found.loc[quantity], style(quantity)
    measured = Interval(row["value"], row["low"], row["high"], row["n_groups"], row["note"])
    stated = "not stated" if card is None else Interval(card, np.nan, np.nan, 0, "").value_text(**written)
    interval = "" if quantity == "threshold" else measured.bounds_text(**written)
    note = "" if interval == measured.note else measured.note
    texts = (title, stated, measured.value_text(**written), interval, note)
    return dict(zip(("quantity", "card", "measured", "interval", "note"), texts, strict=True))


def _mean_and_std(label: str, found: pd.DataFrame, card: Mapping[str, object]) -> dict[str, str]:
    std, card_std = found.loc[f"{label} std", "value"], card.get(f"{label}_mse_std")
    line = _beside(f"{label} MSE, mean ± std", f"{label} mean", found, card.get(f"{label}_mse_mean"))
    line["measured"] += f" ± {std:.4g}"
    line["card"] += "" if card_std is None else f" ± {card_std:.4g}"
    line["note"] = "; ".join(filter(None, ["interval of the mean", line["note"]]))
    return line
