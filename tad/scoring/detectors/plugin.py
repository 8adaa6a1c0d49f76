"""Detectors of a user's own: a file of classes, or a table of scores that were made elsewhere."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd

from tad import checks
from tad.scoring.detectors.protocol import DETECTORS
from tad.scoring.table import require

COLUMNS = ["video", "detector", "score"]


def load_detectors(path: str | Path) -> list[str]:
    """Import a file of a user's own; the detectors that it registers are from then on in `DETECTORS`.

    Args:
        path: a .py file.

    Returns:
        The names of the detectors it holds.

    Raises:
        ValueError: no such file, or one that does not import, with the reason.
    """
    checks.path("a file of detectors", path)
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"a file of detectors must exist; got {path}")
    try:
        held = runpy.run_path(str(path))
    except Exception as error:
        raise ValueError(f"{path} must import; got {type(error).__name__}: {error}") from error
    return sorted(name for name, detector in DETECTORS.items() if any(detector is one for one in held.values()))


def from_csv(path: str | Path, scores: pd.DataFrame) -> pd.DataFrame:
    """Read scores that a user's other detectors gave to listed videos, as rows to append to a scores table.

    Args:
        path: a CSV with the columns video, detector and score (higher = more likely fake), one row a video and
            detector, or, with the column start_s, one a clip. The score of a video becomes that of each of its clips.
        scores: the scores table, of which the facts about the videos are copied.

    Returns:
        Rows with the columns of `scores`, of reals and of the fakes that the manifest lists; no other detector can have
        scored the fakes that are made on the way.

    Raises:
        ValueError: no such file, a column, video or clip that is not known, a score that is no number or given twice,
            or a detector that stands in `scores` already.
    """
    checks.path("a file of scores", path)
    if not Path(path).is_file():
        raise ValueError(f"a file of scores must exist; got {path}")
    require(scores, ["video", "detector", "scope", "codec", "start_s", "score", "status"])
    given, key = _read(path)
    known = set(given["detector"]) & set(scores["detector"])
    if known:
        raise ValueError(f"a detector of {path} must have a name of its own; got {sorted(known)}")
    listed = scores[scores["scope"].isin(["", "listed"])]
    if listed["codec"].nunique() > 1:
        raise ValueError(f"scores from elsewhere belong to one codec; got {sorted(set(listed['codec']))}")
    listed = listed.assign(start_s=listed["start_s"].round(4)).drop_duplicates(["video", "start_s"])
    facts = listed.drop(columns=["detector", "score", "status"])
    rows = given.merge(facts, on=key, how="left", indicator="found")
    unknown = rows.loc[rows["found"].eq("left_only"), key]
    if len(unknown):
        named = [" at ".join(map(str, row)) for row in unknown.drop_duplicates().values.tolist()]
        raise ValueError(f"{path} may name listed {'clips' if len(key) > 1 else 'videos'} alone; got {named}")
    return rows.assign(status="ok").reindex(columns=scores.columns)


def _read(path: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """The checked table of a CSV, and the columns that say what a row is of."""
    table = pd.read_csv(path, dtype={"video": str, "detector": str})
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise ValueError(f"{path} must have the columns {COLUMNS}; got none named {missing}")
    key = [name for name in ("video", "start_s") if name in table.columns]
    for name in {"score", *key} - {"video"}:
        table[name] = pd.to_numeric(table[name], errors="coerce")
        bad = table.loc[~np.isfinite(table[name]), "video"].tolist()
        if bad:
            raise ValueError(f"{name} in {path} must be a number; got none for {bad[:5]}")
    if "start_s" in key:
        table["start_s"] = table["start_s"].round(4)
    twice = table.loc[table.duplicated([*key, "detector"]), "video"].tolist()
    if twice:
        raise ValueError(f"{path} may score a video or clip once a detector; got twice: {twice[:5]}")
    return table[[*key, "detector", "score"]], key
