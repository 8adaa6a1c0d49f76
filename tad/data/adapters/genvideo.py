"""GenVideo, its test part, after github.com/chenhaoxing/DeMamba.

`GenVideo-Val` holds `Real` (of MSR-VTT) and `Fake/<generator>`, which share file names. All of it is test. What a video
was made from is not told, so each is a group of its own. A list that the owners' `folder2csv.py` wrote (columns
content_path and label, where 1 is generated) is compared with the files if it lies in the root.
"""

from pathlib import Path, PurePosixPath

import pandas as pd

from tad.data.adapters.base import Adapter, Found, Index, Tree

COUNTS = {
    "Real": 10000, "ModelScope": 700, "MorphStudio": 700, "MoonValley": 626, "HotShot": 700, "Show_1": 700,
    "Gen2": 1380, "Crafter": 1400, "Lavie": 1400, "Sora": 56, "WildScrape": 926,
}  # fmt: skip


def read(root: str | Path) -> Index:
    """Index the test part of GenVideo."""
    tree, found = Tree(root, "GenVideo-Val", "Real", "Fake"), Found("GenVideo", "genvideo")
    for source, expected in COUNTS.items():
        folder = source if source == "Real" else f"Fake/{source}"
        found.count(folder, len(tree.videos(folder)), expected)
    for path in tree.videos("Real") + tree.videos("Fake"):
        name = tree.relative(path)
        label = name.parts[0].lower()
        method = "original" if label == "real" else name.parts[1]
        found.add(path, label=label, method=method, split="test", group=str(name.with_suffix("")))
    there = {(row["label"], Path(row["path"]).stem) for row in found.rows}
    for path in tree.walk():
        if path.suffix.lower() == ".csv" and path.parent == tree.root:
            _compare(found, path, there)
    found.leave(tree.videos())
    return found.index()


def _compare(found: Found, file: Path, there: set[tuple[str, str]]):
    listed = pd.read_csv(file, dtype=str, keep_default_na=False)
    if not {"content_path", "label"} <= set(listed.columns):
        return
    for name, label in zip(listed["content_path"], listed["label"], strict=True):
        stem = PurePosixPath(name).name
        word, other = ("fake", "real") if label == "1" else ("real", "fake")
        if label not in ("0", "1") or ((other, stem) in there and (word, stem) not in there):
            raise ValueError(f"{file.name} must call reals 0 and what is generated 1; got {label!r} for {name}")
        if (word, stem) not in there:
            found.lack(f"{file.name}: {name}")


ADAPTER = Adapter(
    "genvideo",
    "GenVideo, test part",
    "https://github.com/chenhaoxing/DeMamba",
    "Free to download from the link on the page, which states no licence; its reals are those of MSR-VTT, "
    "with terms of their own.",
    read,
)
