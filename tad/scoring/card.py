"""The measured numbers beside the model card's."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from tad import checks
from tad.scoring.intervals import Interval
from tad.scoring.summary import COLUMNS, FORMATS, SCORES

QUANTITIES = (
    "accuracy", "precision", "recall", "F1", "false-positive rate", "AUC", "average precision", "separation ratio",
    "threshold",
)  # fmt: skip


def against_card(at_threshold: pd.DataFrame, at_oracle: pd.DataFrame, card: Mapping[str, object]) -> pd.DataFrame:
    """Put the measured numbers beside the model card's.

    Args:
        at_threshold: `summary` at the threshold from validation reals; all is measured there unless named oracle.
        at_oracle: `summary` of the same scores at the oracle threshold.
        card: the card's numbers: accuracy, precision, recall, f1, false_positive_rate (as shares), separation_ratio,
            threshold, real_mse_mean, real_mse_std, fake_mse_mean, fake_mse_std. What is missing is "not stated".

    Returns:
        Text columns quantity, card, measured, interval, note.
    """
    for name, table in (("at_threshold", at_threshold), ("at_oracle", at_oracle)):
        checks.table(name, table, COLUMNS)
    checks.of_kind("card", card, Mapping, "the card's numbers by name")
    found, oracle = at_threshold.set_index("quantity"), at_oracle.set_index("quantity")
    chosen = oracle.loc["threshold", "note"]
    if not chosen.startswith("oracle"):
        raise ValueError(f"the second summary must be at an oracle threshold; got one chosen on {chosen}")
    lines = [_beside(name, name, found, card.get(re.sub(r"\W", "_", name.lower()))) for name in QUANTITIES]
    lines += [_mean_and_std(label, found, card) for label in ("real", "fake")]
    best = "accuracy at the oracle threshold"
    lines.append(_beside(best, "accuracy", oracle, card.get("accuracy"), "chosen on these very scores"))
    lines.append(_beside("oracle threshold", "threshold", oracle, card.get("threshold")))
    return pd.DataFrame(lines)


def _beside(title: str, quantity: str, found: pd.DataFrame, stated: object, remark: str = "") -> dict[str, str]:
    row, spec = found.loc[quantity], FORMATS.get(quantity, SCORES)
    measured = Interval(row["value"], row["low"], row["high"], row["n_groups"], row["note"])
    card = "not stated" if stated is None else Interval(stated, np.nan, np.nan, 0, "").value_text(spec)
    interval = "" if quantity == "threshold" else measured.bounds_text(spec)
    note = "; ".join(filter(None, [remark, "" if interval == measured.note else measured.note]))
    return {
        "quantity": title, "card": card, "measured": measured.value_text(spec), "interval": interval, "note": note
    }  # fmt: skip


def _mean_and_std(label: str, found: pd.DataFrame, card: Mapping[str, object]) -> dict[str, str]:
    std, card_std = found.loc[f"{label} std", "value"], card.get(f"{label}_mse_std")
    title, mean = f"{label} MSE, mean ± std", card.get(f"{label}_mse_mean")
    line = _beside(title, f"{label} mean", found, mean, "interval of the mean")
    line["measured"] += f" ± {std:.4g}"
    line["card"] += "" if card_std is None else f" ± {card_std:.4g}"
    return line
