"""What each detector may be judged on: a head that learns from fakes, on families that it has seen and on the others.

A variant of a head, such as "local_head-0", was trained without some families. On those alone it is judged, against its
own reals; together the variants stand in the tables as "local_head (families left out)". What the head was taught is
what its variants left out, each family once; what none of them left out, such as faces or a family of a user's own, the
head has never seen either, and it stands apart as "local_head (families never taught)".
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from tad import scoring
from tad.experiment.scores import LISTED
from tad.scoring.detectors import Taught

SEEN, LEFT_OUT, UNTAUGHT = " (families seen)", " (families left out)", " (families never taught)"
NOT_STATED = "not stated"

LeftOut = dict[str, list[str]]  # of each variant, the families that it was trained without


class Judged(NamedTuple):
    """What one detector is judged on, and under which title."""

    title: str
    detector: str
    rows: pd.DataFrame  # scores table of that detector alone: its reals, and fakes of strength above 0

    @property
    def name(self) -> str:
        """The title, with the variant's own name where several share it."""
        return self.detector + LEFT_OUT if self.title.endswith(LEFT_OUT) else self.title


def head_of(variant: str) -> str:
    """Name the head that a variant belongs to.

    Example:
        >>> head_of("local_head-0")
        'local_head'
    """
    return variant.rpartition("-")[0]


def left_out_in(scores: pd.DataFrame) -> LeftOut:
    """Read off a scores table what its variants were trained without: of the fakes they scored those families alone.

    So a table may hold a head whose weights do not lie beside the checkpoint.

    Args:
        scores: scores table; see `tad.experiment.scores.score_table`.

    Returns:
        The families of each variant that scored some, and not all, of those that its head scored; all, too, where the
        head is registered as one that is taught: a table of few families may hold none that a variant was taught.

    Example:
        >>> rows = [("cnn", "flicker"), ("cnn", "splice"), ("cnn-0", "splice"), ("other-2", "flicker")]
        >>> left_out_in(pd.DataFrame(rows, columns=["detector", "method"]).assign(label="fake", scope="local"))
        {'cnn-0': ['splice']}
    """
    made = scores[scores["label"].eq("fake") & ~scores["scope"].isin([LISTED])]
    scored_by = {str(name): list(dict.fromkeys(rows["method"])) for name, rows in made.groupby("detector", sort=False)}
    found = {}
    for name, own in scored_by.items():
        of_head, head = set(scored_by.get(head_of(name), [])), scoring.FITTED.get(head_of(name))
        taught = isinstance(head, type) and issubclass(head, Taught)
        if set(own) < of_head or (taught and set(own) == of_head):
            found[name] = own
    return found


def by_fold(scores: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each fold of a pooled scores table; the table as it is where it was not pooled."""
    if "fold" not in scores:
        return [scores]
    return [own for _, own in scores.groupby("fold", sort=True, dropna=False)]


def threshold_of(reals: pd.DataFrame, unit: str) -> scoring.Threshold:
    """The 95 % quantile of one detector's validation reals, of videos or of clips; of pooled folds, of each fold's own.

    Args:
        reals: scores table of the validation reals.
        unit: "video" (mean of its clips) or "clip".
    """
    parts = [scoring.video_scores(own) if unit == "video" else own for own in by_fold(reals)]
    return scoring.threshold_of_folds([scoring.quantile_threshold(own) for own in parts])


def judged(scores: pd.DataFrame, left_out: LeftOut) -> list[Judged]:
    """List every detector that scored a real and a fake, with what it may be judged on.

    Args:
        scores: scores table of one split, one row a clip and detector.
        left_out: of each variant of a head, the families that it was trained without.

    Raises:
        ValueError: two variants of a head were trained without the same family.
    """
    lost = [(head_of(variant), family) for variant, families in left_out.items() for family in families]
    if twice := {family for head, family in lost if lost.count((head, family)) > 1}:
        raise ValueError(f"a family is left out by one variant of a head; got {sorted(twice)} by several")
    rows = scores[scores["label"].eq("real") | scores["strength"].gt(0)]
    found = [one for name, own in rows.groupby("detector", sort=False) for one in _of_one(str(name), own, left_out)]
    return [one for one in found if has_both(one.rows)]


def _of_one(name: str, rows: pd.DataFrame, left_out: LeftOut) -> list[Judged]:
    real = rows["label"].eq("real")
    if name in left_out:
        return [Judged(head_of(name) + LEFT_OUT, name, rows[real | rows["method"].isin(left_out[name])])]
    seen = {family for variant, families in left_out.items() if head_of(variant) == name for family in families}
    if not seen:
        return [Judged(name, name, rows)]
    inside = rows["method"].isin(seen)
    return [Judged(name + SEEN, name, rows[real | inside]), Judged(name + UNTAUGHT, name, rows[real | ~inside])]


def has_both(rows: pd.DataFrame) -> bool:
    """Whether a real and a fake among these rows have a score."""
    return {"real", "fake"} <= set(rows["label"][scored(rows)])


def scored(rows: pd.DataFrame) -> pd.Series:
    """Which rows hold a score."""
    return rows["status"].eq("ok") & np.isfinite(rows["score"].astype(float))


def trained_on(title: str, stated: dict[str, str]) -> str:
    """Say what a detector of that title was trained on, by the registry or else by what is stated.

    Example:
        >>> trained_on("midframe_mse", {}), trained_on("a friend's", {})
        ('reals only', 'not stated')
    """
    for end in (SEEN, LEFT_OUT, UNTAUGHT):
        title = title.removesuffix(end)
    known = (scoring.DETECTORS | scoring.FITTED).get(title)
    return getattr(known, "trained_on", stated.get(title, NOT_STATED))
