from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tad.scoring.metrics import metrics
from tad.scoring.table import one_fake_per_real, video_scores
from tad.scoring.threshold import (
    guarantee,
    most_accurate_cut,
    oracle_threshold,
    quantile_threshold,
    threshold_of_folds,
)


def reals(groups, scores):
    table = pd.DataFrame({"group": groups, "score": scores})
    return table.assign(label="real", split="val", detector="midframe_mse", status="ok")


def slow_quantile(groups, scores, quantile):
    """The smallest score at which the weighted distribution reaches the quantile, in exact fractions.

    Where as many groups can promise a rate at all, one more, that may be the worst, belongs to the distribution.
    """
    n_groups = len(set(groups))
    more = Fraction(1, n_groups + 1) <= 1 - quantile
    for candidate in sorted(scores):
        reached = sum(
            Fraction(1, (n_groups + more) * list(groups).count(g))
            for g, s in zip(groups, scores, strict=True)
            if s <= candidate
        )
        if reached >= quantile:
            return candidate


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("quantile", ["1/20", "1/4", "1/2", "3/4", "9/10", "19/20", "99/100"])
def test_quantile_against_exact_fractions(seed, quantile):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 4, 40) if seed % 2 else np.arange(40) % 20
    scores = rng.uniform(size=40).round(1 if seed % 3 else 6)
    found = quantile_threshold(reals(groups, scores), float(Fraction(quantile)))
    assert found.value == slow_quantile(groups, scores, Fraction(quantile))
    assert (found.n_clips, found.n_groups) == (40, len(set(groups)))


def test_each_group_weighs_the_same():
    groups, scores = ["long"] * 98 + ["short"] * 2, [0.1] * 98 + [0.8, 0.9]
    assert quantile_threshold(reals(groups, scores), 0.5).value == 0.8
    assert np.quantile(scores, 0.5, method="inverted_cdf") == 0.1


def test_at_most_the_promised_share_of_the_calibration_weight_is_above():
    table = reals(np.arange(100) // 5, np.random.default_rng(0).normal(size=100))
    value = quantile_threshold(table, 0.95).value
    assert np.mean(table["score"] > value) == 0  # 20 groups of 5: 1 - 0.95 * 21 / 20 of them, less than one row
    few = table[table["group"] < 18]
    assert np.mean(few["score"] > quantile_threshold(few, 0.95).value) == pytest.approx(4 / 90)  # 0.05 at most


@pytest.mark.parametrize("column, value", [("label", "fake"), ("split", "test"), ("split", "train")])
def test_rows_that_may_not_set_a_threshold_are_refused(column, value):
    table = reals([0, 1, 2], [0.1, 0.2, 0.3])
    table.loc[1, column] = value
    with pytest.raises(ValueError, match=f"{column}.*alone; got.*{value}"):
        quantile_threshold(table)


def test_two_detectors_no_score_and_odd_quantiles_are_refused():
    table = reals([0, 1, 2], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="one detector"):
        quantile_threshold(table.assign(detector=["a", "a", "b"]))
    with pytest.raises(ValueError, match="none scored"):
        quantile_threshold(table.assign(status="error: cut"))
    with pytest.raises(ValueError, match="none named \\['group'\\]"):
        quantile_threshold(table.drop(columns="group"))
    for quantile in (0, 1, 95):
        with pytest.raises(ValueError, match=f"got {quantile}"):
            quantile_threshold(table, quantile)


def test_rows_without_a_score_do_not_count():
    table = reals([0, 0, 1, 2], [0.1, 9.0, 0.3, np.nan])
    table.loc[1, "status"] = "error: cut"
    found = quantile_threshold(table)
    assert (found.value, found.n_clips, found.n_groups) == (0.3, 2, 2)


def test_videos_are_counted_in_clips(make_scores):
    scores = make_scores(groups=4, clips=5, split="val")
    found = quantile_threshold(video_scores(scores[scores["label"].eq("real")]))
    assert (found.n_clips, found.n_groups, found.kind) == (4 * 2 * 5, 4, "validation reals")


def test_guarantee_names_what_the_groups_resolve():
    few = quantile_threshold(reals(range(4), range(4))).guarantee
    assert few == "no guarantee at 5 %: needs 19 groups, has 4; this quantile promises 24 % at most"
    assert guarantee(0.95, 18).startswith("no guarantee at 5 %: needs 19 groups, has 18")
    assert guarantee(0.95, 19).startswith("at most 5 % false positives in footage like the 19")
    assert guarantee(0.9, 8).startswith("no guarantee at 10 %: needs 9 groups")  # 1 / 0.1 - 1, not a rounding error
    assert guarantee(0.99, 98).startswith("no guarantee at 1 %: needs 99 groups")


def test_the_promise_holds_and_the_quantile_alone_would_not():
    rng, spread = np.random.default_rng(0), np.hypot(1, 0.5)
    rates = []
    for _ in range(300):
        scene = rng.normal(size=4)
        table = reals(np.repeat(np.arange(4), 5), (scene[:, None] + rng.normal(0, 0.5, (4, 5))).ravel())
        rates.append(stats.norm.sf(quantile_threshold(table).value / spread))
    assert 0.10 < np.mean(rates) < 0.24


@pytest.mark.parametrize("n_groups", [19, 20, 39, 45])
def test_with_enough_groups_the_promise_is_the_rate_itself(n_groups):
    """Of n + 1 exchangeable groups each may be the new one: count how often it lies above the others' threshold."""
    scores = np.random.default_rng(n_groups).permutation(n_groups + 1).astype(float)
    above = [scores[new] > quantile_threshold(reals(range(n_groups), np.delete(scores, new))).value
             for new in range(n_groups + 1)]  # fmt: skip
    assert 0 < np.mean(above) <= 0.05
    assert guarantee(0.95, n_groups).startswith("at most 5 %")


def test_of_folds_the_strictest_is_taken_and_the_smallest_promises():
    found = [quantile_threshold(reals(range(n), np.arange(n) / n)) for n in (3, 4)]
    both = threshold_of_folds(found)
    assert both.value == 0.75 and both.n_groups == 3 and both.n_clips == 7
    assert (
        both.guarantee.startswith("no guarantee at 5 %: needs 19 groups, has 3") and "each of 2 folds" in both.guarantee
    )
    assert both.kind == "each fold's own validation reals" and threshold_of_folds(found[:1]) is found[0]


@pytest.mark.parametrize("seed", range(8))
def test_oracle_against_trying_every_threshold(make_scores, seed):
    table = make_scores(seed=seed, groups=3, digits=1)
    table = table.drop(table.index[seed + 1 :: 5])
    found = oracle_threshold(table)
    fake, weights = table["label"].eq("fake"), one_fake_per_real(table)
    scores = np.unique(table["score"])
    tried = [scores[0] - 1, *scores, *(scores[1:] + scores[:-1]) / 2]
    best = max(weights[table["score"].gt(cut) == fake].sum() for cut in tried) / weights.sum()
    assert metrics(table, found.value)["accuracy"] == pytest.approx(best)
    assert found.kind == "oracle" and "no guarantee" in found.guarantee and found.quantile is None
    assert (found.n_clips, found.n_groups) == (len(table), 3)


def test_oracle_takes_the_middle_of_the_widest_best_gap():
    fake = np.array([False, True, False, True])
    assert most_accurate_cut(fake, np.array([0.0, 1.0, 4.0, 5.0]), np.ones(4)) == 0.5  # both ways 3 of 4, 1 wide
    assert most_accurate_cut(fake, np.array([0.0, 1.0, 4.0, 7.0]), np.ones(4)) == 5.5
    assert most_accurate_cut(fake, np.array([0.0, 2.0, 4.0, 5.0]), np.array([1, 1, 1, 5.0])) == 1.0


def test_oracle_may_call_all_or_none_fake():
    fake = np.array([True, False])
    none = most_accurate_cut(fake, np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    everything = most_accurate_cut(fake, np.array([1.0, 2.0]), np.array([3.0, 1.0]))
    assert none == 2.0 and everything < 1.0 and np.isfinite(everything)


def test_oracle_leaves_out_what_has_no_score(make_scores):
    table = make_scores(groups=3)
    with_failures = pd.concat([table, table.assign(status="error: cut", score=1e6, start_s=99.0)])
    assert oracle_threshold(with_failures) == oracle_threshold(table)
    with pytest.raises(ValueError, match="both labels"):
        oracle_threshold(table[table["label"].eq("real")])


def test_oracle_weighs_one_fake_per_real(make_scores):
    table = make_scores(seed=4, groups=4, families=("a", "b", "c", "d", "e"))
    fake, score = table["label"].eq("fake").to_numpy(), table["score"].to_numpy()
    assert oracle_threshold(table).value == most_accurate_cut(fake, score, one_fake_per_real(table))
    assert oracle_threshold(table).value != most_accurate_cut(fake, score, np.ones(len(table)))
