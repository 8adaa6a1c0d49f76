"""Runs side by side: synthetic ones, whose differences are known."""

import json

import numpy as np
import pandas as pd
import pytest

from tad.cli import main
from tad.experiment.compare_runs import compare_runs, differing, run_folder
from tad.scoring.paired import paired
from tad.scoring.table import COLUMNS

ATTACK = "<script>alert(1)</script>"


def scores(seed, gain, detectors=("midframe_mse", "other"), groups=6):
    """One real and two fakes of one clip of each group; `gain` lifts the fakes of the first detector."""
    rng = np.random.default_rng(3)
    rows = []
    for i in range(groups):
        for detector in detectors:
            for method, strength in (("original", 0.0), ("blur", 1.0), (ATTACK, 1.0)):
                lift = gain * bool(strength) * (detector == "midframe_mse")
                row = {"video": f"v{i}", "group": f"g{i}", "method": method, "strength": strength, "detector": detector}
                row |= {"label": "fake" if strength else "real", "score": rng.normal() + lift}
                rows.append(row)
    table = pd.DataFrame(rows).assign(split="test", status="ok", codec="h264:23", seed=seed, start_s=0.0, scope="local")
    return table.reindex(columns=COLUMNS).assign(dataset="made")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three runs: `b` has another seed and finds the fakes better, `c` failed and left nothing."""
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "data" / "demo" / "manifest.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    for name, seed, gain, auc in (("a", 0, 0.0, 0.5), ("b", 1, 9.0, 0.9), ("c", 0, None, None)):
        folder = tmp_path / "reports" / name
        folder.mkdir(parents=True)
        parameters = {"seed": seed, "output": f"reports/{name}", "families": ["blur", ATTACK]}
        station = {"notebook": "03_small", "status": "ok" if auc else "failed", "parameters": parameters, "error": None}
        record = {"name": name, "status": station["status"], "seed": seed, "size": "quick", "stations": [station]}
        (folder / "run.json").write_text(json.dumps(record | {"commit": "abc", "started": "2025-03-01T10:00:00"}))
        if auc is None:
            continue
        scores(seed, gain).to_parquet(folder / "scores.parquet")
        card = [
            {"quantity": q, "card": "x", "measured": f"{auc}", "interval": "[0.1, 1.0]"} for q in ("AUC", "accuracy")
        ]
        pd.DataFrame(card[:: 1 if name == "a" else -1]).to_csv(folder / "against_card.csv", index=False)
        curve = [{"detector": d, "family": f, "strength": s, "auc": auc, "low": 0.1, "high": 1.0}
                 for d in ("midframe_mse", "other") for f in ("blur", ATTACK) for s in (0.0, 0.5, 1.0)]  # fmt: skip
        pd.DataFrame(curve).to_csv(folder / "detectors.csv", index=False)
    return tmp_path / "reports"


def test_what_differs_is_listed_and_the_rest_is_not(runs):
    found = compare_runs(["a", "b", "c"], n_boot=20)
    assert found.differing.to_dict("records") == [
        {"what": "seed", "a": "0", "b": "1", "c": "0"},
        {"what": "03_small: seed", "a": "0", "b": "1", "c": "0"},
    ]
    lacking = differing({"a": {"stations": [{"notebook": "n", "parameters": {"x": 1}}]}, "b": {}})
    assert lacking.to_dict("records") == [{"what": "n: x", "a": "1", "b": ""}]


def test_metrics_stand_beside_each_other_by_name_with_their_intervals(runs):
    [(caption, table)] = compare_runs(["a", "b"], n_boot=20).metrics.items()
    assert caption == "Ultra-extreme families" and table.to_dict("records") == [
        {"quantity": "AUC", "a": "0.5 [0.1, 1.0]", "b": "0.9 [0.1, 1.0]"},
        {"quantity": "accuracy", "a": "0.5 [0.1, 1.0]", "b": "0.9 [0.1, 1.0]"},
    ]


def test_a_paired_difference_is_that_of_the_paired_test_on_what_both_scored(runs):
    extra = scores(1, 9.0, groups=7)  # a group that a has not: it must not count
    extra.to_parquet(runs / "b" / "scores.parquet")
    first = scores(0, 0.0).query("detector == 'midframe_mse'").assign(detector="a", seed=0)
    other = scores(0, 9.0).query("detector == 'midframe_mse'").assign(detector="b", seed=0)
    slow = paired(pd.concat([first, other]), n_boot=200).iloc[0]
    found = compare_runs(["a", "b"], n_boot=200).paired.set_index("detector")
    assert found.loc["midframe_mse", "p"] == slow["p"] and found.loc["midframe_mse", "groups"] == 6
    told = found.loc["midframe_mse", "AUC less that of a"]
    assert told == f"{-slow['difference']:+.3f} [{-slow['high']:+.3f}, {-slow['low']:+.3f}]" and told[0] == "+"
    assert found.loc["midframe_mse", "verdict"] == "b is better"
    assert found.loc["other", "verdict"] == "the very same scores" and np.isnan(found.loc["other", "p"])


def test_without_a_clip_in_common_nothing_is_tested(runs):
    scores(1, 9.0).assign(video="another").to_parquet(runs / "b" / "scores.parquet")
    assert compare_runs(["a", "b"], n_boot=20).paired.empty
    assert compare_runs(["a", "c"], n_boot=20).paired.empty


def test_curves_leave_out_strength_0_and_take_the_detectors_asked_for(runs):
    curves = compare_runs(["a", "b"], ["other"], n_boot=20).curves
    assert set(curves["detector"]) == {"other"} and set(curves["run"]) == {"a", "b"} and curves["strength"].min() == 0.5


def test_what_is_no_run_and_one_run_alone_are_refused(runs):
    assert run_folder(runs / "a") == run_folder("a")
    with pytest.raises(ValueError, match="holds a run.json, or its name under reports/; got none"):
        run_folder("none")
    for given in (["a"], ["a", runs / "a"]):
        with pytest.raises(ValueError, match="two different runs or more"):
            compare_runs(given)


def test_the_command_prints_tables_and_writes_a_page(runs, capsys):
    assert main(["compare", "a", "b"]) == 0
    said = capsys.readouterr().out
    assert "03_small: seed" in said and "b is better" in said and said.rstrip().endswith("compare.html")
    page = (runs / "compare.html").read_text()
    assert "<script>alert" not in page and '<a href="b/index.html">' not in page, "no link to a page that is not there"
    assert '<a href="compare.html">' in (runs / "index.html").read_text()
    assert main(["compare", "a", "none"]) == 2
