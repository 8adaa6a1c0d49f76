"""A run against a reference: what moved too far is found, and nothing else."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tad.cli import main
from tad.experiment.check import _same_text, changed, check, check_size


@pytest.fixture
def runs(tmp_path, monkeypatch):
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "data" / "demo" / "manifest.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "reports" / "old"
    folder.mkdir(parents=True)
    record = {"name": "old", "size": "quick", "seed": 0, "stations": [{"notebook": "02", "status": "ok"}]}
    (folder / "run.json").write_text(json.dumps(record))
    table = pd.DataFrame({"detector": ["a", "b"], "auc": [0.5, 0.25], "text": ["0.50 [0.40, 0.60]", "n/a (needs 6)"]})
    table.to_csv(folder / "by_band.csv", index=False)
    scores = pd.DataFrame({"video": ["v", "w"], "start_s": 0.0, "seed": 0, "score": [1.0, np.nan]})
    scores.to_parquet(folder / "scores.parquet")
    shutil.copytree(folder, folder.with_name("new"))
    return folder.parent


def test_the_same_twice_is_no_change(runs):
    asked, changes = check("old", "new", 0.0)
    assert asked.empty and changes.empty


def test_what_moved_beyond_the_tolerance_is_listed_and_what_did_not_is_not(runs):
    table = pd.read_csv(runs / "new" / "by_band.csv", keep_default_na=False)
    table["auc"] = [0.5049, 0.2526]  # by 0.98 % and 1.04 %
    table.iloc[::-1].to_csv(runs / "new" / "by_band.csv", index=False)  # the order is no change
    scores = pd.read_parquet(runs / "new" / "scores.parquet").assign(seed=1, score=[1.02, np.nan])
    scores.to_parquet(runs / "new" / "scores.parquet")
    (runs / "new" / "run.json").write_text(json.dumps({"size": "quick", "seed": 1, "stations": []}))
    asked, changes = check("old", "new", 0.01)
    assert asked.to_dict("records") == [{"what": "seed", "reference": "0", "now": "1"}]
    assert changes.to_numpy().tolist() == [
        ["run.json", "02", "status", "ok", "not run"],
        ["by_band.csv", "detector=b", "auc", "0.25", "0.2526"],
        ["scores.parquet", "video=v, start_s=0.0", "score", "1.0", "1.02"],
    ]
    assert "score" not in set(check("old", "new", 0.03)[1]["column"])


def test_tables_rows_and_columns_that_came_or_went(runs):
    (runs / "new" / "scores.parquet").unlink()
    old = pd.read_csv(runs / "old" / "by_band.csv", keep_default_na=False)
    old.assign(more=1).drop(columns="text")[:1].to_csv(runs / "new" / "by_band.csv", index=False)
    assert check("old", "new")[1].to_numpy().tolist() == [
        ["by_band.csv", "", "text", "there", "no such column"],
        ["by_band.csv", "", "more", "no such column", "there"],
        ["by_band.csv", "detector=b", "", "there", "no such row"],
        ["scores.parquet", "", "", "there", "no such table"],
    ]


def test_rows_of_the_same_name_are_held_line_by_line():
    old = pd.DataFrame({"family": ["a", "a"], "auc": [0.1, 0.2]})
    assert changed(old, old.assign(auc=[0.1, 0.4]), 0.01) == [["line 2", "auc", "0.2", "0.4"]]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("0.71 [0.65, 0.80]", "0.72 [0.65, 0.80]", True),  # a unit of the last digit
        ("0.71 [0.65, 0.80]", "0.74 [0.65, 0.80]", False),
        ("0.71 [0.65, 0.80]", "0.71 (0.65, 0.80]", False),
        ("-0.50", "0.50", False),
        ("n/a (needs 6)", "n/a (needs 7)", False),
        ("1e-3", "0.5e-3", False),
        ("10000", "10099", True),
        ("street", "Street", False),
    ],
)
def test_texts_are_the_same_but_for_rounding(a, b, same):
    assert _same_text(a, b, 0.01) is same


def test_unequal_sizes_are_refused_before_the_work_begins(runs, capsys):
    with pytest.raises(ValueError, match="equal size to be held against each other; old is quick, this one full"):
        check_size("old", "full")
    assert main(["reproduce", "--size", "full", "--check", "reports/old"]) == 2
    assert "reports/old is quick, this one full" in capsys.readouterr().err
    assert not (runs / "full-seed0").exists()
    with pytest.raises(ValueError, match="tolerance must be 0 or more; got -1"):
        check("old", "new", -1)


@pytest.mark.parametrize(("auc", "status"), [(0.25, 0), (0.3, 1)])
def test_the_exit_status_says_whether_anything_changed(runs, monkeypatch, capsys, auc, status):
    table = pd.read_csv(runs / "new" / "by_band.csv", keep_default_na=False).assign(auc=[0.5, auc])
    table.to_csv(runs / "new" / "by_band.csv", index=False)
    monkeypatch.setattr("tad.experiment.reproduce.reproduce", lambda *_, **__: (runs / "new", True))
    monkeypatch.setattr("tad.experiment.reproduce.tables", lambda _: [])
    assert main(["reproduce", "--check", "old"]) == status
    said = capsys.readouterr().out
    assert f"{status} differences from old beyond a tolerance of 0.01" in said
    assert ("detector=b    auc      0.25 0.3" in said) is bool(status)
