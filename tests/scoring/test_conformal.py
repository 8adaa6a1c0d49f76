"""Conformal p-values and percentiles against counting in exact fractions; fused detectors."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tad.scoring.conformal import (
    ensemble,
    fuse,
    guaranteed,
    in_words,
    mid_ranks,
    p_values,
    percentiles,
    places,
    scored_by_all,
)
from tad.scoring.metrics import metrics


def reals(groups, scores, detector="midframe_mse"):
    table = pd.DataFrame({"group": groups, "score": scores})
    return table.assign(label="real", split="val", detector=detector, status="ok")


def by_counting(groups, scores, score):
    """The p-value and the percentile of a score, group by group."""
    above = level = Fraction(0)
    for group in set(groups):
        own = [s for g, s in zip(groups, scores, strict=True) if g == group]
        above += Fraction(sum(s > score for s in own), len(own))
        level += Fraction(sum(s == score for s in own), len(own))
    n = len(set(groups))
    return (1 + above + level) / (n + 1), (n - above - level / 2) / n


@pytest.mark.parametrize("seed", range(6))
def test_p_values_and_percentiles_against_exact_fractions(seed):
    rng = np.random.default_rng(seed)
    groups, scores = rng.integers(0, 5, 37), rng.uniform(size=37).round(1)
    asked = np.r_[-1.0, np.linspace(0, 1, 21), 2.0]
    expected = [by_counting(groups.tolist(), scores.tolist(), s) for s in asked]
    table = reals(groups, scores)
    assert p_values(table, asked) == pytest.approx([float(p) for p, _ in expected])
    assert percentiles(table, asked) == pytest.approx([float(u) for _, u in expected])


def test_the_ends_are_what_the_groups_resolve():
    table = reals([0, 0, 0, 1, 1, 2], [0.1, 0.2, 0.3, 0.1, 0.4, 0.2])
    assert p_values(table, [9.0, -9.0]).tolist() == [0.25, 1.0]
    assert percentiles(table, [9.0, -9.0]).tolist() == [1.0, 0.0]


def test_places_keep_the_order_beyond_the_reals_and_are_percentiles_among_them():
    rng = np.random.default_rng(0)
    table = reals(np.arange(40) % 4, rng.normal(size=40))
    within = np.linspace(table["score"].min(), table["score"].max(), 9)[1:-1]
    assert places(table, within) == pytest.approx(percentiles(table, within))
    asked = np.sort(rng.normal(0, 4, 50))
    found = places(table, asked)
    assert (np.diff(found) >= 0).all() and -1 / 4 < found.min() < 0 and 1 < found.max() < 1 + 1 / 4
    outside = (asked > table["score"].max()) | (asked < table["score"].min())
    assert outside.sum() > 9 and len(set(found[outside])) == outside.sum()
    assert places(reals(list("ab"), [1.0, 1.0]), [1.0, 3.0]) == pytest.approx([0.5, 1 + 2 / 3 / 2])  # no spread


def test_one_clip_a_group_is_the_percentile_of_scipy():
    scores = np.random.default_rng(0).normal(size=30).round(1)
    expected = stats.percentileofscore(scores, [-0.5, 0.0, 0.3], kind="mean") / 100
    assert percentiles(reals(range(30), scores), [-0.5, 0.0, 0.3]) == pytest.approx(expected)
    assert mid_ranks(scores, np.ones(30), scores) == pytest.approx((stats.rankdata(scores) - 0.5) / 30)


def test_a_new_real_group_is_called_fake_no_more_often_than_promised():
    """Scenes shift all scores: clip by clip the p-value would be far too small."""
    rng, rejected, naive = np.random.default_rng(0), [], []
    for _ in range(400):
        scene = rng.normal(size=10)
        clips = scene[:, None] + 0.3 * rng.normal(size=(10, 6))
        new = clips[9, 0]
        rejected.append(p_values(reals(np.repeat(np.arange(9), 6), clips[:9].ravel()), [new])[0] <= 0.1)
        naive.append((1 + (clips[:9] >= new).sum()) / 55 <= 0.05)
    assert 0.06 < np.mean(rejected) < 0.13 and np.mean(naive) > 0.065


@pytest.mark.parametrize("change", [{"label": "fake"}, {"split": "test"}, {"status": "error: cut"}])
def test_what_may_not_set_a_threshold_may_not_calibrate(change):
    with pytest.raises(ValueError):
        p_values(reals([0, 1], [0.1, 0.2]).assign(**change), [0.3])


def test_a_guarantee_is_a_reachable_p_value():
    for n in [*range(1, 22), 98, 99, 100]:
        for alpha in (0.01, 0.05, 0.1, 0.25):
            least = p_values(reals(range(n), range(n)), [1e9])[0]
            assert guaranteed(alpha, n) == (least <= alpha + 1e-12)
    with pytest.raises(ValueError, match="got 5"):
        guaranteed(5, 10)


def test_words_name_the_groups():
    table = reals([0, 0, 1, 2, 3], [0.1, 0.9, 0.2, 0.3, 0.8])
    words = [in_words(p, 4) for p in p_values(table, [0.95, 0.8, 0.05])]
    assert words[0].endswith("none scored this high; that is too few for a guarantee below 20 %")
    assert words[1].startswith("of 4 real groups it was calibrated on, 1.5 scored this high; at most 50 % of")
    assert ", 0.004 scored this high; " in in_words(1.004 / 5, 4)
    assert words[2].startswith("of 4 real groups it was calibrated on, 4 scored this high; at most 100 % of")


def test_fusing_by_hand():
    columns = np.array([[0.5, 1.0], [0.0, 0.25]])
    assert fuse(columns, 9, "mean").tolist() == [0.75, 0.125] and fuse(columns, 9, "max").tolist() == [1.0, 0.25]
    p = (1 + np.array([[0.5 * 9, 0.0], [9.0, 0.75 * 3]])) / [[10, 10], [10, 4]]
    found = np.r_[fuse(columns[:1], 9, "fisher"), fuse(columns[1:], [9, 3], "fisher")]
    assert found == pytest.approx(-2 * np.log(p).sum(1))
    with pytest.raises(ValueError, match="max, fisher; got 'median'"):
        fuse(columns, 9, "median")
    for bad in (columns + 0.1, columns[0], columns * np.nan):
        with pytest.raises(ValueError, match="percentiles"):
            fuse(bad, 9)


@pytest.mark.parametrize("how", ["mean", "max", "fisher"])
def test_an_ensemble_is_a_scores_table_whatever_the_scales(make_scores, how):
    def both(table):
        draw = np.random.default_rng(0)
        other = table.assign(detector="other", score=1000 * table["score"] * np.exp(draw.normal(0, 0.3, len(table))))
        return pd.concat([table, other], ignore_index=True)

    val = both(make_scores(seed=5, groups=5, split="val").query("label == 'real'"))
    scores = both(make_scores(seed=1, groups=6))
    fused = ensemble(val, scores, how)
    assert set(fused["detector"]) == {f"ensemble ({how})"} and len(fused) == len(scores) / 2
    assert list(fused.columns) == list(scores.columns)
    again = ensemble(val.assign(score=np.log(val["score"])), scores.assign(score=np.log(scores["score"])), how)
    np.testing.assert_array_equal(fused["score"], again["score"])
    row = fused.iloc[40]
    same = scores[(scores[["video", "start_s", "method"]] == row[["video", "start_s", "method"]]).all(axis=1)]
    parts = [
        percentiles(val[val["detector"].eq(d)], [s])[0] for d, s in zip(same["detector"], same["score"], strict=True)
    ]
    assert len(parts) == 2 and row["score"] == pytest.approx(fuse([parts], 5, how)[0])
    assert metrics(fused, 0.5)["AUC"] > 0.5


def test_only_what_all_scored_is_kept_in_one_order(make_scores):
    table = make_scores(groups=2)
    other = table.assign(detector="other", score=table["score"] + 100).sample(frac=1, random_state=0)
    broken = table.index.isin([3, 17])
    rows = scored_by_all(
        pd.concat([table.assign(status=np.where(broken, "error: cut", "ok")), other]), ["midframe_mse", "other"]
    )
    first, second = (rows[rows["detector"].eq(name)] for name in ("midframe_mse", "other"))
    np.testing.assert_allclose(first["score"] + 100, second["score"])
    assert len(first) == len(table) - 2
    with pytest.raises(ValueError, match="scores a clip once; got 1 rows again"):
        scored_by_all(pd.concat([table, table.iloc[:1]]), ["midframe_mse"])
