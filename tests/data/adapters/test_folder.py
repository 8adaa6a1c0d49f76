"""real/ and fake/[method/], with or without train/, val/ and test/ above them; and any table with path and label."""

import pytest

from tad.data.adapters import index
from tad.data.adapters.base import side


def test_a_folder(lay, indexed, facts):
    lay("Real/a b.mp4", "fake/a b.mp4", "fake/Swap/a b.MOV", "fake/lips/x/A B.mkv", "Real/notes.txt")
    rows, found = indexed("folder")
    assert facts(rows) == {  # one name is one group
        "Real/a b.mp4": ("real", "original", side("a b"), "a b"),
        "fake/Swap/a b.MOV": ("fake", "Swap", side("a b"), "a b"),
        "fake/a b.mp4": ("fake", "fake", side("a b"), "a b"),
        "fake/lips/x/A B.mkv": ("fake", "lips", side("a b"), "a b"),
    }
    assert not found.missing


def test_nothing_is_passed_over_in_silence(lay, indexed):
    lay("real/a.mp4", "Real/b.mp4", "loose.mp4")  # on disks that tell case apart
    rows, found = indexed("folder")
    assert list(rows) == ["real/a.mp4"] and [path.split("/")[-1] for path in found.unlisted] == ["b.mp4", "loose.mp4"]


def test_a_folder_with_sides(lay, indexed, facts):
    lay("train/real/a.mp4", "val/real/b.mp4", "test/real/c.mp4", "test/fake/swap/c.mp4")
    assert facts(indexed("folder")[0]) == {
        "train/real/a.mp4": ("real", "original", "train", "a"),
        "val/real/b.mp4": ("real", "original", "val", "b"),
        "test/real/c.mp4": ("real", "original", "test", "c"),
        "test/fake/swap/c.mp4": ("fake", "swap", "test", "c"),
    }


def test_a_table(lay, indexed, facts):
    table = "Label,PATH ,split,method,remark\nREAL,a b.mp4,val,,x\nFake,sub/C.mp4,,swap,y\nreal,gone.mp4,,,z\n"
    lay("a b.mp4", "sub/c.MP4", texts={"table.csv": table})
    rows, found = indexed("folder", at="table.csv")
    assert facts(rows) == {
        "a b.mp4": ("real", "original", "val", "a b"),
        "sub/c.MP4": ("fake", "swap", side("c"), "c"),
    }
    assert found.missing == ["table.csv gone.mp4"]


@pytest.mark.parametrize(("fake", "labels"), [("1", ["real", "fake"]), ("0", ["fake", "real"])])
def test_a_table_with_labels_of_its_own_needs_to_say_which_is_fake(lay, root, indexed, fake, labels):
    lay("a.mp4", "b.mp4", texts={"table.csv": "path,label,split\na.mp4,0,test\nb.mp4,1,test\n"})
    assert [row["label"] for row in indexed("folder", at="table.csv", fake=fake)[0].values()] == labels
    with pytest.raises(ValueError, match="one of real, fake, unknown, or fake=... given; got '0'"):
        index("folder", root / "table.csv")
    with pytest.raises(ValueError, match="one of a table's two labels; got 'ai' of 0, 1"):
        index("folder", root / "table.csv", fake="AI")


def test_a_table_keeps_what_it_knows_of_a_manifest(lay, root, indexed):
    table = f"path,label,group,crop,licence\n{root / 'a.mp4'},unknown,anna,0 8 0 8,CC0\n"
    lay("a.mp4", texts={"table.csv": table})
    (row,) = indexed("folder", at="table.csv")[0].values()
    assert (row["label"], row["group"], row["crop"], row["licence"]) == ("unknown", "anna", (0, 8, 0, 8), "CC0")


def test_a_table_without_labels(lay, root):
    lay(texts={"table.csv": "path,class\na.mp4,real\n"})
    with pytest.raises(ValueError, match="the columns path and label; .* has path, class"):
        index("folder", root / "table.csv")
