import numpy as np
import pandas as pd
import pytest

from tad.scoring.families import by_family, detectability, verdict
from tad.scoring.metrics import metrics
from tad.scoring.table import video_scores

STRENGTHS = (0.0, 0.3, 1.0)


@pytest.fixture(scope="module")
def scores(make_scores):
    return make_scores(groups=7, strengths=STRENGTHS)


@pytest.mark.parametrize("unit", ["clip", "video"])
def test_every_cell_is_the_auc_of_its_fakes_against_the_reals(scores, unit):
    found = detectability(scores, "midframe_mse", unit=unit, n_boot=100)
    assert list(zip(found["family"], found["strength"], strict=True)) == [
        (family, strength) for family in ("noise", "swap") for strength in STRENGTHS
    ]
    for row in found.to_dict("records"):
        fakes = scores["method"].eq(row["family"]) & scores["strength"].eq(row["strength"])
        cell = scores[scores["label"].eq("real") | fakes]
        cell = cell if unit == "clip" else video_scores(cell)
        assert row["auc"] == pytest.approx(metrics(cell, 0.0)["AUC"])
        assert row["low"] <= row["auc"] <= row["high"]
        assert (row["n_real"], row["n_fake"], row["n_groups"]) == (len(cell) // 2, len(cell) // 2, 7)
        assert row["psnr_db"] == (np.inf if row["strength"] == 0 else 20 / row["strength"])


@pytest.mark.parametrize("unit", ["clip", "video"])
def test_strength_zero_is_one_half_to_the_last_bit(scores, unit):
    shifted = scores.assign(score=scores["score"] * 0.1 + 1 / 3)
    nothing = detectability(shifted, "midframe_mse", unit=unit, n_boot=100).query("strength == 0")
    assert set(nothing["auc"]) == set(nothing["low"]) == set(nothing["high"]) == {0.5}


def test_strength_zero_stays_one_half_where_clips_fail_on_one_side(scores):
    fake = scores["label"].eq("fake")
    broken = scores.assign(status=np.where(fake & scores.index.isin(range(0, 200, 9)), "error: cut", "ok"))
    broken.loc[broken.index[~fake][::5], "score"] = np.nan
    found = detectability(broken, "midframe_mse", unit="video", n_boot=50)
    assert set(found.query("strength == 0")["auc"]) == {0.5}
    failures = broken[fake & broken["status"].ne("ok")].groupby(["method", "strength"]).size()
    assert failures.sum() > 5
    by_cell = found.set_index(["family", "strength"])["n_failed"]
    assert by_cell.to_dict() == failures.reindex(by_cell.index, fill_value=0).to_dict()


def test_a_cell_without_scores_is_na(scores):
    gone = scores["method"].eq("swap") & scores["strength"].eq(0.3)
    found = detectability(scores.assign(score=scores["score"].mask(gone)), "midframe_mse", n_boot=50)
    row = found.query("family == 'swap' and strength == 0.3").iloc[0]
    assert np.isnan(row["auc"]) and row["text"].startswith("n/a") and row["n_failed"] == gone.sum()
    assert found["auc"].notna().sum() == 5


def test_fakes_of_a_data_set_of_their_own_face_all_reals(scores):
    reals = scores[scores["label"].eq("real")]
    foreign = scores[scores["method"].eq("swap") & scores["strength"].eq(1.0)].iloc[:20]
    foreign = foreign.assign(video="other", group="other", method="deepfakes")
    found = detectability(pd.concat([reals, foreign]), "midframe_mse", n_boot=50).iloc[0]
    assert (found["n_real"], found["n_fake"], found["n_groups"]) == (len(reals), 20, 1)
    assert found["text"].endswith("interval n/a (needs 6 groups)")


def test_without_reals_there_is_no_curve(scores):
    with pytest.raises(ValueError, match="both labels"):
        detectability(scores[scores["label"].eq("fake")], "midframe_mse")


def test_families_are_measured_each_against_its_own_reals(make_scores):
    """A family that works on two videos of every group only, and changes nothing, must come out at chance."""
    scores = make_scores(groups=7, videos=3, families=("noise", "face"))
    face, real = scores["method"].eq("face"), scores["label"].eq("real")
    bright = scores.groupby("group")["video"].transform("max")
    scores.loc[real & scores["video"].eq(bright), "score"] += 50  # reals that the family never sees
    scores.loc[face, "score"] = scores["score"].shift(2)[face]  # the real stands two rows above
    scores = scores[~(face & scores["video"].eq(bright))]
    found = by_family(scores, 1.5, "midframe_mse", unit="clip", n_boot=100).set_index("family")
    assert found.loc["face", "auc"] == 0.5 and found.loc["face", "verdict"] == "chance"
    assert (found.loc["face", "n_real"], found.loc["noise", "n_real"]) == (7 * 2 * 3, 7 * 3 * 3)


def slow_across(table):
    """Every pair of a fake and a real of another group, one by one; one fake a real."""
    fakes, reals = (table[table["label"].eq(label)].to_dict("records") for label in ("fake", "real"))
    pairs = [(f["score"], r["score"]) for f in fakes for r in reals if f["group"] != r["group"]]
    return np.mean([(f > r) + (f == r) / 2 for f, r in pairs])


@pytest.mark.parametrize("groups", [6, 15])
def test_a_fake_that_lies_a_little_above_its_own_real_alone_is_not_called_detected(make_scores, groups):
    scores = make_scores(groups=groups, clips=1, families=("swap",))
    place = scores["group"].map({g: i for i, g in enumerate(scores["group"].unique())})
    scores["score"] = 10.0 * place + 0.01 * scores["label"].eq("fake")
    row = by_family(scores, 1.0, "midframe_mse", unit="clip").iloc[0]
    assert row["auc"] > 0.5 and row["low"] > 0.5  # n own pairs of n^2
    assert row["auc_across"] == pytest.approx(0.5) and row["verdict"] == "chance"


def test_one_group_has_no_pairs_across(make_scores):
    row = by_family(make_scores(groups=1, families=("swap",)), 1.0, "midframe_mse").iloc[0]
    assert np.isnan(row["auc_across"]) and row["verdict"] == "n/a"


def test_family_rows_agree_with_metrics_of_the_family_alone(make_scores):
    scores = make_scores(groups=7, families=("swap", "noise", "warp"))
    found = by_family(scores, 1.3, "midframe_mse", n_boot=100)
    assert list(found["family"]) == ["swap", "noise", "warp"]
    for row in found.to_dict("records"):
        alone = video_scores(scores[scores["method"].isin(["original", row["family"]])])
        expected = metrics(alone, 1.3)
        assert row["auc"] == pytest.approx(expected["AUC"]) and row["recall"] == pytest.approx(expected["recall"])
        assert row["false_positive_rate"] == pytest.approx(expected["false-positive rate"])
        assert row["separation_ratio"] == pytest.approx(expected["separation ratio"])
        assert (row["psnr_db"], row["scope"], row["n_groups"], row["n_failed"]) == (20.0, "local", 7, 0)
        assert row["verdict"] in ("detected", "chance", "looks more real than real")
        assert row["auc_across"] == pytest.approx(slow_across(alone))


def test_a_family_that_failed_everywhere_keeps_its_row(make_scores):
    scores = make_scores()
    scores.loc[scores["method"].eq("swap"), "status"] = "error: no face"
    found = by_family(scores, 1.5, "midframe_mse", n_boot=100).set_index("family")
    lost = found.loc["swap"]
    assert np.isnan(lost["auc"]) and lost["verdict"] == "n/a" and lost["text"].startswith("n/a (no fake")
    assert (lost["n_real"], lost["n_fake"], lost["n_failed"]) == (0, 0, 36)
    assert found.loc["noise", "n_fake"] == 12


@pytest.mark.parametrize(
    "auc, low, high, words",
    [
        (0.9, 0.51, 1.0, "detected"),
        (0.6, 0.5, 0.7, "chance"),
        (0.4, 0.3, 0.5, "chance"),
        (0.2, 0.1, 0.49, "looks more real than real"),
        (0.8, np.nan, np.nan, "n/a"),
        (1.0, 0.48, 1.0, "n/a"),
        (0.0, 0.0, 0.52, "n/a"),
        (1.0, 0.54, 1.0, "detected"),
    ],
)
def test_verdicts(auc, low, high, words):
    assert verdict(auc, low, high) == words
