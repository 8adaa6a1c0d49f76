"""Limits of detection: the least strength, and the highest PSNR, at which a detector reaches an AUC.

Stronger fakes are no harder to detect, so the AUC of a family is fitted by the rising (isotonic) curve nearest to it,
which takes out the ups and downs of few clips. A bootstrap over groups resamples all strengths together. PSNRs are the
medians of the fakes of each strength, and stay as they are in the resamples.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from numbers import Real

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from tad import checks
from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.resampled import Compute, Statistic, _divide, auc_statistic
from tad.scoring.table import is_fake, matched, one_detector, one_fake_per_real, per_unit

LEVELS = (0.75, 0.95)
FITTED = ["family", "scope", "detector", "strength", "psnr_db", "auc", "fit", "low", "high", "text"]


@dataclass(frozen=True)
class Ladder:
    """One family at S strengths above 0, rising."""

    strength: np.ndarray  # (S,)
    psnr_db: np.ndarray  # (S,), median of the fakes
    n_fake: np.ndarray  # (S,)
    auc: Compute  # counts (K, G) -> (K, S)
    n_total: int
    n_groups: int  # of the scarcer class, where it is scarcest

    def fit(self, counts: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Fit each resample (K, G) by the nearest curve that rises along an order of the strengths (S',): (K, S')."""
        weights = self.n_fake[order]
        fits = [
            isotonic_regression(row, weights=weights).x if np.isfinite(row).all() else np.full(len(order), np.nan)
            for row in self.auc(counts)[:, order]
        ]
        return np.reshape(fits, (len(counts), len(order)))


def detection_limits(
    scores: pd.DataFrame, detector: str, levels: tuple[float, ...] = LEVELS, unit: str = "clip", n_boot: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Find the strength and the PSNR at which each family's fitted AUC reaches a level, linear between strengths.

    Strength 0 is the identity, so the curve over strength starts at AUC 0.5. Over PSNR it starts at the least visible
    strength measured: a level that is reached there already is said to be, and the PSNR is then a lower bound.

    Args:
        scores: scores table of one split, with reals and the fakes of several strengths.
        levels: AUCs above 0.5.
        others: as in `detectability`.

    Returns:
        One row a family and level: family, scope, detector, level, strength, strength_low, strength_high, psnr_db,
        psnr_low, psnr_high, text. NaN and "not reached" where the fit stays below; no interval where the groups
        resolve none or more than 5 % of the resamples never reach the level.
    """
    good = isinstance(levels, tuple | list) and all(isinstance(n, Real) and 0.5 < n <= 1 for n in levels)
    checks.check(good, "levels must be AUCs above 0.5", levels)
    lines = []
    for head, ladder in _ladders(scores, detector, unit):
        for level in levels:
            by_strength, by_psnr = _limits(ladder, level, n_boot, seed)
            line = head | {"level": level}
            line |= dict(zip(("strength", "strength_low", "strength_high"), astuple(by_strength)[:3], strict=True))
            line |= dict(zip(("psnr_db", "psnr_low", "psnr_high"), astuple(by_psnr)[:3], strict=True))
            lines.append(line | {"text": _text(ladder, by_strength, by_psnr)})
    return pd.DataFrame(lines)


def monotone_auc(
    scores: pd.DataFrame, detector: str, unit: str = "clip", n_boot: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Fit each family's AUC by a curve that rises with strength; arguments as in `detectability`.

    Returns:
        One row a family and strength above 0: family, scope, detector, strength, psnr_db, auc, fit, low, high, text.
        Where PSNR falls as strength grows, the fit over PSNR is the same.
    """
    lines = []
    for head, ladder in _ladders(scores, detector, unit):
        fitted = _once(lambda counts, of=ladder: of.fit(counts, np.arange(len(of.strength))))
        for i, auc in enumerate(ladder.auc(np.ones((1, ladder.n_total)))[0]):
            at = Statistic(lambda counts, i=i, of=fitted: of(counts)[:, i], ladder.n_total, ladder.n_groups)
            found = group_bootstrap(at, n_boot, seed)
            line = head | {"strength": ladder.strength[i], "psnr_db": ladder.psnr_db[i], "auc": auc}
            lines.append(line | {"fit": found.value, "low": found.low, "high": found.high, "text": found.text()})
    return pd.DataFrame(lines, columns=FITTED)


def _once(fit: Compute) -> Compute:
    """Remember the fits of the resamples that were asked for: all strengths of a ladder read the same ones."""
    known: dict[bytes, np.ndarray] = {}

    def fitted(counts: np.ndarray) -> np.ndarray:
        key = counts.tobytes()
        if key not in known:
            known[key] = fit(counts)
        return known[key]

    return fitted


def crossing(x: np.ndarray, fits: np.ndarray, level: float) -> np.ndarray:
    """Find where rising curves (K, S) over x (S,) reach a level, linear between knots: (K,), NaN if they never do.

    A curve that starts at or above the level reaches it at x[0].

    Example:
        >>> crossing(np.array([0.0, 0.5, 1.0]), np.array([[0.5, 0.7, 0.8], [0.5, 0.6, 0.7]]), 0.75)
        array([0.75,  nan])
    """
    reached = fits >= level - 1e-9
    after = reached.argmax(1)
    before, rows = np.maximum(after - 1, 0), np.arange(len(fits))
    share = np.nan_to_num(_divide(level - fits[rows, before], fits[rows, after] - fits[rows, before]))
    return np.where(reached.any(1), x[before] + share * (x[after] - x[before]), np.nan)


def _ladders(scores: pd.DataFrame, detector: str, unit: str) -> Iterator[tuple[dict[str, object], Ladder]]:
    rows = one_detector(scores, detector)
    fake = is_fake(rows)
    for (family, scope), fakes in rows[fake].groupby(["method", "scope"], sort=False, dropna=False, observed=True):
        steps = fakes[fakes["strength"] > 0].groupby("strength", observed=True)
        tables = {s: per_unit(matched(pd.concat([rows[~fake], part])), unit) for s, part in steps}
        ladder = _ladder({s: table for s, table in tables.items() if len(table)}, rows["group"].unique())
        yield {"family": family, "scope": scope, "detector": detector}, ladder


def _ladder(tables: dict[float, pd.DataFrame], groups: np.ndarray) -> Ladder:
    """Prepare the AUCs at all strengths for one draw of groups; a strength may lack some of the groups."""
    groups = pd.Index([g for g in groups if any(g in set(t["group"]) for t in tables.values())])
    fakes = [t[t["label"].eq("fake")] for t in tables.values()]
    found = [(auc_statistic(t, one_fake_per_real(t)), groups.get_indexer(t["group"].unique())) for t in tables.values()]

    def auc(counts: np.ndarray) -> np.ndarray:
        columns = [statistic.compute(counts[:, at]) for statistic, at in found]
        return np.reshape(columns, (len(found), len(counts))).T

    psnr = np.array([rows["psnr_db"].median() for rows in fakes], float)
    n_fake = np.array([len(rows) for rows in fakes], float)
    fewest = min((statistic.n_groups for statistic, _ in found), default=0)
    return Ladder(np.array(list(tables), float), psnr, n_fake, auc, len(groups), fewest)


def _limits(ladder: Ladder, level: float, n_boot: int, seed: int) -> tuple[Interval, Interval]:
    """The limit in strength, and the limit in PSNR."""
    rising = np.arange(len(ladder.strength))
    visible = np.argsort(-ladder.psnr_db, kind="stable")
    visible = visible[np.isfinite(ladder.psnr_db[visible])]

    def strength(counts: np.ndarray) -> np.ndarray:
        start = np.full((len(counts), 1), 0.5)
        return crossing(np.r_[0.0, ladder.strength], np.hstack([start, ladder.fit(counts, rising)]), level)

    def psnr(counts: np.ndarray) -> np.ndarray:
        return crossing(ladder.psnr_db[visible], ladder.fit(counts, visible), level)

    never = Interval(np.nan, np.nan, np.nan, ladder.n_groups, "n/a (nothing measured)")
    return tuple(
        _interval(Statistic(limit, ladder.n_total, ladder.n_groups, proportion=False), n_boot, seed) if n else never
        for limit, n in ((strength, len(rising)), (psnr, len(visible)))
    )


def _interval(statistic: Statistic, n_boot: int, seed: int) -> Interval:
    found = group_bootstrap(statistic, n_boot, seed)
    if np.isnan(found.value):
        return replace(found, note="not reached")
    if found.low == found.high:  # resampling groups that all agree could only repeat it
        return replace(found, low=np.nan, high=np.nan, note=f"n/a (all {found.n_groups} groups agree)")
    return found


def _text(ladder: Ladder, strength: Interval, psnr: Interval) -> str:
    if np.isnan(strength.value):
        return strength.note
    at_start = psnr.value == np.max(ladder.psnr_db, where=np.isfinite(ladder.psnr_db), initial=-np.inf)
    visibility = "n/a" if np.isnan(psnr.value) else f"in dB {psnr.text('.1f')}"
    return f"strength {strength.text()}; PSNR {visibility}" + ", the least visible measured" * bool(at_start)
