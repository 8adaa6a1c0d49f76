"""Operating points against scikit-learn's ROC curve, and against placing every fake by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score, roc_curve

from tad.scoring.operating import at_operating_points, operating_points, reals_needed
from tad.scoring.summary import summary
from tad.scoring.table import one_fake_per_real
from tad.scoring.threshold import Threshold

NAMES = ["EER", "pAUC at 10 % FPR", "TPR at 1 % FPR", "TPR at 0.1 % FPR"]


def of_sklearn(table, weights):
    fake, score = table["label"].eq("fake"), table["score"]
    fpr, tpr, _ = roc_curve(fake, score, sample_weight=weights, drop_intermediate=False)
    along = np.linspace(0, len(fpr) - 1, 2)
    steps = np.arange(len(fpr))
    crossed = brentq(lambda t: np.interp(t, steps, fpr) + np.interp(t, steps, tpr) - 1, *along, xtol=1e-13)
    return {
        "EER": np.interp(crossed, steps, fpr),
        "pAUC at 10 % FPR": roc_auc_score(fake, score, sample_weight=weights, max_fpr=0.1),
        "TPR at 1 % FPR": max(t for f, t in zip(fpr, tpr, strict=True) if f <= 0.01 + 1e-9),
        "TPR at 0.1 % FPR": max(t for f, t in zip(fpr, tpr, strict=True) if f <= 0.001 + 1e-9),
    }


def by_hand(rows):
    """Rows are (fake, score, weight, group, copy); a fake is not placed among other copies of its own group."""
    placed, total = [], 0.0
    for fake, score, weight, group, copy in rows:
        if fake:
            others = [r for r in rows if not r[0] and (r[3] != group or r[4] == copy)]
            above = sum(w for _, s, w, _, _ in others if s > score)
            level = sum(w for _, s, w, _, _ in others if s == score)
            every = sum(r[2] for r in others)
            placed.append((weight, above / every, (above + level) / every))
            total += weight

    def tpr(fpr):
        caught = 0.0
        for weight, above, reached in placed:
            if fpr >= reached:
                caught += weight
            elif fpr > above:
                caught += weight * (fpr - above) / (reached - above)
        return caught / total

    low, high = 0.0, 1.0
    while high - low > 1e-10:
        middle = (low + high) / 2
        low, high = (middle, high) if tpr(middle) + middle < 1 else (low, middle)
    knots = sorted({0.0, 0.1} | {end for row in placed for end in row[1:] if end < 0.1})
    area = sum((b - a) * tpr((a + b) / 2) for a, b in zip(knots, knots[1:], strict=False))
    return {"EER": high, "pAUC at 10 % FPR": 0.5 * (1 + (area - 0.005) / (0.1 - 0.005))} | {
        f"TPR at {name} % FPR": sum(w for w, _, reached in placed if reached <= rate + 1e-9) / total
        for name, rate in (("1", 0.01), ("0.1", 0.001))
    }


@pytest.fixture(scope="module")
def many():
    """1200 reals and as many fakes of 60 groups, with ties."""
    draw = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 40)
    label = np.tile(["real", "fake"], 1200)
    score = draw.normal(size=60)[groups] + 1.5 * (label == "fake") + draw.normal(size=2400)
    return pd.DataFrame({"group": groups, "label": label, "score": score.round(2)})


@pytest.mark.parametrize("digits", [0, 1, 2])
def test_values_agree_with_scikit_learn(many, digits):
    table = many.assign(score=many["score"].round(digits))
    weights = np.random.default_rng(1).uniform(0.2, 3, len(table))
    found = {name: s.compute(np.ones((1, 60)))[0] for name, s in operating_points(table, weights).items()}
    assert list(found) == NAMES
    assert found == pytest.approx(of_sklearn(table, weights), abs=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_resamples_agree_with_placing_every_fake_by_hand(make_scores, seed, monkeypatch):
    monkeypatch.setattr("tad.scoring.operating.reals_needed", lambda name: 1)
    table = make_scores(seed=seed, groups=4, clips=3, digits=1).drop(index=range(seed + 1, 60, 5))
    assert table["score"].duplicated().any()
    codes, _ = pd.factorize(table["group"])
    fake, score, weight = table["label"].eq("fake").to_numpy(), table["score"].to_numpy(), one_fake_per_real(table)
    counts = np.random.default_rng(seed).multinomial(4, np.full(4, 1 / 4), 4)
    found = {name: statistic.compute(counts) for name, statistic in operating_points(table).items()}
    for k, taken in enumerate(counts):
        rows = [(fake[i], score[i], weight[i], g, copy) for i, g in enumerate(codes) for copy in range(taken[g])]
        assert {name: values[k] for name, values in found.items()} == pytest.approx(by_hand(rows), abs=1e-8)


def test_the_ends_of_the_scale(many):
    fake, ones = many["label"].eq("fake"), np.ones(2400)
    for gap, expected in ((100.0, [0, 1, 1, 1]), (-100.0, [1, (1 - 0.05 / 0.95) / 2, 0, 0])):
        found = operating_points(many.assign(score=many["score"] + gap * fake), ones)
        assert [s.compute(np.ones((1, 60)))[0] for s in found.values()] == pytest.approx(expected, abs=1e-9)
    level = [s.compute(np.ones((1, 60)))[0] for s in operating_points(many.assign(score=1.0), ones).values()]
    assert level == pytest.approx([0.5, 0.5, 0, 0])


def test_a_rate_needs_its_reals():
    assert [reals_needed(name) for name in NAMES] == [1, 10, 100, 1000]
    for n, missing in ((9, 3), (10, 2), (99, 2), (100, 1), (999, 1), (1000, 0)):
        table = pd.DataFrame(
            {"group": np.arange(2 * n) % 8, "label": ["real", "fake"] * n, "score": np.arange(2.0 * n)}
        )
        found = at_operating_points(table, np.ones(2 * n), n_boot=20)
        lacking = [name for name, interval in found.items() if np.isnan(interval.value)]
        assert lacking == NAMES[4 - missing :]
        assert [found[name].text() for name in lacking] == [
            f"n/a (needs {reals_needed(name)} reals)" for name in lacking
        ]


def test_a_resample_without_a_class_is_undefined():
    table = pd.DataFrame({"group": [0] * 1000 + [1] * 5, "label": ["real"] * 1000 + ["fake"] * 5, "score": 1.0})
    for statistic in operating_points(table, np.ones(1005)).values():
        assert np.isnan(statistic.compute(np.array([[2, 0], [0, 2]]))).all() and statistic.n_groups == 1


def test_batches_do_not_change_the_values(many, monkeypatch):
    counts = np.random.default_rng(0).multinomial(60, np.full(60, 1 / 60), 20)
    whole = {name: s.compute(counts) for name, s in operating_points(many, np.ones(2400)).items()}
    monkeypatch.setattr("tad.scoring.resampled.BATCH_WEIGHTS", 3 * len(many))
    for name, statistic in operating_points(many, np.ones(2400)).items():
        np.testing.assert_allclose(statistic.compute(counts), whole[name], rtol=1e-12)


def test_scene_effects_do_not_flatter_the_resamples():
    """Within a scene fakes are told apart perfectly, between scenes hardly: copies of a scene would look too good."""
    groups = np.repeat(np.arange(12), 4)
    label = np.tile(["real", "real", "fake", "fake"], 12)
    score = 3.0 * np.random.default_rng(0).permutation(12)[groups] + np.tile([0, 0.1, 1, 1.1], 12)
    statistic = operating_points(pd.DataFrame({"group": groups, "label": label, "score": score}), np.ones(48))["EER"]
    counts = np.random.default_rng(1).multinomial(12, np.full(12, 1 / 12), 2000)
    assert statistic.compute(counts).mean() == pytest.approx(statistic.compute(np.ones((1, 12)))[0], abs=0.02)


def test_the_summary_has_them_after_average_precision(make_scores):
    threshold = Threshold(1.5, None, 0, 0, "none", kind="given")
    scores = make_scores(groups=7)
    found = summary(scores, threshold, "midframe_mse", unit="clip", n_boot=50).set_index("quantity")
    at = list(found.index).index("average precision")
    assert list(found.index[at + 1 : at + 5]) == NAMES and found.index[at + 5] == "real mean"
    expected = at_operating_points(scores, n_boot=50)
    assert found.loc["EER", "value"] == expected["EER"].value and found.loc["EER", "text"] == expected["EER"].text("%")
    assert found.loc["TPR at 1 % FPR", "text"] == "n/a (needs 100 reals)" and np.isnan(found.loc[NAMES[2], "low"])
