"""Means over families, each weighing the same: of the AUC, of its difference, and of what beats its own real."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.resampled import Compute, Statistic, _divide, auc_statistic, own_real_statistic
from tad.scoring.table import SOURCE, is_fake, matched, one_fake_per_real, per_unit, require, source_of


@dataclass(frozen=True, eq=False)
class Cell:
    """The rows that are compared for a family at one strength by one detector; many means ask for the same cell."""

    family: str
    rows: pd.DataFrame

    @cached_property
    def groups(self) -> np.ndarray:
        """The names of the groups, in the order in which the statistics count them."""
        return np.asarray(self.rows["group"].unique())

    @cached_property
    def auc(self) -> Statistic:
        """See `auc_statistic`."""
        return auc_statistic(self.rows, self._weights)

    @cached_property
    def own_real(self) -> Statistic | None:
        """See `own_real_statistic`; none for fakes without their reals, as a data set brings them along."""
        source, fake = source_of(self.rows), is_fake(self.rows)
        beside = np.isin(source[fake], source[~fake]).all()
        return own_real_statistic(self.rows, self._weights) if beside else None

    @cached_property
    def _weights(self) -> np.ndarray:
        return one_fake_per_real(self.rows)


def mean_auc(
    scores: pd.DataFrame | list[Cell], against: pd.DataFrame | list[Cell] | None = None, unit: str = "clip",
    n_boot: int = 1000, seed: int = 0,
) -> Interval:  # fmt: skip
    """Measure the mean AUC over families, or how far it lies above that of another table.

    Each family's fakes of one strength and detector are compared with that detector's reals, by themselves: scores of
    several detectors are never pooled. A family's AUCs are averaged first, then the families. What a resample of groups
    leaves undefined, such as a family that needs a face, is left out of that resample's mean.

    Args:
        scores: scores table of one split, reals and the fakes in question; or some of what `compared_cells` made of
            one, by whoever asks about many bands of the same table.
        against: another, for the mean of `scores` less its own; the same groups are drawn for both.
        unit: "clip" or "video" (the mean of its clips).
        n_boot, seed: of the bootstrap over groups.

    Returns:
        The mean, or the difference, NaN where no fake was scored beside its real.

    Raises:
        ValueError: a detector has fakes and no reals.

    Example:
        >>> rows = pd.DataFrame({"group": list("aabb"), "video": list("aabb"), "label": ["real", "fake"] * 2})
        >>> rows = rows.assign(codec="none", detector="d", seed=0, start_s=0.0, method="warp", strength=1.0)
        >>> mean_auc(rows.assign(score=[0.1, 0.3, 0.2, 0.15], status="ok")).text()
        '0.75, interval n/a (needs 6 groups)'
    """
    tables = [_cells(part, unit) for part in (scores, *([] if against is None else [against]))]
    groups = _groups([cell for cells in tables for cell in cells])
    if not all(tables):
        return Interval(np.nan, np.nan, np.nan, len(groups), "n/a (no fake was scored beside its real)")
    means = [_mean(cells, groups, lambda cell: cell.auc) for cells in tables]
    if against is None:
        return group_bootstrap(Statistic(means[0], len(groups), len(groups)), n_boot, seed)
    half = Statistic(lambda n: (1 + means[0](n) - means[1](n)) / 2, len(groups), len(groups))  # within [0, 1]
    found = group_bootstrap(half, n_boot, seed)
    return replace(found, value=2 * found.value - 1, low=2 * found.low - 1, high=2 * found.high - 1)


def above_own_real(
    scores: pd.DataFrame | list[Cell], unit: str = "clip", n_boot: int = 1000, seed: int = 0
) -> Interval:
    """Measure how often a fake scores above the very real it was made from, averaged over families as `mean_auc` does.

    A detector that sees a change in every scene, but is thrown off more by scenes than by the change, has a high share
    here and an AUC near one half. The share is no promise: who judges a video does not have its real.

    Args:
        scores, unit, n_boot, seed: as in `mean_auc`.

    Returns:
        The mean share, NaN where no fake was scored beside its real.

    Example:
        >>> rows = pd.DataFrame({"group": list("aabb"), "video": list("aabb"), "label": ["real", "fake"] * 2})
        >>> rows = rows.assign(codec="none", detector="d", seed=0, start_s=0.0, method="warp", strength=1.0)
        >>> above_own_real(rows.assign(score=[1.0, 1.1, 7.0, 7.1], status="ok")).value
        1.0
    """
    cells = [cell for cell in _cells(scores, unit) if cell.own_real]
    groups = _groups(cells)
    if not cells:
        return Interval(np.nan, np.nan, np.nan, 0, "n/a (no fake was scored beside its own real)")
    return group_bootstrap(
        Statistic(_mean(cells, groups, lambda cell: cell.own_real), len(groups), len(groups)), n_boot, seed
    )


def compared_cells(scores: pd.DataFrame, unit: str) -> dict[tuple[str, float, str], Cell]:
    """What is compared for each family, strength and detector of a scores table, where there is anything."""
    require(scores, [*SOURCE, "label", "method", "strength", "start_s", "score", "status"])
    fake, cells = scores["label"].eq("fake"), {}
    for key, fakes in scores[fake].groupby(["method", "strength", "detector"], sort=False, observed=True):
        reals = scores[~fake & scores["detector"].eq(key[2])]
        cells[key] = Cell(key[0], per_unit(matched(pd.concat([reals, fakes])), unit))
    return {key: cell for key, cell in cells.items() if len(cell.rows)}


def _cells(scores: pd.DataFrame | list[Cell], unit: str) -> list[Cell]:
    if isinstance(scores, list):
        return scores
    return list(compared_cells(scores, unit).values())


def _groups(cells: list[Cell]) -> pd.Index:
    return pd.Index(pd.unique(np.concatenate([[], *(cell.groups for cell in cells)])))


def _mean(cells: list[Cell], groups: pd.Index, of: Callable[[Cell], Statistic]) -> Compute:
    codes, families = pd.factorize(np.array([cell.family for cell in cells], object))
    member = np.eye(len(families))[codes]  # (C, F)
    found = [(of(cell), groups.get_indexer(cell.groups)) for cell in cells]

    def compute(counts: np.ndarray) -> np.ndarray:
        each = np.stack([statistic.compute(counts[:, at]) for statistic, at in found], axis=1)  # (K, C)
        known = ~np.isnan(each)
        of_family = _divide(np.where(known, each, 0) @ member, known @ member)  # (K, F)
        defined = ~np.isnan(of_family)
        return _divide(np.where(defined, of_family, 0).sum(1), defined.sum(1))

    return compute
