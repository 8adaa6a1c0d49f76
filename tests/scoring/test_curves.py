import numpy as np
import pandas as pd
import pytest

from tad.scoring.curves import detectability
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
