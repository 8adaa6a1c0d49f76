"""results_<size>_<split>.csv beside videos/<page_dir>/<videoid>.mp4, in both published orders of the columns."""

import pytest

from tad.data.adapters import index
from tad.data.footage import open_footage

WIDE = 'videoid,name,page_idx,page_dir,duration,contentUrl\n{0},"a, b",0,000001_000050,PT00H00M02S,somewhere\n'
OTHER = 'videoid,contentUrl,duration,page_dir,name\n{0},somewhere,PT00H00M02S,000051_000100,"a, b"\n'
TRAIN, VAL = "results_10M_train.csv", "results_10M_val.csv"


def test_both_tables(lay, indexed, facts, tmp_path):
    lay("videos/000001_000050/0011.MP4", "videos/000051_000100/22.mp4")
    lay(texts={TRAIN: WIDE.format("0011") + "33,c,0,000001_000050,PT00H00M02S,somewhere\n", VAL: OTHER.format("22")})
    rows, found = indexed("webvid")
    assert facts(rows) == {
        "videos/000001_000050/0011.MP4": ("real", "original", "train", "0011"),
        "videos/000051_000100/22.mp4": ("real", "original", "val", "22"),
    }
    assert found.missing == [f"WebVid {TRAIN}: videos/000001_000050/33.mp4"]
    assert len(open_footage(tmp_path / "out" / "m.csv").train) == 1


def test_one_video_in_two_sizes_is_one_row(lay, indexed):
    lay(
        "videos/000001_000050/0011.mp4", texts={TRAIN: WIDE.format("0011"), "results_2M_train.csv": WIDE.format("0011")}
    )
    assert len(indexed("webvid")[0]) == 1


def test_no_table(lay, root):
    lay("videos/000001_000050/0011.mp4")
    with pytest.raises(ValueError, match="WebVid must have a table results_10M_train.csv or the like"):
        index("webvid", root)
