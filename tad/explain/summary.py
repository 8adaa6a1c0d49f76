"""The table of methods and measures, each with its interval over groups, and what it says in words."""

import numpy as np
import pandas as pd

from tad import checks
from tad.explain.localisation import MEASURES
from tad.explain.measured import CONTROL
from tad.scoring import Interval, group_bootstrap
from tad.scoring.resampled import Statistic

CLIP = ["video", "family", "strength"]
SPACE, TIME = ([f"{where}_{name}" for name in MEASURES] for where in ("space", "time"))
LOWER_IS_BETTER = ("deletion", "infidelity", "random_weights")
COLUMNS = (*SPACE, *TIME, *LOWER_IS_BETTER)
NAMES = ("pointing", "AUC", "AP", "IoU")
HEADS = dict(zip(SPACE, (f"where: {name}" for name in NAMES), strict=True))
HEADS |= dict(zip(TIME, (f"when: {name}" for name in NAMES), strict=True))
HEADS |= {"deletion": "deletion (low)", "infidelity": "infidelity (low)", "random_weights": "random weights (low)"}
BETTER = "better than every control"
IN_WORDS = {"space_auc": "in space", "time_auc": "over time", "deletion": "by deletion"}  # what the verdict looks at


def mean_over_groups(groups: pd.Series, values: pd.Series, n_boot: int = 1000, seed: int = 0) -> Interval:
    """Measure the mean over groups of each group's mean value; rows without a value are left out.

    Example:
        >>> mean_over_groups(pd.Series(list("aab")), pd.Series([0.0, 1.0, 1.0])).text()
        '0.75, interval n/a (needs 6 groups)'
    """
    good = isinstance(values, pd.Series) and pd.api.types.is_numeric_dtype(values)
    checks.check(good, "values must be a Series of numbers", values)
    good = isinstance(groups, pd.Series) and len(groups) == len(values)
    checks.check(good, f"groups must be a Series of {len(values)}, one a value", groups)
    means = values.groupby(groups.to_numpy()).mean().dropna().to_numpy()
    if not len(means):
        return Interval(np.nan, np.nan, np.nan, 0, "n/a")
    compute = lambda counts: counts @ means / counts.sum(1)  # noqa: E731
    return group_bootstrap(Statistic(compute, len(means), len(means), proportion=False), n_boot, seed)


def summary(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Measure every method and control of one detector.

    Args:
        rows: of `measure_clip`, with the columns of `CLIP` and group; one detector, the strengths and families that
            count. Clips on which some method was not measured are left out: all are compared on the same.
        seed: of the bootstrap over groups.

    Returns:
        One row a method, measure and interval: method, kind, measure, value, low, high, text, n_groups; control (the
        best one by this measure), gain over it, paired by clip (positive = better), gain_low, gain_high, and verdict.

    Raises:
        ValueError: rows of several detectors, or no clip that every method was measured on.
    """
    checks.table("rows", rows, [*CLIP, "group", "detector", "method", "kind", *COLUMNS])
    checks.whole("seed", seed)
    if rows["detector"].nunique() > 1:
        raise ValueError(f"a table is of one detector; got {sorted(set(rows['detector']))}")
    n_methods = rows.groupby(CLIP)["method"].transform("nunique")
    rows = rows[n_methods == rows["method"].nunique()]
    if rows.empty:
        raise ValueError("methods are compared on the same clips; got no clip that every method was measured on")
    wide = {name: own.set_index(CLIP) for name, own in rows.groupby("method", sort=False)}
    kinds = {name: own["kind"].iloc[0] for name, own in wide.items()}
    lines = []
    for measure in COLUMNS:
        sign = -1 if measure in LOWER_IS_BETTER else 1
        found = {name: mean_over_groups(own["group"], own[measure], seed=seed) for name, own in wide.items()}
        values = {n: sign * i.value for n, i in found.items() if kinds[n] == CONTROL and not np.isnan(i.value)}
        best = max(values, key=values.get, default="")
        for name, interval in found.items():
            line = {"method": name, "kind": kinds[name], "measure": measure, "value": interval.value}
            line |= {"low": interval.low, "high": interval.high, "text": interval.text(), "n_groups": interval.n_groups}
            if best and kinds[name] != CONTROL:
                gain = sign * (wide[name][measure] - wide[best][measure].reindex(wide[name].index))
                line |= _verdict(best, mean_over_groups(wide[name]["group"], gain, seed=seed))
            lines.append(line)
    columns = ["control", "gain", "gain_low", "gain_high", "verdict"]
    return pd.DataFrame(lines).reindex(columns=[*list(lines[0])[:8], *columns])


def _verdict(control: str, gain: Interval) -> dict:
    if np.isnan(gain.low):
        words = f"not told from the {control} ({gain.note})"
    elif gain.low > 0:
        words = f"{BETTER}, the {control} included"
    else:
        words = f"{'worse' if gain.high < 0 else 'no better'} than the {control}"
    return {"control": control, "gain": gain.value, "gain_low": gain.low, "gain_high": gain.high, "verdict": words}


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Lay a summary out as method x measure, each cell a value with its interval, methods first, then controls.

    Returns:
        Columns method; "better than every control", where of `IN_WORDS`; the measures under the names of `HEADS`.
    """
    checks.table("found", found, ["method", "kind", "measure", "value", "low", "high", "verdict"])
    short = found.assign(text=[_short(*of) for of in zip(found["value"], found["low"], found["high"], strict=True)])
    wide = short.pivot(index="method", columns="measure", values="text").reindex(columns=list(COLUMNS))
    kinds = found.drop_duplicates("method").set_index("method")["kind"]
    order = [*kinds.index[kinds != CONTROL], *kinds.index[kinds == CONTROL]]
    won = found[found["verdict"].fillna("").str.startswith(BETTER)]
    where = {
        name: ", ".join(IN_WORDS[m] for m in IN_WORDS if m in set(own))
        for name, own in won.groupby("method")["measure"]
    }
    better = ["(a control)" if kinds[name] == CONTROL else where.get(name) or "nowhere" for name in order]
    out = wide.reindex(order).rename(columns=HEADS).reset_index()
    out.insert(1, BETTER, better)
    return out


def _short(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "n/a"
    return f"{value:.2f}" if np.isnan(low) else f"{value:.2f} [{low:.2f}, {high:.2f}]"
