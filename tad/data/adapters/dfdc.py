"""DFDC and its preview, after ai.meta.com/datasets/dfdc and the data page of the Kaggle challenge.

Full: fifty folders `dfdc_train_part_N` with `metadata.json`, {name: {label: REAL or FAKE, split, original}}, and the
folders `validation` and `test` with `labels.csv`, filename and label, where 1 is fake. A group is the original
video; those of validation and test are not told. The method of a fake is not told either, and a few are fake in
sound alone, labelled FAKE all the same.

Preview: `dataset.json`, {path: {label, set, target_id, swapped_id}}, its first folder the method. A group is the
target person. There is no validation split: one in ten of the training groups validates.
"""

import json
import re
from pathlib import Path

import pandas as pd

from tad.data.adapters.base import Adapter, Found, Index, Tree, side

PARTS = 50
LABELS = {"REAL": "real", "FAKE": "fake", "0": "real", "1": "fake"}
LISTS = {"labels.csv", "metadata.json"}  # where both are there the first is read


def read(root: str | Path) -> Index:
    """Index DFDC, all or some of its parts, at whatever depth below the root they were unpacked."""
    tree, found = Tree(root, "DFDC"), Found("DFDC", "dfdc")
    files = sorted((path for path in tree.walk() if path.name.lower() in LISTS), key=lambda path: path.name.lower())
    folders = {path.parent: path for path in reversed(files)}
    if not folders:
        raise ValueError(f"DFDC must have folders with metadata.json or labels.csv; {root} has none")
    expected = [f"part {n}" for n in range(PARTS)] + ["validation", "test"]
    for folder, file in sorted(folders.items()):
        part = re.search(r"part_?0*(\d+)$", folder.name)
        split = next((s for s in ("test", "val") if folder.name.lower().startswith(s)), "train")
        where = f"part {part[1]}" if part else {"test": "test", "val": "validation"}.get(split, folder.name)
        expected = [other for other in expected if other != where]
        _add(found, tree, file, where, split)
    for where in expected:
        found.lack(f"{where}: metadata.json" if where.startswith("part") else f"{where}: labels.csv")
    found.leave(tree.videos())
    return found.index()


def _add(found: Found, tree: Tree, file: Path, where: str, split: str):
    for name, entry in _entries(file).items():
        label = _label(name, entry)
        facts = {"label": label, "method": "original" if label == "real" else "not told", "split": split}
        path = tree.find(tree.relative(file.parent) / name)
        found.add(path, f"{where}: {name}", group=entry.get("original") or name, **facts)


def _label(name: str, entry: dict) -> str:
    word = str(entry.get("label", entry.get("is_fake")))
    if word.upper() not in LABELS:
        raise ValueError(f"a label of DFDC must be REAL, FAKE, 0 or 1; got {word!r} for {name}")
    return LABELS[word.upper()]


def _entries(file: Path) -> dict[str, dict]:
    if file.suffix.lower() == ".json":
        return json.loads(file.read_text())
    return pd.read_csv(file, dtype=str, keep_default_na=False).set_index("filename").to_dict("index")


def read_preview(root: str | Path) -> Index:
    """Index the preview of DFDC."""
    tree, found = Tree(root, "DFDC preview", "dataset.json"), Found("DFDC preview", "dfdc-preview")
    for name, entry in json.loads(tree.read("dataset.json")).items():
        label, group = _label(name, entry), str(entry["target_id"])
        split = "test" if entry["set"] == "test" else side(group, test=0)
        method = "original" if label == "real" else name.split("/")[0]
        found.add(tree.find(name), name, label=label, method=method, split=split, group=group)
    found.leave(tree.videos())
    return found.index()


PAGE = "https://ai.meta.com/datasets/dfdc/"
TERMS = "For those who accept the agreement on the page, the full set also through the Kaggle challenge's rules."
FULL = Adapter("dfdc", "DFDC, the Deepfake Detection Challenge", PAGE, TERMS, read)
PREVIEW = Adapter("dfdc-preview", "DFDC preview", PAGE, TERMS, read_preview)
