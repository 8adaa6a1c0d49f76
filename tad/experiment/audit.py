"""Whether a manifest can answer the question: torn groups, videos that stand twice, labels told by containers."""

from dataclasses import asdict, dataclass
from functools import cached_property
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from tqdm.auto import tqdm

from tad.data import DecodeError, key_frame_distance, probe, read_manifest, torn_groups
from tad.data.duplicates import find_duplicates
from tad.report import figures
from tad.scoring import Interval, auc_statistic, group_bootstrap

FOLDS = 5


@dataclass
class Audit:
    """What was found; `faults` make a comparison worthless, `notes` are to be known."""

    torn: list[str]  # groups on two sides, with the sides
    twice: pd.DataFrame  # first, second, differing, why
    container: Interval  # AUC of a classifier that sees the container only
    facts: pd.DataFrame  # what it saw, a row a video
    unreadable: dict[str, str]

    @property
    def warning(self) -> str:
        """What a report must open with, or nothing."""
        if self.container.low > 0.5:
            return (
                f"The container alone tells fakes from reals: AUC {self.container.text()}. This comparison may measure "
                "the container. `tad data canonical` brings both classes to one length, rate, size and encoder."
            )
        return ""

    @cached_property
    def faults(self) -> list[str]:
        """One sentence each; none when the manifest is fit for a comparison."""
        wrong = self.twice[self.twice["why"] != "listed twice"]
        out = [f"group on two sides: {group}" for group in self.torn]
        out += [f"same footage {row.why}: {row.first} and {row.second}" for row in wrong.itertuples()]
        return out + ([self.warning] if self.warning else [])

    @cached_property
    def notes(self) -> list[str]:
        """One sentence each."""
        again = self.twice[self.twice["why"] == "listed twice"]
        out = [f"same footage twice in one group: {row.first} and {row.second}" for row in again.itertuples()]
        return out + [f"unreadable: {video}: {reason}" for video, reason in self.unreadable.items()]

    def text(self) -> str:
        """The findings, line by line."""
        lines = [*(f"FAULT {line}" for line in self.faults), *(f"note {line}" for line in self.notes)]
        lines.append(f"AUC of a classifier that sees only the container: {self.container.text()}")
        return "\n".join([*lines, f"{len(self.facts)} videos read, {len(self.faults)} faults"])


def audit(manifest: str | Path, seed: int = 0) -> Audit:
    """Look for what would make the numbers of a manifest worthless.

    Args:
        manifest: table of videos; torn groups are reported here, not refused.
        seed: of the classifier and the bootstrap.

    Raises:
        ValueError: not a manifest.
    """
    table = read_manifest(manifest, check_groups=False)
    twice, unreadable = find_duplicates(table)
    facts, closed = container_facts(table)
    unreadable |= closed
    return Audit(torn_groups(table), twice, container_auc(facts, seed), facts, unreadable)


def container_facts(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """What the containers of a manifest say, a row a video: group, label, and what can be read without decoding.

    Returns:
        The table, and the videos that have no row, with their reasons.
    """
    rows, lost = [], {}
    for row in tqdm(table.itertuples(), total=len(table), desc="reading containers", unit="video"):
        try:
            info = probe(row.path)
            told = {**asdict(info), "key_frame_distance": key_frame_distance(row.path)}
            told["bit_rate"] = 8 * Path(row.path).stat().st_size / max(info.duration_s, 1e-3)
            rows.append({"video": row.video, "group": row.group, "label": row.label, **told})
        except DecodeError as error:
            lost[row.video] = str(error)
    return pd.DataFrame(rows), lost


def container_auc(facts: pd.DataFrame, seed: int = 0) -> Interval:
    """How well the container alone tells fakes from reals: AUC, cross-validated over groups.

    Args:
        facts: as from `container_facts`.
        seed: of the folds, the forest and the bootstrap.

    Returns:
        The AUC with its interval over groups; NaN with the reason where there is nothing to tell apart.
    """
    known = facts[facts["label"].isin(["real", "fake"])] if len(facts) else facts
    groups = known.groupby("label")["group"].nunique() if len(known) else {}
    if len(groups) < 2:
        return Interval(
            nan, nan, nan, 0, "n/a (needs videos of both labels; forgeries made here share the real's file)"
        )
    folds = min(FOLDS, *groups)
    if folds < 2:
        return Interval(nan, nan, nan, int(min(groups)), "n/a (needs 2 groups of either label)")
    seen = known.drop(columns=["video", "group", "label"]).to_dict("records")
    fake = known["label"].eq("fake").to_numpy()
    forest = RandomForestClassifier(300, class_weight="balanced", min_samples_leaf=2, random_state=seed)
    model = make_pipeline(DictVectorizer(sparse=False), forest)
    scores = np.zeros(len(known))
    for train, test in StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(seen, fake, known["group"]):
        if len(set(fake[train])) < 2:
            return Interval(nan, nan, nan, folds, "n/a (a fold has one label only; needs more groups)")
        model.fit([seen[i] for i in train], fake[train])
        scores[test] = model.predict_proba([seen[i] for i in test])[:, 1]
    return group_bootstrap(auc_statistic(known.assign(score=scores), np.ones(len(known))), seed=seed)


def contact_sheet(table: pd.DataFrame, most: int = 24, columns: int = 6) -> Figure:
    """A frame of each of some videos of a manifest, with their names."""
    from tad.data.describe import samples

    found = [(name, frame.permute(1, 2, 0).numpy()) for name, frame in samples(table, most)]
    rows = [found[i : i + columns] for i in range(0, len(found), columns)]
    titles = [", ".join(Path(name).name for name, _ in row) for row in rows]
    return figures.film_strip([[frame for _, frame in row] for row in rows], titles)
