"""scikit-learn's metrics and the resampled ones, each against a slow and obvious second way."""

import numpy as np
import pandas as pd
import pytest

from tad.scoring.metrics import metrics
from tad.scoring.resampled import statistics
from tad.scoring.table import one_fake_per_real, video_scores

SEEDS = range(6)


def slow_metrics(fake, score, weight, threshold, copy=None, original=None):
    """Everything by counting. Two rows of the same original group but of different copies are not a pair."""
    copy = np.zeros(len(fake)) if copy is None else copy
    original = np.arange(len(fake)) if original is None else original
    rows = list(zip(fake, score, weight, copy, original, strict=True))
    cells = {key: 0.0 for key in ("tp", "fp", "fn", "tn")}
    for is_fake, s, w, _, _ in rows:
        key = ("tp" if s > threshold else "fn") if is_fake else ("fp" if s > threshold else "tn")
        cells[key] += w
    won = pairs = 0.0
    for fake_a, a, weight_a, copy_a, group_a in rows:
        for fake_b, b, weight_b, copy_b, group_b in rows:
            if fake_a and not fake_b and (group_a != group_b or copy_a == copy_b):
                won += weight_a * weight_b * (1.0 if a > b else 0.5 if a == b else 0.0)
                pairs += weight_a * weight_b
    total_fake = cells["tp"] + cells["fn"]
    area = recall_before = 0.0
    for cut in sorted(set(score), reverse=True):
        called = sum(w for _, s, w, _, _ in rows if s >= cut)
        right = sum(w for f, s, w, _, _ in rows if s >= cut and f)
        if called:
            area += (right / total_fake - recall_before) * right / called
            recall_before = right / total_fake
    recall, specificity = cells["tp"] / total_fake, cells["tn"] / (cells["tn"] + cells["fp"])
    means, stds = {}, {}
    for label in (False, True):
        weights = [w for f, _, w, _, _ in rows if f == label]
        values = [s for f, s, _, _, _ in rows if f == label]
        means[label] = sum(w * s for w, s in zip(weights, values, strict=True)) / sum(weights)
        squares = sum(w * (s - means[label]) ** 2 for w, s in zip(weights, values, strict=True))
        stds[label] = (squares / sum(weights)) ** 0.5
    called = cells["tp"] + cells["fp"]
    return {
        "accuracy": (cells["tp"] + cells["tn"]) / sum(cells.values()),
        "balanced accuracy": (recall + specificity) / 2,
        "precision": cells["tp"] / called if called else np.nan,
        "recall": recall,
        "F1": 2 * cells["tp"] / (2 * cells["tp"] + cells["fp"] + cells["fn"]),
        "false-positive rate": cells["fp"] / (cells["fp"] + cells["tn"]),
        "AUC": won / pairs,
        "average precision": area,
        "real mean": means[False],
        "real std": stds[False],
        "fake mean": means[True],
        "fake std": stds[True],
        "separation ratio": means[True] / means[False] if means[False] > 0 else np.nan,
    }


def columns(table):
    return table["label"].eq("fake").to_numpy(), table["score"].to_numpy(), one_fake_per_real(table)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("threshold", [-1.0, 1.4, 1e9])
def test_metrics_agree_with_counting(make_scores, seed, threshold):
    table = make_scores(seed=seed, groups=3, digits=1)
    table = table.drop(table.index[seed + 1 :: 5])  # so that the weights differ
    assert table["score"].duplicated().any()
    assert metrics(table, threshold) == pytest.approx(slow_metrics(*columns(table), threshold), nan_ok=True)


def test_those_that_are_asked_for_are_as_among_all(make_scores):
    table = make_scores(seed=0, groups=3)
    every, asked = metrics(table, 1.4), ("separation ratio", "recall")
    assert metrics(table, 1.4, names=asked) == {name: every[name] for name in asked}
    with pytest.raises(ValueError, match="names must be some of accuracy, .*; got .*AUROC"):
        metrics(table, 1.4, names=("recall", "AUROC"))


@pytest.mark.parametrize("seed", SEEDS)
def test_metrics_agree_with_counting_under_any_weights(make_scores, seed):
    table = make_scores(seed=seed, groups=2, digits=1)
    weights = np.random.default_rng(seed).uniform(0.1, 3, len(table))
    fake, score, _ = columns(table)
    assert metrics(table, 1.4, weights) == pytest.approx(slow_metrics(fake, score, weights, 1.4))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("threshold", [1.4, 1e9])
def test_statistics_of_every_group_once_are_the_metrics(make_scores, seed, threshold):
    table = make_scores(seed=seed, groups=4, digits=1)
    found = {name: statistic.compute(np.ones((1, 4)))[0] for name, statistic in statistics(table, threshold).items()}
    assert found == pytest.approx(metrics(table, threshold), nan_ok=True, rel=1e-12, abs=1e-12)
    assert list(found) == list(metrics(table, threshold))


@pytest.mark.parametrize("seed", SEEDS)
def test_statistics_of_a_resample_agree_with_a_table_of_copies(make_scores, seed):
    table = make_scores(seed=seed, groups=4, clips=2, digits=1)
    table = table.drop(table.index[seed + 1 :: 5])
    codes, _ = pd.factorize(table["group"])
    fake, score, weight = columns(table)
    counts = np.random.default_rng(seed).multinomial(4, np.full(4, 1 / 4), 3)
    found = {name: statistic.compute(counts) for name, statistic in statistics(table, 1.4).items()}
    for k, taken in enumerate(counts):
        rows = [(i, copy) for i, code in enumerate(codes) for copy in range(taken[code])]
        index, copy = (np.array(part) for part in zip(*rows, strict=True))
        expected = slow_metrics(fake[index], score[index], weight[index], 1.4, copy, codes[index])
        assert {name: values[k] for name, values in found.items()} == pytest.approx(expected, nan_ok=True)


def test_a_resample_without_a_class_is_undefined_not_zero():
    table = pd.DataFrame({"group": list("aabb"), "label": ["real", "real", "fake", "fake"], "score": [1, 2, 3, 4.0]})
    found = statistics(table, 2.5, np.ones(4))
    only_reals = {name: statistic.compute(np.array([[2, 0]]))[0] for name, statistic in found.items()}
    undefined = {name for name, value in only_reals.items() if np.isnan(value)}
    of_reals = {"accuracy", "false-positive rate", "real mean", "real std"}
    assert undefined == set(found) - of_reals


def test_groups_behind_a_number_are_those_it_is_about():
    table = pd.DataFrame({"group": list("abcdaa"), "label": ["real"] * 4 + ["fake"] * 2})
    found = statistics(table.assign(score=[1, 1, 1, 5, 1, 5.0]), 2.5, np.ones(6))
    behind = {name: statistic.n_groups for name, statistic in found.items()}
    assert behind["false-positive rate"] == behind["real mean"] == 4
    assert behind["recall"] == behind["AUC"] == behind["accuracy"] == 1
    assert behind["precision"] == 2  # only a and d have a row that is called fake


def test_batches_do_not_change_the_values(make_scores, monkeypatch):
    table = make_scores(groups=3)
    counts = np.random.default_rng(0).multinomial(3, np.full(3, 1 / 3), 50)
    whole = {name: statistic.compute(counts) for name, statistic in statistics(table, 1.4).items()}
    monkeypatch.setattr("tad.scoring.resampled.BATCH_WEIGHTS", 7 * len(table))
    for name, statistic in statistics(table, 1.4).items():
        np.testing.assert_array_equal(statistic.compute(counts), whole[name])


def test_auc_is_blind_to_monotone_transforms(make_scores):
    table = make_scores(groups=4)
    transformed = table.assign(score=np.log(table["score"]) * 3 - 100)
    counts = np.random.default_rng(0).multinomial(4, np.full(4, 1 / 4), 20)
    assert metrics(table, 1.0)["AUC"] == metrics(transformed, 1.0)["AUC"]
    assert metrics(table, 1.0)["fake mean"] != metrics(transformed, 1.0)["fake mean"]
    both = [statistics(rows, 1.0)["AUC"].compute(counts) for rows in (table, transformed)]
    np.testing.assert_array_equal(*both)


def test_accuracy_is_balanced_with_one_fake_per_real(make_scores):
    table = make_scores(groups=4, families=("a", "b", "c", "d"))
    found = metrics(table, 1.4)
    assert found["accuracy"] == pytest.approx(found["balanced accuracy"])
    assert metrics(table, 1.4, np.ones(len(table)))["accuracy"] != pytest.approx(found["accuracy"])


def test_doubling_the_clips_of_a_video_changes_clips_not_videos(make_scores):
    table = make_scores(groups=4)
    again = table[table["video"].eq("test-0-0")].assign(start_s=lambda rows: rows["start_s"] + 100)
    more = pd.concat([table, again], ignore_index=True)
    assert metrics(video_scores(more), 1.4) == pytest.approx(metrics(video_scores(table), 1.4))
    assert metrics(more, 1.4)["AUC"] != pytest.approx(metrics(table, 1.4)["AUC"])


def test_a_score_at_the_threshold_is_real():
    table = pd.DataFrame({"label": ["real", "fake"], "score": [0.5, 0.5]})
    found = metrics(table, 0.5, np.ones(2))
    assert (found["recall"], found["false-positive rate"]) == (0.0, 0.0)


def test_a_ratio_of_scores_needs_a_positive_real_mean(make_scores):
    table = make_scores(groups=2)
    table["score"] -= 100
    assert np.isnan(metrics(table, 0.0)["separation ratio"])
    assert np.isnan(statistics(table, 0.0)["separation ratio"].compute(np.ones((1, 2)))[0])


def test_spread_survives_a_large_offset():
    table = pd.DataFrame({"group": list("abab"), "label": ["real", "real", "fake", "fake"]})
    table["score"] = 1e9 + np.array([0.0, 2.0, 5.0, 9.0])
    statistic = statistics(table, 0.0, np.ones(4))["real std"]
    assert statistic.compute(np.ones((1, 2)))[0] == pytest.approx(1.0)


@pytest.mark.parametrize("labels", [["real", "real"], ["fake", "fake"], ["real", "unknown"]])
def test_an_empty_class_is_refused(labels):
    table = pd.DataFrame({"group": list("ab"), "label": labels, "score": [0.1, 0.2]})
    for measure in (metrics, statistics):
        with pytest.raises(ValueError, match="both labels, real and fake; got"):
            measure(table, 0.5, np.ones(2))
