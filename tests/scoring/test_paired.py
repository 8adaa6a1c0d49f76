"""Paired comparisons against swapping groups one by one."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tad.scoring.paired import COLUMNS, holm, paired, verdict
from tad.scoring.table import one_fake_per_real, video_scores


@pytest.fixture(scope="module")
def two(make_scores):
    def make(groups=6, noise=1.0, seed=0):
        table = make_scores(seed=seed, groups=groups, videos=2, clips=2)
        draw = np.random.default_rng(seed)
        worse = table["score"] * np.exp(noise * draw.normal(size=len(table)))
        return pd.concat([table, table.assign(detector="other", score=50 + worse)], ignore_index=True)

    return make


def auc(table, scores):
    return roc_auc_score(table["label"].eq("fake"), scores, sample_weight=one_fake_per_real(table))


def slow_p(a, b):
    """Rank each detector's rows, swap them in every choice of groups, and count the differences as large."""
    weights = one_fake_per_real(a)

    def ranks(scores):
        return np.array(
            [sum(w * ((t < s) + (t == s) / 2) for t, w in zip(scores, weights, strict=True)) for s in scores]
        )

    first, second = ranks(a["score"].to_numpy()), ranks(b["score"].to_numpy())
    groups = a["group"].unique()
    observed = abs(auc(a, a["score"]) - auc(a, b["score"]))
    hits = 0
    for choice in product((False, True), repeat=len(groups)):
        swapped = a["group"].isin(groups[list(choice)]).to_numpy()
        one, other = np.where(swapped, second, first), np.where(swapped, first, second)
        hits += abs(auc(a, one) - auc(a, other)) >= observed - 1e-9
    return hits / 2 ** len(groups)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("unit", ["clip", "video"])
def test_difference_and_p_against_swapping_one_by_one(two, unit, seed):
    scores = two(groups=5, noise=0.6, seed=seed)
    found = paired(scores, unit, n_boot=50).iloc[0]
    table = scores if unit == "clip" else video_scores(scores)
    a, b = (table[table["detector"].eq(name)].reset_index(drop=True) for name in ("midframe_mse", "other"))
    assert found["difference"] == pytest.approx(auc(a, a["score"]) - auc(b, b["score"]))
    assert found["p"] == found["p_holm"] == pytest.approx(slow_p(a, b))
    assert found["n_groups"] == 5 and np.isnan(found["low"]) and "needs 6 groups" in found["note"]


def test_six_groups_cannot_go_below_two_in_sixty_four(two):
    scores = two()
    fake, other = scores["label"].eq("fake"), scores["detector"].eq("other")
    scores["score"] = np.where(other, scores["score"], scores["score"] + 100 * fake)
    found = paired(scores, n_boot=100)
    assert list(found) == COLUMNS and len(found) == 1
    row = found.iloc[0]
    assert row["p"] == 2 / 64 and row["verdict"] == "midframe_mse is better"
    assert row["note"].endswith("exact over 64 swaps of 6 groups: no p below 2/64 is possible")
    three = pd.concat([scores, scores[other].assign(detector="third")])
    many = paired(three, n_boot=100)
    assert len(many) == 3 and many["p_holm"].min() == pytest.approx(3 * 2 / 64)
    assert many.iloc[0]["verdict"] == "n/a (needs 7 groups for 3 pairs)"


def test_a_detector_and_its_monotone_twin_are_the_same(two):
    scores = two(noise=0.0)
    row = paired(scores, n_boot=100).iloc[0]
    assert row["difference"] == 0 and row["p"] == 1 and row["verdict"] == "no difference shown"
    bound = 1 - 0.025 ** (1 / 6)  # six groups that agree are no proof that all would
    assert (row["low"], row["high"]) == pytest.approx((-bound, bound))


def test_swapping_the_detectors_turns_the_sign(two):
    scores = two(groups=7)
    forth, back = (paired(rows, n_boot=200).iloc[0] for rows in (scores, scores.iloc[::-1]))
    assert (forth["detector_a"], forth["detector_b"]) == (back["detector_b"], back["detector_a"])
    assert forth["difference"] == pytest.approx(-back["difference"]) and forth["p"] == back["p"]
    assert forth["low"] < forth["difference"] < forth["high"]


def test_many_groups_are_swapped_at_random(two):
    scores = two(groups=13, noise=0.3)
    rows = [paired(scores, "clip", n_boot=20, n_swaps=999, seed=seed).iloc[0] for seed in (0, 0, 1)]
    assert rows[0].equals(rows[1]) and "999 random swaps of 13 groups" in rows[0]["note"]
    assert rows[0]["p"] == pytest.approx(rows[2]["p"], abs=0.08) and (rows[0]["p"] * 1000) % 1 == pytest.approx(0)


def test_equal_detectors_are_seldom_told_apart(make_scores):
    """Two scores that answer to scene and fake alike: p is below 0.1 in at most about a tenth of the draws."""
    base, draw, hits = make_scores(groups=8, videos=1, clips=2, families=("swap",)), np.random.default_rng(0), 0
    fake, group = base["label"].eq("fake"), pd.factorize(base["group"])[0]
    for _ in range(60):
        both = [
            base.assign(detector=name, score=draw.normal(size=8)[group] + fake + draw.normal(size=len(base)))
            for name in ("a", "b")
        ]
        hits += paired(pd.concat(both), "clip", n_boot=1)["p"].iloc[0] <= 0.1
    assert 0.01 < hits / 60 < 0.2


def test_only_what_both_scored_is_compared(two):
    scores = two()
    lost = scores["detector"].eq("other") & (scores["start_s"] > 0)
    scores.loc[lost, "status"] = "error: cut"
    expected = paired(scores[scores["start_s"].eq(0)], n_boot=50)
    pd.testing.assert_frame_equal(paired(scores, n_boot=50), expected)
    with pytest.raises(ValueError, match="two detectors; got \\['other'\\]"):
        paired(scores[scores["detector"].eq("other")])


@pytest.mark.parametrize("seed", range(4))
def test_holm_step_by_step(seed):
    p = np.random.default_rng(seed).uniform(0, 0.2, 7).round(2)
    for level in np.linspace(0.001, 0.999, 300):
        rejected = set()
        for step, i in enumerate(np.argsort(p, kind="stable")):
            if p[i] * (7 - step) > level:
                break
            rejected.add(i)
        assert rejected == set(np.flatnonzero(holm(p) <= level))


@pytest.mark.parametrize(
    "difference, p, groups, pairs, words",
    [
        (-0.2, 0.05, 6, 1, "b is better"),
        (0.2, 0.06, 6, 1, "no difference shown"),
        (0.2, 0.07, 5, 1, "n/a (needs 6 groups for 1 pair)"),
        (0.2, 0.2, 9, 10, "no difference shown"),
    ],
)
def test_verdicts(difference, p, groups, pairs, words):
    assert verdict("a", "b", difference, p, groups, pairs) == words
