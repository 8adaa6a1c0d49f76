from itertools import combinations_with_replacement
from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tad.scoring.intervals import GROUPS_NEEDED, Interval, group_bootstrap, tail
from tad.scoring.resampled import Statistic, auc_statistic, statistics


def rate_statistic(values, proportion=True):
    """The mean of one value a group."""
    values = np.asarray(values, float)
    return Statistic(lambda n: n @ values / n.sum(1), len(values), len(values), proportion)


def labelled(groups, scores, labels):
    return pd.DataFrame({"group": groups, "score": scores, "label": labels})


@pytest.mark.parametrize("seed", [0, 7])
def test_bootstrap_agrees_with_drawing_groups_one_by_one(seed):
    values = np.random.default_rng(3).uniform(size=9)
    found = group_bootstrap(rate_statistic(values), n_boot=200, seed=seed)
    draws = np.random.default_rng(seed).multinomial(9, np.full(9, 1 / 9), 200)
    means = sorted(np.mean([v for v, times in zip(values, row, strict=True) for _ in range(times)]) for row in draws)
    t = stats.t(8).ppf(0.975) * (9 / 8) ** 0.5
    cut = stats.norm.cdf(-t)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [cut, 1 - cut])))
    assert found.value == pytest.approx(values.mean()) and found.n_groups == 9
    assert found.note == "bootstrap over 9 groups"


def test_the_seed_alone_decides():
    statistic = rate_statistic(np.linspace(0, 1, 8))
    assert group_bootstrap(statistic, seed=1) == group_bootstrap(statistic, seed=1)
    assert group_bootstrap(statistic, seed=1) != group_bootstrap(statistic, seed=2)


def test_tail_against_tabulated_numbers():
    assert tail(6) == pytest.approx(stats.norm.cdf(-((6 / 5) ** 0.5) * 2.570582), rel=1e-5)
    assert tail(10**6) == pytest.approx(0.025, rel=1e-4)
    assert all(tail(n) < tail(n + 1) < 0.025 for n in range(2, 50))


def test_groups_needed_by_listing_the_resamples():
    for n in range(2, 12):
        distinct = sum(1 for _ in combinations_with_replacement(range(n), n))
        assert distinct == comb(2 * n - 1, n)
        if distinct * tail(n) >= 1:
            break
    assert GROUPS_NEEDED == n == 6


def test_too_few_groups_have_no_interval_but_a_value():
    for n in range(1, 8):
        found = group_bootstrap(rate_statistic(np.linspace(0.2, 0.7, n)))
        assert np.isnan(found.low) == np.isnan(found.high) == (n < GROUPS_NEEDED)
        if n < GROUPS_NEEDED:
            assert found.note == "n/a (needs 6 groups)" and found.n_groups == n
    assert group_bootstrap(rate_statistic([0.2, 0.3])).text() == "0.25, interval n/a (needs 6 groups)"


@pytest.mark.parametrize("n", [2, 3, 6, 40])
@pytest.mark.parametrize("value", [0, 1])
def test_full_agreement_gives_the_exact_binomial_bound(n, value):
    found = group_bootstrap(rate_statistic([value] * n))
    exact = stats.binomtest(value * n, n).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    beyond = 0.025 ** (1 / n)
    assert (found.low, found.high) == pytest.approx((beyond, 1) if value else (0, 1 - beyond))
    assert found.value == value and found.note == f"all {n} groups agree: exact binomial bound"


def test_full_agreement_between_the_ends_is_not_certainty():
    found = group_bootstrap(rate_statistic([0.25] * 6))
    disagree = 1 - 0.025 ** (1 / 6)
    assert (found.low, found.high) == pytest.approx((0.25 * (1 - disagree), 0.25 + 0.75 * disagree))


def test_full_agreement_of_one_group_says_nothing():
    assert np.isnan(group_bootstrap(rate_statistic([1.0])).low)


def test_amounts_have_no_binomial_bound():
    found = group_bootstrap(rate_statistic([0.0] * 8, proportion=False))
    assert (found.low, found.high) == (0.0, 0.0) and found.note.startswith("bootstrap")
    table = labelled(list(range(8)) * 2, 0.5, ["real"] * 8 + ["fake"] * 8)
    amounts = {name for name, found in statistics(table, 0.0, np.ones(16)).items() if not found.proportion}
    assert amounts == {"real mean", "real std", "fake mean", "fake std", "separation ratio"}


@pytest.mark.parametrize("fakes, value", [((5.0, 6.0), 1.0), ((-2.0, -1.0), 0.0)])
def test_perfect_auc_in_every_group_is_bounded_by_the_number_of_groups(fakes, value):
    groups = np.repeat(np.arange(6), 4)
    table = labelled(groups, [0.0, 1.0, *fakes] * 6, ["real", "real", "fake", "fake"] * 6)
    found = group_bootstrap(auc_statistic(table, np.ones(24)))
    assert found.value == value
    assert (found.low if value else 1 - found.high) == pytest.approx(0.025 ** (1 / 6))


def test_auc_perfect_within_groups_alone_is_not_agreement():
    groups = np.repeat(np.arange(8), 2)
    scene = np.array([0, 0.5, 3, 4, 4.6, 8, 12, 12.5])  # some scenes overlap, some do not
    table = labelled(groups, scene[groups] + np.tile([0, 1], 8), ["real", "fake"] * 8)
    found = group_bootstrap(auc_statistic(table, np.ones(16)))
    assert found.value < 0.7 and found.note.startswith("bootstrap") and found.low < found.value < found.high


def test_false_positives_nowhere_are_bounded_by_the_groups_with_reals():
    groups = [*range(9), *range(9, 12)]
    table = labelled(groups, np.linspace(0, 1, 12), ["fake"] * 9 + ["real"] * 3)
    found = group_bootstrap(statistics(table, 2.0, np.ones(12))["false-positive rate"])
    assert found.n_groups == 3 and found.high == pytest.approx(1 - 0.025 ** (1 / 3))


def test_undefined_resamples_are_counted():
    groups = np.arange(30)
    table = labelled(groups, np.random.default_rng(0).uniform(size=30), ["real"] * 6 + ["fake"] * 24)
    statistic = statistics(table, 0.3, np.ones(30))["recall"]
    assert "undefined" not in group_bootstrap(statistic).note
    statistic = statistics(table, 0.3, np.ones(30))["AUC"]
    counts = np.random.default_rng(0).multinomial(30, np.full(30, 1 / 30), 1000)
    without = np.mean(counts[:, :6].sum(1) == 0)
    assert 0 < without < 0.05
    note = f"bootstrap over 6 groups, undefined in {without:.1%} of the resamples"
    assert group_bootstrap(statistic).note == note


def test_mostly_undefined_is_no_interval():
    score = np.array([-1.0, 1.2] * 4 + [3.0] * 8)
    table = labelled(list(range(8)) * 2, score, ["real"] * 8 + ["fake"] * 8)
    found = group_bootstrap(statistics(table, 0.0, np.ones(16))["separation ratio"])
    assert found.value == pytest.approx(30.0) and np.isnan(found.low)
    assert found.note.startswith("n/a (undefined in ") and found.text() == f"30.00, interval {found.note}"


def test_an_undefined_value_says_so():
    table = labelled([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0], ["real", "fake"] * 2)
    found = group_bootstrap(statistics(table, 99.0, np.ones(4))["precision"])
    assert np.isnan(found.value) and found.text().startswith("n/a") and found.value_text() == "n/a"


def test_no_resamples_are_refused():
    with pytest.raises(ValueError, match="n_boot"):
        group_bootstrap(rate_statistic([0, 1]), n_boot=0)


def test_texts():
    found = Interval(0.8333, 0.6111, 0.972, 6, "bootstrap over 6 groups")
    assert found.text() == "0.83 [0.61, 0.97]"
    assert found.text("%") == "83.3 % [61.1, 97.2]"
    assert found.text(".4g") == "0.8333 [0.6111, 0.972]"
    assert Interval(1.0, 0.54, 1.0, 6, "").text("%") == "100 % [54, 100]"


def test_the_interval_of_an_auc_covers_it():
    """Scenes shift all scores, and a fake is as visible as its scene lets it be: rows are not independent."""
    rng, groups, clips, hits = np.random.default_rng(0), 12, 3, 0
    truth = stats.norm.cdf(1 / np.sqrt(2 * (1 + 0.25) + 0.5))
    label = np.tile(np.repeat(["real", "fake"], clips), groups)
    group = np.repeat(np.arange(groups), 2 * clips)
    for sample in range(150):
        scene, gain = rng.normal(0, 1, groups), rng.normal(1, np.sqrt(0.5), groups)
        score = scene[group] + (label == "fake") * gain[group] + rng.normal(0, 0.5, group.size)
        table = labelled(group, score, label)
        found = group_bootstrap(auc_statistic(table, np.ones(len(table))), n_boot=400, seed=sample)
        hits += found.low <= truth <= found.high
    assert 0.90 <= hits / 150 <= 0.995


def test_what_no_resample_defines_has_no_interval():
    """Groups that never appear together again do not "agree"."""
    whole = Statistic(lambda counts: np.where((counts == 1).all(1), 0.7, np.nan), 10, 10)
    found = group_bootstrap(whole, n_boot=50)
    assert found.value == 0.7 and np.isnan(found.low) and found.note == "n/a (undefined in 100% of the resamples)"
