"""Rates and shifts of reals alone against sums over groups by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tad.scoring.intervals import tail
from tad.scoring.reals import false_positive_rate, median_over_groups


@pytest.fixture
def reals(make_scores):
    return make_scores(groups=7, clips=3).query("label == 'real'").iloc[:-4]


def test_each_group_weighs_the_same(reals):
    found = false_positive_rate(reals, 1.0)
    assert found.value == pytest.approx(np.mean([(own["score"] > 1.0).mean() for _, own in reals.groupby("group")]))
    assert found.n_groups == 7 and found.low <= found.value <= found.high


def test_where_all_groups_agree_the_bound_is_binomial(reals):
    found = false_positive_rate(reals, np.inf)
    assert (found.value, found.low) == (0, 0) and found.high == pytest.approx(1 - 0.025 ** (1 / 7))
    assert found.high == pytest.approx(stats.binomtest(0, 7).proportion_ci(method="exact").high)


def test_few_groups_have_no_interval(reals):
    few = reals[reals["group"].isin(sorted(set(reals["group"]))[:3])]
    assert "n/a (needs 6 groups)" in false_positive_rate(few, few["score"].median()).text("%")


def test_fakes_are_refused(make_scores):
    with pytest.raises(ValueError, match=r"of reals alone; got labels \['fake', 'real'\]"):
        false_positive_rate(make_scores(), 1.0)


@pytest.mark.parametrize("n_groups", [6, 7])
def test_the_median_over_groups_against_every_resample(n_groups):
    draw = np.random.default_rng(3)
    groups = pd.Series(np.repeat(np.arange(n_groups), 3))
    values = draw.normal(size=len(groups))
    found = median_over_groups(groups, values, n_boot=60, seed=5)
    means = np.sort(values.reshape(-1, 3).mean(1))
    assert found.value == pytest.approx(np.median(means))
    counts = np.random.default_rng(5).multinomial(n_groups, np.full(n_groups, 1 / n_groups), 60)
    medians = [np.median(np.repeat(means, row)) for row in counts]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(medians, [tail(n_groups), 1 - tail(n_groups)])))
