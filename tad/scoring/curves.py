"""How detection falls as fakes get subtler: AUC over a family's strengths."""

import numpy as np
import pandas as pd

from tad.scoring.intervals import Interval, group_bootstrap
from tad.scoring.resampled import auc_statistic
from tad.scoring.table import is_fake, matched, one_detector, one_fake_per_real, per_unit, usable


def detectability(
    scores: pd.DataFrame, detector: str, unit: str = "clip", n_boot: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Measure how well a score tells each family's fakes of each strength from the reals they came from.

    Args:
        scores: scores table of one split, with reals and the fakes of all strengths.
        detector: name in the column `detector`.
        unit: "clip" or "video".
        n_boot, seed: of the bootstrap over groups.

    Returns:
        One row a family and strength: family, scope, strength, then the columns of `compare`.

    Raises:
        ValueError: a class is empty, several splits, another unit, or a missing column or detector.
    """
    rows = one_detector(scores, detector)
    fake = is_fake(rows)
    cells = rows[fake].groupby(["method", "scope", "strength"], dropna=False, observed=True)
    table = []
    for (family, scope, strength), fakes in cells:
        _, measured = compare(rows[~fake], fakes, unit, n_boot, seed)
        table.append({"family": family, "scope": scope, "strength": strength} | measured)
    return pd.DataFrame(table)


def compare(
    reals: pd.DataFrame, fakes: pd.DataFrame, unit: str, n_boot: int = 1000, seed: int = 0
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Measure the AUC of some fakes against the reals they were made from.

    Args:
        reals, fakes: one detector's clips, failed ones included.
        unit: "clip" or "video".
        n_boot, seed: of the bootstrap over groups.

    Returns:
        The rows that were compared, and auc, low, high (NaN where the groups resolve no interval), text,
        note, psnr_db (median of the fakes), n_groups, n_real, n_fake, n_failed (fake clips without a score).
        Where no fake was scored there are no rows, auc is NaN and the text says "n/a".
    """
    table = per_unit(matched(pd.concat([reals, fakes])), unit)
    auc = _auc(table, n_boot, seed)
    measured = {"auc": auc.value, "low": auc.low, "high": auc.high, "text": auc.text(), "note": auc.note}
    measured["psnr_db"] = table["psnr_db"][table["label"].eq("fake")].median()
    measured["n_groups"] = auc.n_groups
    return table, measured | counts(table) | {"n_failed": int((~usable(fakes)).sum())}


def _auc(table: pd.DataFrame, n_boot: int, seed: int) -> Interval:
    if table.empty:
        return Interval(np.nan, np.nan, np.nan, 0, "n/a (no fake was scored beside its real)")
    fake, score = is_fake(table), table["score"].to_numpy(float)
    if np.array_equal(np.sort(score[fake]), np.sort(score[~fake])):  # strength 0: nothing to resample
        note = "fakes and reals have the very same scores"
        return Interval(0.5, 0.5, 0.5, table["group"].nunique(), note)
    return group_bootstrap(auc_statistic(table, one_fake_per_real(table)), n_boot, seed)


def counts(table: pd.DataFrame) -> dict[str, int]:
    """Count the rows of either label."""
    return {"n_real": int(table["label"].eq("real").sum()), "n_fake": int(table["label"].eq("fake").sum())}
