from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tad.scoring.card import against_card
from tad.scoring.metrics import metrics
from tad.scoring.summary import summary
from tad.scoring.table import video_scores
from tad.scoring.threshold import Threshold, oracle_threshold, quantile_threshold

CARD = {"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0, "false_positive_rate": 0.0}
CARD |= {"separation_ratio": 3.85, "threshold": 0.3137, "real_mse_mean": 0.1445, "real_mse_std": 0.0846}
CARD |= {"fake_mse_mean": 0.5559, "fake_mse_std": 0.0949}


@pytest.fixture(scope="module")
def threshold(make_scores):
    scores = make_scores(seed=9, groups=4, split="val")
    return quantile_threshold(video_scores(scores[scores["label"].eq("real")]))


def measured(scores, threshold, **options):
    if not isinstance(threshold, Threshold):
        threshold = Threshold(threshold, None, 0, 0, "none", kind="given")
    return summary(scores, threshold, "midframe_mse", n_boot=200, **options).set_index("quantity")


@pytest.mark.parametrize("unit", ["video", "clip"])
def test_values_are_the_metrics_of_the_unit(make_scores, threshold, unit):
    scores = make_scores(groups=7)
    found = measured(scores, threshold, unit=unit)
    table = scores if unit == "clip" else video_scores(scores)
    for name, value in metrics(table, threshold.value).items():
        assert found.loc[name, "value"] == pytest.approx(value)
        assert found.loc[name, "low"] <= value <= found.loc[name, "high"]
    assert set(found["n_real"]) == {len(table) // 3} and set(found["n_fake"]) == {2 * len(table) // 3}
    assert list(found.reset_index()) == [
        *("quantity", "value", "low", "high", "text", "note", "n_groups", "n_real", "n_fake")
    ]


def test_shares_are_written_in_percent_and_areas_in_decimals(make_scores):
    found = measured(make_scores(groups=7), 1.5, unit="clip")
    for name, scale, spec in (("recall", 100, ".3g"), ("AUC", 1, ".2f"), ("real mean", 1, ".4g")):
        row = found.loc[name]
        value, low, high = (format(scale * row[end], spec) for end in ("value", "low", "high"))
        assert row["text"] == f"{value}{' %' * (scale == 100)} [{low}, {high}]"


def test_five_groups_print_na_and_no_false_positive_anywhere_its_bound(make_scores):
    found = measured(make_scores(groups=5), 1e9)
    assert found.loc["AUC", "text"].endswith(", interval n/a (needs 6 groups)") and np.isnan(found.loc["AUC", "low"])
    assert found.loc["false-positive rate", "text"] == "0 % [0, 52.2]"  # 1 - 0.025 ** (1 / 5)
    assert found.loc["precision", "text"].startswith("n/a")
    assert found.loc["accuracy", "high"] > 0.7  # one half in every group is agreement, not certainty


@pytest.mark.parametrize("unit", ["video", "clip"])
def test_failures_are_counted_and_never_scored(make_scores, unit):
    scores = make_scores(groups=6)
    failed = scores.sample(5, random_state=0).assign(start_s=77.0, score=np.nan, status="error: cut")
    clean, found = (measured(rows, 1.5, unit=unit) for rows in (scores, pd.concat([scores, failed])))
    assert found.loc["not scored", "value"] == 5
    assert found.loc["not scored", "text"] == f"5 of {len(scores) + 5} clips"
    pd.testing.assert_frame_equal(found.drop("not scored"), clean.drop("not scored"))


def test_threshold_line_says_what_it_rests_on(make_scores, threshold):
    line = measured(make_scores(), threshold).loc["threshold"]
    assert line["value"] == threshold.value and line["n_groups"] == 4
    assert line["note"].startswith("validation reals; no guarantee at 5 %: needs 19 groups, has 4")


def test_other_detectors_do_not_leak_in(make_scores):
    scores = make_scores()
    both = pd.concat([scores, scores.assign(detector="neighbour_copy", score=-scores["score"])])
    pd.testing.assert_frame_equal(measured(both, 1.5), measured(scores, 1.5))


def test_a_monotone_transform_leaves_auc_and_interval(make_scores):
    scores = make_scores(groups=7)
    rows = [measured(scores.assign(score=f(scores["score"])), 1.5, unit="clip") for f in (np.array, np.log)]
    assert rows[0].loc["AUC"].equals(rows[1].loc["AUC"])


def test_card_and_measured_stand_side_by_side(make_scores, threshold):
    scores = make_scores(groups=7)
    at_threshold = summary(scores, threshold, "midframe_mse", n_boot=100)
    at_oracle = summary(scores, oracle_threshold(video_scores(scores)), "midframe_mse", n_boot=100)
    table = against_card(at_threshold, at_oracle, CARD).set_index("quantity")
    assert list(table) == ["card", "measured", "interval", "note"]
    stated = {
        "accuracy": "100 %",
        "precision": "100 %",
        "recall": "100 %",
        "F1": "100 %",
        "AUC": "not stated",
    }
    stated |= {"false-positive rate": "0 %", "separation ratio": "3.85", "threshold": "0.3137"}
    stated |= {"real MSE, mean ± std": "0.1445 ± 0.0846", "fake MSE, mean ± std": "0.5559 ± 0.0949"}
    stated |= {"average precision": "not stated", "accuracy at the oracle threshold": "100 %"}
    assert table["card"].to_dict() == stated | {"oracle threshold": "0.3137"}
    found, oracle = at_threshold.set_index("quantity"), at_oracle.set_index("quantity")
    for name in ("accuracy", "AUC", "false-positive rate", "separation ratio"):
        assert f"{table.loc[name, 'measured']} {table.loc[name, 'interval']}" == found.loc[name, "text"]
    best = table.loc["accuracy at the oracle threshold"]
    assert f"{best['measured']} {best['interval']}" == oracle.loc["accuracy", "text"]
    assert table.loc["oracle threshold", "measured"] == oracle.loc["threshold", "text"]
    assert table.loc["threshold", "measured"] == found.loc["threshold", "text"] != oracle.loc["threshold", "text"]
    assert best["note"].startswith("chosen on these very scores")
    assert oracle.loc["accuracy", "value"] >= found.loc["accuracy", "value"]
    mean, std = found.loc["real mean", "value"], found.loc["real std", "value"]
    assert table.loc["real MSE, mean ± std", "measured"] == f"{mean:.4g} ± {std:.4g}"
    assert "no guarantee" in table.loc["threshold", "note"] and table.loc["threshold", "interval"] == ""


def test_card_beside_what_few_groups_cannot_resolve(make_scores):
    oracle = Threshold(1.5, None, 1, 1, "no guarantee", kind="oracle")
    found = summary(make_scores(groups=4), oracle, "midframe_mse", n_boot=50)
    table = against_card(found, found, {}).set_index("quantity")
    assert set(table["card"]) == {"not stated"}
    assert table.loc["AUC", "interval"] == "n/a (needs 6 groups)" and table.loc["AUC", "note"] == ""
    with pytest.raises(ValueError, match="oracle threshold; got one chosen on validation reals"):
        given = summary(make_scores(groups=4), replace(oracle, kind="validation reals"), "midframe_mse", n_boot=50)
        against_card(found, given, {})
