"""FakeAVCeleb, after github.com/DASH-Lab/FakeAVCeleb and its documentation page.

Videos lie in `<type>/<race>/<gender>/<id>/`. In `meta_data.csv` the column `path` holds the file's name and the last
column, which has no name, its folder. The label is that of the picture: RealVideo-FakeAudio is real. Where the table
lists one file under several methods, the row names them all. There is no official split: groups, each the person
in the video with all fakes made from it, are divided 80 : 10 : 10.
"""

import io
from pathlib import Path

import pandas as pd

from tad.data.adapters.base import Adapter, Found, Index, Tree, side

TABLE = "meta_data.csv"


def read(root: str | Path) -> Index:
    """Index FakeAVCeleb."""
    tree, found = Tree(root, "FakeAVCeleb", TABLE), Found("FakeAVCeleb", "fakeavceleb")
    rows = pd.read_csv(io.StringIO(tree.read(TABLE)), dtype=str, keep_default_na=False)
    if rows.columns[-1] == "path" or not {"source", "method", "type", "path"} <= set(rows.columns):
        raise ValueError(f"{TABLE} must have source, method, type, path and a last column; got {', '.join(rows)}")
    seen: dict[str, dict] = {}
    for row in rows.rename(columns={rows.columns[-1]: "folder"}).to_dict("records"):
        label = {"realvideo": "real", "fakevideo": "fake"}.get(row["type"].split("-")[0].casefold())
        if label is None:
            raise ValueError(f"a type of FakeAVCeleb must begin with RealVideo or FakeVideo; got {row['type']!r}")
        name = _name(row)
        facts = {"label": label, "method": "original", "split": side(row["source"]), "group": row["source"]}
        facts = seen.setdefault(name, facts | ({"method": row["method"]} if label == "fake" else {}))
        if label == "fake" and row["method"] not in facts["method"].split(" or "):
            facts["method"] += f" or {row['method']}"
    for name, facts in seen.items():
        found.add(tree.find(name), name, **facts)
    found.leave(tree.videos())
    return found.index()


def _name(row: dict) -> str:
    """Where a video lies below the root; the table's folders begin with the root's own name."""
    start = row["folder"].casefold().find(row["type"].casefold())
    return f"{row['folder'][max(start, 0) :].rstrip('/')}/{row['path']}"


ADAPTER = Adapter(
    "fakeavceleb",
    "FakeAVCeleb",
    "https://github.com/DASH-Lab/FakeAVCeleb",
    "For research; the owners send a download script to those whose form they accept.",
    read,
)
