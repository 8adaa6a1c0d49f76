"""Limits of detection against scikit-learn's isotonic fit and a search along it."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from tad.scoring.families import detectability
from tad.scoring.intervals import tail
from tad.scoring.metrics import metrics
from tad.scoring.monotone import _ladders, crossing, detection_limits, monotone_auc

STRENGTHS = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0)
COLUMNS = [
    *("family", "scope", "detector", "level", "strength", "strength_low", "strength_high"),
    *("psnr_db", "psnr_low", "psnr_high", "text"),
]


@pytest.fixture(scope="module")
def scores(make_scores):
    """Fakes that get easier with strength, with a dip: the rising fit has something to smooth."""
    table = make_scores(groups=8, clips=2, strengths=STRENGTHS, families=("swap", "noise"))
    dip = table["strength"].eq(0.7) & table["method"].eq("swap")
    table["score"] *= np.where(dip, 1.0, np.exp(0.8 * table["strength"]))
    return table


def slow_limit(x, aucs, level, start=None):
    """Walk along scikit-learn's fit over x until the level is reached."""
    fit = IsotonicRegression(increasing=True).fit_transform(np.arange(len(x)), aucs)
    x, fit = (np.r_[start[0], x], np.r_[start[1], fit]) if start else (np.asarray(x), fit)
    along = np.linspace(0, len(x) - 1, 200_001)
    reached = np.interp(along, np.arange(len(x)), fit) >= level - 1e-9
    return np.interp(along[np.argmax(reached)], np.arange(len(x)), x) if reached.any() else np.nan


@pytest.mark.parametrize("unit", ["clip", "video"])
def test_limits_against_a_walk_along_the_fit(scores, unit):
    found = detection_limits(scores, "midframe_mse", levels=(0.6, 0.75, 0.99), unit=unit, n_boot=30)
    assert list(found) == COLUMNS and list(found["level"]) == [0.6, 0.75, 0.99] * 2
    cells = detectability(scores, "midframe_mse", unit=unit, n_boot=1).query("strength > 0")
    for row in found.to_dict("records"):
        family = cells[cells["family"].eq(row["family"])].sort_values("strength")
        by_strength = slow_limit(family["strength"], family["auc"], row["level"], start=(0.0, 0.5))
        by_psnr = slow_limit(family["psnr_db"], family["auc"], row["level"])
        assert (row["strength"], row["psnr_db"]) == pytest.approx((by_strength, by_psnr), abs=2e-3, nan_ok=True)
        assert (row["text"] == "not reached") == np.isnan(row["strength"])
    assert found["strength"].notna().any() and found["strength"].isna().any()


def test_interval_agrees_with_tables_of_copies(scores):
    """The AUC of each resample, group pairs one by one, without pairs of copies."""
    swap = scores[scores["method"].isin(["original", "swap"])]
    found = detection_limits(swap, "midframe_mse", levels=(0.65,), n_boot=25).iloc[0]
    groups, steps = list(dict.fromkeys(swap["group"])), STRENGTHS[1:]
    won = np.zeros((len(steps), 8, 8))
    for s, strength in enumerate(steps):
        for g, of_fake in enumerate(groups):
            for h, of_real in enumerate(groups):
                fakes = swap["score"][swap["strength"].eq(strength) & swap["group"].eq(of_fake)].to_numpy()
                reals = swap["score"][swap["label"].eq("real") & swap["group"].eq(of_real)].to_numpy()
                won[s, g, h] = np.mean(fakes[:, None] > reals)
    limits = []
    for counts in np.random.default_rng(0).multinomial(8, np.full(8, 1 / 8), 25):
        pairs = np.outer(counts, counts) - np.diag(counts * (counts - 1))
        limits.append(slow_limit(steps, [(w * pairs).sum() / pairs.sum() for w in won], 0.65, start=(0.0, 0.5)))
    expected = np.quantile(limits, [tail(8), 1 - tail(8)])
    assert (found["strength_low"], found["strength_high"]) == pytest.approx(tuple(expected), abs=1e-3)
    assert found["psnr_low"] <= found["psnr_db"] <= found["psnr_high"]
    assert found["text"].startswith(f"strength {found['strength']:.2f} [") and "]; PSNR in dB " in found["text"]


def test_the_fit_at_each_strength(scores):
    found = monotone_auc(scores, "midframe_mse", n_boot=30)
    assert len(found) == 10
    for family, rows in found.groupby("family"):
        for row in rows.to_dict("records"):
            cell = scores[
                scores["label"].eq("real") | scores["method"].eq(family) & scores["strength"].eq(row["strength"])
            ]
            assert row["auc"] == pytest.approx(metrics(cell, 0.0)["AUC"])
        expected = IsotonicRegression().fit_transform(rows["strength"], rows["auc"])
        np.testing.assert_allclose(rows["fit"], expected, atol=1e-12)
        assert (rows["low"] <= rows["fit"]).all() and (rows["fit"] <= rows["high"]).all()
    swap = found.query("family == 'swap'")
    assert (swap["auc"].diff() < 0).any() and not (swap["fit"].diff() < 0).any()


def test_groups_that_agree_have_no_interval_and_psnr_a_lower_bound(make_scores):
    scores = make_scores(groups=7, strengths=(0.0, 0.2, 1.0), families=("swap",))
    scores["score"] = scores["score"].where(scores["strength"].eq(0), scores["score"] + 100)
    row = detection_limits(scores, "midframe_mse", levels=(0.75,), n_boot=50).iloc[0]
    assert row["strength"] == pytest.approx(0.1) and np.isnan(row["strength_low"])
    assert row["psnr_db"] == 100.0 and np.isnan(row["psnr_high"])
    assert "interval n/a (all 7 groups agree)" in row["text"] and row["text"].endswith(", the least visible measured")


def test_few_groups_have_a_limit_but_no_interval(make_scores):
    scores = make_scores(groups=4, strengths=(0.3, 1.0), families=("swap",))
    row = detection_limits(scores, "midframe_mse", levels=(0.55,), n_boot=50).iloc[0]
    assert 0 < row["strength"] < 1 and np.isnan(row["strength_low"]) and "n/a (needs 6 groups)" in row["text"]


def test_a_level_that_resamples_seldom_reach_has_no_interval(scores):
    top = monotone_auc(scores, "midframe_mse", n_boot=1).query("family == 'noise'")["fit"].max()
    noise = scores[scores["method"].isin(["original", "noise"])]
    row = detection_limits(noise, "midframe_mse", levels=(top - 1e-6,), n_boot=100).iloc[0]
    assert row["strength"] == pytest.approx(1.0, abs=1e-3) and np.isnan(row["strength_low"])
    assert "n/a (undefined in" in row["text"]


def test_a_family_without_scores_or_strengths_keeps_its_row(make_scores):
    scores = make_scores(strengths=(0.0, 0.5))
    swap = scores["method"].eq("swap")
    scores.loc[swap, "status"] = "error: no face"
    lost = detection_limits(scores, "midframe_mse", n_boot=20).query("family == 'swap'")
    assert lost["strength"].isna().all() and set(lost["text"]) == {"n/a (nothing measured)"}
    blind = detection_limits(scores.assign(psnr_db=np.nan), "midframe_mse", levels=(0.51,), n_boot=20)
    row = blind.query("family == 'noise'").iloc[0]
    assert row["strength"] > 0 and np.isnan(row["psnr_db"]) and row["text"].endswith("PSNR n/a")


def test_groups_that_one_strength_lacks_do_not_mix_up_the_others(scores):
    swap = scores[scores["method"].isin(["original", "swap"])]
    gone = swap["strength"].eq(0.1) & swap["group"].isin(["test-0", "test-3"])
    counts = np.random.default_rng(0).multinomial(8, np.full(8, 1 / 8), 30)
    part, whole = (next(_ladders(rows, "midframe_mse", "clip"))[1].auc(counts) for rows in (swap[~gone], swap))
    assert part.shape == whole.shape == (30, 5) and not np.allclose(part[:, 0], whole[:, 0])
    np.testing.assert_allclose(part[:, 1:], whole[:, 1:], rtol=1e-12)


def test_crossings_at_the_ends_and_on_a_knot():
    x = np.array([40.0, 30.0, 20.0])
    fits = np.array([[0.8, 0.9, 0.9], [0.5, 0.75, 0.75], [0.5, 0.5, 0.7], [0.6, 0.7, 0.8], [np.nan] * 3])
    np.testing.assert_allclose(crossing(x, fits, 0.75), [40, 30, np.nan, 25, np.nan])


@pytest.mark.parametrize("level", [0.5, 1.2])
def test_odd_levels_are_refused(scores, level):
    with pytest.raises(ValueError, match=f"above 0.5; got \\({level},"):
        detection_limits(scores, "midframe_mse", levels=(level,))
