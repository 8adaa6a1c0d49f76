import numpy as np
import pandas as pd
import pytest

from tad.scoring.table import (
    COLUMNS,
    SOURCE,
    matched,
    one_detector,
    one_fake_per_real,
    per_unit,
    source_of,
    usable,
    video_scores,
)


def test_video_scores_are_means_of_scored_clips_with_counts(make_scores):
    scores = make_scores(seed=1, groups=3, clips=4)
    scores.loc[scores.index[::7], "status"] = "error: no frame"
    scores.loc[scores.index[3::11], "score"] = np.nan
    videos = video_scores(scores)
    assert len(videos) == 3 * 2 * 3
    for row in videos.to_dict("records"):
        clips = scores[scores["video"].eq(row["video"]) & scores["method"].eq(row["method"])]
        scored = [s for s, status in zip(clips["score"], clips["status"], strict=True) if status == "ok" and s == s]
        assert row["score"] == pytest.approx(sum(scored) / len(scored), rel=1e-12)
        assert (row["n_clips"], row["n_failed"]) == (len(scored), 4 - len(scored))
        assert row["group"] == clips["group"].iloc[0] and row["status"] == "ok"
    assert videos["n_failed"].sum() > 0


def test_a_video_without_any_score_keeps_its_row_and_is_not_usable(make_scores):
    scores = make_scores(groups=2)
    lost = scores["video"].eq("test-0-0") & scores["label"].eq("real")
    scores.loc[lost, "status"] = "error: no frame"
    videos = video_scores(scores)
    row = videos[videos["video"].eq("test-0-0") & videos["label"].eq("real")].iloc[0]
    assert np.isnan(row["score"]) and row["n_clips"] == 0 and row["n_failed"] == 3
    assert row["status"].startswith("error") and usable(videos).sum() == len(videos) - 1


def test_psnr_of_a_video_is_the_mean_over_its_scored_clips(make_scores):
    scores = make_scores(groups=1, videos=1, clips=3, families=("swap",))
    scores.loc[scores["label"].eq("fake"), "psnr_db"] = [20.0, 30.0, 90.0]
    scores.loc[scores["psnr_db"].eq(90.0), "status"] = "error: cut"
    videos = video_scores(scores).set_index("label")
    assert videos.loc["fake", "psnr_db"] == 25.0 and np.isnan(videos.loc["real", "psnr_db"])
    untouched = video_scores(scores.assign(psnr_db=scores["psnr_db"].where(scores["label"].eq("real"), np.inf)))
    assert untouched.set_index("label").loc["fake", "psnr_db"] == np.inf


def test_variants_of_a_video_stay_apart(make_scores):
    scores = make_scores(groups=2, strengths=(0.5, 1.0))
    both = pd.concat([scores, scores.assign(codec="h264"), scores.assign(seed=1)])
    assert len(video_scores(both)) == 3 * len(video_scores(scores)) == 3 * 4 * 5


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(make_scores, column):
    with pytest.raises(ValueError, match=f"none named.*{column}"):
        video_scores(make_scores(groups=1).drop(columns=column))


def test_fakes_of_a_source_share_the_weight_of_its_real(make_scores):
    scores = make_scores(groups=3, families=("a", "b", "c"), strengths=(0.5, 1.0))
    scores = scores.drop(scores.index[[1, 2, 9, 40]])  # some sources have fewer fakes
    for table in (scores, video_scores(scores)):
        weights = one_fake_per_real(table)
        keys = ["video", "start_s"] if "start_s" in table.columns else ["video"]
        sums = pd.Series(weights).groupby([table[key].to_numpy() for key in [*keys, "label"]]).sum()
        assert sums.to_numpy() == pytest.approx(np.ones(len(sums)))


def test_weights_balance_when_a_real_lacks_its_fakes_or_a_fake_its_real(make_scores):
    scores = make_scores(groups=3)
    fake = scores["label"].eq("fake")
    lone = (fake & scores["video"].eq("test-0-0")) | (~fake & scores["video"].eq("test-1-0") & scores["start_s"].eq(0))
    table = scores[~lone]
    weights, fake = one_fake_per_real(table), table["label"].eq("fake").to_numpy()
    assert weights[fake].sum() == pytest.approx(weights[~fake].sum())
    assert set(weights[~fake]) == {1.0} and np.ptp(weights[fake]) < 1e-12


def test_matched_keeps_exactly_the_sources_scored_on_both_sides(make_scores):
    scores = make_scores(groups=2, families=("face",))
    fake = scores["label"].eq("fake")
    scores = scores[~(fake & scores["video"].eq("test-0-0"))].reset_index(drop=True)  # no face in there
    fake = scores["label"].eq("fake")
    at = scores["video"].eq("test-1-1")
    scores.loc[fake & at & scores["start_s"].eq(0.0), "status"] = "error: cut"
    scores.loc[~fake & at & scores["start_s"].eq(0.5), "score"] = np.nan
    kept = matched(scores)
    sources = {label: set(zip(rows["video"], rows["start_s"], strict=True)) for label, rows in kept.groupby("label")}
    expected = {(v, s) for v in ("test-0-1", "test-1-0") for s in (0.0, 0.5, 1.0)} | {("test-1-1", 1.0)}
    assert sources == {"real": expected, "fake": expected}


def test_matched_drops_one_failed_fake_of_a_source_that_has_another(make_scores):
    scores = make_scores(groups=1, videos=1, clips=1)
    scores.loc[scores["method"].eq("noise"), "status"] = "error: cut"
    assert sorted(matched(scores)["method"]) == ["original", "swap"]


def test_matched_leaves_fakes_from_elsewhere_beside_all_reals(make_scores):
    ours, foreign = make_scores(groups=2), make_scores(groups=2, seed=1)
    foreign = foreign[foreign["label"].eq("fake")].assign(video=lambda rows: "other-" + rows["video"])
    table = pd.concat([ours[ours["label"].eq("real")], foreign])
    assert len(matched(table)) == len(table)
    assert matched(table.assign(status=np.where(table["label"].eq("fake"), "error: cut", "ok"))).empty


def test_rows_that_may_not_be_compared_are_refused(make_scores):
    scores = make_scores(groups=2)
    fake = scores["label"].eq("fake")
    with pytest.raises(ValueError, match="one split at a time; got .*test.*val"):
        one_detector(pd.concat([scores, make_scores(groups=1, split="val")]), "midframe_mse")
    with pytest.raises(ValueError, match="one of \\['midframe_mse'\\]; got 'psnr'"):
        one_detector(scores, "psnr")
    with pytest.raises(ValueError, match="share codecs; got \\['none'\\] and \\['h264'\\]"):
        one_detector(scores.assign(codec=np.where(fake, "h264", "none")), "midframe_mse")
    with pytest.raises(ValueError, match="both labels"):
        one_detector(scores[~fake], "midframe_mse")
    with pytest.raises(ValueError, match="both labels"):
        one_detector(scores.assign(score=scores["score"].where(fake)), "midframe_mse")
    with pytest.raises(ValueError, match="unit"):
        per_unit(scores, "frame")


def test_one_detector_leaves_the_others_out(make_scores):
    scores = make_scores(groups=2)
    both = pd.concat([scores, scores.assign(detector="neighbour_copy", score=9.0)])
    assert one_detector(both, "midframe_mse")["score"].max() < 9


def test_footage_is_numbered_as_a_groupby_does():
    g = np.random.default_rng(0)
    table = pd.DataFrame({name: g.choice(list("ab"), 60) for name in SOURCE}).assign(
        start_s=g.choice([0.0, 1.5, np.nan], 60)
    )
    slow = table.groupby([*SOURCE, "start_s"], sort=False, dropna=False).ngroup().to_numpy()
    assert source_of(table).tolist() == slow.tolist()
    assert source_of(table[:0]).tolist() == [] and source_of(table.drop(columns="start_s")).max() < slow.max()
