"""GenVideo-Val as it unpacks: Real, Fake/<generator>; a list as the owners' folder2csv.py writes, 1 is generated."""

import pytest

from tad.data.adapters import index

NAMES = ("Real/video7010.mp4", "Fake/Sora/1.mp4", "Fake/Show_1/1.mp4", "Fake/show 2/a b.mp4")
HEAD = "content_path,image_path,activity_id,label,frame_len,frame_seq\n"


def test_the_generator_belongs_to_the_name(lay, indexed, facts):
    lay(*NAMES)
    rows, found = indexed("genvideo")
    assert facts(rows) == {
        "Real/video7010.mp4": ("real", "original", "test", "Real/video7010"),
        "Fake/Sora/1.mp4": ("fake", "Sora", "test", "Fake/Sora/1"),
        "Fake/Show_1/1.mp4": ("fake", "Show_1", "test", "Fake/Show_1/1"),
        "Fake/show 2/a b.mp4": ("fake", "show 2", "test", "Fake/show 2/a b"),
    }
    assert "GenVideo Fake/Sora: 55 of 56 videos, named by no list" in found.missing
    assert "GenVideo Fake/Gen2: 1380 of 1380 videos, named by no list" in found.missing


def test_other_case(lay, indexed):
    lay("REAL/x.MP4", "fake/sora/y.Mp4")
    rows, found = indexed("genvideo")
    assert [(row["label"], row["method"]) for row in rows.values()] == [("real", "original"), ("fake", "sora")]
    assert "GenVideo Fake/Sora: 55 of 56 videos, named by no list" in found.missing


def test_the_list_is_compared_with_the_files(lay, root, indexed):
    lay(*NAMES, texts={"val.csv": HEAD + "real/video7010,f.jpg,x,0,2,[]\nfake/Sora/9,f.jpg,x,1,2,[]\n"})
    lay(texts={"other.csv": "a,b\n1,2\n"})
    _, found = indexed("genvideo")
    assert [name for name in found.missing if "named by" not in name] == ["GenVideo val.csv: fake/Sora/9"]


@pytest.mark.parametrize("row", ["real/video7010,f.jpg,x,1,2,[]", "fake/Sora/1,f.jpg,x,0,2,[]", "a,f.jpg,x,AI,2,[]"])
def test_inverted_labels_are_refused(lay, root, row):
    lay(*NAMES, texts={"val.csv": HEAD + row + "\n"})
    with pytest.raises(ValueError, match="val.csv must call reals 0 and what is generated 1; got"):
        index("genvideo", root)
