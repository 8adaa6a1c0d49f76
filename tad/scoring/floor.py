"""The real-against-real floor: how well a score tells sources of real video apart, which is no detection at all.

A score that separates one data set's reals from another's with AUC 0.9 answers to scene, camera or codec. Only what its
AUC on fakes has above this floor can be detection.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.resampled import Statistic, auc_statistic
from tad.scoring.table import COLUMNS as TABLE
from tad.scoring.table import one_detector, one_fake_per_real, per_unit, require, usable

N_SHUFFLES = 1000
COLUMNS = ["source_a", "source_b", "auc", "low", "high", "text", "note", "n_groups", "n_a", "n_b", "chance"]


def source_pairs(
    scores: pd.DataFrame, detector: str, by: str = "dataset", unit: str = "clip", n_boot: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Tell every two sources of real video apart by a detector's score.

    Args:
        scores: scores table of one split; its fakes are not looked at, and it need not have any.
        by: the column that names the source, "dataset" or "group".
        others: as in `detectability`.

    Returns:
        One row a pair: source_a, the one that scores higher, source_b; auc = max(AUC, 1 - AUC) with low, high, text,
        note, n_groups of the source that has fewer; n_a, n_b rows; chance: what a score blind to the source would reach
        with so few rows, as the larger of AUC and 1 - AUC is above 0.5 by luck alone.
    """
    reals = _real_units(scores, detector, by, unit)
    lines = []
    for a, b in combinations(sorted(reals[by].unique()), 2):
        found = group_bootstrap(_apart(reals, by, a, b), n_boot, seed)
        if found.value < 0.5:
            a, b = b, a
            found = group_bootstrap(_apart(reals, by, a, b), n_boot, seed)
        line = {"source_a": a, "source_b": b, "auc": found.value, "low": found.low, "high": found.high}
        line |= {"text": found.text(), "note": found.note, "n_groups": found.n_groups}
        both = reals[reals[by].isin((a, b))]
        n_a, n_b = (int(both[by].eq(source).sum()) for source in (a, b))
        lines.append(line | {"n_a": n_a, "n_b": n_b, "chance": _chance(both["score"].to_numpy(float), n_a, seed)})
    return pd.DataFrame(lines, columns=COLUMNS)


def real_floor(
    scores: pd.DataFrame, detector: str, by: str = "dataset", unit: str = "clip", n_boot: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Hold a detector's AUC on fakes against the AUC with which it tells sources of real video apart.

    Args:
        scores: scores table of one split, narrowed to the families and strengths in question.
        others: as in `source_pairs`.

    Returns:
        One row: detector, by, n_sources, floor_mean and floor_max over the pairs of sources, chance (mean of the
        pairs'), auc (detection), margin (auc - floor_mean) with low, high, text, note, n_groups; margin_to_max.
    """
    table = _units(scores, detector, unit)
    pairs = source_pairs(scores, detector, by, unit, n_boot=1, seed=seed)
    detection = auc_statistic(table, one_fake_per_real(table))
    auc = float(detection.compute(np.ones((1, detection.n_total)))[0])
    n_sources = _reals(table, by)[by].nunique()
    if pairs.empty:
        margin = Interval(np.nan, np.nan, np.nan, detection.n_groups, f"n/a (needs 2 sources, has {n_sources})")
    else:
        margin = group_bootstrap(_margin(table, by, detection), n_boot, seed)
    line = {"detector": detector, "by": by, "n_sources": n_sources, "floor_mean": pairs["auc"].mean()}
    line |= {"floor_max": pairs["auc"].max(), "chance": pairs["chance"].mean(), "auc": auc, "margin": margin.value}
    line |= {"low": margin.low, "high": margin.high, "text": margin.text(), "note": margin.note}
    return pd.DataFrame([line | {"n_groups": margin.n_groups, "margin_to_max": auc - pairs["auc"].max()}])


def _units(scores: pd.DataFrame, detector: str, unit: str) -> pd.DataFrame:
    rows = one_detector(scores, detector)
    return per_unit(rows[usable(rows)], unit)


def _real_units(scores: pd.DataFrame, detector: str, by: str, unit: str) -> pd.DataFrame:
    require(scores, TABLE)
    reals = _reals(scores[scores["detector"].eq(detector)], by)
    rows = reals[usable(reals)]
    if rows.empty:
        raise ValueError(f"sources need scored reals of the detector; got none of {detector!r}")
    for column in ("split", "codec"):
        if rows[column].nunique() > 1:
            raise ValueError(f"sources are held apart within one {column}; got {sorted(set(rows[column]))}")
    return per_unit(rows, unit)


def _reals(table: pd.DataFrame, by: str) -> pd.DataFrame:
    if by not in ("dataset", "group"):
        raise ValueError(f'by must be "dataset" or "group"; got {by!r}')
    return table[table["label"].eq("real")]


def _apart(reals: pd.DataFrame, by: str, a: str, b: str) -> Statistic:
    """The AUC with which source a scores above source b."""
    both = reals[reals[by].isin((a, b))]
    return auc_statistic(both.assign(label=np.where(both[by].eq(a), "fake", "real")), np.ones(len(both)))


def _margin(table: pd.DataFrame, by: str, detection: Statistic) -> Statistic:
    """Detection less the mean of the floor, over the pairs of sources that a resample holds."""
    reals, groups = _reals(table, by), pd.Index(table["group"].unique())
    found = []
    for pair in combinations(sorted(reals[by].unique()), 2):
        at = groups.get_indexer(reals["group"][reals[by].isin(pair)].unique())
        found.append((_apart(reals, by, *pair), at))

    def compute(counts: np.ndarray) -> np.ndarray:
        aucs = np.ma.masked_invalid([pair.compute(counts[:, at]) for pair, at in found])
        return detection.compute(counts) - np.ma.maximum(aucs, 1 - aucs).mean(0).filled(np.nan)

    behind = reals["group"].nunique() if by == "group" else reals.groupby(by, observed=True)["group"].nunique().min()
    return Statistic(compute, detection.n_total, int(min(behind, detection.n_groups)), proportion=False)


def _chance(score: np.ndarray, n_a: int, seed: int) -> float:
    """The mean of max(AUC, 1 - AUC) with the rows shuffled between the two sources."""
    ranks = np.tile(stats.rankdata(score), (N_SHUFFLES, 1))
    of_a = np.random.default_rng(seed).permuted(ranks, axis=1)[:, :n_a].sum(1)
    auc = (of_a - n_a * (n_a + 1) / 2) / (n_a * (len(score) - n_a))
    return float(np.maximum(auc, 1 - auc).mean())
