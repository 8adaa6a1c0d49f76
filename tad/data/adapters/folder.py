"""Any folder with `real/` and `fake/[method/]`, also below `train/`, `val/` and `test/`; any table of paths and labels.

Where nothing says otherwise, files of one name are one group, for a fake often keeps the name of its real, and groups
are divided 80 : 10 : 10.
"""

from pathlib import Path

import pandas as pd

from tad.data.adapters.base import Adapter, Found, Index, Tree, side
from tad.data.manifest import COLUMNS, LABELS, SPLITS


def read(root: str | Path, fake: str = "") -> Index:
    """Index a folder or a table.

    Args:
        root: a folder, or a CSV with the columns path and label and what else it has of a manifest's; paths are
            relative to its folder, labels words.
        fake: for a table with two labels of its own, such as 0 and 1, the one that means fake.
    """
    root = Path(root).expanduser()
    return _table(root, fake) if root.is_file() else _folder(root)


def _folder(root: Path) -> Index:
    tree, found = Tree(root, "a folder of videos"), Found("a folder of videos", root.resolve().name)
    sides = [split for split in SPLITS if tree.find(f"{split}/real") or tree.find(f"{split}/fake")]
    for split in sides or [""]:
        for label in ("real", "fake"):
            top = tree.find(f"{split}/{label}".lstrip("/"))
            for path in tree.videos(f"{split}/{label}".lstrip("/")) if top else []:
                parts = path.relative_to(top).parts
                method = "original" if label == "real" else parts[0] if len(parts) > 1 else "fake"
                group = path.stem.casefold()
                found.add(path, label=label, method=method, split=split or side(group), group=group)
    found.leave(tree.videos())
    if not found.rows:
        raise ValueError(f"a folder of videos must have some in real or fake/[method]; {root} has none")
    return found.index()


def _table(file: Path, fake: str) -> Index:
    tree, found = Tree(file.parent, "a table"), Found(file.name, file.stem)
    rows = pd.read_csv(file, dtype=str, keep_default_na=False).rename(columns=lambda name: name.strip().lower())
    if not {"path", "label"} <= set(rows.columns):
        raise ValueError(f"a table of videos must have the columns path and label; {file} has {', '.join(rows)}")
    for row, label in zip(rows.to_dict("records"), _labels(rows["label"], fake), strict=True):
        if label not in LABELS:
            raise ValueError(f"a label must be one of {', '.join(LABELS)}, or fake=... given; got {row['label']!r}")
        path = Path(row["path"])
        path = (path if path.exists() else None) if path.is_absolute() else tree.find(row["path"])
        facts = {key: value for key, value in row.items() if key in COLUMNS and value} | {"label": label}
        facts = {"method": "original" if label == "real" else "", "group": Path(row["path"]).stem.casefold()} | facts
        del facts["path"]
        found.add(path, row["path"], **{"split": side(facts["group"])} | facts)
    return found.index()


def _labels(words: pd.Series, fake: str) -> pd.Series:
    words, fake = words.str.strip().str.lower(), fake.lower()
    if not fake:
        return words
    if fake not in set(words) or words.nunique() != 2:
        raise ValueError(f"fake must be one of a table's two labels; got {fake!r} of {', '.join(sorted(set(words)))}")
    return words.map(lambda word: "fake" if word == fake else "real")


ADAPTER = Adapter(
    "folder", "any folder with real/ and fake/[method/], or a table", "data/README.md", "Your own to know.", read
)
