"""WebVid, after github.com/m-bain/webvid: tables `results_<size>_<split>.csv` beside `videos/<page_dir>/<videoid>.mp4`.

All of it is real, and each video is a group of its own; the official split is train and val. Its videos have to be
fetched from their addresses one by one, and many are gone, so the list of what is missing is long.
"""

import re
from pathlib import Path

import pandas as pd

from tad.data.adapters.base import Adapter, Index, Tree
from tad.data.footage import read_webvid
from tad.data.manifest import COLUMNS


def read(root: str | Path) -> Index:
    """Index WebVid, all of its tables that lie in the root."""
    tree, missing = Tree(root, "WebVid", "videos"), []
    names = [re.fullmatch(r"results_.+_(train|val)\.csv", path.name, re.IGNORECASE) for path in tree.root.iterdir()]
    tables = sorted((match[0], match[1].lower()) for match in names if match)
    if not tables:
        raise ValueError(f"WebVid must have a table results_10M_train.csv or the like; {root} has none")
    parts = []
    for name, split in tables:
        rows = read_webvid(tree.root / name, split).assign(method="original", crop="")
        rows["path"] = [str(path.absolute()) if (path := tree.find(video)) else None for video in rows["video"]]
        missing += [f"WebVid {name}: {video}" for video in rows.loc[rows["path"].isna(), "video"]]
        parts.append(rows[[*COLUMNS]].dropna(subset="path"))
    return Index(pd.concat(parts, ignore_index=True).drop_duplicates(["path", "split"]), missing)


ADAPTER = Adapter(
    "webvid",
    "WebVid",
    "https://github.com/m-bain/webvid",
    "Tables for non-commercial research for twelve months; the videos belong to their makers and are fetched "
    "from their addresses.",
    read,
)
