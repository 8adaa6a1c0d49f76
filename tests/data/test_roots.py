import csv
import os
import time
from pathlib import Path

import pandas as pd
import pytest

from tad.cli import main
from tad.data import read_manifest, roots
from tad.data.footage import read_webvid
from tad.data.roots import contained, name_root, named_roots


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project, a stranger's folder with a manifest, a private folder of the user's, and only the file's own roots."""
    monkeypatch.setattr(roots, "named_roots", named_roots)
    for name in ("project/data/demo", "stranger/videos", "private"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "project" / "data" / "demo" / "manifest.csv").touch()
    for name in ("stranger/a.mp4", "stranger/videos/b.mp4", "private/secret.mp4", "project/data/own.mp4"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def table(place, *paths: str) -> Path:
    rows = [{"path": path, "label": "real", "split": "test", "group": f"g{i}"} for i, path in enumerate(paths)]
    pd.DataFrame(rows).to_csv(place / "stranger" / "manifest.csv", index=False)
    return place / "stranger" / "manifest.csv"


def test_the_manifests_folder_and_the_project_are_open(place):
    own = str(place / "project" / "data" / "own.mp4")
    paths = read_manifest(table(place, "a.mp4", "videos/b.mp4", "videos/../a.mp4/.", "../project/data/own.mp4", own))
    assert paths["path"].tolist()[0] == str(place / "stranger" / "a.mp4") and paths["path"].tolist()[-1] == own


@pytest.mark.parametrize(
    "way",
    ["../private/secret.mp4", "videos/../../private/secret.mp4", "{place}/private/secret.mp4", "..", "/etc/passwd",
     "../stranger2/../private/secret.mp4", "../strangers.mp4"],
)  # fmt: skip
def test_what_climbs_out_is_refused_with_its_row_and_what_to_do(place, way):
    way = way.replace("{place}", str(place))
    with pytest.raises(
        ValueError, match=r"must lie in its folder, in the project or in a folder named in .*roots\.txt; got"
    ):
        read_manifest(table(place, "a.mp4", way))


@pytest.mark.parametrize("what", ["file", "folder", "chain"])
def test_a_link_is_judged_by_where_it_leads(place, what):
    stranger, secret = place / "stranger", place / "private" / "secret.mp4"
    if what == "folder":
        (stranger / "linked").symlink_to(place / "private")
    else:
        (stranger / "linked").mkdir()
        (stranger / "hop.mp4").symlink_to(secret)
        (stranger / "linked" / "secret.mp4").symlink_to(stranger / "hop.mp4" if what == "chain" else secret)
    with pytest.raises(ValueError, match=f"got linked/secret.mp4, which is {secret}"):
        read_manifest(table(place, "linked/secret.mp4"))
    (stranger / "inner.mp4").symlink_to(stranger / "a.mp4")
    assert len(read_manifest(table(place, "inner.mp4"))) == 1


def test_a_folder_that_the_user_named_is_open(place):
    manifest = table(place, "../private/secret.mp4")
    assert name_root("../private", place / "project", manifest) == place / "project" / "data" / "roots.txt"
    assert len(read_manifest(manifest)) == 1
    assert name_root(place / "private", place / "project", manifest) is None, "once"
    assert name_root(place / "stranger", place / "project", manifest) is None, "beside its manifest"
    assert (place / "project" / "data" / "roots.txt").read_text() == f"{place / 'private'}\n"
    (place / "project" / "data" / "roots.txt").write_text(f"# {place}\n\n  {place}/other \n")
    with pytest.raises(ValueError, match="got ../private/secret.mp4"):
        read_manifest(manifest)


def test_indexing_a_data_set_names_its_folder(place, moving_video, capsys):
    for label in ("real", "fake"):
        (place / "private" / label).mkdir()
        (place / "private" / label / "a.mp4").write_bytes(moving_video.read_bytes())
    out = place / "project" / "mine.csv"
    assert main(["data", "index", "folder", str(place / "private"), "-o", str(out)]) == 0
    assert "roots.txt" in capsys.readouterr().err
    assert len(read_manifest(out, check_groups=False)) == 2
    (place / "project" / "data" / "roots.txt").unlink()
    assert main(["data", "describe", str(out)]) == 2 and "roots.txt; got ../private" in capsys.readouterr().err


def test_webvids_table_stays_beside_its_videos(place):
    (place / "stranger" / "w.csv").write_text("videoid,page_dir\nsecret,../../private\n")
    with pytest.raises(ValueError, match="got videos/../../private/secret.mp4"):
        read_webvid(place / "stranger" / "w.csv", "train")


@pytest.mark.parametrize("cell", ["\x1b[2J\x1b]0;owned\x07", "a\nb", "a\rb", "\x9b31m", "evil\u202egpj.exe", "a\x00b"])
@pytest.mark.parametrize("column", ["path", "group", "dataset"])
def test_a_cell_may_not_act_on_a_terminal(place, column, cell, capsys):
    row = {"path": "a.mp4", "label": "real", "split": "test", "group": "g", "dataset": ""} | {column: cell}
    pd.DataFrame([row]).to_csv(place / "stranger" / "manifest.csv", index=False, quoting=csv.QUOTE_ALL)
    with pytest.raises(ValueError, match=f"no control characters; row 2 has {column}") as refused:
        read_manifest(place / "stranger" / "manifest.csv")
    assert str(refused.value).isprintable()


def test_a_million_rows_are_read_with_a_stat_each(place, monkeypatch):
    """Calls of the system are counted, not seconds: one for each row, and those of the folders once."""
    calls = []
    lstat = os.lstat
    monkeypatch.setattr(os, "lstat", lambda *words, **how: calls.append(1) or lstat(*words, **how))
    count = 20_000
    paths = contained((f"videos/{i % 10}/{i}.mp4" for i in range(count)), place / "stranger", place / "project")
    assert len(paths) == count and len(calls) <= count + 500


@pytest.mark.soak
def test_a_million_rows(place, capsys):
    began = time.perf_counter()
    rows = pd.DataFrame({"path": [f"videos/{i % 1000}/{i}.mp4" for i in range(1_000_000)], "label": "real"})
    rows = rows.assign(split="train", group=[f"g{i}" for i in range(1_000_000)])
    rows.to_csv(place / "stranger" / "big.csv", index=False)
    began = time.perf_counter()
    assert len(read_manifest(place / "stranger" / "big.csv")) == 1_000_000
    with capsys.disabled():
        print(f"\nmanifest: a million rows read and checked in {time.perf_counter() - began:.0f} s")
