"""The layout of the owners' dataset/README.md: eleven variants of target_source.mp4, lists of fakes, actors beside."""

import pytest

from tad.data.adapters import index
from tad.data.adapters.deeperforensics import VARIANTS

SPLITS = {
    "lists/splits/train.txt": "000_M101.mp4\n",
    "lists/splits/val.txt": "  001_W006.mp4  \n\n",
    "lists/splits/test.txt": "002_M004.mp4",
}
NAMES = ("000_M101.mp4", "001_W006.mp4", "002_M004.mp4")
SOURCE = "source_videos/M101/light_down/happy/camera_front/M101_light_down_happy_camera_front.mp4"
TARGETS = "original_sequences/youtube/c23/videos"


@pytest.fixture
def fakes(lay):
    lay(*(f"manipulated_videos/{variant}/{name}" for variant in VARIANTS for name in NAMES), SOURCE, texts=SPLITS)


def test_the_actors_are_not_the_real_class(fakes, indexed, facts):
    rows, found = indexed("deeperforensics")
    assert len(rows) == 33 and {row["label"] for row in rows.values()} == {"fake"}
    assert facts(rows)["manipulated_videos/end_to_end/000_M101.mp4"] == ("fake", "end_to_end", "train", "000")
    assert facts(rows)["manipulated_videos/end_to_end_level_5/001_W006.mp4"][2] == "val"
    assert facts(rows)["manipulated_videos/reenact_postprocess/002_M004.mp4"][1:3] == ("reenact_postprocess", "test")
    head = "DeeperForensics-1.0 target of FaceForensics++ at c23:"
    assert found.missing == [f"{head} {target}.mp4" for target in ("000", "001", "002")]
    assert not found.unlisted


@pytest.mark.parametrize("beside", [True, False])
def test_the_targets_of_faceforensics_are(fakes, lay, root, indexed, facts, beside):
    place = "ff" if beside else "."
    lay(*(f"{place}/{TARGETS}/{target}.mp4" for target in ("000", "001", "004")))
    rows, found = indexed("deeperforensics", **({"targets": str(root / "ff")} if beside else {}))
    reals = {name: row for name, row in rows.items() if row["label"] == "real"}
    assert list(facts(reals).values()) == [("real", "original", "train", "000"), ("real", "original", "val", "001")]
    assert {row["compression"] for row in reals.values()} == {"c23"}
    assert found.missing == ["DeeperForensics-1.0 target of FaceForensics++ at c23: 002.mp4"]


def test_missing_other_case_and_strangers(fakes, lay, root, indexed):
    folder = root / "manipulated_videos"
    (folder / "end_to_end_level_1").rename(root / "elsewhere")
    (folder / "end_to_end" / "000_M101.mp4").unlink()
    (folder / "end_to_end" / "001_W006.mp4").rename(folder / "end_to_end" / "001_w006.MP4")
    lay("manipulated_videos/end_to_end/999_M101.mp4")
    rows, found = indexed("deeperforensics")
    assert rows["manipulated_videos/end_to_end/001_w006.MP4"]["split"] == "val"
    assert found.missing[:2] == [
        "DeeperForensics-1.0 manipulated_videos/end_to_end: 000_M101.mp4",
        "DeeperForensics-1.0 manipulated_videos/end_to_end_level_1: the folder",
    ]
    assert [path.rsplit("/", 1)[1] for path in found.unlisted] == ["999_M101.mp4"]


def test_targets_that_are_not_there(fakes, root):
    with pytest.raises(ValueError, match=rf"FaceForensics\+\+ must be a folder with {TARGETS}"):
        index("deeperforensics", root, targets=str(root / "lists"))
