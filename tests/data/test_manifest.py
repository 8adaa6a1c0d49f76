import hashlib
from pathlib import Path

import pandas as pd
import pytest

from tad.data import check_one_class, for_one_class, project_root, read_manifest, resolve, sha256, torn_groups
from tad.data.manifest import COLUMNS

ROOT = Path(__file__).parents[2]


def test_a_video_may_have_a_name_beside_its_path(tmp_path):
    head = "path,label,split,group,video\n"
    (tmp_path / "m.csv").write_text(head + "a.mp4,real,test,a,first\nb.mp4,real,test,b,\n")
    assert read_manifest(tmp_path / "m.csv")["video"].tolist() == ["first", "b.mp4"]
    (tmp_path / "m.csv").write_text(head + "a.mp4,real,test,a,b.mp4\nb.mp4,real,test,b,\n")
    with pytest.raises(ValueError, match="a video may be named once; got twice: b.mp4"):
        read_manifest(tmp_path / "m.csv")


def test_a_plain_manifest(manifest, tmp_path):
    table = manifest({"path": "a.mp4"}, {"path": "sub/b c.mp4", "split": "test", "label": "fake", "crop": "1 9 2 30"})
    assert list(table.columns) == [*COLUMNS, "video"]
    assert table["video"].tolist() == ["a.mp4", "sub/b c.mp4"]
    assert table["path"].tolist() == [str(tmp_path / "a.mp4"), str(tmp_path / "sub" / "b c.mp4")]
    assert table["crop"].tolist() == [None, (1, 9, 2, 30)]
    assert table["method"].tolist() == ["", ""]  # a column that the file lacks


def test_paths_are_relative_to_the_manifests_folder(manifest, tmp_path, monkeypatch):
    manifest({"path": "a.mp4"}, {"path": "../b.mp4"}, {"path": f"{tmp_path.parent}/elsewhere/c.mp4"})
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    paths = read_manifest("../manifest.csv")["path"]
    assert [Path(path).resolve() for path in paths] == [
        tmp_path / "a.mp4",
        tmp_path.parent / "b.mp4",
        tmp_path.parent / "elsewhere" / "c.mp4",
    ]
    assert all(Path(path).is_absolute() for path in paths)


def test_words_that_pandas_would_read_as_missing_stay_words(manifest):
    assert manifest({"path": "NA", "group": "null", "dataset": "nan"}).loc[
        0, ["video", "group", "dataset"]
    ].tolist() == [
        "NA",
        "null",
        "nan",
    ]


@pytest.mark.parametrize("column", ["path", "label", "split", "group"])
def test_a_missing_column_is_named(tmp_path, column):
    row = {"path": "a.mp4", "label": "real", "split": "train", "group": "g"}
    pd.DataFrame([row]).drop(columns=column).to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(ValueError, match=f"lacks {column}$"):
        read_manifest(tmp_path / "m.csv")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"path": "a", "label": "genuine"}], "label must be one of real, fake, unknown; got 'genuine'"),
        ([{"path": "a", "label": ""}], "label must be one of .* got ''"),
        ([{"path": "a", "split": "dev"}, {"path": "b"}], "split must be one of train, val, test; got 'dev'"),
        ([{"path": "a"}, {"path": ""}], "every video needs a path; row 3 has none"),
        ([{"path": "a"}, {"path": "b", "group": ""}], "every video needs a group; row 3 has none"),
        ([{"path": "a"}, {"path": "b"}, {"path": "a"}], "may be listed once; got twice: a$"),
        (
            [{"path": "a", "group": "anna"}, {"path": "b", "group": "anna", "split": "test"}, {"path": "c"}],
            r"a group must stand on one side of the split; got anna \(test, train\)$",
        ),
        ([{"path": "a", "crop": "1 2 3"}], "four whole numbers, top bottom left right; got '1 2 3'"),
        ([{"path": "a", "crop": "1 2 3 x"}], "four whole numbers"),
        ([{"path": "a", "crop": "-1 2 3 4"}], "four whole numbers"),
        ([{"path": "a", "crop": "9 9 3 4"}], "top < bottom and left < right; got '9 9 3 4'"),
        ([{"path": "a", "crop": "1 9 4 3"}], "top < bottom and left < right"),
    ],
)
def test_what_a_manifest_may_not_hold(manifest, rows, message):
    with pytest.raises(ValueError, match=message):
        manifest(*rows)


def test_a_manifest_without_videos(tmp_path):
    (tmp_path / "m.csv").write_text("path,label,split,group\n")
    with pytest.raises(ValueError, match="at least one video; got none"):
        read_manifest(tmp_path / "m.csv")


def test_a_manifest_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="must be a file; got .*nowhere.csv"):
        read_manifest(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("label", ["fake", "unknown"])
def test_one_class_learning_refuses_what_is_not_real_and_names_it(manifest, split, label):
    table = manifest({"path": "good.mp4"}, {"path": "swapped.mp4", "split": split, "label": label})
    with pytest.raises(ValueError, match=r"must be labelled real; got 1 that are not, first .*swapped\.mp4"):
        check_one_class(table)


def test_one_class_learning_may_be_tested_on_fakes(manifest):
    check_one_class(
        manifest({"path": "a"}, {"path": "b", "split": "val"}, {"path": "c", "split": "test", "label": "fake"})
    )


def test_the_root_is_the_nearest_folder_with_the_demo(tmp_path, monkeypatch):
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "data" / "demo" / "manifest.csv").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert project_root() == tmp_path


def test_outside_the_project_the_root_is_that_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert project_root() == ROOT
    assert resolve("data/demo/manifest.csv") == ROOT / "data" / "demo" / "manifest.csv"


def test_a_path_that_exists_is_taken_as_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "LICENSE").touch()
    assert resolve("LICENSE").resolve() == tmp_path / "LICENSE"
    assert resolve(tmp_path / "absent") == tmp_path / "absent"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve("~/videos") == tmp_path / "videos"


def test_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc" * 100_000)
    assert sha256(tmp_path / "file") == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_what_one_class_training_refuses_can_be_left_out():
    rows = [
        ("train", "real", "a"), ("train", "fake", "a"), ("train", "real", "t"), ("val", "real", "v"),
        ("val", "real", "t"), ("train", "real", "v"), ("val", "fake", "v"), ("test", "real", "t"),
        ("test", "fake", "t"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["split", "label", "group"])
    table["path"] = [f"{i}.mp4" for i in range(len(table))]
    kept, left_out = for_one_class(table)
    assert kept["path"].tolist() == ["0.mp4", "3.mp4", "7.mp4", "8.mp4"]
    assert list(left_out.values()) == [2, 1, 1, 1]
    check_one_class(kept)
    assert torn_groups(kept) == [] and torn_groups(table) == ["t (test, train, val)", "v (train, val)"]
