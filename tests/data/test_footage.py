import pandas as pd
import pytest

from tad.data import VideoFiles, open_footage

WIDE = ["videoid", "name", "page_idx", "page_dir", "duration", "contentUrl"]
OTHER = ["videoid", "contentUrl", "duration", "page_dir", "name"]


@pytest.fixture
def webvid(tmp_path, moving, write):
    """A function that lays WebVid's table and files out as they come, in one of the published orders of columns."""

    def lay(name: str, ids: list[str], columns: list[str], missing: tuple[str, ...] = ()):
        rows = []
        for i, videoid in enumerate(ids):
            page = f"{i % 2:06d}_{i % 2 + 49:06d}"
            row = {"videoid": videoid, "name": 'A "quoted", comma', "page_idx": "0", "page_dir": page,
                   "duration": "PT00H00M02S", "contentUrl": f"somewhere/{videoid}.mp4"}  # fmt: skip
            rows.append(row)
            path = tmp_path / "videos" / page / f"{videoid}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            if videoid not in missing:
                path.write_bytes(write(moving(12, seed=i)).read_bytes())
        pd.DataFrame(rows)[columns].to_csv(tmp_path / name, index=False)
        return tmp_path / name

    return lay


@pytest.mark.parametrize("columns", [WIDE, OTHER])
def test_webvid_in_both_published_orders(webvid, columns):
    train = webvid("results_10M_train.csv", ["0011", "22", "33"], columns, missing=("33",))
    val = webvid("results_10M_val.csv", ["44"], columns)
    footage = open_footage(train, val)
    assert footage.train["video"].tolist()[0] == "videos/000000_000049/0011.mp4"  # the zeros of an id stay
    assert footage.train["group"].tolist() == ["0011", "22", "33"] and set(footage.train["label"]) == {"real"}
    assert footage.val["split"].tolist() == ["val"] and not footage.shards
    items = [VideoFiles(footage.train, frames=4, size=32)[0, i] for i in range(3)]
    assert [item["error"] for item in items] == ["", "", "no such file"]
    assert [item["weight"].item() for item in items] == [1, 1, 0]


def test_a_video_on_both_sides_is_refused(webvid):
    train, val = webvid("train.csv", ["1", "2"], WIDE), webvid("val.csv", ["2"], WIDE)
    with pytest.raises(ValueError, match="group must stand on one side of the split; got 2"):
        open_footage(train, val)


def test_a_manifest_brings_its_own_validation_or_takes_another(manifest, moving_mp4, ramp_mp4, tmp_path):
    manifest({"path": moving_mp4}, {"path": ramp_mp4, "split": "val"})
    own = open_footage(tmp_path / "manifest.csv")
    assert own.train["video"].tolist() == [str(moving_mp4)] and own.val["video"].tolist() == [str(ramp_mp4)]
    other = pd.DataFrame([{"path": str(ramp_mp4), "label": "real", "split": "test", "group": "v"}])
    other.to_csv(tmp_path / "val.csv", index=False)
    given = open_footage(tmp_path / "manifest.csv", tmp_path / "val.csv")
    assert given.val["group"].tolist() == ["v"] and len(given.train) == 1


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"split": "train"}], "lacks a validation split"),
        ([{"split": "val"}], "lacks a training split"),
        ([{"split": "train"}, {"split": "val", "label": "fake"}], "must be labelled real"),
    ],
)
def test_what_is_refused(manifest, moving_mp4, ramp_mp4, tmp_path, rows, told):
    paths = (moving_mp4, ramp_mp4)
    manifest(*({"path": path, **row} for path, row in zip(paths, rows, strict=False)))
    with pytest.raises(ValueError, match=told):
        open_footage(tmp_path / "manifest.csv")


def test_validation_is_spread_over_the_table(webvid):
    footage = open_footage(webvid("t.csv", ["a"], WIDE), webvid("v.csv", [f"v{i}" for i in range(10)], WIDE))
    assert footage.validation(3)["group"].tolist() == ["v0", "v4", "v8"]
    assert len(footage.validation(10)) == len(footage.validation(64)) == 10
