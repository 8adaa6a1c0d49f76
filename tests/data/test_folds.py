"""Folds by group: each group is judged once, by what has neither learned from it nor been calibrated on it."""

from pathlib import Path

import pandas as pd
import pytest

from tad.data import folds, read_manifest, write_manifest


@pytest.fixture
def rows():
    real = pd.DataFrame({"group": [f"g{i // 2}" for i in range(22)], "label": "real", "split": "train"})
    fake = pd.DataFrame({"group": ["g0", "g7", "strange"], "label": "fake", "split": "test"})
    table = pd.concat([real, fake], ignore_index=True)
    return table.assign(video=[f"{i}.mp4" for i in range(len(table))])


@pytest.mark.parametrize("n", [3, 5, 11])
def test_every_group_is_judged_once_and_calibrates_once(rows, n):
    tables = folds(rows, n, seed=4)
    assert len(tables) == n
    for side in ("test", "val"):
        groups = [set(t.loc[t["split"].eq(side) & t["label"].eq("real"), "group"]) for t in tables]
        assert sorted(g for part in groups for g in part) == sorted({f"g{i}" for i in range(11)})
        assert max(map(len, groups)) - min(map(len, groups)) <= 1
    for table in tables:
        assert (table.groupby("group")["split"].nunique() == 1).all()
        assert set(table["split"]) == {"train", "val", "test"}
        assert len(table[table["label"] == "real"]) == 22
        assert set(table.loc[table["label"] == "fake", "split"]) <= {"test"}
    fakes = pd.concat([t[t["label"] == "fake"] for t in tables])
    assert sorted(fakes["group"]) == ["g0", "g7"]  # a group without a real has no fold


def test_the_seed_deals(rows):
    def dealt(seed):
        return [sorted(set(t.loc[t["split"] == "test", "group"])) for t in folds(rows, 5, seed)]

    assert dealt(0) == dealt(0) != dealt(1)


@pytest.mark.parametrize("n", [0, 2, 12])
def test_numbers_of_folds_that_are_refused(rows, n):
    with pytest.raises(ValueError, match=f"3 to the number of groups with a real, 11; got {n}"):
        folds(rows, n)


def test_a_written_manifest_reads_as_it_was(manifest, tmp_path):
    table = manifest({"path": "a.mp4", "crop": "0 8 0 8"}, {"path": "b/c.mp4", "split": "test", "method": "warp"})
    again = read_manifest(write_manifest(table, tmp_path / "a" / "manifest.csv"))
    pd.testing.assert_frame_equal(again.drop(columns="path"), table.drop(columns="path"))
    assert [Path(p).resolve() for p in again["path"]] == [Path(p) for p in table["path"]]
