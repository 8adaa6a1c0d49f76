from pathlib import Path

import pytest

from tad.data import probe
from tad.data.adapters import ADAPTERS, base, index, write_manifest
from tad.data.adapters.base import Tree, side
from tad.data.manifest import COLUMNS


def test_every_adapter_says_what_it_is():
    assert len(ADAPTERS) == 10
    for name, adapter in ADAPTERS.items():
        assert adapter.name == name and adapter.title and adapter.page
        assert adapter.terms.endswith(".")
        assert adapter.page.startswith("https://") or name == "folder"


@pytest.mark.parametrize("dataset", ADAPTERS)
def test_a_root_that_is_no_such_data_set(dataset, tmp_path):
    with pytest.raises(ValueError, match=r"must (be a folder with|have)"):
        index(dataset, tmp_path)
    with pytest.raises(ValueError, match="must (be a folder|have)"):
        index(dataset, tmp_path / "nowhere")


def test_what_is_looked_for_is_named(tmp_path):
    (tmp_path / "Celeb-real").mkdir()
    with pytest.raises(ValueError, match="Celeb-DF must be .* lacks YouTube-real, Celeb-synthesis, List_of_testing"):
        index("celebdf", tmp_path)


def test_no_such_data_set_or_option(tmp_path):
    with pytest.raises(ValueError, match="one of faceforensics, celebdf, .* got 'celeb'"):
        index("celeb", tmp_path)
    with pytest.raises(ValueError, match="faceforensics takes compression; got quality"):
        index("faceforensics", tmp_path, quality="c23")
    with pytest.raises(ValueError, match="celebdf takes no options; got quality"):
        index("celebdf", tmp_path, quality="c23")


def test_a_tree_without_its_videos_is_no_empty_manifest(lay, root):
    lay(texts={f"splits/{split}.json": [["000", "003"]] for split in ("train", "val", "test")})
    with pytest.raises(ValueError, match=r"FaceForensics\+\+ must have videos; got none at all"):
        index("faceforensics", root)


def test_names_are_found_in_any_case_the_exact_one_first(lay, root):
    lay("Videos/A b.MP4", "videos2/x.mp4", "videos2/X.mp4", "videos2/.hidden.mp4", "videos2/notes.txt")
    tree = Tree(root, "a tree", "videos")
    assert tree.find("VIDEOS/a B.mp4") == root / "Videos" / "A b.MP4"
    assert tree.find("videos2/X.mp4") == root / "videos2" / "X.mp4"
    assert tree.find("videos2/x.mp4") == root / "videos2" / "x.mp4"
    assert tree.find("videos/none.mp4") is None and tree.find("../the data") is None and tree.find("/") is None
    assert [path.name for path in tree.videos()] == ["A b.MP4", "X.mp4", "x.mp4"]
    assert tree.videos("nowhere") == []


def test_a_side_is_kept_for_ever_and_has_its_share():
    sides = [side(f"group {i}") for i in range(4000)]
    assert [side(f"group {i}") for i in range(4)] == sides[:4] == ["train", "train", "train", "train"]
    assert abs(sides.count("val") / 4000 - 0.1) < 0.015 and abs(sides.count("test") / 4000 - 0.1) < 0.015
    assert "test" not in {side(f"group {i}", test=0) for i in range(4000)}


def test_paths_are_written_from_the_manifests_folder(indexed, lay, root, tmp_path):
    lay("real/a b.mp4", "fake/a b.mp4")
    rows, found = indexed("folder")
    assert set(rows) == {"real/a b.mp4", "fake/a b.mp4"}
    assert {Path(row["path"]).resolve() for row in rows.values()} == {root / name for name in rows}
    assert {probe(row["path"]).frames for row in rows.values()} == {4}
    assert list(found.table) == [*COLUMNS] and COLUMNS[-2:] == ("compression", "strength")
    assert (tmp_path / "out" / "m.csv").read_text().count(str(tmp_path)) == 0


def test_a_relative_root_gives_the_same(lay, root, monkeypatch):
    lay("real/a.mp4")
    monkeypatch.chdir(root)
    assert index("folder", ".").table["path"].tolist() == [str(root / "real" / "a.mp4")]
    assert index("folder", ".").table["dataset"].tolist() == ["the data"]


def test_a_path_on_another_drive_stays_absolute(lay, root, tmp_path, monkeypatch):
    lay("real/a.mp4")

    def fails(path, folder):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(base.os.path, "relpath", fails)
    written = write_manifest(index("folder", root).table, tmp_path / "m.csv").read_text()
    assert written.splitlines()[1].startswith(str(root / "real" / "a.mp4"))
