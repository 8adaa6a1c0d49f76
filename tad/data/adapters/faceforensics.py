"""FaceForensics++ with DeepFakeDetection, after github.com/ondyari/FaceForensics, dataset/README.md.

Videos lie in `<sequences>/<compression>/videos`: reals `NNN.mp4` (YouTube) and `01__scene.mp4` (actors), fakes
`<target>_<source>.mp4` and `<target>_<source>__scene__ID.mp4`. The splits are pairs of YouTube ids; a pair is a group,
for both videos were forged with each other's face. They come with the repository, not with the download: copy its
`dataset/splits` into the root. DeepFakeDetection has no official split: all of it is test, grouped by target actor.
"""

import json
import re
from pathlib import Path

from tad.data.adapters.base import Adapter, Found, Index, Tree
from tad.data.manifest import SPLITS

TITLE = "FaceForensics++"
METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter", "DeepFakeDetection")
SEQUENCES = {"original_sequences/youtube": "original", "original_sequences/actors": "original"}
SEQUENCES |= {f"manipulated_sequences/{method}": method for method in METHODS}
LEVELS = {"raw": "raw", "c0": "raw", "c23": "c23", "c40": "c40"}  # older downloads call raw c0
ACTORS = re.compile(r"(\d+)(_\d+)?__.+")


def read(root: str | Path, compression: str = "") -> Index:
    """Index FaceForensics++.

    Args:
        root: the download's output folder, with `splits` in it.
        compression: take this level only, of raw, c23 and c40; all that are there if not given.
    """
    if compression not in ("", *LEVELS.values()):
        raise ValueError(f"compression must be one of {', '.join(sorted({*LEVELS.values()}))}; got {compression!r}")
    tree = Tree(root, TITLE, *(f"splits/{split}.json" for split in SPLITS))
    found, listed = Found(TITLE, "faceforensics"), _listed(tree)
    for level in LEVELS:
        there = any(tree.find(f"{sequence}/{level}") for sequence in SEQUENCES)
        if there and compression in ("", LEVELS[level]):
            for sequence, method in SEQUENCES.items():
                _add(found, tree, listed, f"{sequence}/{level}/videos", method, LEVELS[level])
    return found.index()


def _listed(tree: Tree) -> dict[str, tuple[str, str]]:
    """Split and group of every video of the official lists, by its name without ending."""
    listed = {}
    for split in SPLITS:
        for a, b in json.loads(tree.read(f"splits/{split}.json")):
            listed |= dict.fromkeys((a, b, f"{a}_{b}", f"{b}_{a}"), (split, f"{a}_{b}"))
    return listed


def _add(found: Found, tree: Tree, listed: dict, folder: str, method: str, compression: str):
    if tree.find(folder) is None:
        return found.lack(f"{folder}: the folder")
    facts = {"label": "real" if method == "original" else "fake", "method": method, "compression": compression}
    videos = {path.stem.casefold(): path for path in tree.videos(folder)}
    if "actors" in folder or method == "DeepFakeDetection":
        for stem in videos:
            if match := ACTORS.fullmatch(stem):
                group = f"actor {match[1]}"
                found.add(videos[stem], split="test", group=group, **facts | {"dataset": "deepfakedetection"})
    else:
        for name, (split, group) in listed.items():
            if ("_" in name) == (method != "original"):
                found.add(videos.get(name), f"{folder}: {name}.mp4", split=split, group=group, **facts)
    found.leave(tree.videos(folder))


ADAPTER = Adapter(
    "faceforensics",
    "FaceForensics++ with DeepFakeDetection",
    "https://github.com/ondyari/FaceForensics",
    "For non-commercial research and education; the owners send a download script to those whose form they accept.",
    read,
)
