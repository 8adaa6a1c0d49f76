"""DeeperForensics-1.0, after github.com/EndlessSora/DeeperForensics-1.0, dataset/README.md.

Fakes lie in `manipulated_videos/<variant>/<target>_<source>.mp4`, eleven variants of the same thousand; the splits in
`lists/splits` name them. The actors in `source_videos` are not the real class, so they are no rows: reals are the
target videos, FaceForensics++ at c23, which the data set does not contain. A group is a target video.
"""

from pathlib import Path, PurePosixPath

from tad.data.adapters.base import Adapter, Found, Index, Tree
from tad.data.manifest import SPLITS

TITLE = "DeeperForensics-1.0"
LEVELS = [f"end_to_end_level_{i}" for i in range(1, 6)]
MIXES = [f"end_to_end_mix_{i}_distortions" for i in (2, 3, 4)]
VARIANTS = ("end_to_end", "reenact_postprocess", *LEVELS, "end_to_end_random_level", *MIXES)
TARGETS = "original_sequences/youtube/c23/videos"


def read(root: str | Path, targets: str | Path = "") -> Index:
    """Index DeeperForensics-1.0.

    Args:
        root: the unpacked data set.
        targets: the root of FaceForensics++; the data set's own if not given, for those who linked
            `original_sequences` into it.
    """
    tree = Tree(root, TITLE, "manipulated_videos", *(f"lists/splits/{split}.txt" for split in SPLITS))
    reals = Tree(targets, "FaceForensics++", TARGETS) if targets else tree
    found = Found(TITLE, "deeperforensics")
    lists = {split: tree.read(f"lists/splits/{split}.txt").split("\n") for split in SPLITS}
    listed = {PurePosixPath(line.strip()).name: split for split in SPLITS for line in lists[split] if line.strip()}
    for variant in VARIANTS:
        folder = f"manipulated_videos/{variant}"
        if tree.find(folder) is None:
            found.lack(f"{folder}: the folder")
            continue
        for name, split in listed.items():
            facts = {"label": "fake", "method": variant, "split": split, "group": name.split("_")[0]}
            found.add(tree.find(f"{folder}/{name}"), f"{folder}: {name}", **facts)
    for target, split in {name.split("_")[0]: split for name, split in listed.items()}.items():
        facts = {"label": "real", "method": "original", "split": split, "group": target, "compression": "c23"}
        found.add(reals.find(f"{TARGETS}/{target}.mp4"), f"target of FaceForensics++ at c23: {target}.mp4", **facts)
    found.leave(tree.videos("manipulated_videos"))
    return found.index()


ADAPTER = Adapter(
    "deeperforensics",
    TITLE,
    "https://github.com/EndlessSora/DeeperForensics-1.0",
    "For those who accept the terms of use; the owners send a link to those whose form they accept. "
    "Its reals are asked for from the owners of FaceForensics++.",
    read,
)
