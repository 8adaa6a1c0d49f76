"""What a verdict may say in words: no more than its calibration allows."""

import pandas as pd

from tad.experiment.checkpoints import DEMO
from tad.scoring.conformal import in_words, p_values

ALWAYS = [
    "One detector was asked. It sees what it measures: a forgery that leaves that alone passes, and footage that is "
    "unusual in that respect does not.",
    "Heat shows where this score comes from. It does not show that anybody changed something there.",
    "Compression, resizing and filters of a platform change scores: the original file is better evidence than a copy.",
    "Stretches that stand still, and what is shorter than a clip between two cuts, are not looked at.",
]
SHIPPED = (
    "The weights that ship were trained on a few minutes of footage: they show how the workbench works and are no test "
    "of a real video."
)


def reasons_for(row: dict, reals: pd.DataFrame) -> tuple[str, list[str]]:
    """Say why a verdict is what it is, as far as the calibration allows.

    Args:
        row: of `score_videos`.
        reals: the detector's calibration (`load_calibration`), without rows where there is none that applies.

    Returns:
        The reason in a few words, and in sentences.
    """
    status = row["status"].removeprefix("error: ").removeprefix("ok").removeprefix(", ")
    if row["score"] is None:
        return status, [f"It could not be scored: {status}."]
    side = "above" if row["score"] > row["threshold"] else "not above"
    measured = f"Its score, {row['score']:.4g}, is {side} the threshold of {row['threshold']:.4g}."
    aside = [f"Note: {status}."] if status else []
    if row["verdict"] == "UNKNOWN":
        kind = status.rpartition("unlike calibration: ")[2]
        why = f"No real video of the calibration is of this kind ({kind}), so that no score can be read."
        return f"unlike calibration: {kind}", [why, measured]
    if reals.empty:
        why = "What real videos score is not known for this setting, so that there is no p-value."
        return "by the threshold alone: no p-value", [measured, why, *aside]
    p_value = float(p_values(reals, [row["score"]])[0])
    words = in_words(p_value, reals["group"].nunique())
    return words, [measured, f"p = {p_value:.2g}: {words}.", *_caution(row, reals, p_value), *aside]


def _caution(row: dict, reals: pd.DataFrame, p_value: float) -> list[str]:
    if row["verdict"] == "FAKE":
        return [
            f"A real video may be called this, too: up to {p_value:.0%} of real footage like the calibration's may "
            "score this high. Look at the moments below, and for other evidence."
        ]
    found = ["That does not make it real: a forgery that this detector does not see looks the same."]
    if row["score"] < reals["score"].min():
        lower = "It scores lower than every real video of the calibration, which is unusual as well"
        found.append(f"{lower}: smoothed or slowed footage does so.")
    return found


def limits(reals: pd.DataFrame, checkpoint: str, crop: str) -> list[str]:
    """What bounds every verdict made with a calibration, a sentence or two each."""
    groups, found = reals["group"].nunique(), []
    if crop == "face":
        found.append("The largest face was scored, with a threshold that was chosen on whole frames.")
    elif groups:
        found.append(
            f"The calibration is {reals['video'].nunique()} real videos of {groups} groups (a scene or a person each). "
            f"So many resolve no p-value below {1 / (groups + 1):.2g}, and they stand for footage like theirs alone."
        )
    return found + [SHIPPED] * (checkpoint == DEMO) + ALWAYS
