"""Folds of a manifest by group, so that few scenes can all be judged by networks that have not seen them."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from tad import checks
from tad.data.manifest import COLUMNS

LEAST = 3  # a fold each for training, validation and test


def folds(manifest: pd.DataFrame, n: int = 5, seed: int = 0) -> list[pd.DataFrame]:
    """Deal the groups of a manifest to folds, each of which is the test split once and the validation split once.

    Args:
        manifest: rows of `read_manifest`; their own splits do not matter.
        n: number of folds, from 3 to the number of groups with a real video.
        seed: of the order in which groups are dealt.

    Returns:
        n tables of rows with another `split`: in the k-th, fold k is "test", fold k + 1 "val", the rest "train".
        Fakes stand where they may: in "test", and nowhere else.

    Raises:
        ValueError: too few or too many folds.

    Example:
        >>> rows = pd.DataFrame({"group": list("abc"), "label": "real", "split": "test"})
        >>> [sorted(table["split"]) for table in folds(rows, 3)]
        [['test', 'train', 'val'], ['test', 'train', 'val'], ['test', 'train', 'val']]
    """
    checks.table("manifest", manifest, ("group", "label"))
    checks.whole("the number of folds", n)
    checks.whole("seed", seed)
    real = manifest["label"].eq("real")
    groups = sorted(set(manifest.loc[real, "group"]))
    if not LEAST <= n <= len(groups):
        raise ValueError(f"folds must be {LEAST} to the number of groups with a real, {len(groups)}; got {n}")
    order = np.random.default_rng(seed).permutation(len(groups))
    fold = {groups[g]: i % n for i, g in enumerate(order)}
    of = manifest["group"].map(fold)  # NaN: a group of fakes alone, which belongs to no fold
    tables = []
    for k in range(n):
        split = np.select([of.eq(k), of.eq((k + 1) % n)], ["test", "val"], "train")
        tables.append(manifest.assign(split=split)[of.notna() & (real | of.eq(k))].reset_index(drop=True))
    return tables


def write_manifest(manifest: pd.DataFrame, file: str | Path) -> Path:
    """Write rows of `read_manifest` as a manifest: paths relative to the new file, videos named as they were."""
    checks.table("manifest", manifest, ("path", "crop", "video"))
    checks.path("file", file)
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    crop = [" ".join(map(str, box)) if box else "" for box in manifest["crop"]]
    paths = [Path(os.path.relpath(path, file.resolve().parent)).as_posix() for path in manifest["path"]]
    part = file.with_suffix(".part")
    manifest.assign(path=paths, crop=crop)[[*COLUMNS, "video"]].to_csv(part, index=False)
    part.replace(file)
    return file
