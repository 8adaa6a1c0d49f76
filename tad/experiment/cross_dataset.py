"""Thresholds carried from one data set to another: what a detector that was calibrated there says here."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from tad import scoring
from tad.data import read_manifest
from tad.experiment.evaluation import Setting, measure
from tad.experiment.forging import choose
from tad.experiment.judged import has_both, scored
from tad.experiment.output import folder
from tad.experiment.scores import CONTROL, Ladder

COLUMNS = ("detector", "calibrated_on", "judged_on", "auc", "auc_text", "recall", "false_positive_rate", "rate_text",
           "balanced_accuracy", "n_groups", "n_real", "n_fake")  # fmt: skip


def cross_dataset(
    checkpoint: str, manifests: Sequence[str], output: str | Path, *, families: Iterable[str] = (), **setting
) -> pd.DataFrame:
    """Score several data sets by the same detectors, and judge each by the thresholds of each.

    Args:
        checkpoint: a file, or "demo" for the weights that ship.
        manifests: tables of videos, one a data set; each needs `val` reals for thresholds and `test` reals.
        output: folder; receives `cross_dataset.parquet`, the scores table with every data set.
        families: made of the test reals at full strength; all when empty. Fakes that a manifest lists count too.
        **setting: see `Setting`.

    Returns:
        As `matrix`.

    Raises:
        ValueError: fewer than two data sets, or two of one name.
    """
    names = ["+".join(sorted(set(read_manifest(manifest)["dataset"]))) or str(manifest) for manifest in manifests]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(f"a cross-dataset matrix needs two data sets or more of different names; got {names}")
    chosen = Setting(**setting)
    steps = Ladder(choose(list(families)), (1.0,))
    tables = [measure(checkpoint, m, steps, chosen).assign(dataset=n) for m, n in zip(manifests, names, strict=True)]
    scores = pd.concat(tables, ignore_index=True)
    scores.to_parquet(folder(output) / "cross_dataset.parquet")
    return matrix(scores, chosen.unit, chosen.seed)


def matrix(scores: pd.DataFrame, unit: str = "video", seed: int = 0, n_boot: int = 1000) -> pd.DataFrame:
    """Judge every data set of a scores table by the thresholds that validation reals of every data set give.

    Args:
        scores: scores table with "val" reals and "test" rows of two data sets or more.
        unit: what is judged, "video" (mean of its clips) or "clip".
        seed, n_boot: of the bootstraps over groups.

    Returns:
        One row a detector and pair of data sets: detector, calibrated_on, judged_on; auc (mean over families, the same
        whatever it was calibrated on) with auc_text; recall (mean over families) and false_positive_rate at the
        carried threshold, with rate_text; balanced_accuracy; n_groups, n_real and n_fake of what is judged.
    """
    rows = scores[scored(scores) & scores["scope"].ne(CONTROL)]
    lines = []
    for name, own in rows.groupby("detector", sort=False):
        cuts = {d: scoring.quantile_threshold(_units(at, unit)) for d, at in _by_dataset(own[own["split"].eq("val")])}
        for judged_on, at in _by_dataset(own[own["split"].eq("test")]):
            if has_both(at):
                auc = scoring.mean_auc(at, unit=unit, n_boot=n_boot, seed=seed)
                told = {"detector": name, "judged_on": judged_on, "auc": auc.value, "auc_text": auc.text()}
                lines += [
                    told | {"calibrated_on": d} | _at(_units(at, unit), cut, seed, n_boot) for d, cut in cuts.items()
                ]
    return pd.DataFrame(lines, columns=COLUMNS)


def _by_dataset(rows: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    return ((str(name), at) for name, at in rows.groupby("dataset", sort=False))


def _units(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    return scoring.video_scores(rows) if unit == "video" else rows


def _at(rows: pd.DataFrame, cut: scoring.Threshold, seed: int, n_boot: int) -> dict:
    """What a threshold says of the reals and fakes of one data set."""
    real, called = rows["label"].eq("real"), rows["score"] > cut.value
    rate = scoring.false_positive_rate(rows[real], cut.value, n_boot, seed)
    recall = float(called[~real].groupby(rows.loc[~real, "method"]).mean().mean())
    return {
        "recall": recall, "false_positive_rate": rate.value, "rate_text": rate.text("%"),
        "balanced_accuracy": (recall + 1 - rate.value) / 2, "n_groups": rows["group"].nunique(),
        "n_real": int(real.sum()), "n_fake": int((~real).sum()),
    }  # fmt: skip
