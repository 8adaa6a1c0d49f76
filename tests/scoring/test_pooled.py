"""The mean AUC over families against scikit-learn, family by family and resample by resample."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tad.scoring import above_own_real, corrected, detectability, holm, mean_auc, paired, video_scores


def slow_mean(scores, unit="clip"):
    """Average scikit-learn's AUCs, over the strengths of a family and then over the families."""
    aucs = {}
    reals = scores[scores["label"].eq("real")]
    for (family, _, name), fakes in scores[scores["label"].eq("fake")].groupby(["method", "strength", "detector"]):
        rows = pd.concat([reals[reals["detector"].eq(name)], fakes])
        rows = rows if unit == "clip" else video_scores(rows)
        aucs.setdefault(family, []).append(roc_auc_score(rows["label"].eq("fake"), rows["score"]))
    return np.mean([np.mean(found) for found in aucs.values()])


@pytest.mark.parametrize("unit", ["clip", "video"])
def test_mean_against_family_by_family(make_scores, unit):
    scores = make_scores(strengths=(0.3, 1.0), digits=1)
    scores = scores[scores["method"].ne("noise") | scores["strength"].eq(1)]  # families weigh alike, not their cells
    assert mean_auc(scores, unit=unit, n_boot=20).value == pytest.approx(slow_mean(scores, unit))


def test_each_detector_is_compared_with_its_own_reals(make_scores):
    scores = make_scores()
    shifted = scores.assign(detector="other", score=scores["score"] + 1000)
    mixed = pd.concat([scores[scores["method"].ne("swap")], shifted[shifted["method"].ne("noise")]])
    assert mean_auc(mixed, n_boot=20).value == pytest.approx(mean_auc(scores, n_boot=20).value)


def test_the_interval_of_one_family_is_that_of_its_auc(make_scores):
    scores = make_scores(families=("swap",))
    row = detectability(scores, "midframe_mse", seed=3).iloc[0]
    found = mean_auc(scores, seed=3)
    assert (found.value, found.low, found.high) == pytest.approx((row["auc"], row["low"], row["high"]))


def test_the_difference_is_resampled_together(make_scores):
    scores = make_scores()
    other = scores.assign(score=scores["score"].rank())  # the same order
    found = mean_auc(scores, other)
    assert found.value == 0 and found.high < 0.8 and "agree" in found.note
    worse = scores.assign(score=-scores["score"])
    assert mean_auc(scores, worse).value == pytest.approx(slow_mean(scores) - slow_mean(worse))


def test_a_family_of_few_groups_does_not_take_the_interval_from_the_others(make_scores):
    scores = make_scores(groups=8)
    few = scores[scores["method"].ne("noise") | scores["group"].eq("test-0")]
    found = mean_auc(few)
    assert found.low < found.value < found.high and found.n_groups == 8


def test_nothing_scored_is_said(make_scores):
    scores = make_scores(groups=3)
    found = mean_auc(scores.assign(status=np.where(scores["label"].eq("fake"), "error: no face", "ok")))
    assert np.isnan(found.value) and found.text() == "n/a (no fake was scored beside its real)"


def slow_share(scores, unit="clip"):
    """Look up the real of every fake, one after the other."""
    shares = {}
    rows = scores if unit == "clip" else video_scores(scores)
    clip = ["video", "start_s"] if unit == "clip" else ["video"]
    reals = rows[rows["label"].eq("real")].set_index(clip)["score"]
    for (family, _), fakes in rows[rows["label"].eq("fake")].groupby(["method", "strength"]):
        won = []
        for _, fake in fakes.iterrows():
            real = reals.loc[tuple(fake[clip]) if unit == "clip" else fake["video"]]
            won.append(1.0 if fake["score"] > real else 0.5 if fake["score"] == real else 0.0)
        shares.setdefault(family, []).append(np.mean(won))
    return np.mean([np.mean(found) for found in shares.values()])


@pytest.mark.parametrize("unit", ["clip", "video"])
def test_share_above_own_real_against_one_by_one(make_scores, unit):
    scores = make_scores(strengths=(0.3, 1.0), digits=1)  # ties among them
    scores = scores[scores["method"].ne("noise") | scores["strength"].eq(1)]
    found = above_own_real(scores, unit, n_boot=20)
    assert found.value == pytest.approx(slow_share(scores, unit)) and found.low <= found.value <= found.high


def test_scenes_that_differ_do_not_touch_the_share(make_scores):
    scores = make_scores()
    scene = scores["group"].astype("category").cat.codes * 1000.0
    moved = scores.assign(score=scores["score"] + scene)
    assert above_own_real(moved, n_boot=20).value == above_own_real(scores, n_boot=20).value
    assert abs(mean_auc(moved, n_boot=20).value - 0.5) < abs(mean_auc(scores, n_boot=20).value - 0.5)


def test_two_reals_of_one_clip_are_refused(make_scores):
    scores = make_scores()
    twice = scores[scores["label"].eq("real")].assign(method="encoded twice")
    with pytest.raises(ValueError, match="one real of its own; got 2 reals of one clip"):
        above_own_real(pd.concat([scores, twice]))


def test_fakes_without_their_real_have_no_share(make_scores):
    scores = make_scores(groups=3)
    real = scores["label"].eq("real")
    brought = scores.assign(video=scores["video"].where(real, "its own " + scores["video"]))
    assert above_own_real(brought).text() == "n/a (no fake was scored beside its own real)"


def test_pairs_tested_apart_are_corrected_together(make_scores):
    table, draw = make_scores(), np.random.default_rng(0)
    noisy = [table.assign(detector=n, score=table["score"] + draw.normal(size=len(table))) for n in "bc"]
    apart = pd.concat([paired(pd.concat([table, other]), n_boot=20) for other in noisy], ignore_index=True)
    both = corrected(apart)
    assert both["p_holm"].tolist() == pytest.approx(holm(apart["p"]))
    assert both["p"].equals(apart["p"]) and list(both.columns) == list(apart.columns)
