"""What a training is given to see: a manifest, WebVid's own table, or shards, told apart by what they are."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tad import checks
from tad.data.manifest import COLUMNS, check_manifest, check_one_class, project_root, read_manifest, read_table, resolve
from tad.data.roots import contained
from tad.data.shards import is_shards, shard_files

WEBVID = {"videoid", "page_dir", "contentUrl"}  # in both published orders of the columns


@dataclass
class Footage:
    """The videos of a training: a table, or shards, and a table to validate on."""

    train: pd.DataFrame
    val: pd.DataFrame
    shards: list[str] = field(default_factory=list)

    def validation(self, most: int) -> pd.DataFrame:
        """At most so many rows of the validation table, spread evenly over it."""
        return self.val.iloc[:: max(1, -(-len(self.val) // most))]


def open_footage(data: str | Path, val_data: str | Path = "") -> Footage:
    """Open a source of footage.

    Args:
        data: a manifest, WebVid's CSV (see `read_webvid`), or shards (see `shard_files`).
        val_data: a second table for validation, of which the `val` split is taken, or all if it has none; needed
            unless `data` is a manifest with a `val` split.

    Raises:
        ValueError: not one of these, a fake in training or validation, a group on both sides, or no validation.
    """
    checks.path("data", data)
    checks.of_kind("val_data", val_data, str | Path, "a path")
    shards = shard_files(str(data)) if is_shards(data) else []
    tables = [] if shards else [_table(data, "train")]
    if val_data:
        val = _table(val_data, "val")
        val = val[val["split"] == "val"] if (val["split"] == "val").any() else val.assign(split="val")
        tables = [t[t["split"] == "train"] for t in tables] + [val]
    if not tables:
        raise ValueError(f"shards need a table of videos to validate on; got none beside {data}")
    table = pd.concat(tables, ignore_index=True)
    check_manifest(table)
    check_one_class(table)
    train, val = (table[table["split"] == split].reset_index(drop=True) for split in ("train", "val"))
    if val.empty or (train.empty and not shards):
        lacks = "a validation" if val.empty else "a training"
        raise ValueError(f"a training needs videos to learn from and to validate on; {data} lacks {lacks} split")
    return Footage(train, val, shards)


def _table(path: str | Path, split: str) -> pd.DataFrame:
    file = resolve(path)
    webvid = file.is_file() and WEBVID <= set(read_table(file, nrows=0).columns)
    return read_webvid(file, split) if webvid else read_manifest(path)


def read_webvid(path: str | Path, split: str) -> pd.DataFrame:
    """Read WebVid's table as a manifest; the files lie beside it as `videos/<page_dir>/<videoid>.mp4`.

    Both published orders of the columns are read: videoid, name, page_idx, page_dir, duration, contentUrl and
    videoid, contentUrl, duration, page_dir, name. Each video is a group of its own: the table names no people.

    Args:
        path: the CSV, such as `results_10M_train.csv`.
        split: side on which all of its videos stand.
    """
    rows = pd.read_csv(path, dtype=str, keep_default_na=False, usecols=["videoid", "page_dir"])
    video = "videos/" + rows["page_dir"] + "/" + rows["videoid"] + ".mp4"
    facts = {"label": "real", "dataset": "webvid", "split": split, "group": rows["videoid"], "video": video}
    table = pd.DataFrame({"path": contained(video, Path(path).resolve().parent, project_root()), **facts})
    return table.reindex(columns=[*COLUMNS, "video"], fill_value="").assign(crop=None)
