"""What holds for the metrics of any scores at all."""

from math import isclose, isnan

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tad.scoring.metrics import metrics
from tad.scoring.threshold import most_accurate_cut, quantile_threshold

levels = st.integers(-20, 20).map(lambda n: n / 4)  # ties are likely
rows = st.lists(st.tuples(st.booleans(), levels, st.integers(1, 5)), min_size=2, max_size=30)
often = settings(max_examples=30, deadline=None, derandomize=True)


def table(drawn) -> tuple[pd.DataFrame, np.ndarray]:
    fake, score, weight = map(np.array, zip(*drawn, strict=True))
    assume(fake.any() and not fake.all())
    return pd.DataFrame({"label": np.where(fake, "fake", "real"), "score": score.astype(float)}), weight.astype(float)


@often
@given(rows, levels)
def test_metrics_pair_by_pair(drawn, threshold):
    scores, w = table(drawn)
    found = metrics(scores, threshold, w)
    fake, score = scores["label"].eq("fake").to_numpy(), scores["score"].to_numpy()
    pairs = [(w[i] * w[j], score[i] - score[j]) for i in np.flatnonzero(fake) for j in np.flatnonzero(~fake)]
    won = sum(weight * ((gap > 0) + 0.5 * (gap == 0)) for weight, gap in pairs) / sum(weight for weight, _ in pairs)
    assert isclose(found["AUC"], won, abs_tol=1e-9)
    hits, alarms = w[fake & (score > threshold)].sum(), w[~fake & (score > threshold)].sum()
    assert isclose(found["recall"], hits / w[fake].sum(), abs_tol=1e-12)
    assert isclose(found["false-positive rate"], alarms / w[~fake].sum(), abs_tol=1e-12)
    assert isnan(found["precision"]) if not hits + alarms else isclose(found["precision"], hits / (hits + alarms))


@often
@given(rows, levels, st.floats(0.1, 10), st.integers(-5, 5))
def test_any_rising_map_of_the_scores_and_any_order_of_the_rows(drawn, threshold, factor, shift):
    scores, w = table(drawn)
    moved = scores.assign(score=scores["score"] * factor + shift)
    one, two = metrics(scores, threshold, w), metrics(moved, threshold * factor + shift, w)
    three = metrics(scores[::-1], threshold, w[::-1])
    for name in ("AUC", "average precision"):
        assert isclose(one[name], two[name], abs_tol=1e-9) and isclose(one[name], three[name], abs_tol=1e-9)
    turned = metrics(scores.assign(score=-scores["score"]), threshold, w)
    assert isclose(one["AUC"] + turned["AUC"], 1, abs_tol=1e-9)


@often
@given(rows)
def test_no_cut_is_more_accurate_than_the_most_accurate(drawn):
    scores, w = table(drawn)
    fake, score = scores["label"].eq("fake").to_numpy(), scores["score"].to_numpy()
    right = lambda cut: w[(score > cut) == fake].sum()  # noqa: E731
    best = right(most_accurate_cut(fake, score, w))
    assert all(best >= right(cut) - 1e-9 for cut in np.r_[score, score - 0.1, score + 0.1])


@often
@given(st.lists(st.tuples(st.integers(0, 4), levels), min_size=1, max_size=25), st.floats(0.05, 0.95))
def test_a_quantile_is_the_lowest_score_that_enough_of_the_weight_does_not_pass(drawn, quantile):
    clips = pd.DataFrame(drawn, columns=["group", "score"]).assign(label="real", split="val", detector="a", status="ok")
    value = quantile_threshold(clips, quantile).value
    n = clips["group"].nunique()
    counted = n + (
        1 / (n + 1) <= 1 - quantile + 1e-9
    )  # one group more, which may be the worst, where that is a promise
    share = lambda cut: clips["score"].le(cut).groupby(clips["group"]).mean().sum() / counted  # noqa: E731
    assert value in set(clips["score"]) and share(value) >= quantile - 1e-9
    assert all(share(lower) < quantile + 1e-9 for lower in clips["score"] if lower < value)
