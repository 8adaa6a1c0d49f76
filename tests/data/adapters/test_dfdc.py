"""Full: dfdc_train_part_N/metadata.json and labels.csv (1 is fake) of validation and test. Preview: dataset.json."""

import pytest

from tad.data.adapters import index


def _fake(original: str) -> dict:
    return {"label": "FAKE", "split": "train", "original": original}


REAL = {"label": "REAL", "split": "train", "original": None}
PARTS = {
    "dfdc_train_part_0/metadata.json": {"aa.mp4": REAL, "bb.mp4": _fake("aa.mp4")},
    "dfdc_train_part_03/dfdc_train_part_3/metadata.json": {"abc.mp4": _fake("dd.mp4"), "dd.mp4": REAL},
    "validation/labels.csv": "filename,label\nee.mp4,0\n",
    "test/labels.csv": "filename,label\nff.mp4,1\ngg.mp4,0\n",
    "test/metadata.json": {"ff.mp4": {"is_fake": 1, "augmentations": {}}},
}


def test_full(lay, indexed, facts):
    lay("dfdc_train_part_0/aa.mp4", "dfdc_train_part_0/bb.mp4", "dfdc_train_part_03/dfdc_train_part_3/dd.MP4")
    lay("validation/ee.mp4", "test/ff.mp4", "test/gg.mp4", "test_videos/unlabelled.mp4", texts=PARTS)
    rows, found = indexed("dfdc")
    assert facts(rows) == {
        "dfdc_train_part_0/aa.mp4": ("real", "original", "train", "aa.mp4"),
        "dfdc_train_part_0/bb.mp4": ("fake", "not told", "train", "aa.mp4"),
        "dfdc_train_part_03/dfdc_train_part_3/dd.MP4": ("real", "original", "train", "dd.mp4"),
        "test/ff.mp4": ("fake", "not told", "test", "ff.mp4"),
        "test/gg.mp4": ("real", "original", "test", "gg.mp4"),
        "validation/ee.mp4": ("real", "original", "val", "ee.mp4"),
    }
    assert [path.rsplit("/", 1)[1] for path in found.unlisted] == ["unlabelled.mp4"]
    assert found.missing[0] == "DFDC part 3: abc.mp4"
    assert found.missing[1:] == [f"DFDC part {n}: metadata.json" for n in range(50) if n not in (0, 3)]


def test_missing_lists_of_validation_and_test(lay, indexed):
    lay("dfdc_train_part_7/aa.mp4", texts={"dfdc_train_part_7/metadata.json": {"aa.mp4": REAL}})
    _, found = indexed("dfdc")
    assert found.missing[-2:] == ["DFDC validation: labels.csv", "DFDC test: labels.csv"]


def test_a_part_alone_and_the_sample(lay, root, indexed):
    lay("dfdc_train_part_7/aa.mp4", texts={"dfdc_train_part_7/metadata.json": {"aa.mp4": REAL, "bb.mp4": REAL}})
    assert index("dfdc", root / "dfdc_train_part_7").missing[0] == "DFDC part 7: bb.mp4"
    lay("train_sample_videos/cc.mp4", texts={"train_sample_videos/metadata.json": {"cc.mp4": _fake("x.mp4")}})
    rows, found = indexed("dfdc")
    assert rows["train_sample_videos/cc.mp4"]["group"] == "x.mp4" and len(rows) == 2


def test_the_metadata_of_the_test_videos_alone(lay, indexed, facts):
    lay("test/ff.mp4", texts={"test/metadata.json": {"ff.mp4": {"is_fake": 1}}})
    assert list(facts(indexed("dfdc")[0]).values()) == [("fake", "not told", "test", "ff.mp4")]


def test_a_label_that_is_none(lay, root):
    lay("test/ff.mp4", texts={"test/labels.csv": "filename,label\nff.mp4,2\n"})
    with pytest.raises(ValueError, match="REAL, FAKE, 0 or 1; got '2' for ff.mp4"):
        index("dfdc", root)


def test_preview(lay, indexed, facts):
    fake = {"label": "fake", "set": "test", "target_id": 1003254, "swapped_id": 1255229, "augmentations": []}
    real = {"label": "real", "set": "train", "target_id": 1004567, "swapped_id": None, "augmentations": []}
    same = "1003254/1003254_A/1255229_1003254_A_001.mp4"  # in both methods
    entries = {
        f"method_A/{same}": fake,
        f"method_B/{same}": fake,
        "original_videos/1004567/1004567_B_002.mp4": real,
        "original_videos/1003254/1003254_A_001.mp4": {**real, "set": "test", "target_id": 1003254},
        "original_videos/1/gone.mp4": real,
    }
    lay(*(name for name in entries if "gone" not in name), "method_B/stray.mp4", texts={"dataset.json": entries})
    rows, found = indexed("dfdc-preview")
    assert facts(rows) == {
        f"method_A/{same}": ("fake", "method_A", "test", "1003254"),
        f"method_B/{same}": ("fake", "method_B", "test", "1003254"),
        "original_videos/1004567/1004567_B_002.mp4": ("real", "original", "train", "1004567"),
        "original_videos/1003254/1003254_A_001.mp4": ("real", "original", "test", "1003254"),
    }
    assert found.missing == ["DFDC preview original_videos/1/gone.mp4"]
    assert [path.rsplit("/", 1)[1] for path in found.unlisted] == ["stray.mp4"]
