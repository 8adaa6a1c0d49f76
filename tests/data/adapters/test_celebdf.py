"""The layout of the owners' README: three folders and a list of test videos in which 1 is real."""

import pytest

from tad.data.adapters import index

REALS = ("Celeb-real/id0_0001.mp4", "Celeb-real/id1_0007.mp4", "YouTube-real/00170.mp4", "YouTube-real/00171.mp4")
FAKES = ("Celeb-synthesis/id0_id1_0001.mp4", "Celeb-synthesis/id1_id0_0007.mp4")
LIST = "1 YouTube-real/00170.mp4\n1 Celeb-real/id1_0007.mp4\n0 Celeb-synthesis/id1_id0_0007.mp4\n"


def _named(found):
    return [name for name in found.missing if "named by no list" not in name]


def test_version_2(lay, indexed, facts):
    lay(*REALS, *FAKES, texts={"List_of_testing_videos.txt": LIST})
    rows, found = indexed("celebdf")
    assert facts(rows) == {
        "Celeb-real/id0_0001.mp4": ("real", "original", "train", "id0"),
        "Celeb-real/id1_0007.mp4": ("real", "original", "test", "id1"),
        "YouTube-real/00170.mp4": ("real", "original", "test", "YouTube-real/00170"),
        "YouTube-real/00171.mp4": ("real", "original", "train", "YouTube-real/00171"),
        "Celeb-synthesis/id0_id1_0001.mp4": ("fake", "Celeb-DF", "train", "id0"),
        "Celeb-synthesis/id1_id0_0007.mp4": ("fake", "Celeb-DF", "test", "id1"),
    }
    assert _named(found) == []
    assert "Celeb-DF v2 Celeb-real: 588 of 590 videos, named by no list" in found.missing
    assert "Celeb-DF v2 Celeb-synthesis: 5637 of 5639 videos, named by no list" in found.missing


def test_the_list_says_1_for_real(lay, root):
    lay(*REALS, *FAKES, texts={"List_of_testing_videos.txt": LIST.replace("0 Celeb-syn", "1 Celeb-syn")})
    with pytest.raises(ValueError, match="reals 1 and Celeb-synthesis 0; got '1 Celeb-synthesis/id1_id0_0007.mp4'"):
        index("celebdf", root)


def test_missing_other_case_spaces_and_blank_lines(lay, root, indexed, facts):
    listed = "\n1  YouTube-real/001 70.mp4 \r\n1 celeb-REAL/ID1_0007.mp4\n0 Celeb-synthesis/id9_id0_0000.mp4\n"
    lay("youtube-Real/001 70.MP4", "Celeb-Real/id1_0007.mp4", "celeb-synthesis/id0_id1_0001.mp4")
    lay(texts={"list_of_testing_videos.TXT": listed})
    rows, found = indexed("celebdf")
    assert facts(rows)["youtube-Real/001 70.MP4"][::2] == ("real", "test")
    assert facts(rows)["Celeb-Real/id1_0007.mp4"] == ("real", "original", "test", "id1")
    assert facts(rows)["celeb-synthesis/id0_id1_0001.mp4"] == ("fake", "Celeb-DF", "train", "id0")
    assert _named(found) == ["Celeb-DF v2 test list: Celeb-synthesis/id9_id0_0000.mp4"]


def test_one_in_ten_of_the_other_groups_validates(lay, indexed):
    lay(*REALS, *FAKES, *(f"YouTube-real/{i:05d}.mp4" for i in range(40)), texts={"List_of_testing_videos.txt": LIST})
    rows, _ = indexed("celebdf")
    sides = [row["split"] for row in rows.values()]
    assert 1 <= sides.count("val") <= 10 and sides.count("test") == 3


def test_celebdf_plus_plus(lay, root, indexed, facts):
    swaps = [f"Celeb-synthesis/FaceSwap/{method}/id1_id0_0007.mp4" for method in ("Celeb-DF", "BlendFace", "UniFace")]
    talks = "Celeb-synthesis/TalkingFace/IP_LAP/id0_0001_test_0003.mp4"
    listed = f"1 Celeb-real/id1_0007.mp4\n0 {swaps[1]}\n"
    lay(*REALS, *swaps, talks, texts={"List_of_testing_videos.txt": listed})
    rows, found = indexed("celebdf++")
    told = facts(rows)
    assert [told[name] for name in swaps] == [  # the same name under three methods, one of them listed
        ("fake", "Celeb-DF", "train", "id1"),
        ("fake", "BlendFace", "test", "id1"),
        ("fake", "UniFace", "train", "id1"),
    ]
    assert told[talks] == ("fake", "IP_LAP", "train", "id0")
    folders = [name for name in _named(found) if name.endswith("the folder")]
    assert len(folders) == 21 - 3 and "Celeb-DF++ Celeb-synthesis/FaceReenact/LIA: the folder" in folders
