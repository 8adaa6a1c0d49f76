"""The real-against-real floor against scikit-learn and exhaustive shuffles."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tad.scoring.floor import _chance, real_floor, source_pairs
from tad.scoring.intervals import tail
from tad.scoring.metrics import metrics
from tad.scoring.table import video_scores


@pytest.fixture(scope="module")
def three(make_scores):
    """Reals of three data sets of seven scenes each; one of them scores far higher, whatever is shown."""
    tables = [make_scores(seed=seed, groups=7, clips=2) for seed in range(3)]
    for k, table in enumerate(tables):
        table["dataset"], table["group"] = "abc"[k], "abc"[k] + table["group"]
        table["video"], table["score"] = "abc"[k] + table["video"], table["score"] + 3.0 * (k == 1)
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize("unit", ["clip", "video"])
@pytest.mark.parametrize("by", ["dataset", "group"])
def test_every_pair_against_scikit_learn(three, by, unit):
    found = source_pairs(three, "midframe_mse", by, unit, n_boot=2).set_index(["source_a", "source_b"])
    table = three if unit == "clip" else video_scores(three)
    reals = table[table["label"].eq("real")]
    names = sorted(set(reals[by]))
    assert len(found) == len(names) * (len(names) - 1) // 2
    for a, b in list(combinations(names, 2))[::5] + [tuple(names[:2])]:
        rows = reals[reals[by].isin([a, b])]
        expected = roc_auc_score(rows[by].eq(a), rows["score"])
        pair = found.loc[(a, b) if (a, b) in found.index else (b, a)]
        assert pair["auc"] == pytest.approx(max(expected, 1 - expected))
        higher = rows[by].eq(a) if (a, b) in found.index else rows[by].eq(b)
        assert roc_auc_score(higher, rows["score"]) >= 0.5
        assert (pair["n_a"], pair["n_b"]) == (higher.sum(), (~higher).sum())


def test_intervals_are_over_the_groups_of_a_data_set(three):
    found = source_pairs(three, "midframe_mse", n_boot=200)
    assert set(found["n_groups"]) == {7} and (found["low"] <= found["auc"]).all()
    apart = found.query("source_a == 'b'")
    assert len(apart) == 2 and (apart["low"] > 0.5).all()
    scenes = source_pairs(three[three["dataset"].eq("a")], "midframe_mse", "group", n_boot=20)
    assert scenes["low"].isna().all() and set(scenes["note"]) <= {"n/a (needs 6 groups)"}


def test_floor_and_margin(three):
    row = real_floor(three, "midframe_mse", n_boot=200).iloc[0]
    pairs = source_pairs(three, "midframe_mse", n_boot=1)
    assert row["floor_mean"] == pytest.approx(pairs["auc"].mean()) and row["floor_max"] == pairs["auc"].max()
    assert row["auc"] == pytest.approx(metrics(three, 0.0)["AUC"])
    assert row["margin"] == pytest.approx(row["auc"] - row["floor_mean"])
    assert row["margin_to_max"] == pytest.approx(row["auc"] - row["floor_max"]) and row["margin_to_max"] < 0
    assert row["low"] < row["margin"] < row["high"] and (row["n_sources"], row["n_groups"]) == (3, 7)


def test_resamples_of_scenes_mean_over_the_pairs_they_hold(make_scores):
    scores = make_scores(groups=6, clips=2)
    row = real_floor(scores, "midframe_mse", "group", n_boot=40).iloc[0]
    reals = {g: rows["score"].to_numpy() for g, rows in scores.query("label == 'real'").groupby("group")}
    fakes = {g: rows["score"].to_numpy() for g, rows in scores.query("label == 'fake'").groupby("group")}
    won = np.array([[(fakes[g][:, None] > reals[h]).mean() for h in reals] for g in reals])
    folded = np.array([[(reals[g][:, None] > reals[h]).mean() for h in reals] for g in reals])
    folded = np.maximum(folded, 1 - folded)
    margins = []
    for counts in np.random.default_rng(0).multinomial(6, np.full(6, 1 / 6), 40):
        held = [folded[g, h] for g, h in combinations(np.flatnonzero(counts), 2)]
        pairs = np.outer(counts, counts) - np.diag(counts * (counts - 1))
        margins.append((won * pairs).sum() / pairs.sum() - np.mean(held))
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(margins, [tail(6), 1 - tail(6)])))


def test_chance_against_every_way_to_shuffle():
    scores = np.array([1.0, 2.0, 2.0, 4.0, 5.0, 7.0])
    every = []
    for of_a in combinations(range(6), 2):
        a, b = scores[list(of_a)], np.delete(scores, of_a)
        auc = ((a[:, None] > b) + (a[:, None] == b) / 2).mean()
        every.append(max(auc, 1 - auc))
    assert _chance(scores, 2, 0) == pytest.approx(np.mean(every), abs=0.02)
    assert _chance(np.arange(2000.0), 1000, 0) < 0.52 < 0.6 < _chance(scores, 2, 0)


def test_one_source_has_no_floor(make_scores):
    row = real_floor(make_scores(groups=6), "midframe_mse").iloc[0]
    assert np.isnan(row["margin"]) and np.isnan(row["floor_mean"]) and row["text"] == "n/a (needs 2 sources, has 1)"
    assert source_pairs(make_scores(groups=6), "midframe_mse").empty
    with pytest.raises(ValueError, match='"dataset" or "group"; got \'codec\''):
        real_floor(make_scores(), "midframe_mse", "codec")


def test_a_data_set_of_few_scenes_gives_no_interval(three):
    few = three[~(three["dataset"].eq("c") & three["group"].gt("ctest-2"))]
    row = real_floor(few, "midframe_mse", n_boot=50).iloc[0]
    assert row["n_groups"] == 3 and np.isnan(row["low"]) and row["note"] == "n/a (needs 6 groups)"


def test_sources_are_held_apart_without_a_fake(three):
    reals = three[three["label"].eq("real")]
    with_fakes, without = (source_pairs(table, "midframe_mse", n_boot=20) for table in (three, reals))
    pd.testing.assert_frame_equal(with_fakes, without)
    with pytest.raises(ValueError, match="got none of 'other'"):
        source_pairs(reals, "other")
    with pytest.raises(ValueError, match=r"within one split; got \['test', 'val'\]"):
        source_pairs(pd.concat([reals, reals.assign(split="val")]), "midframe_mse")
