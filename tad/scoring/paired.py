"""Which of several detectors is better on the same videos: differences of AUCs, tested group by group."""

from dataclasses import replace
from itertools import combinations, product
from math import ceil, log2

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tad import checks
from tad.scoring.conformal import mid_ranks, scored_by_all
from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.resampled import Statistic, auc_statistic
from tad.scoring.table import COLUMNS as TABLE
from tad.scoring.table import one_detector, one_fake_per_real, per_unit, require

ALPHA = 0.05
EXACT = 4096  # as many swaps are tried one and all
COLUMNS = ["detector_a", "detector_b", "difference", "low", "high", "p", "p_holm", "n_groups", "verdict", "note"]


def paired(
    scores: pd.DataFrame, unit: str = "video", n_boot: int = 1000, n_swaps: int = 9999, seed: int = 0
) -> pd.DataFrame:
    """Compare every two detectors on what both of them scored.

    The test swaps the two detectors in some of the groups, all clips of a group at once, after each detector's scores
    have become mid-ranks among its own. If both do the same, no swap matters. All swaps are tried where there are at
    most 4096, else a random draw of them.

    Source: Venkatraman, Begg, "A distribution-free procedure for comparing receiver operating characteristic curves
    from a paired experiment", Biometrika 83(4), 1996; Holm, "A simple sequentially rejective multiple test procedure",
    1979.

    Args:
        scores: scores table of one split with two detectors or more.
        unit: "video" (the mean of its clips) or "clip".
        n_boot, n_swaps, seed: number of resamples, of random swaps, and the seed of their draws.

    Returns:
        One row a pair: detector_a, detector_b, difference (AUC of a less that of b), low, high (NaN where the groups
        resolve no interval), p (two-sided), p_holm (corrected for the number of pairs), n_groups that were swapped,
        verdict, note.
    """
    require(scores, TABLE)
    checks.whole("n_swaps", n_swaps, 1)
    names = list(dict.fromkeys(scores["detector"]))
    if len(names) < 2:
        raise ValueError(f"a paired test needs two detectors; got {names}")
    pairs = list(combinations(names, 2))
    return corrected(pd.DataFrame([_pair(scores, pair, unit, n_boot, n_swaps, seed) for pair in pairs]))


def corrected(pairs: pd.DataFrame) -> pd.DataFrame:
    """Correct pairs that were tested apart for being looked at together.

    Args:
        pairs: rows of `paired`, from one call or several.

    Returns:
        The same rows with p_holm and verdict for as many pairs as there are.
    """
    checks.table("pairs", pairs, [name for name in COLUMNS if name not in ("p_holm", "verdict")])
    table = pairs.assign(p_holm=holm(pairs["p"]))
    table["verdict"] = [
        verdict(*row, len(table))
        for row in table[["detector_a", "detector_b", "difference", "p_holm", "n_groups"]].itertuples(index=False)
    ]
    return table[COLUMNS]


def holm(p: ArrayLike) -> np.ndarray:
    """Correct p-values (M,) so that the chance of even one false finding stays below the level.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
        [0.03, 0.06, 0.06]
    """
    p = checks.numbers("p", p, 0, 1)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return corrected


def verdict(detector_a: str, detector_b: str, difference: float, p_holm: float, n_groups: int, n_pairs: int) -> str:
    """Say in words what the test allows; "n/a" where no result of so few groups could be a finding.

    Example:
        >>> verdict("a", "b", 0.3, 0.03, 6, 1), verdict("a", "b", 0.3, 0.31, 6, 10)
        ('a is better', 'n/a (needs 9 groups for 10 pairs)')
    """
    if p_holm <= ALPHA:
        return f"{detector_a if difference > 0 else detector_b} is better"
    needed = ceil(log2(2 * n_pairs / ALPHA))
    lacking = f"n/a (needs {needed} groups for {n_pairs} pair{'s' * (n_pairs > 1)})"
    return "no difference shown" if n_groups >= needed else lacking


def _pair(
    scores: pd.DataFrame, names: tuple[str, str], unit: str, n_boot: int, n_swaps: int, seed: int
) -> dict[str, object]:
    for name in names:
        one_detector(scores, name)  # refuses rows that may not be compared
    rows = scored_by_all(per_unit(scored_by_all(scores, names), unit), names)
    a, b = (rows[rows["detector"].eq(name)] for name in names)
    weights = one_fake_per_real(a)
    found = _difference(a, b, weights, n_boot, seed)
    p, n_groups, note = _swap_test(a, b, weights, n_swaps, seed)
    line = {"detector_a": names[0], "detector_b": names[1], "difference": found.value}
    return line | {"low": found.low, "high": found.high, "p": p, "n_groups": n_groups, "note": f"{found.note}; {note}"}


def _difference(a: pd.DataFrame, b: pd.DataFrame, weights: np.ndarray, n_boot: int, seed: int) -> Interval:
    """Subtract AUCs of the same resamples; (1 + difference) / 2 is a proportion, bounded even if all groups agree."""
    auc_a, auc_b = (auc_statistic(rows, weights) for rows in (a, b))
    half = Statistic(lambda n: (1 + auc_a.compute(n) - auc_b.compute(n)) / 2, auc_a.n_total, auc_a.n_groups)
    found = group_bootstrap(half, n_boot, seed)
    return replace(found, value=2 * found.value - 1, low=2 * found.low - 1, high=2 * found.high - 1)


def _swap_test(
    a: pd.DataFrame, b: pd.DataFrame, weights: np.ndarray, n_swaps: int, seed: int
) -> tuple[float, int, str]:
    """Give the p-value, the number of groups swapped, and how it came about."""
    codes, groups = pd.factorize(a["group"])
    n = len(groups)
    halves = [
        rows.assign(score=mid_ranks(rows["score"], weights, rows["score"]), group=codes + n * k)
        for k, rows in enumerate((a, b))
    ]
    auc = auc_statistic(pd.concat(halves), np.tile(weights, 2)).compute

    def differences(kept: np.ndarray) -> np.ndarray:  # (K, n), 1 where a group keeps its detectors
        return auc(np.hstack([kept, 1 - kept])) - auc(np.hstack([1 - kept, kept]))

    exact = 2**n <= EXACT
    kept = list(product((0, 1), repeat=n)) if exact else np.random.default_rng(seed).integers(0, 2, (n_swaps, n))
    extreme = np.abs(differences(np.array(kept))) >= np.abs(differences(np.ones((1, n)))) - 1e-9
    if exact:
        return extreme.mean(), n, f"exact over {2**n} swaps of {n} groups: no p below 2/{2**n} is possible"
    return (1 + extreme.sum()) / (1 + n_swaps), n, f"{n_swaps} random swaps of {n} groups"
