"""Which rows of a scores table a figure is about; the table holds every detector, strength and failure."""

import pandas as pd


def usable(scores: pd.DataFrame, detector: str) -> pd.DataFrame:
    """Keep the rows of one detector that have a score.

    Args:
        scores: scores table with columns label, method, strength, detector, group, score, status.
        detector: name in the column `detector`.

    Returns:
        The real and fake rows with status "ok", index renewed.

    Raises:
        ValueError: if no real or no fake row is left.
    """
    wanted = (scores["detector"] == detector) & (scores["status"] == "ok") & scores["label"].isin(["real", "fake"])
    rows = scores[wanted].reset_index(drop=True)
    found = rows["label"].value_counts()
    if not {"real", "fake"} <= set(found.index):
        have = f"{found.to_dict()}, detectors {sorted(scores['detector'].unique())}"
        raise ValueError(f"scores must hold real and fake rows of {detector!r} with status 'ok'; got {have}")
    return rows


def strongest(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the reals and, of each family, the rows at the greatest strength it has."""
    at_most = rows.groupby("method")["strength"].transform("max")
    return rows[(rows["label"] == "real") | (rows["strength"] == at_most)].reset_index(drop=True)


def counts(rows: pd.DataFrame) -> str:
    """Say how many clips and groups stand behind a figure.

    Example:
        >>> counts(pd.DataFrame({"label": ["real", "fake", "fake"], "group": ["a", "a", "b"]}))
        'n = 1 real clip (1 group), 2 fake clips (2 groups)'
    """
    parts = []
    for label in ("real", "fake"):
        of_label = rows[rows["label"] == label]
        clips, groups = len(of_label), of_label["group"].nunique()
        parts.append(f"{clips:,} {label} clip{'s' * (clips != 1)} ({groups} group{'s' * (groups != 1)})")
    return "n = " + ", ".join(parts)
