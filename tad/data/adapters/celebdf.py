"""Celeb-DF v2, after github.com/yuezunli/celeb-deepfakeforensics, and Celeb-DF++, after github.com/OUC-VAS/Celeb-DF-PP.

Reals lie in `Celeb-real` (`id0_0001.mp4`: person, recording) and `YouTube-real`, fakes in `Celeb-synthesis`
(`id1_id0_0007.mp4`: target, source, recording), in Celeb-DF++ two folders deeper, by family and method. The owners
list the test videos, as `1 YouTube-real/00170.mp4`, where 1 is real. They give no validation split: one in ten of the
other groups validates. A group is the target person; the official test list shares people with the rest.
"""

from pathlib import Path

from tad.data.adapters.base import Adapter, Found, Index, Tree, side

LIST = "List_of_testing_videos.txt"
COUNTS = {"Celeb-real": 590, "YouTube-real": 300}
METHODS = {
    "FaceSwap": "BlendFace GHOST HifiFace InSwapper MobileFaceSwap SimSwap UniFace",
    "FaceReenact": "DaGAN FSRT HyperReenact LIA LivePortrait MCNET TPSMM",
    "TalkingFace": "AniTalker EchoMimic EDTalk FLOAT IP_LAP Real3DPortrait SadTalker",
}


def read(root: str | Path) -> Index:
    """Index Celeb-DF v2 or Celeb-DF++, whichever lies there."""
    tree = Tree(root, "Celeb-DF", "Celeb-real", "YouTube-real", "Celeb-synthesis", LIST)
    newer = any(tree.find(f"Celeb-synthesis/{family}") for family in METHODS)
    found = Found("Celeb-DF++" if newer else "Celeb-DF v2", "celebdf++" if newer else "celebdf")
    tests = _tests(tree)
    for folder in (*COUNTS, "Celeb-synthesis"):
        videos = tree.videos(folder)
        found.count(folder, len(videos), COUNTS.get(folder, 0 if newer else 5639))
        for path in videos:
            name = tree.relative(path)
            group = str(name.with_suffix("")) if folder == "YouTube-real" else path.stem.split("_")[0].lower()
            split = "test" if tests.pop(str(name).casefold(), None) else side(group, test=0)
            method = "original" if folder in COUNTS else name.parent.name if len(name.parts) > 2 else "Celeb-DF"
            label = "real" if folder in COUNTS else "fake"
            found.add(path, label=label, method=method, split=split, group=group)
    for name in tests.values():
        found.lack(f"test list: {name}")
    for family, methods in METHODS.items() if newer else ():
        for folder in (f"Celeb-synthesis/{family}/{method}" for method in methods.split()):
            if tree.find(folder) is None:
                found.lack(f"{folder}: the folder")
    found.leave(tree.videos())
    return found.index()


def _tests(tree: Tree) -> dict[str, str]:
    """The test videos by their path in small letters."""
    tests = {}
    for line in filter(str.strip, tree.read(LIST).splitlines()):
        label, name = line.strip().split(maxsplit=1)
        if label != ("0" if name.casefold().startswith("celeb-synthesis") else "1"):
            raise ValueError(f"{LIST} must give reals 1 and Celeb-synthesis 0; got {line.strip()!r}")
        tests[name.casefold()] = name
    return tests


TERMS = "For non-commercial research; the owners send a link to those whose form they accept."
V2 = Adapter("celebdf", "Celeb-DF v2", "https://github.com/yuezunli/celeb-deepfakeforensics", TERMS, read)
PLUS = Adapter("celebdf++", "Celeb-DF++", "https://github.com/OUC-VAS/Celeb-DF-PP", TERMS, read)
