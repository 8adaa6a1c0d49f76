"""Cross-fitting over folds: every group judged by a network, detectors and thresholds that have not seen it."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from tad import scoring
from tad.data import folds, project_root, read_manifest, resolve, sha256, write_manifest
from tad.data.roots import name_root
from tad.experiment.detector_set import detectors_path, left_out
from tad.experiment.evaluation import Setting, measure
from tad.experiment.fit_detectors import Material, fit_detectors
from tad.experiment.judged import head_of
from tad.experiment.output import folder
from tad.experiment.recipes import named_recipe, train, training_groups
from tad.experiment.scores import Ladder, beside
from tad.scoring.table import usable
from tad.training import Recipe

FOLDS = 5


def cross_fit(
    recipe: str | Recipe, manifest: str, output: str | Path, steps: Ladder, setting: Setting, *, n_folds: int = FOLDS,
    material: Material = Material(), workers: int = 0, device: str = "cpu", network: dict | None = None,  # noqa: B008
    kept: str = "",
) -> tuple[Path, Path]:  # fmt: skip
    """Train, fit and measure fold by fold, then pool all test groups on the scale of each fold's validation reals.

    What a fold has done stands in its folder and is not done again. Five trainings and fittings: the long work of
    `--size full`.

    Args:
        recipe: of each fold's network; see `train`.
        manifest: table of videos; their own splits do not matter here.
        output: folder; receives a folder for each fold, `scores.parquet` and `manifest.csv`.
        steps: what is made of each test clip.
        setting: how clips are taken and scored, by which detectors; its seed deals the groups, too.
        n_folds: see `tad.data.folds`.
        material, workers, device: see `fit_detectors`.
        network: fields of the network's configuration that differ from the preset.
        kept: a table pooled before, of the same folds; the detectors that are not measured now are kept of it.

    Returns:
        The pooled scores table and a manifest in which every video is a test video; `evaluate` and `ladder` take both.

    Raises:
        ValueError: the folder holds folds that were made otherwise, footage that one-class learning refuses, or a table
            to keep that was not pooled or not of these folds.
    """
    before = _pooled_before(kept) if kept else None
    out, tables = folder(output), []
    table = read_manifest(manifest)
    if isinstance(recipe, str):
        recipe = named_recipe(recipe)
    _begin(out, {
        "recipe": asdict(recipe), "network": network or {}, "manifest": sha256(resolve(manifest)), "folds": n_folds,
        "seed": setting.seed, "per_video": setting.per_video, "encoding": setting.encoding,
        "long_side": setting.long_side, "detectors": list(setting.detectors), "material": asdict(material),
        "families": sorted(steps.families), "strengths": sorted(steps.strengths), "twice": steps.twice,
        "jod": steps.jod,
    })  # fmt: skip
    name_root(resolve(manifest).parent, project_root(), out / "manifest.csv")  # what this manifest may name, folds may
    for k, rows in enumerate(folds(table, n_folds, setting.seed)):
        own = folder(out / f"fold{k}")
        file = own / "scores.parquet"
        if not file.is_file():
            listed = str(write_manifest(rows, own / "manifest.csv"))
            checkpoint = str(train(recipe, listed, own, setting.seed, network=network).checkpoint)
            if seen := sorted(set(training_groups(checkpoint)) & set(rows.loc[rows["split"].ne("train"), "group"])):
                raise ValueError(f"a fold is judged by what it was not trained on; {own} was trained on {seen}")
            learn = [name for name in setting.detectors if name in scoring.FITTED]
            if not detectors_path(checkpoint).is_file() and (learn or not setting.detectors):
                fit_detectors(checkpoint, listed, encoding=setting.encoding, seed=setting.seed, material=material,
                              workers=workers, device=device, names=learn)  # fmt: skip
            found = measure(checkpoint, listed, steps, _with_variants(setting, checkpoint))
            found.to_parquet(file.with_suffix(".part"))
            file.with_suffix(".part").replace(file)
        tables.append(pd.read_parquet(file))
    found = pool(tables)
    (found if before is None else beside(before, found)).to_parquet(out / "scores.part")
    (out / "scores.part").replace(out / "scores.parquet")
    return out / "scores.parquet", write_manifest(table.assign(split="test"), out / "manifest.csv")


def _pooled_before(file: str) -> pd.DataFrame:
    path = resolve(file)
    if not path.is_file() or "fold" not in (table := pd.read_parquet(path)):
        raise ValueError(f"a table to keep must be one that cross-fitting pooled (scores.parquet); got {file}")
    return table


def _with_variants(setting: Setting, checkpoint: str) -> Setting:
    """The same with the variants of the detectors that are named."""
    own = [name for name in left_out(checkpoint) if head_of(name) in setting.detectors]
    return replace(setting, detectors=[*setting.detectors, *own])


def _begin(out: Path, asked: dict[str, object]) -> None:
    """Note what the folds of a folder depend on, or refuse to go on with what was begun otherwise."""
    asked, file = json.loads(json.dumps(asked)), out / "settings.json"
    first = json.loads(file.read_text()) if file.is_file() else {}
    other = sorted(k for k in first.keys() | asked.keys() if first.get(k) != asked.get(k))
    if other and any(out.glob("fold*/training/model.safetensors")):
        told = f"another {', '.join(other)}" if first else f"settings that are not noted there ({file.name})"
        raise ValueError(
            f"folds are finished as they were begun; {out} holds some made with {told}: give the first command "
            "again, or another folder"
        )
    file.with_suffix(".part").write_text(json.dumps(asked, indent=1) + "\n")
    file.with_suffix(".part").replace(file)


def pool(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Pool the scores tables of folds: each score becomes its place among the reals its own fold was calibrated on.

    Args:
        tables: a scores table a fold, with "val" and "test" rows by the same detectors.

    Returns:
        One scores table, with the column fold. A detector that scored no validation real of a fold has no score there;
        the status says so.
    """
    return pd.concat([_placed(table).assign(fold=k) for k, table in enumerate(tables)], ignore_index=True)


def _placed(table: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for _, rows in table.groupby("detector", sort=False, observed=True):
        rows, known = rows.copy(), usable(rows)
        calibration = rows[known & rows["split"].eq("val")]
        if calibration.empty:
            rows.loc[known, "status"] = "error: no validation real of this fold was scored"
            rows["score"] = float("nan")
        else:
            rows.loc[known, "score"] = scoring.places(calibration, rows.loc[known, "score"])
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)
