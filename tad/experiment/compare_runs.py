"""Runs side by side: what was asked differently, what was measured, and whether the difference is one."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tad import scoring
from tad.data import resolve
from tad.experiment.detector_set import VARIANT
from tad.experiment.runs import reports_dir
from tad.scoring.conformal import scored_by_all

METRICS = {  # of each table of a run: what names a row, and what is read there
    "against_card.csv": (
        ["quantity"],
        ["measured", "interval"],
        "Ultra-extreme families",
    ),
    "by_band.csv": (["detector", "band"], ["text"], "Mean AUC over families, by band of visibility"),
    "families.csv": (["family"], ["text"], "AUC of each family by the card's detector, full strength"),
}
SCORES = ("scores.parquet", "ladder.parquet")  # the first that two runs both have is tested
CURVES = ("detectors.csv", "detectability.csv")  # the first that a run has is drawn
ALONE = {"output"}  # parameters that say nothing of a result


@dataclass(frozen=True)
class Compared:
    """Some runs, the first of which the others are held against."""

    names: list[str]
    records: list[dict]  # what run.json says of each
    differing: pd.DataFrame  # column what, and one a run
    metrics: dict[str, pd.DataFrame]  # by caption: the names of a row, and a column a run
    paired: pd.DataFrame  # a row a run and detector
    curves: pd.DataFrame  # run, detector, family, strength, auc, low, high


def compare_runs(runs: Iterable[str | Path], detectors: Iterable[str] = (), n_boot: int = 1000) -> Compared:
    """Set runs side by side.

    Args:
        runs: names of folders under reports/, or folders; two or more.
        detectors: of the curves and the tests; all when empty, but for variants of a head.
        n_boot: resamples of the intervals of paired differences.

    Raises:
        ValueError: fewer than two runs, one of them twice, or a folder that holds no run.
    """
    folders = [run_folder(run) for run in runs]
    if len(set(folders)) < len(folders) or len(folders) < 2:
        raise ValueError(f"two different runs or more are compared; got {', '.join(map(str, runs))}")
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        names = [str(folder) for folder in folders]
    records = [json.loads((folder / "run.json").read_text()) for folder in folders]
    named = dict(zip(names, folders, strict=True))
    wanted = list(detectors)
    return Compared(
        names,
        records,
        differing(dict(zip(names, records, strict=True))),
        {caption: found for caption, found in _metrics(named).items() if len(found)},
        _paired(named, wanted, n_boot),
        _curves(named, wanted),
    )


def run_folder(run: str | Path) -> Path:
    """The folder of a run, by its name under reports/ or by its path.

    Raises:
        ValueError: it holds no run.json.
    """
    for folder in (reports_dir() / str(run), resolve(run)):
        if (folder / "run.json").is_file():
            return folder.resolve()
    raise ValueError(f"a run must be a folder that holds a run.json, or its name under reports/; got {run}")


def differing(records: dict[str, dict]) -> pd.DataFrame:
    """List what runs were told differently, or ran on: a row each, a column a run; a parameter not named is empty.

    Args:
        records: what run.json says, by the names of the runs.
    """
    told = {}
    for name, record in records.items():
        facts = {key: record.get(key) for key in ("size", "seed", "commit", "decoder", "machine")}
        facts |= {f"version of {package}": version for package, version in record.get("versions", {}).items()}
        for station in record.get("stations", []):
            facts |= {f"{station['notebook']}: {key}": value for key, value in station.get("parameters", {}).items()
                      if key not in ALONE}  # fmt: skip
        told[name] = {key: "" if value is None else str(value) for key, value in facts.items()}
    keys = dict.fromkeys(key for facts in told.values() for key in facts)
    rows = [[key, *(facts.get(key, "") for facts in told.values())] for key in keys]
    return pd.DataFrame([row for row in rows if len(set(row[1:])) > 1], columns=["what", *records])


def _metrics(folders: dict[str, Path]) -> dict[str, pd.DataFrame]:
    found = {}
    for file, (keys, texts, caption) in METRICS.items():
        columns = []
        for name, folder in folders.items():
            if (folder / file).is_file():
                own = pd.read_csv(folder / file, dtype=str, keep_default_na=False).set_index(keys)
                columns.append(own[texts].agg(" ".join, axis=1).str.strip().rename(name))
        if columns:
            found[caption] = pd.concat(columns, axis=1, sort=False).fillna("").reset_index()
    return found


def _paired(folders: dict[str, Path], wanted: list[str], n_boot: int) -> pd.DataFrame:
    """Test each run against the first, detector by detector, on what both scored; corrected for all that is tested."""
    first, *others = folders
    tested, same = [], []
    for other in others:
        file = next((f for f in SCORES if (folders[first] / f).is_file() and (folders[other] / f).is_file()), None)
        if file is None:
            continue
        a, b = (_scores(folders[name] / file) for name in (first, other))
        for detector in [d for d in dict.fromkeys(a["detector"]) if d in set(b["detector"])]:
            if detector not in wanted and (wanted or VARIANT in detector):
                continue
            both = _both(a[a["detector"].eq(detector)].assign(detector=first),
                         b[b["detector"].eq(detector)].assign(detector=other))  # fmt: skip
            if len(both) and both["score"].iloc[::2].to_numpy().tolist() == both["score"].iloc[1::2].tolist():
                same.append({"run": other, "detector": detector, "verdict": "the very same scores", "of": file})
            elif len(both):
                tested.append(scoring.paired(both, n_boot=n_boot).assign(measured_by=detector, of=file))
    columns = ["run", "detector", f"AUC less that of {first}", "p", "p_holm", "groups", "verdict", "of"]
    if not tested:
        return pd.DataFrame(same)
    said = _in_words(tested, columns[2])
    return pd.concat([said, pd.DataFrame(same)], ignore_index=True)[columns] if same else said[columns]


def _in_words(tested: list[pd.DataFrame], gain: str) -> pd.DataFrame:
    table = pd.concat(tested, ignore_index=True)
    said = scoring.corrected(table).assign(measured_by=table["measured_by"], of=table["of"])
    said[gain] = [  # the test takes the other run from the first
        f"{-d:+.3f}" + ("" if pd.isna(low) else f" [{-high:+.3f}, {-low:+.3f}]")
        for d, low, high in zip(said["difference"], said["low"], said["high"], strict=True)
    ]
    return said.rename(columns={"detector_b": "run", "measured_by": "detector", "n_groups": "groups"})


def _scores(file: Path) -> pd.DataFrame:
    """The test reals and their fakes, the same clips whatever the seed and the codec, which may be what differs."""
    table = pd.read_parquet(file)
    made = table["label"].eq("fake") & table["strength"].gt(0)
    reals = table["label"].eq("real") & table["method"].eq("original")
    return table[table["split"].eq("test") & (made | reals)].assign(seed=0, codec="")


def _both(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """What both runs scored, the rows of a clip next to each other; nothing without a real and a fake among them."""
    both = pd.concat([a, b])
    kept = scored_by_all(both, list(dict.fromkeys(both["detector"])))
    return kept if {"real", "fake"} <= set(kept["label"]) else kept[:0]


def _curves(folders: dict[str, Path], wanted: list[str]) -> pd.DataFrame:
    columns = ["run", "detector", "family", "strength", "auc", "low", "high"]
    found = [pd.DataFrame(columns=columns)]
    for name, folder in folders.items():
        file = next((folder / file for file in CURVES if (folder / file).is_file()), None)
        if file:
            table = pd.read_csv(file).assign(run=name)
            found.append(table.loc[table["strength"].gt(0), columns])
    table = pd.concat([one for one in found if len(one)] or found, ignore_index=True)
    return table[table["detector"].isin(wanted)] if wanted else table
