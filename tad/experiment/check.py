"""Whether a run gives what a reference of the same size gave: every number of every table, within a tolerance."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from tad.experiment.compare_runs import differing, run_folder

TOLERANCE = 0.01  # relative
KINDS = (".csv", ".parquet")
TOLD = {"seed"}  # columns that repeat what was asked
# What names a row of a table, where it is there; tables without, or with a row named twice, are held line by line.
NAMES = [
    "quantity", "family", "scope", "strength", "detector", "scored_by", "band", "level", "detector_a", "detector_b",
    "change", "video", "group", "dataset", "split", "label", "method", "codec", "start_s", "control", "by", "left_out",
]  # fmt: skip
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
COLUMNS = ["table", "row", "column", "reference", "now"]


def check_size(reference: str | Path, size: str) -> Path:
    """Find a run to be held against, before the long work begins.

    Raises:
        ValueError: it is no run, or one of another size.
    """
    folder = run_folder(reference)
    other = json.loads((folder / "run.json").read_text()).get("size", "")
    if other != size:
        told = f"{reference} is {other or 'of no size'}, this one {size or 'of no size'}"
        raise ValueError(f"runs must be of equal size to be held against each other; {told}")
    return folder


def check(reference: str | Path, run: str | Path, tolerance: float = TOLERANCE) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold every table of a run against those of a reference.

    Args:
        reference, run: runs of equal size, by name or folder.
        tolerance: by how much a number may differ, relative; one that is written rounded may differ by a unit of its
            last digit besides.

    Returns:
        What was asked differently, as `differing`; and what changed beyond the tolerance (`COLUMNS`), a row each.

    Raises:
        ValueError: runs of unequal size, a folder that holds none, or a tolerance that is negative.
    """
    if tolerance < 0:
        raise ValueError(f"a tolerance must be 0 or more; got {tolerance}")
    new = run_folder(run)
    now = json.loads((new / "run.json").read_text())
    old = check_size(reference, now.get("size", ""))
    before = json.loads((old / "run.json").read_text())
    files = sorted(
        {file.name for folder in (old, new) for kind in ("*.csv", "*.parquet") for file in folder.glob(kind)}
    )
    changes = _stations(before, now) + [line for name in files for line in _file(old / name, new / name, tolerance)]
    asked = differing({"reference": before, "now": now})
    return asked, pd.DataFrame(changes, columns=COLUMNS)


def _stations(before: dict, now: dict) -> list[list]:
    old, new = ({s["notebook"]: s["status"] for s in record.get("stations", [])} for record in (before, now))
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    return [["run.json", name, "status", old.get(name, "not run"), new.get(name, "not run")] for name in names]


def _file(old: Path, new: Path, tolerance: float) -> list[list]:
    there = ["there" if file.is_file() else "no such table" for file in (old, new)]
    if there != ["there", "there"]:
        return [[old.name, "", "", *there]]
    return [[old.name, *line] for line in changed(_read(old), _read(new), tolerance)]


def _read(file: Path) -> pd.DataFrame:
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    return pd.read_csv(file, keep_default_na=False, dtype=str, encoding_errors="replace")


def changed(old: pd.DataFrame, new: pd.DataFrame, tolerance: float) -> list[list]:
    """List what changed between two tables: row, column, before, now.

    Example:
        >>> old = pd.DataFrame({"family": ["a", "b"], "text": ["0.50 [0.40, 0.60]", "n/a"]})
        >>> changed(old, old.assign(text=["0.51 [0.40, 0.60]", "0.9"]), 0.01)
        [['family=b', 'text', 'n/a', '0.9']]
    """
    columns = [column for column in old.columns if column in new.columns]
    found = [
        ["", column, *("there" if column in table else "no such column" for table in (old, new))]
        for column in dict.fromkeys([*old.columns, *new.columns])
        if column not in columns
    ]
    names = [name for name in NAMES if name in columns]
    if not all(_labels(table, names).is_unique for table in (old, new)):
        names = []
    old, new = (table.set_index(_labels(table, names)) for table in (old, new))
    for row in [*old.index.difference(new.index, sort=False), *new.index.difference(old.index, sort=False)]:
        found.append([row, "", *("there" if row in table.index else "no such row" for table in (old, new))])
    both = old.index.intersection(new.index, sort=False)
    for column in [column for column in columns if column not in {*names, *TOLD}]:
        a, b = old.loc[both, column], new.loc[both, column]
        found += [[row, column, _text(a[row]), _text(b[row])] for row in both[~_close(a, b, tolerance)]]
    return found


def _labels(table: pd.DataFrame, names: list[str]) -> pd.Index:
    """What each row is called: by the columns that name it, or by its line where there are none."""
    parts = [name + "=" + table[name].map(_text) for name in names]
    return pd.Index(parts[0].str.cat(parts[1:], sep=", ") if parts else [f"line {i + 1}" for i in range(len(table))])


def _close(a: pd.Series, b: pd.Series, tolerance: float) -> np.ndarray:
    texts = [one.map(_text) for one in (a, b)]
    numbers = [pd.to_numeric(one, errors="coerce").to_numpy(float) for one in texts]
    plain = [np.isfinite(n) | t.isin(["", "inf", "-inf"]) for n, t in zip(numbers, texts, strict=True)]
    if np.all(plain):
        return np.isclose(numbers[1], numbers[0], rtol=tolerance, atol=1e-9, equal_nan=True)
    return np.array([_same_text(x, y, tolerance) for x, y in zip(*texts, strict=True)], bool)


def _same_text(a: str, b: str, tolerance: float) -> bool:
    """Whether two texts are the same but for numbers that lie within the tolerance and a unit of their last digit."""
    if a == b or NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return a == b
    return all(
        abs(float(x) - float(y)) <= tolerance * abs(float(x)) + min(_unit(x), _unit(y)) * (1 + 1e-9)
        for x, y in zip(NUMBER.findall(a), NUMBER.findall(b), strict=True)
    )


def _unit(number: str) -> float:
    """One in the last digit that a number is written with; a whole number is exact.

    Example:
        >>> _unit("0.71"), _unit("12"), _unit("1.5e-3")
        (0.01, 0.0, 0.0001)
    """
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(f"1e{int(exponent or 0) - decimals}") if decimals else 0.0


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value)
