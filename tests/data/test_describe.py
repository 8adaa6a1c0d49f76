import pandas as pd
import pytest
import torch

from tad.data import decode
from tad.data.describe import describe, samples


@pytest.fixture(scope="module")
def folder(tmp_path_factory, moving, write):
    """Three videos of two sizes, a text called mp4."""
    folder = tmp_path_factory.mktemp("described")
    for name, frames, how in (
        ("a.mp4", moving(25), {}),
        ("b.mp4", moving(25, seed=1), {}),
        ("c.avi", moving(50, height=32, width=32), {"codec": "mpeg4"}),
    ):
        (folder / name).write_bytes(write(frames, name, **how).read_bytes())
    (folder / "text.mp4").write_text("no video")
    return folder


def _table(folder, *rows):
    keys = ("path", "split", "label", "group")
    return pd.DataFrame([dict(zip(keys, (str(folder / row[0]), *row[1:]), strict=True)) for row in rows])


def test_what_a_table_holds(folder):
    table = _table(
        folder,
        ("c.avi", "test", "fake", "x"),
        ("a.mp4", "train", "real", "x"),
        ("b.mp4", "train", "real", "x"),
        ("c.avi", "train", "real", "y"),
        ("gone.mp4", "test", "real", "z"),
        ("text.mp4", "test", "real", "z"),
        ("gone2.mp4", "test", "real", "w"),
    )
    rows = describe(table).to_dict("records")
    assert [(row["split"], row["label"]) for row in rows] == [("train", "real"), ("test", "real"), ("test", "fake")]
    assert rows[0] == {
        "split": "train", "label": "real", "videos": 3, "groups": 2, "seconds": 4.0,
        "sizes": "64x48 (2), 32x32 (1)", "codecs": "h264 (2), mpeg4 (1)", "unreadable": "",
    }  # fmt: skip
    assert (rows[1]["videos"], rows[1]["groups"], rows[1]["seconds"], rows[1]["sizes"]) == (3, 2, 0, "")
    assert rows[1]["unreadable"].startswith("no such file (2), ") and rows[1]["unreadable"].endswith(" (1)")
    assert rows[2]["codecs"] == "mpeg4 (1)"


def test_samples_are_first_frames_spread_evenly(folder):
    names = ["a.mp4", "b.mp4", "c.avi"]
    table = _table(folder, *((name, "test", "real", name) for name in names)).assign(video=names)
    found = samples(table, 9)
    assert [name for name, _ in found] == names
    for (_, frame), name in zip(found, names, strict=True):
        assert torch.equal(frame, next(decode(folder / name))[1])
    many = pd.concat([table] * 4, ignore_index=True).assign(video=[str(i) for i in range(12)])
    assert [name for name, _ in samples(many, 4)] == ["0", "3", "6", "9"]
    assert [name for name, _ in samples(many, 5)] == ["0", "2", "4", "7", "9"]


def test_samples_keep_to_the_crop_and_leave_out_what_cannot_be_decoded(folder):
    table = _table(folder, *((name, "test", "real", name) for name in ("text.mp4", "a.mp4", "gone.mp4")))
    table["crop"] = pd.Series([None, (0, 20, 4, 40), None], dtype=object)
    ((name, frame),) = samples(table, 3)
    assert name == str(folder / "a.mp4") and frame.shape == (3, 20, 36) and frame.dtype == torch.uint8
    assert samples(table.iloc[:0], 3) == []
    with pytest.raises(ValueError, match="at least 1; got 0"):
        samples(table, 0)
