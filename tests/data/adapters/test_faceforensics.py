"""The layout of the owners' dataset/README.md: sequences/compression/videos, target_source.mp4, splits of id pairs."""

import pytest

from tad.data.adapters import index

SPLITS = {"splits/train.json": [["071", "054"]], "splits/val.json": [["720", "672"]], "splits/test.json": []}
REALS = "original_sequences/youtube/c23/videos"
METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
REAL_IDS = ("071", "054", "720", "672")
FAKE_IDS = ("071_054", "054_071", "720_672", "672_720")


@pytest.fixture
def whole(lay):
    lay(*(f"{REALS}/{name}.mp4" for name in REAL_IDS), texts=SPLITS)
    lay(*(f"manipulated_sequences/{method}/c23/videos/{name}.mp4" for method in METHODS for name in FAKE_IDS))
    actors = "original_sequences/actors/c23/videos/01__kitchen_pan.mp4"
    lay(actors, "manipulated_sequences/DeepFakeDetection/c23/videos/01_02__kitchen_pan__0XUW13RW.mp4")


def test_the_official_layout(whole, indexed, facts):
    rows, found = indexed("faceforensics")
    assert len(rows) == 4 + 5 * 4 + 2 and not found.missing and not found.unlisted
    told = facts(rows)
    assert told[f"{REALS}/054.mp4"] == ("real", "original", "train", "071_054")
    assert told[f"{REALS}/672.mp4"] == ("real", "original", "val", "720_672")
    for method in METHODS:  # the same names in each
        folder = f"manipulated_sequences/{method}/c23/videos"
        assert told[f"{folder}/054_071.mp4"] == ("fake", method, "train", "071_054")
        assert told[f"{folder}/720_672.mp4"] == ("fake", method, "val", "720_672")
    assert {row["compression"] for row in rows.values()} == {"c23"}


def test_deepfakedetection_has_no_official_split(whole, indexed, facts):
    rows, _ = indexed("faceforensics")
    kept = {name: row for name, row in rows.items() if row["dataset"] == "deepfakedetection"}
    assert list(facts(kept).values()) == [
        ("real", "original", "test", "actor 01"),
        ("fake", "DeepFakeDetection", "test", "actor 01"),
    ]


def test_what_is_missing_is_named(whole, root, indexed):
    (root / "manipulated_sequences/FaceSwap/c23/videos/054_071.mp4").unlink()
    (root / "original_sequences/youtube/c23/videos/720.mp4").unlink()
    (root / "manipulated_sequences/FaceShifter").rename(root / "elsewhere")
    rows, found = indexed("faceforensics")
    assert found.missing == [
        f"FaceForensics++ {REALS}: 720.mp4",
        "FaceForensics++ manipulated_sequences/FaceSwap/c23/videos: 054_071.mp4",
        "FaceForensics++ manipulated_sequences/FaceShifter/c23/videos: the folder",
    ]
    assert len(rows) == 26 - 2 - 4


def test_levels_of_compression(whole, lay, indexed):
    lay("original_sequences/youtube/raw/videos/071.mp4", "original_sequences/youtube/c40/videos/071.mp4")
    rows, _ = indexed("faceforensics", compression="c40")
    assert [row["compression"] for row in rows.values()] == ["c40"]
    rows, _ = indexed("faceforensics")
    levels = {row["compression"] for name, row in rows.items() if name.endswith("youtube/raw/videos/071.mp4")}
    assert levels == {"raw"} and len(rows) == 28


def test_a_level_that_is_none(whole, root):
    with pytest.raises(ValueError, match="compression must be one of c23, c40, raw; got 'hq'"):
        index("faceforensics", root, compression="hq")


def test_older_downloads_call_raw_c0(lay, indexed):
    lay("original_sequences/youtube/c0/videos/071.mp4", texts=SPLITS)
    rows, _ = indexed("faceforensics", compression="raw")
    assert [row["compression"] for row in rows.values()] == ["raw"]


def test_other_case_and_strangers(lay, indexed):
    lay("Original_Sequences/YouTube/c23/Videos/071.MP4", texts=SPLITS)
    lay("Original_Sequences/YouTube/c23/Videos/071 (copy).mp4", "Original_Sequences/actors/c23/videos/stray.mp4")
    rows, found = indexed("faceforensics")
    assert list(rows) == ["Original_Sequences/YouTube/c23/Videos/071.MP4"]
    assert [path.rsplit("/", 1)[1] for path in found.unlisted] == ["071 (copy).mp4", "stray.mp4"]
